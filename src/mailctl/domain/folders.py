"""Folders of a mailbox: what the server says of them, and which one is Sent, Drafts, Trash, Junk or Archive."""

import unicodedata
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from mailctl.domain.account import Folders

INBOX = "INBOX"
UNSELECTABLE = frozenset({"\\noselect", "\\nonexistent"})
REPEATING = frozenset({"\\all", "\\flagged", "\\important"})  # RFC 6154, 2 and RFC 8457: mail that lies elsewhere too
SHELVES = ("", "inbox", "[gmail]", "[google mail]")  # where providers put the special folders


class Use(StrEnum):
    """What a special folder is for; the keys of `[folders]` in an account."""

    SENT = "sent"
    DRAFTS = "drafts"
    TRASH = "trash"
    JUNK = "junk"
    ARCHIVE = "archive"


class Folder(Struct, frozen=True, kw_only=True):
    """A folder as the server lists it; attributes in lower case, such as `\\sent`."""

    name: str
    delimiter: str | None
    attributes: frozenset[str] = frozenset()

    @property
    def can_select(self) -> bool:
        """Whether it can hold mail; others only hold folders (RFC 9051, 7.3.1)."""
        return UNSELECTABLE.isdisjoint(self.attributes)

    @property
    def repeats_others(self) -> bool:
        """Whether it shows mail of other folders once more, as Gmail's All Mail does."""
        return not REPEATING.isdisjoint(self.attributes)

    @property
    def shelf_and_name(self) -> tuple[str, str]:
        """The folder it lies in, and its own name, for comparing."""
        shelf, _, own = self.name.rpartition(self.delimiter) if self.delimiter else ("", "", self.name)
        return folded(shelf), folded(own)


NAMES = {  # as Thunderbird, Outlook, Apple Mail, Roundcube and the providers call them
    Use.SENT: (
        "Sent", "Sent Items", "Sent Messages", "Sent Mail", "Sent-Mail", "Éléments envoyés", "Messages envoyés",
        "Objets envoyés", "Courrier envoyé", "Courriers envoyés", "Envoyés", "Gesendet", "Gesendete Elemente",
        "Gesendete Objekte", "Gesendete Nachrichten", "Posta inviata", "Elementi inviati", "Messaggi inviati",
        "Inviati", "Inviata", "Elementos enviados", "Mensajes enviados", "Enviados", "Itens enviados",
        "Mensagens enviadas", "Enviadas", "Verzonden", "Verzonden items", "Verzonden berichten", "Wysłane",
        "Elementy wysłane", "Skickat", "Sendt", "Odeslaná pošta",
    ),
    Use.DRAFTS: (
        "Drafts", "Draft", "Brouillons", "Brouillon", "Entwürfe", "Bozze", "Borradores", "Rascunhos", "Concepten",
        "Szkice", "Kopie robocze", "Wersje robocze", "Utkast", "Kladder", "Koncepty",
    ),
    Use.TRASH: (
        "Trash", "Deleted Items", "Deleted Messages", "Deleted", "Bin", "Corbeille", "Éléments supprimés",
        "Messages supprimés", "Objets supprimés", "Papierkorb", "Gelöscht", "Gelöschte Elemente",
        "Gelöschte Objekte", "Cestino", "Posta eliminata", "Papelera", "Elementos eliminados", "Lixo",
        "Lixeira", "Itens excluídos", "Prullenbak", "Verwijderde items", "Kosz", "Elementy usunięte", "Papperskorgen",
    ),
    Use.JUNK: (
        "Junk", "Spam", "Junk E-mail", "Junk Email", "Junk-E-Mail", "Bulk Mail", "Bulk", "Indésirables",
        "Courrier indésirable", "Pourriel", "Spamverdacht", "Unerwünscht", "Werbung", "Posta indesiderata",
        "Correo no deseado", "Lixo eletrônico", "Ongewenste e-mail", "Skräppost",
    ),
    Use.ARCHIVE: ("Archive", "Archives", "Archiv", "Archivio", "Archivo", "Arquivo", "Archief", "Archiwum", "Arkiv"),
}  # fmt: skip


def folded(name: str) -> str:
    """A folder's name for comparing: one form of each letter (some clients write NFD), no case."""
    return unicodedata.normalize("NFC", name).casefold()


def special(folders: Sequence[Folder], use: Use, *, chosen: Folders) -> str | None:
    """The name of the folder for a use: as the account says, else by SPECIAL-USE (RFC 6154), else by its name.

    Returns:
        None where there is none; one that the account names is given even when the server does not list it.
    """
    named = getattr(chosen, use)
    if named:
        return next((one.name for one in folders if same_folder(one.name, named)), str(named))
    usable = [one for one in folders if one.can_select]
    marked = next((one.name for one in usable if f"\\{use}" in one.attributes), None)
    return marked or by_name(usable, use)


def by_name(folders: Sequence[Folder], use: Use) -> str | None:
    """The folder that bears one of the usual names; the most usual one where there are several."""
    found = {place: one.name for one in reversed(folders) if (place := one.shelf_and_name)[0] in SHELVES}
    places = ((shelf, folded(name)) for name in NAMES[use] for shelf in SHELVES)
    return next((found[place] for place in places if place in found), None)


def is_meant(asked: str, name: str, own: str) -> bool:
    """Whether somebody means a folder: by its whole name, by its last part, or by its use in whatever language.

    Args:
        asked: what was said, such as `sent`.
        name: the folder's.
        own: the last part of it.
    """
    said = folded(asked)
    usual = NAMES[Use(said)] if said in set(Use) else ()
    return said in (folded(name), folded(own)) or folded(own) in map(folded, usual)


def find(folders: Sequence[Folder], name: str) -> Folder | None:
    """The folder of a name; the exact one before one that differs in the form of its letters only."""
    exact = next((one for one in folders if one.name == name), None)
    return exact or next((one for one in folders if same_folder(one.name, name)), None)


def same_folder(one: str, other: str) -> bool:
    """Whether two names are one folder's: INBOX in any case (RFC 9051, 5.1), letters in any Unicode form."""
    if one.upper() == INBOX:
        return other.upper() == INBOX
    return unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
