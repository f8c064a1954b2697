"""The demo's firm: its mailboxes, their passwords for one run, and the plan that is sent around."""

import secrets

from msgspec import Struct

from mailctl.demo.mailboxes import User

FIRM = "Atelier Durand"
DOMAIN = "durand.example"
BOB = f"bob@{DOMAIN}"  # he has no mailbox of his own
PLAN, DOWNLOADS = "plan.pdf", "Downloads"
PLAN_LINES = (
    "%PDF-1.4",
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj",
    "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj",
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj",
    "trailer<</Root 1 0 R>>",
    "%%EOF",
)


class Mailbox(Struct, frozen=True, kw_only=True):
    """A mailbox of the firm: the account's name, the address, and the variable that holds the password."""

    account: str
    address: str
    variable: str


CONTACT = Mailbox(account="contact", address=f"contact@{DOMAIN}", variable="CONTACT_PASSWORD")
DEVIS = Mailbox(account="devis", address=f"devis@{DOMAIN}", variable="DEVIS_PASSWORD")
FRANCOIS = Mailbox(account="f.durand", address=f"f.durand@{DOMAIN}", variable="FRANCOIS_PASSWORD")
ALICE = Mailbox(account="alice", address=f"alice@{DOMAIN}", variable="ALICE_PASSWORD")
MAIRIE = Mailbox(account="mairie", address="durand@mairie-lyon.example", variable="MAIRIE_PASSWORD")
MAILBOXES = (CONTACT, DEVIS, FRANCOIS, ALICE, MAIRIE)


def new_passwords() -> dict[str, str]:
    """A password for each variable, good for one run."""
    return {mailbox.variable: secrets.token_urlsafe(12) for mailbox in MAILBOXES}


def users(passwords: dict[str, str]) -> tuple[User, ...]:
    """The mailboxes as the servers know them."""
    return tuple(User(address=mailbox.address, password=passwords[mailbox.variable]) for mailbox in MAILBOXES)


def plan() -> bytes:
    """A drawing of nothing, in PDF."""
    return "\n".join((*PLAN_LINES, "")).encode()
