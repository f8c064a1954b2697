"""Rights as the letters of IMAP ACLs (RFC 4314, 2.1), and what has to change in a mailbox's ACL."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from mailctl.domain.rights import Right
from mailctl.errors import BadDataError

# `read` has no `s`: who only reads marks nothing as read, for all who share the mailbox would see it so.
# `send` is nothing to IMAP: its `p` is mail delivered to a folder's own address, not mail sent as somebody.
# `organize` makes folders (`k`), as `mailctl folders --create` does; who manages takes them away too (`x`), and changes
# the ACL itself (`a`).
LETTERS = {Right.READ: "lr", Right.ORGANIZE: "lrswikte", Right.SEND: "", Right.MANAGE: "lrswipkxtea"}
OLDER = {"t": "d", "e": "d", "k": "c", "x": "c"}  # as servers of RFC 2086 say it
ORDER = "lrswipkxtecda"
VIRTUAL = frozenset("cd")  # newer servers add them to what they answer, for old clients (RFC 4314, 2.1.1)
ADMINISTER = "a"
NOBODY = frozenset({"anyone", "anonymous", "authenticated", "administrators", "owner"})
SPECIAL = ("-", "$", "#", "!")  # negative rights (RFC 4314, 2); Dovecot's groups

Acl = Mapping[str, str]  # identifier: letters


class Holder(Struct, frozen=True, kw_only=True):
    """Who is to have what: an identifier of the server's, the collaborators it stands for, their rights."""

    identifier: str
    collaborators: tuple[str, ...] = ()
    rights: frozenset[Right] = frozenset()


class Difference(Struct, frozen=True, kw_only=True):
    """One entry of one folder's ACL that is not as the store says; empty letters for no entry."""

    folder: str
    identifier: str
    collaborators: tuple[str, ...]
    now: str
    wanted: str


def letters_of(rights: Iterable[Right], *, older: bool = False) -> str:
    """The letters of rights, in the RFC's order.

    Args:
        rights: of one collaborator on one account.
        older: as a server that knows RFC 2086 only says them.
    """
    found = {letter for right in rights for letter in LETTERS[right]}
    return ordered({OLDER.get(letter, letter) for letter in found} if older else found)


def ordered(letters: Iterable[str]) -> str:
    """Letters in the RFC's order, unknown ones last."""
    known = [letter for letter in ORDER if letter in set(letters)]
    return "".join([*known, *sorted(set(letters) - set(ORDER))])


def plain(letters: str, *, older: bool) -> str:
    """Letters as they are compared: a newer server's virtual ones left out."""
    return ordered(set(letters) if older else set(letters) - VIRTUAL)


def refuse_unsafe(identifier: str, collaborator: str) -> None:
    """Refuse an identifier that is no person's: it would give everybody, or a group, what one collaborator may.

    Raises:
        BadDataError: it is one.
    """
    if identifier.casefold() in NOBODY or identifier.startswith(SPECIAL):
        raise BadDataError(
            f"'{identifier}' is no person's IMAP identifier, but the server's word for many",
            hint=f"mailctl collaborator set {collaborator} imap_identifier=LOGIN",
        )


def differences(folder: str, acl: Acl, holders: Iterable[Holder], *, older: bool) -> list[Difference]:
    """What has to change in one folder's ACL; entries of identifiers that no holder has are left alone.

    A holder's negative rights (`-alice`, RFC 4314, 2) go, for they would take away what the store gives.
    """
    found = []
    for holder in holders:
        now = plain(acl.get(holder.identifier, ""), older=older)
        negative = f"-{holder.identifier}"
        pairs = [(holder.identifier, now, letters_of(holder.rights, older=older))]
        pairs += [(negative, plain(acl[negative], older=older), "")] if acl.get(negative) else []
        found += [
            Difference(folder=folder, identifier=name, collaborators=holder.collaborators, now=old, wanted=new)
            for name, old, new in pairs
            if old != new
        ]
    return found
