"""An affair as templates and signatures name it: plain mappings and texts."""

from collections.abc import Mapping

from mailctl.domain.affair import Affair, Client
from mailctl.domain.collaborator import Collaborator

PERSON = ("id", "name", "email", "title", "phone")
OTHER = ("name", "role", "address")


class Named(dict[str, object]):
    """Somebody or something with a name, which stands for it where nothing more is asked for."""

    def __str__(self) -> str:
        return str(self["name"])

    def __bool__(self) -> bool:
        return bool(self["name"])


class Blank(dict[str, object]):
    """No affair: each of its texts is empty, and `if affair` is no."""

    def __bool__(self) -> bool:
        return False


def affair_values(affair: Affair, responsible: Collaborator | None) -> Mapping[str, object]:
    """What a template can name of an affair.

    Args:
        affair: the affair.
        responsible: the collaborator who answers for it, where there is one.
    """
    return {
        "ref": affair.ref,
        "title": affair.title,
        "state": str(affair.state),
        "client": client_values(affair.whom),
        "address": affair.address,
        "opened": affair.opened or "",
        "closed": affair.closed or "",
        "notes": affair.notes,
        "responsible": person_values(responsible),
        "people": [Named({key: getattr(one, key) or "" for key in OTHER}) for one in affair.people],
    }


def no_affair() -> Mapping[str, object]:
    """The same keys where there is no affair."""
    return Blank({**affair_values(Affair(ref="-", title="-"), None), "ref": "", "title": "", "state": ""})


def client_values(client: Client | None) -> Named:
    """Whom an affair is for: `affair.client` is the name."""
    if client is None:
        return Named(name="", addresses=[], domains=[])
    return Named(name=client.name, addresses=list(client.addresses), domains=list(client.domains))


def person_values(one: Collaborator | None) -> Named:
    """A collaborator; all empty for nobody."""
    return Named({key: getattr(one, key) if one else "" for key in PERSON})
