"""Writes what is generated from the code; with --check, says what is stale and writes nothing."""

import sys
from collections.abc import Callable
from pathlib import Path

from docgen import bash, cli_page, exit_page, fish, json_keys, json_page, provider_page, store_page, tree, zsh

ROOT = Path(__file__).parents[1]
PAGES: dict[str, Callable[[], str]] = {
    "docs/cli.md": cli_page.text,
    "docs/store.md": store_page.text,
    "docs/exit-codes.md": exit_page.text,
    "docs/json.md": json_page.text,
    "docs/provider-quirks.md": provider_page.text,
    "docs/ARCHITECTURE.md": tree.text,
    "tests/contract/json_keys.toml": json_keys.text,
    "completions/mailctl.bash": bash.text,
    "completions/mailctl.zsh": zsh.text,
    "completions/mailctl.fish": fish.text,
}


def stale() -> dict[str, str]:
    """The files that are not what the code says, with the text they should have."""
    wanted = {name: page() for name, page in PAGES.items()}
    return {name: text for name, text in wanted.items() if text != current(ROOT / name)}


def current(path: Path) -> str:
    """A file's text; nothing when there is none."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main(words: list[str]) -> int:
    """Write what is stale, or say it."""
    found = stale()
    if "--check" in words:
        for name in found:
            print(f"{name} is not up to date: make docs", file=sys.stderr)
        return 1 if found else 0
    for name, text in found.items():
        (ROOT / name).parent.mkdir(exist_ok=True)
        (ROOT / name).write_text(text, encoding="utf-8")
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
