"""Result → table, tab-separated lines or JSON; control characters out."""

import sys
from datetime import UTC, datetime
from typing import Any

import msgspec

from mailctl.cli.clean import clean, clean_lines, escaped


def print_json(value: Any) -> None:
    """One document on stdout."""
    emit(document(value) + "\n")


def document(value: Any) -> str:
    """A value as JSON; bytes of a file's name that are no UTF-8 stand as lone surrogates, as escapes."""
    try:
        data = msgspec.json.encode(value)
    except UnicodeEncodeError:
        import json

        return json.dumps(msgspec.to_builtins(value), indent=2)
    return escaped(msgspec.json.format(data, indent=2).decode())


def print_text(text: str) -> None:
    """Text for a person, its lines kept."""
    emit(clean_lines(text).rstrip("\n") + "\n")


def print_rows(rows: Any, columns: tuple[str, ...]) -> None:
    """A table on a terminal; elsewhere a line a row, tab-separated, no header, nothing cut."""
    names = columns or (tuple(rows[0].__struct_fields__) if rows else ())
    cells = [[cell(getattr(row, name)) for name in names] for row in rows]
    if sys.stdout.isatty():
        from mailctl.cli.tables import draw_rows

        draw_rows([name.replace("_", " ") for name in names], cells)
        return
    emit("".join("\t".join(line) + "\n" for line in cells))


def print_csv(rows: Any, columns: tuple[str, ...]) -> None:
    """Comma-separated values with a header (RFC 4180); no cell is a formula to a spreadsheet."""
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        values = (getattr(row, name) for name in columns)
        found = [utc(value) if isinstance(value, datetime) else cell(value) for value in values]
        writer.writerow([f"'{one}" if one.startswith(("=", "+", "-", "@")) else one for one in found])
    emit(text.getvalue())


def print_one(value: Any, columns: tuple[str, ...]) -> None:
    """One object: a key and its value a line."""
    names = columns or tuple(value.__struct_fields__)
    pairs = [(name, cell(getattr(value, name))) for name in names]
    pairs = [pair for pair in pairs if pair[1]]
    if sys.stdout.isatty():
        from mailctl.cli.tables import draw_pairs

        draw_pairs(pairs)
        return
    emit("".join(f"{name}\t{text}\n" for name, text in pairs))


def cell(value: Any) -> str:
    """A value as text on one line; nothing for None, and for an empty list."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return local_time(value)
        case dict():
            return " ".join(f"{key}={cell(item)}" for key, item in value.items())
        case list() | tuple() | frozenset():
            return ",".join(cell(item) for item in value)
        case _:
            return clean(str(value))


def local_time(value: datetime) -> str:
    """A moment for a person on a terminal, in local time; for a program, RFC 3339 in UTC."""
    if sys.stdout.isatty():
        return value.astimezone().strftime("%Y-%m-%d %H:%M")
    return utc(value)


def utc(value: datetime) -> str:
    """A moment for a program."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def emit(text: str) -> None:
    """Write on stdout, whatever letters it can hold."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()
