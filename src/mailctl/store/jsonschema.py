"""JSON Schema of each kind of file, read off the Structs; draft 7, which editors know."""

from typing import Any

import msgspec

from mailctl.domain.account import Account, Name
from mailctl.domain.affair import Affair, Reference
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.settings import Settings
from mailctl.store.encode import BY_FILE_NAME

Schema = dict[str, Any]

DRAFT = "http://json-schema.org/draft-07/schema#"
REF = "#/definitions/{name}"
FILES: dict[str, tuple[type, str]] = {
    "store": (Settings, "store.toml: what holds for the whole firm"),
    "account": (Account, "accounts/NAME.toml: one mailbox"),
    "collaborator": (Collaborator, "collaborators/NAME.toml: a person of the firm"),
    "affair": (Affair, "affairs/REF.toml: a case or project of the firm"),
}
TABLES = {"collaborators": (Collaborator, Name), "accounts": (Account, Name), "affairs": (Affair, Reference)}


def schemas() -> dict[str, Schema]:
    """Each kind of file and its schema."""
    return {kind: file_schema(struct, title) for kind, (struct, title) in FILES.items()} | {"apply": document_schema()}


def file_schema(struct: type, title: str) -> Schema:
    """The schema of a file that holds one value."""
    (own,), inner = msgspec.json.schema_components((struct,), ref_template=REF)
    definitions = {name: adapted(part) for name, part in inner.items()}
    root = definitions.pop(own["$ref"].rpartition("/")[2])
    return {"$schema": DRAFT, **unnamed(root, struct), "title": title, "definitions": definitions}


def document_schema() -> Schema:
    """The schema of a file for `apply`: the same tables by their names, store.toml's without its version."""
    kinds = (Settings, *(struct for struct, _ in TABLES.values()), *(names for _, names in TABLES.values()))
    (own, *others), inner = msgspec.json.schema_components(kinds, ref_template=REF)
    definitions = {name: adapted(part) for name, part in inner.items()}
    for struct, _ in TABLES.values():
        definitions[struct.__name__] = unnamed(definitions[struct.__name__], struct)
    definitions["Settings"] = {key: part for key, part in definitions["Settings"].items() if key != "required"}
    named = zip(TABLES, others[: len(TABLES)], others[len(TABLES) :], strict=True)
    tables = {table: {"type": "object", "propertyNames": key, "additionalProperties": ref} for table, ref, key in named}
    return {
        "$schema": DRAFT,
        "title": "a file for `mailctl apply`",
        "type": "object",
        "properties": {"store": own, **tables},
        "additionalProperties": False,
        "definitions": definitions,
    }


def unnamed(schema: Schema, struct: type) -> Schema:
    """A Struct's schema without the key that the file's name says."""
    key = BY_FILE_NAME.get(struct.__name__, "")
    properties = {name: part for name, part in schema["properties"].items() if name != key}
    required = [name for name in schema.get("required", ()) if name != key]
    return {**schema, "properties": properties, "required": required}


def adapted(schema: Any) -> Any:
    """msgspec's schema for TOML and draft 7: no null, no default that says nothing, nothing beside a reference."""
    if isinstance(schema, list):
        return [adapted(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: adapted(part) for key, part in schema.items() if key != "default" or part or part is False}
    choices = [part for part in found.get("anyOf", ()) if part != {"type": "null"}]
    if len(choices) == 1:
        del found["anyOf"]
        found = {**choices[0], **found}
    if not found.get("required", True):
        del found["required"]
    if "$ref" in found and len(found) > 1:  # draft 7 looks at nothing beside a reference
        found["allOf"] = [{"$ref": found.pop("$ref")}]
    return found
