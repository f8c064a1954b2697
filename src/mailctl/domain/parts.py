"""Which parts of a message are files, and what its reader should know of it."""

from collections.abc import Iterator

from msgspec import Struct

from mailctl.domain.mime import DEEPEST, Node

MESSAGES = frozenset({"message/rfc822", "message/global"})
FILES_OF_TEXT = frozenset({"text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/rtf", "text/csv",
                           "text/rfc822-headers"})  # fmt: skip
SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
NOT_READ = "mailctl does not decrypt it; save it with: mailctl save"
NOT_VERIFIED = "the signature is not verified"
WINMAIL = "winmail.dat is Outlook's own wrapping (TNEF): what was attached is inside; tnef or ytnef unpacks it"


class File(Struct, frozen=True, kw_only=True):
    """A part that is kept as a file; one that only serves another, such as a logo, is inline."""

    node: Node
    inline: bool


def files(message: Node) -> Iterator[File]:
    """The files in a message, in their order."""
    return files_in(message, depth=0, inline=False, serves=False)


def files_in(part: Node, *, depth: int, inline: bool, serves: bool) -> Iterator[File]:
    """The files in a part.

    Args:
        part: where to look.
        depth: how many parts lie around it.
        inline: whether it is one that serves the text.
        serves: whether it serves another part, so that its text is not to be read.
    """
    main = main_part(part)
    for child in part.parts:
        helps = main is not None and child is not main
        yield from files_in(
            child,
            depth=depth + 1,
            inline=inline or (helps and child.disposition != "attachment"),
            serves=serves or helps,
        )
    if not part.parts and (serves or not is_text(part, depth=depth)):
        yield File(node=part, inline=inline)


def main_part(part: Node) -> Node | None:
    """The part that the others in it serve (RFC 2387, 3.2; RFC 1847, 2.1); None where none does."""
    if not part.parts or part.type not in ("multipart/related", "multipart/signed"):
        return None
    start = part.parameters.get("start", "")
    return next((one for one in part.parts if start and one.content_id == start), part.parts[0])


def is_text(part: Node, *, depth: int) -> bool:
    """Whether a part is to be read, not kept as a file; a multipart without a boundary is read as it stands.

    Some name their only text, which makes it no file.
    """
    if part.disposition == "attachment" or (part.filename and depth):
        return False
    return (part.is_multipart and depth < DEEPEST) or (part.type.startswith("text/") and part.type not in FILES_OF_TEXT)


def notes_of(message: Node, text: str) -> tuple[str, ...]:
    """What the reader should know: signed, encrypted, wrapped."""
    types = {message.type, *(file.node.type for file in files(message))}
    names = {(file.node.filename or "").casefold() for file in files(message)}
    notes = [protection(message), inline_pgp(text)]
    if "application/ms-tnef" in types or "winmail.dat" in names:
        notes.append(WINMAIL)
    return tuple(note for note in notes if note)


def protection(message: Node) -> str:
    """Whether a message is signed or encrypted (RFC 1847, 3156, 8551)."""
    kind = "OpenPGP" if "pgp" in message.parameters.get("protocol", "").lower() else "S/MIME"
    if message.type == "multipart/encrypted":
        return f"encrypted ({kind}): {NOT_READ}"
    if message.type == "multipart/signed":
        return f"signed ({kind}): {NOT_VERIFIED}"
    if message.type not in SMIME:
        return ""
    if message.parameters.get("smime-type", "").lower() == "signed-data":
        return f"signed (S/MIME), its text wrapped in the signature: {NOT_READ.replace('decrypt', 'unwrap')}"
    return f"encrypted (S/MIME): {NOT_READ}"


def inline_pgp(text: str) -> str:
    """Whether the text itself is signed or encrypted (RFC 9580, 6.2)."""
    begin = text.lstrip()[:40]
    if begin.startswith("-----BEGIN PGP MESSAGE-----"):
        return "encrypted (OpenPGP, in the text): mailctl does not decrypt it"
    return f"signed (OpenPGP, in the text): {NOT_VERIFIED}" if begin.startswith("-----BEGIN PGP SIGNED") else ""
