"""Links of an affair that was renamed or removed elsewhere meanwhile: told, and moved to another affair."""

from typing import TYPE_CHECKING

from mailctl.errors import Problem
from mailctl.services.context import Context

if TYPE_CHECKING:
    from mailctl.domain.affair import Affair


def is_orphan(ctx: Context, ref: str) -> bool:
    """Whether there are links of an affair that is not there."""
    from mailctl.store import affairs, links

    root = ctx.store.root
    try:
        return (root / links.file_of(ref)).is_file() and not (root / affairs.file_of(ref)).exists()
    except (OSError, ValueError):  # no name that a file can have
        return False


def orphan(ref: str) -> Problem:
    """Links of no affair, in words, with what takes them in."""
    from mailctl.services.links import typed
    from mailctl.store.links import file_of

    way = f"mailctl affair rename {typed(ref)} REF"
    return Problem(file_of(ref), 0, "", f"links of no affair; {way} moves them to the one that it is now")


def adopt(ctx: Context, ref: str, new: str) -> "Affair":
    """Move such links to an affair that there is, which it gives back.

    Raises:
        AffairNotFoundError: there is none of the new reference.
    """
    from mailctl.domain.affair import normal
    from mailctl.domain.link import lines_in, text_of
    from mailctl.services.links import follow
    from mailctl.store import links

    with ctx.change(f"move links of '{ref}' to affair '{new}'") as change:
        affair = ctx.store.affair(new)
        sides = (links.lines(ctx.store, affair.ref), links.lines(ctx.store, ref))
        found = lines_in("".join(text_of(one.links, one.odd, one.refused) for one in sides))
        change.put_file(links.file_of(ref), None)
        links.put(change, affair.ref, found.links, odd=found.odd, refused=found.refused)
    follow(ctx, normal(ref), {one.key for one in sides[1].links}, new=affair.ref)
    return affair
