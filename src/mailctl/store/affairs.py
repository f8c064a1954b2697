"""TOML → affairs, in a module of its own: no command pays for them but those of affairs."""

import re
from typing import Any

from mailctl.domain.affair import LONGEST_STEM, Affair, Client, RuleKind, fault_in, normal, rule_of, stem_of
from mailctl.errors import BadDataError
from mailctl.store.decode import Path, Source, address_faults, decode, table_of

# no letter of any language: what turns a text's direction, what nobody sees, what no encoding has
UNSHOWN = re.compile("[\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def decode_affair(ref: str, text: str) -> Affair:
    """The affair in a file's text."""
    source = Source(file_of(ref), text)
    return affair_in(ref, table_of(source), source)


def affair_in(ref: str, table: dict[str, Any], source: Source) -> Affair:
    """The affair that a table describes."""
    return decode(Affair, table, source, extra={"ref": normal(ref)}, rules=affair_faults)


def file_of(ref: str) -> str:
    """The file of the store that holds an affair."""
    return f"affairs/{stem_of(ref)}.toml"


def affair_faults(affair: Affair) -> list[tuple[Path, str]]:
    """What is wrong with an affair beyond the types of its keys."""
    faults: list[tuple[Path, str]] = []
    if affair.ref != affair.ref.strip():
        faults.append((("ref",), f"bad reference '{affair.ref}': it has a space around it"))
    if UNSHOWN.search(affair.ref):
        faults.append((("ref",), f"bad reference '{affair.ref}': there is a character in it that cannot be shown"))
    if len(affair.stem.encode()) > LONGEST_STEM:
        faults.append((("ref",), f"bad reference '{affair.ref}': it is too long for a file's name"))
    if isinstance(affair.client, Client):
        faults += client_faults(affair.client)
    for number, person in enumerate(affair.people):
        found = address_faults("address", person.address) if person.address is not None else []
        faults += [(("people", number, *path), what) for path, what in found]
    return faults + rule_faults(affair)


def client_faults(client: Client) -> list[tuple[Path, str]]:
    """What is wrong with a client's addresses and domains."""
    faults: list[tuple[Path, str]] = []
    for number, address in enumerate(client.addresses):
        faults += [(("client", "addresses", number), what) for _, what in address_faults("", address)]
    for number, domain in enumerate(client.domains):
        if what := fault_in(RuleKind.DOMAIN, domain):
            faults.append((("client", "domains", number), f"bad domain '{domain}': {what}"))
    return faults


def rule_faults(affair: Affair) -> list[tuple[Path, str]]:
    """What is wrong with an affair's rules."""
    faults: list[tuple[Path, str]] = []
    for key, rules in (("match", affair.match), ("except", affair.exceptions)):
        for number, text in enumerate(rules):
            try:
                rule_of(text)
            except BadDataError as error:
                faults.append(((key, number), str(error)))
    return faults
