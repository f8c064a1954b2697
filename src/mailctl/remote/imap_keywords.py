"""Keywords of the selected folder's messages, and copies of them in another folder (RFC 9051, 2.3.2 and 6.4.7)."""

from collections.abc import Sequence

from mailctl.errors import AlreadyExistsError, ServerRefusedError
from mailctl.remote import imap_sets as sets
from mailctl.remote.imap import ImapSession
from mailctl.remote.imap_answers import Listed
from mailctl.remote.imap_lines import quoted
from mailctl.remote.imap_organize import AT_ONCE, make_folder

ANY = b"\\*"
SYSTEM = b"\\"
MOST_IN_MAILDIR = 26
OTHER_WAY = 'mirror = "folder" under [affairs] in store.toml'


def require_keyword(session: ImapSession, keyword: str, folder: str) -> None:
    """Refuse a keyword that the selected folder would not keep (PERMANENTFLAGS, RFC 9051, 7.1).

    Raises:
        ServerRefusedError: with what can be done about it.
    """
    allowed = told_flags(session, "PERMANENTFLAGS")
    if allowed and ANY not in allowed and keyword.lower().encode() not in allowed:
        raise ServerRefusedError(f"'{folder}' takes no new keyword such as '{keyword}'", hint=OTHER_WAY)


def is_one_too_many(session: ImapSession, keyword: str) -> bool:
    """Whether the selected folder has as many keywords as Dovecot keeps in a Maildir, and a new one may be lost.

    The 27th stands in Dovecot's index alone, and is gone once that is made anew (seen on 2.3.19).
    """
    there = [one for one in told_flags(session, "FLAGS") if not one.startswith(SYSTEM)]
    return len(there) >= MOST_IN_MAILDIR and keyword.lower().encode() not in there


def told_flags(session: ImapSession, kind: str) -> list[bytes]:
    """The flags that the server told of when the folder was opened, in lower case."""
    told = session.lines.untagged_responses.get(kind) or []
    return (
        b" ".join(line for line in told if isinstance(line, bytes))
        .replace(b"(", b"")
        .replace(b")", b"")
        .lower()
        .split()
    )


def require_kept(session: ImapSession, uids: Sequence[int], keyword: str, folder: str) -> None:
    """Refuse to believe that messages have a keyword which the server took without a word and did not keep.

    Raises:
        ServerRefusedError: it did not.
    """
    flags = session.flags(min(uids), max(uids))
    lost = [uid for uid in uids if uid in flags and keyword.lower() not in {one.lower() for one in flags[uid]}]
    if lost:
        raise ServerRefusedError(
            f"the server took the keyword '{keyword}' in '{folder}' and did not keep it", hint=OTHER_WAY
        )


def copy(session: ImapSession, uids: Sequence[int], folder: str) -> None:
    """Copy messages of the selected folder into another; they stay where they are.

    Raises:
        FolderNotFoundError, ServerRefusedError: the server does not.
    """
    with session.asking(f"copy the messages into '{folder}'"):
        for some in sets.chunks(uids, most=AT_ONCE):
            session.command("UID", "COPY", sets.written(some), quoted(session.wire_name(folder)))


def contents(session: ImapSession, folder: str) -> tuple[Listed, ...]:
    """What lies in a folder, opened for reading only."""
    session.examine(folder)
    return tuple(session.listed(session.uids(), with_message_id=True))


def made(session: ImapSession, name: str) -> str:
    """The folder of a name, made where there is none."""
    try:
        return make_folder(session, name)
    except AlreadyExistsError:  # another workstation made it just now
        return name
