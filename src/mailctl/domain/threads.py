"""Which message answers which: conversations, each as a tree, out of what their headers name (RFC 5322, 3.6.4)."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct


class Member(Struct, frozen=True):
    """A message that may stand in a conversation; `ancestors` are Message-IDs, the one it answers last."""

    id: int
    date: datetime
    message_id: str | None
    ancestors: tuple[str, ...]


class Node(Struct, frozen=True):
    """A message in its place: the number of the message its conversation begins with, and how deep it stands."""

    id: int
    thread: int
    depth: int


def arranged(members: Sequence[Member]) -> tuple[Node, ...]:
    """Messages by conversations, that with the newest message first; within one, each below what it answers.

    Whoever is named and not there is skipped; two that answer each other, as only forged mail does, stay apart.
    """
    in_order = sorted(members, key=lambda one: (one.date, one.id))
    parents = parents_of(in_order)
    below: dict[int | None, list[int]] = {}
    for one in in_order:
        below.setdefault(parents[one.id], []).append(one.id)
    newest = {one.id: place for place, one in enumerate(in_order)}
    trees = [tree(root, below) for root in below.get(None, [])]
    trees.sort(key=lambda nodes: max(newest[node.id] for node in nodes), reverse=True)
    return tuple(node for nodes in trees for node in nodes)


def parents_of(in_order: Sequence[Member]) -> dict[int, int | None]:
    """The message that each one answers: the nearest of those it names that is there."""
    by_message_id = {one.message_id: one.id for one in reversed(in_order) if one.message_id}
    parents: dict[int, int | None] = {one.id: None for one in in_order}
    answered: set[int | None] = set()  # nobody else is above anything, so that a long conversation takes linear time
    for one in in_order:
        named = [by_message_id.get(ancestor) for ancestor in reversed(one.ancestors)]
        fit = (id for id in named if id not in (None, one.id))
        found = next((id for id in fit if one.id not in answered or not is_above(one.id, id, parents)), None)
        parents[one.id] = found
        answered.add(found)
    return parents


def is_above(id: int, other: int | None, parents: dict[int, int | None]) -> bool:
    """Whether a message is another one, or one that it answers, at whatever distance."""
    place = other
    while place is not None:
        if place == id:
            return True
        place = parents[place]
    return False


def tree(root: int, below: dict[int | None, list[int]]) -> list[Node]:
    """A conversation from its first message on."""
    found: list[Node] = []
    todo = [(root, 0)]
    while todo:
        id, depth = todo.pop()
        found.append(Node(id, root, depth))
        todo += [(child, depth + 1) for child in reversed(below.get(id, []))]
    return found
