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


def require_keyword(session: ImapSession, keyword: str, folder: str) -> None:
    """Refuse a keyword that the selected folder would not keep (PERMANENTFLAGS, RFC 9051, 7.1).

    Raises:
        ServerRefusedError: with what can be done about it.
    """
    told = session.lines.untagged_responses.get("PERMANENTFLAGS") or []
    allowed = b" ".join(line for line in told if isinstance(line, bytes)).strip(b"()").lower().split()
    if told and ANY not in allowed and keyword.lower().encode() not in allowed:
        there = sum(not one.startswith(SYSTEM) for one in allowed)
        raise ServerRefusedError(
            f"'{folder}' takes no new keyword: {there} are there",
            hint='[affairs] mirror = "folder" in store.toml shows affairs as folders',
        )


def require_kept(session: ImapSession, uids: Sequence[int], keyword: str, folder: str) -> None:
    """Refuse to believe that messages have a keyword which the server took without a word and did not keep.

    Raises:
        ServerRefusedError: it did not; Dovecot keeps 26 in a Maildir.
    """
    flags = session.flags(min(uids), max(uids))
    lost = [uid for uid in uids if uid in flags and keyword.lower() not in {one.lower() for one in flags[uid]}]
    if lost:
        raise ServerRefusedError(
            f"the server took the keyword '{keyword}' in '{folder}' and did not keep it: there are too many",
            hint='[affairs] mirror = "folder" in store.toml shows affairs as folders',
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
