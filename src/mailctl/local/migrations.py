"""The index's versions: functions in one list, each run once; old ones never change."""

import sqlite3
from collections.abc import Callable


def first(database: sqlite3.Connection) -> None:
    """Folders as the server last was, and the messages they hold; a message without UID waits to be recognised."""
    database.execute(
        """
        CREATE TABLE folders (
            id INTEGER PRIMARY KEY,
            account TEXT NOT NULL,
            name TEXT NOT NULL,
            path TEXT NOT NULL,
            uidvalidity INTEGER NOT NULL DEFAULT 0,
            uidnext INTEGER NOT NULL DEFAULT 0,
            messages INTEGER NOT NULL DEFAULT 0,
            unseen INTEGER,
            highestmodseq INTEGER,
            since INTEGER,
            clean INTEGER NOT NULL DEFAULT 0,
            UNIQUE (account, name)
        )
        """
    )
    database.execute(
        """
        CREATE TABLE messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            folder INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
            uid INTEGER,
            key TEXT NOT NULL,
            flags TEXT NOT NULL,
            seen INTEGER NOT NULL,
            size INTEGER NOT NULL,
            received INTEGER NOT NULL,
            date INTEGER NOT NULL,
            sender TEXT NOT NULL,
            recipients TEXT NOT NULL,
            subject TEXT NOT NULL,
            message_id TEXT,
            has_attachment INTEGER NOT NULL,
            odd INTEGER NOT NULL,
            UNIQUE (folder, uid),
            UNIQUE (folder, key)
        )
        """
    )
    database.execute("CREATE INDEX by_date ON messages (date DESC, id DESC)")
    database.execute("CREATE INDEX by_folder_date ON messages (folder, date DESC, id DESC)")
    database.execute("CREATE INDEX by_message_id ON messages (message_id)")


def second(database: sqlite3.Connection) -> None:
    """The words of messages, by where they stand, and their threads; `ancestors` is NULL until a message was looked at.

    The texts themselves are not kept a second time (contentless): they would take five times the room of their words.
    """
    database.execute("ALTER TABLE messages ADD COLUMN ancestors TEXT")
    database.execute("ALTER TABLE messages ADD COLUMN thread TEXT")
    database.execute("CREATE INDEX by_thread ON messages (thread) WHERE thread IS NOT NULL")
    database.execute("CREATE INDEX not_looked_at ON messages (folder) WHERE ancestors IS NULL")
    database.execute(
        """
        CREATE VIRTUAL TABLE words USING fts5 (
            sender, recipients, subject, body, files, content = '', tokenize = 'unicode61 remove_diacritics 2'
        )
        """
    )


def third(database: sqlite3.Connection) -> None:
    """A copy of the links between affairs and messages, and the key of a message that has no Message-ID.

    `state` is what the system said of a file when it was copied: one whose state is another is read again.
    """
    database.execute(
        """
        CREATE TABLE filed (
            id INTEGER PRIMARY KEY,
            stem TEXT NOT NULL UNIQUE,
            ref TEXT NOT NULL UNIQUE,
            state TEXT NOT NULL
        )
        """
    )
    database.execute(
        """
        CREATE TABLE links (
            affair INTEGER NOT NULL REFERENCES filed (id) ON DELETE CASCADE,
            key TEXT NOT NULL,
            account TEXT NOT NULL,
            who TEXT NOT NULL,
            linked INTEGER NOT NULL,
            PRIMARY KEY (key, affair)
        ) WITHOUT ROWID
        """
    )
    database.execute("CREATE INDEX by_affair ON links (affair)")
    database.execute("ALTER TABLE messages ADD COLUMN content_key TEXT")
    database.execute("CREATE INDEX by_content_key ON messages (content_key) WHERE content_key IS NOT NULL")


def fourth(database: sqlite3.Connection) -> None:
    """What the rules of affairs look at, whether they did, and what is shown of links on the servers.

    What was fetched before is looked at once more: the words of all messages are entered anew.
    """
    database.execute("ALTER TABLE messages ADD COLUMN parties TEXT NOT NULL DEFAULT ''")
    database.execute("ALTER TABLE messages ADD COLUMN list_id TEXT NOT NULL DEFAULT ''")
    database.execute("ALTER TABLE messages ADD COLUMN considered INTEGER NOT NULL DEFAULT 0")
    database.execute("CREATE INDEX not_considered ON messages (id) WHERE NOT considered")
    database.execute("INSERT INTO words (words) VALUES ('delete-all')")
    database.execute("UPDATE messages SET ancestors = NULL, thread = NULL")
    database.execute(
        """
        CREATE TABLE shown (
            account TEXT NOT NULL,
            way TEXT NOT NULL,
            ref TEXT NOT NULL,
            key TEXT NOT NULL,
            PRIMARY KEY (account, way, ref, key)
        ) WITHOUT ROWID
        """
    )


def fifth(database: sqlite3.Connection) -> None:
    """How each server greeted, and what it was asked after the login: to be asked along with it the next time.

    `noted` is when, in seconds since 1970; no commands where the server did not take both at once.
    """
    database.execute(
        """
        CREATE TABLE foresights (
            server TEXT PRIMARY KEY,
            greeted TEXT NOT NULL,
            commands TEXT NOT NULL,
            noted INTEGER NOT NULL
        ) WITHOUT ROWID
        """
    )


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (first, second, third, fourth, fifth)


def migrate(database: sqlite3.Connection) -> None:
    """Bring a database to the last version, in one transaction; two processes at once do it once."""
    if version(database) >= len(MIGRATIONS):
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        for step in MIGRATIONS[version(database) :]:
            step(database)
        database.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise


def version(database: sqlite3.Connection) -> int:
    """How many of the steps a database has had."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])
