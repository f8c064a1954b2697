"""Text whose lines were broken to travel, joined again (RFC 3676)."""

SIGNATURE = "-- "


def unflowed(text: str, *, delete_space: bool = False) -> str:
    """Format=flowed text with its paragraphs whole.

    Args:
        text: with LF line ends.
        delete_space: whether the space at a line's end was added too (`DelSp=yes`).
    """
    paragraphs: list[tuple[int, list[str]]] = []
    flowing = False
    for line in text.split("\n"):
        depth, content = taken_apart(line)
        flows = content.endswith(" ") and content != SIGNATURE
        part = content[:-1] if flows and delete_space else content
        if flowing and paragraphs[-1][0] == depth and content != SIGNATURE:
            paragraphs[-1][1].append(part)
        else:
            paragraphs.append((depth, [part]))
        flowing = flows
    return "\n".join(written(depth, "".join(parts)) for depth, parts in paragraphs)


def taken_apart(line: str) -> tuple[int, str]:
    """How deep a line is quoted, and what it says, the space that protected it removed."""
    content = line.lstrip(">")
    return len(line) - len(content), content.removeprefix(" ")


def written(depth: int, content: str) -> str:
    """A paragraph behind its quote marks."""
    said = content if content == SIGNATURE else content.rstrip()
    return f"{'>' * depth} {said}" if depth else said
