"""TOML → domain values: every problem, with file, key and line."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import msgspec
import tomli

from mailctl.domain.account import Account, Kind
from mailctl.domain.address import parse
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.settings import VERSION, Settings
from mailctl.domain.watching import Way
from mailctl.errors import BadDataError, Problem, StoreError, nearest

Value = TypeVar("Value")
Path = tuple[str | int, ...]
MOST_PROBLEMS = 30
WHERE = re.compile(r" - at (`key` in )?`\$?([^`]*)`$")
SECRET = re.compile(r"passw|pwd|secret|token|mdp|mot_?de_?passe|^pass$", re.IGNORECASE)
BREAK = re.compile(r"\r+\n")
URLS = ("token_url", "authorization_url", "redirect_url", "device_url")
NO_URL = "expected an address with a host's name, and a port from 1 to 65535 where it has one"
STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


def invalid(problems: tuple[Problem, ...]) -> StoreError:
    """The error that shows these faults; the first one is its message."""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return StoreError(f"{problems[0]}{more}", hint="mailctl store check", problems=problems)


class Source(NamedTuple):
    """Where a table comes from: a file, its text, and the tables around it."""

    file: str
    text: str
    prefix: Path = ()

    def problem(self, path: Path, what: str) -> Problem:
        """A fault at a key of the table."""
        from mailctl.store.lines import line_of  # only what is faulty pays for it

        whole = (*self.prefix, *path)
        return Problem(self.file, line_of(self.text, whole), dotted(whole), what)


def table_of(source: Source) -> dict[str, Any]:
    """The table that a TOML text holds.

    Raises:
        StoreError: it is no TOML; file and line are named.
    """
    try:
        table = tomli.loads(source.text)
    except (ValueError, RecursionError) as error:  # RecursionError: hundreds of brackets
        said = str(error)
        found = re.search(r"at line (\d+)", said)
        line = int(found[1]) if found else 1 + source.text.count("\n")
        plain = re.sub(r" \(at .*\)$", "", said).removeprefix("TOML ")
        problem = Problem(source.file, line, "", f"no valid TOML: {plain[:1].lower()}{plain[1:]}")
        raise invalid((problem,)) from error
    return plain_breaks(table) if "\\" in source.text else table  # without escapes there is none but a plain one


def plain_breaks(value: Any) -> Any:
    """The value with line breaks as TOML writes them, so that what is read and written again is the same."""
    if isinstance(value, str):
        return BREAK.sub("\n", value)
    if isinstance(value, list):
        return [plain_breaks(one) for one in value]
    if isinstance(value, dict):
        return {key: plain_breaks(one) for key, one in value.items()}
    return value


def decode(
    kind: type[Value], table: dict[str, Any], source: Source, *, extra: dict[str, str], rules: Callable[[Value], Any]
) -> Value:
    """One table's value.

    Args:
        kind: the Struct to make.
        table: what the source holds.
        source: where it comes from, for messages.
        extra: fields that the table's name says.
        rules: gives `(key path, what is wrong)` pairs for what types cannot say.

    Raises:
        StoreError: with every problem found.
    """
    problems = [source.problem((key,), unknown_key(key, kind)) for key in extra if key in table]
    value = converted(kind, {**table, **extra}, source, problems)
    if value is not None and not problems:
        problems += [source.problem(path, what) for path, what in rules(value)]
    if value is None or problems:
        raise invalid(tuple(problems))
    return value


def converted(kind: type[Value], table: dict[str, Any], source: Source, problems: list[Problem]) -> Value | None:
    """The value, or None; msgspec stops at the first fault, so faulty keys are taken out and it is asked again."""
    told: set[Path] = set()
    for _ in range(MOST_PROBLEMS):
        try:
            return msgspec.convert(table, kind)
        except msgspec.ValidationError as error:
            path, what = explained(error, table, kind)
            if path not in told:  # then it is missing only because it was faulty
                problems.append(source.problem(path, what))
            told.add(path)
            if not mended(table, path, kind):
                return None
    return None


def explained(error: msgspec.ValidationError, table: dict[str, Any], kind: type) -> tuple[Path, str]:
    """Which key is at fault, and why, in our words."""
    said = str(error)
    found = WHERE.search(said)
    path = steps(found[2]) if found else ()
    what = WHERE.sub("", said)
    if found and found[1]:
        return (*path, bad_key(table, path, kind)), "bad name: letters, digits, . _ + - only"
    if "..." in path:
        path = faulty_path(table, path, kind)
    if unknown := re.match(r"Object contains unknown field `(.*)`", what):
        owner = type_at(kind, path)
        return (*path, unknown[1]), unknown_key(unknown[1], owner)
    if missing := re.match(r"Object missing required field `(.*)`", what):
        return (*path, missing[1]), "is missing"
    from mailctl.store.schema import plainly  # only what is faulty pays for it

    return path, plainly(what, path, kind)


def unknown_key(key: str, kind: type) -> str:
    """What to say of a key that does not exist."""
    names = getattr(kind, "__struct_encode_fields__", ())
    if SECRET.search(key):
        return "unknown key: no password is kept here, see mailctl password set"
    close = nearest(key, (name for name in names if name not in ("id", key)))
    return "unknown key" + (f" (did you mean '{close}'?)" if close else "")


def type_at(kind: type, path: Path) -> type:
    """The Struct that a path leads to, as far as types tell."""
    for step in path:
        if isinstance(step, int):
            continue
        info = {item.encode_name: item.type for item in msgspec.structs.fields(kind)}
        kind = struct_in(info.get(str(step))) or kind
    return kind


def struct_in(annotation: Any) -> type | None:
    """The Struct inside an annotation such as `tuple[Alias, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := struct_in(part))), None)


def faulty_path(table: dict[str, Any], path: Path, kind: type) -> Path:
    """The path with msgspec's `...`, which stands for any key of a mapping, replaced by the key that is faulty."""
    place = path.index("...")
    owner: Any = table
    for step in path[:place]:
        owner = owner[step]
    for key, value in owner.items():
        if "..." in complaint(table, path[:place], {key: value}, kind):
            return (*path[:place], key, *path[place + 1 :])
    return path[:place]


def bad_key(table: dict[str, Any], path: Path, kind: type) -> str:
    """The key of a mapping that is no name."""
    owner: Any = table
    for step in path:
        owner = owner[step]
    return next((key for key, value in owner.items() if "`key`" in complaint(table, path, {key: value}, kind)), "")


def complaint(table: dict[str, Any], path: Path, part: dict[str, Any], kind: type) -> str:
    """What msgspec says of a table that holds only this part of a mapping; empty when nothing."""
    try:
        msgspec.convert({**required(table, kind), **nested(path, part)}, kind)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def required(table: dict[str, Any], kind: type) -> dict[str, Any]:
    """The part of a table that its Struct cannot do without."""
    fields = msgspec.structs.fields(kind)
    return {item.encode_name: table[item.encode_name] for item in fields if item.required and item.encode_name in table}


def nested(path: Path, value: dict[str, Any]) -> dict[str, Any]:
    """The value, wrapped in a table for each step."""
    for step in reversed(path):
        value = {str(step): value}
    return value


def steps(where: str) -> Path:
    """The steps of msgspec's `.aliases[0].address`."""
    return tuple(
        found[1] if found[1] else ("..." if found[2] == "..." else int(found[2])) for found in STEP.finditer(where)
    )


def mended(table: dict[str, Any], path: Path, kind: type) -> bool:
    """Take the faulty key out of the table; what it cannot do without, and entries of lists, become something valid.

    False when that cannot be.
    """
    from mailctl.store.schema import filler  # only what is faulty pays for it

    owner: Any = table
    try:
        for step in path[:-1]:
            owner = owner[step]
        if isinstance(owner, dict) and path[-1] in owner:
            del owner[path[-1]]
        else:
            owner[path[-1]] = filler(path, kind)
    except (KeyError, IndexError, TypeError, StopIteration):
        return False
    return True


def dotted(path: Path) -> str:
    """The path as one writes it: `rights.bob`, `aliases[0].address`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else "." + (step or '""')
    return text.removeprefix(".")


def decode_account(name: str, text: str) -> Account:
    """The account in a file's text."""
    source = Source(f"accounts/{name}.toml", text)
    return account_in(name, table_of(source), source)


def account_in(name: str, table: dict[str, Any], source: Source) -> Account:
    """The account that a table describes."""
    return decode(Account, table, source, extra={"name": name}, rules=account_faults)


def decode_collaborator(name: str, text: str) -> Collaborator:
    """The collaborator in a file's text."""
    source = Source(f"collaborators/{name}.toml", text)
    return collaborator_in(name, table_of(source), source)


def collaborator_in(name: str, table: dict[str, Any], source: Source) -> Collaborator:
    """The collaborator that a table describes."""
    return decode(Collaborator, table, source, extra={"id": name}, rules=lambda one: address_faults("email", one.email))


def decode_settings(text: str) -> Settings:
    """store.toml's text."""
    source = Source("store.toml", text)
    return settings_in(table_of(source), source)


def settings_in(table: dict[str, Any], source: Source) -> Settings:
    """The settings that a table describes; a newer version is refused before anything else is looked at."""
    version = table.get("version")
    if isinstance(version, int) and version > VERSION:
        raise StoreError(
            f"store.toml: version {version} is newer than this program knows ({VERSION})", hint="update mailctl"
        )
    return decode(Settings, table, source, extra={}, rules=settings_faults)


def settings_faults(settings: Settings) -> list[tuple[Path, str]]:
    """What is wrong with the settings beyond the types of their keys."""
    if settings.checker.notify is Way.COMMAND and not settings.checker.command:
        return [(("checker", "notify"), "is 'command', and checker.command names none")]
    return []


def address_faults(key: str, text: str) -> list[tuple[Path, str]]:
    """What is wrong with one address."""
    try:
        found = parse(text)
    except BadDataError as error:
        return [((key,), str(error))]
    return [((key,), f"bad address '{text}': only the address, without a name")] if found.name else []


def account_faults(account: Account) -> list[tuple[Path, str]]:
    """What is wrong with an account beyond the types of its keys."""
    faults = address_faults("address", account.address)
    for number, alias in enumerate(account.aliases):
        faults += [(("aliases", number, *path), what) for path, what in address_faults("address", alias.address)]
    if account.kind is Kind.GROUP and account.owner:
        faults.append((("owner",), 'a group account has no owner (kind = "personal" has one)'))
    if account.kind is Kind.PERSONAL and not account.owner:
        faults.append((("kind",), "a personal account needs an owner"))
    for key in ("auth", "incoming", "outgoing"):
        faults += auth_faults(account, key)
    return faults


def auth_faults(account: Account, key: str) -> list[tuple[Path, str]]:
    """What is missing beside `auth.secret`, and the addresses that are none."""
    auth = account.auth if key == "auth" else getattr(account, key).auth
    path = ("auth",) if key == "auth" else (key, "auth")
    if auth is None:
        return []
    faults = [((*path, name), NO_URL) for name in URLS if not can_be_opened(getattr(auth, name))]
    if auth.secret == "keyring":  # noqa: S105 - where it is kept, not what it is
        return faults
    given = {"command": auth.command, "env": auth.env, "credential": auth.credential}[auth.secret]
    if not given:
        faults.append(((*path, "secret"), f'secret = "{auth.secret}" needs {".".join(path)}.{auth.secret}'))
    return faults


def can_be_opened(url: str | None) -> bool:
    """Whether an address names a host, and a port that there can be; one that is not given is no fault."""
    if url is None:
        return True
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
