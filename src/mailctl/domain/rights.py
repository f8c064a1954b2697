"""Rights on an account: what each lets one do, what it holds, and who has which."""

from collections.abc import Mapping, Sequence
from enum import StrEnum


class Right(StrEnum):
    """What a collaborator may do with one account."""

    READ = "read"
    ORGANIZE = "organize"
    SEND = "send"
    MANAGE = "manage"


ALL_RIGHTS = frozenset(Right)
IMPLIED = {Right.MANAGE: ALL_RIGHTS, Right.ORGANIZE: frozenset({Right.READ})}
VERBS = {Right.READ: "read", Right.ORGANIZE: "organize", Right.SEND: "send with", Right.MANAGE: "manage"}


def with_implied(rights: Sequence[Right]) -> frozenset[Right]:
    """These rights and those they hold."""
    return frozenset(rights).union(*(IMPLIED.get(right, frozenset()) for right in rights))


def rights_of(collaborator: str, *, owner: str | None, grants: Mapping[str, Sequence[Right]]) -> frozenset[Right]:
    """All rights of a collaborator on an account, the implied ones too; the owner has every one."""
    if collaborator == owner:
        return ALL_RIGHTS
    return with_implied(tuple(grants.get(collaborator, ())))


def in_order(rights: frozenset[Right]) -> tuple[Right, ...]:
    """Rights in the order the documentation names them."""
    return tuple(right for right in Right if right in rights)
