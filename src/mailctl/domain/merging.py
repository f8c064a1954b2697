"""What was done to a message's flags here since server and mirror agreed, to be done on the server too."""

from msgspec import Struct

from mailctl.domain.message import Flag

KEPT_HERE = frozenset(str(flag) for flag in Flag)  # what a file's name in a Maildir can tell; keywords it cannot


class Change(Struct, frozen=True):
    """Flags to give and flags to take."""

    add: frozenset[str]
    remove: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.add or self.remove)

    def applied(self, flags: frozenset[str]) -> frozenset[str]:
        """Flags once this is done to them: what the other side changed stays."""
        return (flags | self.add) - self.remove


def change(agreed: frozenset[str], here: frozenset[str]) -> Change:
    """What was done here.

    Done to what the server has now, whatever was done there meanwhile, it is the merge of both: a flag has two states
    only, so two sides that both changed it agree.

    Args:
        agreed: the flags when both sides were last the same.
        here: those that the file's name tells.
    """
    before = agreed & KEPT_HERE
    return Change(add=here - before, remove=before - here)
