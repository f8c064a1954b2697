"""ACLs of an IMAP server's mailboxes (RFC 4314): asked for and set, many commands under way at once."""

import imaplib
from collections.abc import Iterator, Sequence

from mailctl.domain.acl import Difference
from mailctl.domain.folders import INBOX
from mailctl.errors import AclUnavailableError
from mailctl.remote import imap_answers as answers
from mailctl.remote import imap_sets as sets
from mailctl.remote.imap import ImapSession
from mailctl.remote.imap_answers import Value
from mailctl.remote.imap_faults import refused, said
from mailctl.remote.imap_lines import quoted
from mailctl.remote.imap_listing import AT_ONCE

NEWER = "RIGHTS="  # the capability of servers that know more than RFC 2086


def is_older(session: ImapSession) -> bool:
    """Whether the server knows the letters of RFC 2086 only.

    Raises:
        AclUnavailableError: it knows no ACLs at all.
    """
    if "ACL" not in session.capabilities:
        raise AclUnavailableError(
            f"{session.server.where} offers no ACLs: there the rights hold in mailctl only", hint="mailctl rights list"
        )
    return not any(word.startswith(NEWER) for word in session.capabilities)


def own_folders(session: ImapSession) -> tuple[str, ...]:
    """The folders that hold mail of the mailbox itself, not those that others share with it (RFC 2342)."""
    names = tuple(folder.name for folder in session.folders() if folder.can_select)
    own, others = namespaces(session)
    return tuple(name for name in names if is_own(name, own, others))


def is_own(name: str, own: Sequence[str], others: Sequence[str]) -> bool:
    """Whether a folder lies in a personal namespace: that with the longest fitting prefix counts."""
    if name == INBOX:
        return True
    fits = [prefix for prefix in own if name.startswith(prefix)]
    strange = [prefix for prefix in others if name.startswith(prefix)]
    return max(map(len, strange), default=-1) <= max(map(len, fits), default=-1)


def namespaces(session: ImapSession) -> tuple[list[str], list[str]]:
    """The prefixes of personal namespaces, and those of what belongs to others or to all."""
    if "NAMESPACE" not in session.capabilities:
        return [""], []
    with session.asking("tell its namespaces"):
        for record in answers.records(session.command("NAMESPACE")):
            match answers.values(record):
                case [personal, *others]:
                    return prefixes(personal), [prefix for one in others for prefix in prefixes(one)]
    return [""], []


def prefixes(namespace: Value) -> list[str]:
    """The prefixes of one kind of namespace."""
    found = namespace if isinstance(namespace, list) else []
    return [answers.decoded(one[0]) for one in found if isinstance(one, list) and one and isinstance(one[0], bytes)]


def my_rights(session: ImapSession, folders: Sequence[str]) -> dict[str, str]:
    """The letters that who is logged in has on folders; one that the server does not tell is left out."""
    with session.asking("tell one's rights"):
        found = {
            folder: [one for one in words if isinstance(one, bytes)]
            for folder, words in asked(session, "MYRIGHTS", folders)
        }
    return {folder: answers.text(words[0]) for folder, words in found.items() if words}


def acls(session: ImapSession, folders: Sequence[str]) -> dict[str, dict[str, str]]:
    """The ACLs of folders, letters by identifier; of one that the server does not tell, none."""
    with session.asking("tell an ACL"):
        return {folder: pairs_of(words) for folder, words in asked(session, "GETACL", folders, answer="ACL")}


def pairs_of(words: Sequence[Value]) -> dict[str, str]:
    """Identifiers and their letters, as they follow each other."""
    texts = [answers.text(one) if isinstance(one, bytes) else "" for one in words]
    return dict(zip(texts[::2], texts[1::2], strict=False))


def asked(
    session: ImapSession, command: str, folders: Sequence[str], *, answer: str = ""
) -> Iterator[tuple[str, list[Value]]]:
    """What the server answers of each folder, behind its name; many are asked at once."""
    kind = answer or command
    for some in sets.window(folders, AT_ONCE):
        session.lines.untagged_responses.pop(kind, None)
        tags = [session.lines._command(command, quoted(session.wire_name(name))) for name in some]
        for name, tag in zip(some, tags, strict=True):
            refusal = end(session, command, tag)
            pieces = session.lines.untagged_responses.pop(kind, [])
            if refusal is None:
                yield name, about(session, name, [answers.values(record) for record in answers.records(pieces)])


def about(session: ImapSession, folder: str, found: Sequence[list[Value]]) -> list[Value]:
    """Of some answers the one about a folder, without its name."""
    wire = session.wire_name(folder)
    own = [words for words in found if words and isinstance(words[0], bytes) and is_named(words[0], wire, folder)]
    return own[-1][1:] if own else []


def is_named(word: bytes, wire: bytes, folder: str) -> bool:
    """Whether a name in an answer is that of a folder."""
    return word == wire or answers.decoded(word) == folder


def end(session: ImapSession, command: str, tag: bytes) -> imaplib.IMAP4.error | None:
    """Wait for the end of a command; gives the server's refusal."""
    try:
        session.lines.finish(command, tag)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        return error
    return None


def set_acls(session: ImapSession, changes: Sequence[Difference]) -> None:
    """Let entries of ACLs be as they are wanted; those without letters go.

    Raises:
        ServerRefusedError: the server refused one of them; others before and beside it are done.
    """
    with session.asking("change an ACL"):
        for some in sets.window(changes, AT_ONCE):
            tags = [begin_change(session, one) for one in some]
            refusals = [(one, end(session, "SETACL", tag)) for one, tag in zip(some, tags, strict=True)]
            for one, refusal in refusals:
                if refusal is not None:
                    what = f"change what '{one.identifier}' may do with '{one.folder}'"
                    raise refused(session.server, what, said(refusal)) from refusal


def begin_change(session: ImapSession, change: Difference) -> bytes:
    """Ask for one change; gives the command's tag."""
    words = [quoted(session.wire_name(change.folder)), quoted(change.identifier.encode())]
    if change.wanted:
        words.append(quoted(change.wanted.encode()))
    tag: bytes = session.lines._command("SETACL" if change.wanted else "DELETEACL", *words)
    return tag
