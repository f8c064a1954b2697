"""Signatures looked through for what is no fault and yet not meant: empty fields, heavy images, images elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from mailctl.domain.account import Account, Alias
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.inline import images_elsewhere
from mailctl.services.context import Context
from mailctl.services.signature import Lenient, filled, from_markdown, images_of, values_for
from mailctl.services.signature_check import Source, problem, senders_of, sources, tried

HEAVY = 100_000  # bytes of an image that goes along with every mail


class Kind(StrEnum):
    """What is to be looked at."""

    FAULT = "fault"
    EMPTY = "empty-field"
    HEAVY = "heavy-image"
    ELSEWHERE = "external-image"


class Finding(Struct, frozen=True, kw_only=True):
    """One thing about a signature; `collaborator` where it is so for one sender only."""

    account: str
    alias: str | None
    collaborator: str | None
    kind: Kind
    text: str


class Watched(dict[str, object]):
    """A mapping that notes which empty values were asked for."""

    def __init__(self, values: Mapping[str, object], name: str, empty: list[str]) -> None:
        super().__init__(values)
        self.values_of = values
        self.name = name
        self.empty = empty

    def __getitem__(self, key: str) -> object:
        found = self.values_of[key]  # which knows what to say of a key it has not
        if found == "":
            self.empty.append(f"{self.name}.{key}")
        return found


class WatchedFirm(Watched):
    """The firm, which may be named without its `.name`."""

    def __str__(self) -> str:
        return str(self["name"])

    def __bool__(self) -> bool:
        return bool(self["name"])


def review(ctx: Context, name: str | None = None) -> tuple[Finding, ...]:
    """What is to be looked at in the signatures of one account, or of all that the actor sees.

    Raises:
        RightMissingError: the actor has no right on the account.
    """
    accounts = (ctx.visible(name),) if name else ctx.visible_accounts()
    people, _ = ctx.store.collaborators()
    return tuple(one for account in accounts for one in findings(ctx, account, people))


def findings(ctx: Context, account: Account, people: tuple[Collaborator, ...]) -> Iterator[Finding]:
    """What is to be looked at in one account's signatures: each text, for each who may send."""
    faulty = dict(tried(ctx, account, people))
    for source, error in faulty.items():
        yield finding(account, source.alias, Kind.FAULT, str(problem(ctx, account, source, error)))
    noted: dict[tuple[Alias | None, str | None], dict[str, None]] = {}
    for source in sources(account):
        if source in faulty:
            continue
        page = ""
        for one in senders_of(account, people) or (None,):
            page, empty = filled_in(ctx, account, source, one)
            for name in empty:
                is_hers = one is not None and name.startswith("collaborator.")
                noted.setdefault((source.alias, one.id if one and is_hers else None), {})[name] = None
        yield from pictures(ctx, account, source, page)
    for (alias, who), names in noted.items():
        yield finding(account, alias, Kind.EMPTY, said_of(who, [*names]), who=who)


def filled_in(ctx: Context, account: Account, source: Source, one: Collaborator | None) -> tuple[str, list[str]]:
    """The text as one sender's mail carries it, and what in it was empty."""
    empty: list[str] = []
    person = {key: getattr(one, key) if one else "-" for key in ("id", "name", "email", "title", "phone")}
    fields = Watched(Lenient(one.fields if one else {}), "collaborator.fields", empty if one else [])
    values: dict[str, object] = {
        **{key: Watched(plain, key, empty) for key, plain in texts_of(ctx, account, source).items()},
        "collaborator": Watched({**person, "fields": fields}, "collaborator", empty),
        "firm": WatchedFirm({"name": ctx.settings.firm}, "firm", empty),
    }
    key = str(source.path[-1])
    return filled(source.text, values, where=key, html=key != "text"), empty


def texts_of(ctx: Context, account: Account, source: Source) -> dict[str, dict[str, object]]:
    """What of an account and an alias a signature can name."""
    values = values_for(ctx, account, None, alias=source.alias)
    return {key: value for key in ("account", "alias") if isinstance(value := values[key], dict)}


def said_of(who: str | None, names: Sequence[str]) -> str:
    """Which fields are empty, and what to type."""
    if who is None:
        return f"{', '.join(names)}: empty"
    keys = [name.removeprefix("collaborator.") for name in names]
    return f"'{who}' has no {', '.join(keys)}: mailctl collaborator set {who} {keys[0]}=…"


def pictures(ctx: Context, account: Account, source: Source, page: str) -> Iterator[Finding]:
    """Images that are heavy, or lie elsewhere."""
    key = source.path[-1]
    html = "" if key == "text" else from_markdown(page) if key == "markdown" else page
    for image in images_of(ctx, html):
        if len(image.content) > HEAVY:
            said = f"'{image.filename}' has {len(image.content):,} bytes, and goes along with every mail"
            yield finding(account, source.alias, Kind.HEAVY, said)
    for address in images_elsewhere(html):
        said = f"'{address}' lies on a web server: many mail programs will not show it, and it tells who reads"
        yield finding(account, source.alias, Kind.ELSEWHERE, said)


def finding(account: Account, alias: Alias | None, kind: Kind, text: str, *, who: str | None = None) -> Finding:
    """One thing about one text."""
    address = alias.address if alias else None
    return Finding(account=account.name, alias=address, collaborator=who, kind=kind, text=text)
