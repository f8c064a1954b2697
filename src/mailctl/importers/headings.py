"""Which key of an account a spreadsheet's heading means, in English and French."""

import re
import unicodedata
from collections.abc import Sequence

from mailctl.domain.account import NAME_PATTERN

# Each as `plain` makes it of what stands in the heading.
HEADINGS: dict[str, tuple[str, ...]] = {
    "address": (
        "address", "mail", "e mail", "email", "mail address", "e mail address", "email address", "primarysmtpaddress",
        "mailbox", "adresse", "courriel", "adresse mail", "adresse e mail", "adresse email", "adresse courriel",
        "adresse de courriel", "adresse electronique", "adresse de messagerie", "adresse du compte", "boite",
        "boite mail", "boite aux lettres",
    ),
    "name": ("account", "account name", "short name", "id", "compte", "nom du compte", "nom de compte", "nom court"),
    "display_name": (
        "display name", "displayname", "full name", "sender name", "label", "nom affiche", "nom d affichage",
        "nom complet", "nom de l expediteur", "libelle", "intitule",
    ),
    "owner": ("owner", "titulaire", "proprietaire", "collaborator", "collaborateur"),
    "rights": ("rights", "access", "permissions", "droits", "acces", "droits d acces", "collaborateurs et droits"),
    "aliases": ("alias", "aliases", "other addresses", "autres adresses", "adresses secondaires", "redirections"),
    "provider": ("provider", "account type", "fournisseur", "hebergeur", "type de compte"),
    "login": ("login", "user", "user name", "username", "identifiant", "utilisateur", "nom d utilisateur"),
    "checker_only": (
        "checker only", "checker", "watch only", "watched", "checker de mail", "checker de mail uniquement",
        "checker uniquement", "surveillance", "surveille",
    ),
    "kind": ("kind", "type", "genre", "categorie"),
    "notes": (
        "notes", "note", "comment", "comments", "remarks", "commentaire", "commentaires", "remarque", "remarques",
    ),
    "from_name": ("from name",),
    "incoming.host": (
        "incoming host", "incoming server", "imap", "imap host", "imap server", "serveur imap", "serveur entrant",
        "hote imap",
    ),
    "incoming.port": ("incoming port", "imap port", "port imap", "port entrant"),
    "incoming.security": ("incoming security", "imap security", "securite imap", "chiffrement imap"),
    "outgoing.host": (
        "outgoing host", "outgoing server", "smtp", "smtp host", "smtp server", "serveur smtp", "serveur sortant",
        "hote smtp",
    ),
    "outgoing.port": ("outgoing port", "smtp port", "port smtp", "port sortant"),
    "outgoing.security": ("outgoing security", "smtp security", "securite smtp", "chiffrement smtp"),
    "auth.method": ("auth method",),
    "auth.secret": ("auth secret",),
    "auth.command": ("auth command",),
    "auth.env": ("auth env",),
    "auth.credential": ("auth credential",),
}  # fmt: skip
GIVEN = frozenset({"first name", "given name", "firstname", "prenom"})
FAMILY = frozenset({"last name", "family name", "lastname", "surname", "nom de famille", "name", "nom"})
EITHER = frozenset({"name", "nom"})  # an account's short name in one firm's list, the name in From in another's
PASSWORDS = frozenset(
    {
        "password",
        "passwords",
        "passwd",
        "passphrase",
        "pass",
        "pwd",
        "pw",
        "secret",
        "token",
        "passe",
        "mdp",
        "motdepasse",
    }
)
KEYS = {heading: key for key, headings in HEADINGS.items() for heading in headings}


def keys_of(headings: Sequence[str], columns: Sequence[Sequence[str]]) -> tuple[str | None, ...]:
    """The key each heading means; None for what means none.

    Args:
        headings: as they stand in the file.
        columns: the cells under each, which tell what `Nom` is about.
    """
    found = [KEYS.get(plain(heading)) for heading in headings]
    is_split = any(map(is_given, headings)) and "display_name" not in found
    for place, heading in enumerate(headings):
        if is_split and plain(heading) in GIVEN | FAMILY:
            found[place] = "display_name"
        elif plain(heading) in EITHER:
            likely = "name" if are_short(columns[place]) else "display_name"
            free = [key for key in (likely, "display_name") if key not in found]
            found[place] = free[0] if free else None
    return tuple(found)


def is_given(heading: str) -> bool:
    """Whether a column holds given names, to stand before the family's in what others read."""
    return plain(heading) in GIVEN


def is_password(heading: str) -> bool:
    """Whether a column is for passwords."""
    return plain(heading) not in KEYS and not PASSWORDS.isdisjoint(plain(heading).split())


def are_short(cells: Sequence[str]) -> bool:
    """Whether most of these are an account's short name, so that one mistyped among a thousand does not decide."""
    given = [cell.strip() for cell in cells if cell.strip()]
    return sum(bool(re.match(NAME_PATTERN, cell)) for cell in given) * 2 > len(given)


def plain(text: str) -> str:
    """Words in small letters, without accents, marks, and what stands in brackets: `E-Mail [Required]` is `e mail`."""
    bare = re.sub(r"\[.*?\]|\(.*?\)", " ", text)
    letters = unicodedata.normalize("NFKD", bare).casefold()
    kept = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.split(r"[\W_]+", kept)).strip()
