"""Writes what is generated of the store's format: src/mailctl/schemas; with --check, says what is not up to date."""

import json
import sys
from pathlib import Path

from mailctl.store.jsonschema import schemas

FOLDER = Path(__file__).parents[1] / "src/mailctl/schemas"


def texts() -> dict[Path, str]:
    """Each file and the text it should have."""
    return {
        FOLDER / f"{kind}.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for kind, schema in schemas().items()
    }


def stale() -> dict[Path, str]:
    """The files that are not what the code says."""
    return {
        file: text for file, text in texts().items() if not file.exists() or file.read_text(encoding="utf-8") != text
    }


def main(words: list[str]) -> int:
    """Write what is stale, or say it."""
    found = stale()
    if "--check" in words:
        for file in found:
            print(f"{file.name} is not up to date: make docs", file=sys.stderr)
        return 1 if found else 0
    FOLDER.mkdir(exist_ok=True)
    for file, text in found.items():
        file.write_text(text, encoding="utf-8")
        print(f"wrote {file.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
