"""Accounts at the private Dovecot, and a look into their mirrors that does not go through mailctl."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from conftest import Cli, ok
from support.mailservers import MailServers


def note(number: int, *, body: str = "Hello") -> bytes:
    """A small message of its own."""
    return (
        f"From: Bob Roux <bob@mail.test>\r\nTo: alice@mail.test\r\nSubject: Plans {number}\r\n"
        f"Date: Mon, 02 Mar 2026 10:00:00 +0100\r\nMessage-ID: <{number}@mail.test>\r\n\r\n{body}\r\n"
    ).encode()


def accounts(cli: Cli, mail: MailServers) -> Callable[..., str]:
    """What adds an account of one of the servers' users; its password is in CONTACT_PASSWORD."""

    def add(name: str = "contact", *, user: str = "alice", port: int = 0, security: str = "tls") -> str:
        ok(cli("account", "add", name, "--address", mail.address(user), "--imap-host", mail.host,
               "--imap-port", str(port or mail.imaps_port), "--imap-security", security, "--smtp-host", mail.host,
               "--smtp-port", str(mail.smtps_port), "--smtp-security", "tls", "--ca-file", str(mail.ca_file),
               "--password-env", "CONTACT_PASSWORD", "--no-discover"))  # fmt: skip
        return name

    return add


def fetch(cli, *words: str) -> dict:
    """What fetching one account did."""
    [result] = ok(cli("fetch", "--json", *words)).json
    return result


def files(home: Path, folder: str = "INBOX", account: str = "contact") -> list[Path]:
    """The messages in a folder's mirror."""
    box = home / "data/mail" / account / folder
    return sorted([*box.glob("cur/*"), *box.glob("new/*")])


def rows(home: Path, columns: str = "subject", folder: str = "INBOX") -> list[tuple]:
    """What the index says of a folder's messages, by UID."""
    with closing(sqlite3.connect(home / "data/index.sqlite")) as database:
        query = f"SELECT {columns} FROM messages JOIN folders ON folders.id = folder WHERE name = ? ORDER BY uid"
        return database.execute(query, (folder,)).fetchall()


def start(*words: str) -> subprocess.Popen[bytes]:
    """The installed program, in a process of its own."""
    program = Path(sys.executable).with_name("mailctl")
    return subprocess.Popen([program, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


OWN_MARK = re.compile(rb"^X-TUID: .*\n", re.MULTILINE)  # which mbsync adds


def mbsync(mail: MailServers, folder: Path, names: Iterable[str]) -> dict[str, list[bytes]]:
    """What mbsync makes of the messages in some of alice's folders, sorted."""
    near = folder / "mbsync"
    near.mkdir()
    (folder / "mbsyncrc").write_text(
        f'IMAPStore far\nHost localhost\nPort {mail.imaps_port}\nUser alice\nPass "{mail.password}"\nSSLType IMAPS\n'
        f"CertificateFile {mail.ca_file}\n\n"
        f"MaildirStore near\nPath {near}/\nInbox {near}/INBOX\nSubFolders Verbatim\n\n"
        "Channel all\nFar :far:\nNear :near:\nPatterns *\nSync Pull\nCreate Near\nSyncState *\n"
    )
    subprocess.run(["mbsync", "-q", "-c", str(folder / "mbsyncrc"), "all"], check=True)
    return {
        name: sorted(OWN_MARK.sub(b"", file.read_bytes(), count=1) for file in near.glob(f"{name}/[cn]*/*"))
        for name in names
    }
