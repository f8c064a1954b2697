"""How a server greeted and what it was asked then: what can be asked along with the login the next time."""

from msgspec import Struct


class Foresight(Struct, frozen=True, kw_only=True):
    """What a server offered before the login, and the commands after it that went well; none where all at once did not.

    `commands` stand as they go over the wire, without tags; their bytes are the characters of Latin-1.
    """

    greeted: str
    commands: tuple[str, ...] = ()
