"""What the live tests of answering, passing on and drafting share: an account on the real servers, mail in it."""

from email import message_from_bytes, policy
from email.message import EmailMessage

from conftest import Cli, ok
from support.mailservers import MailServers

Reach = tuple[str, ...]


def reach(mail: MailServers) -> Reach:
    """The options of an account on the servers."""
    return ("--imap-host", mail.host, "--imap-port", str(mail.imaps_port), "--imap-security", "tls",
            "--smtp-host", mail.host, "--smtp-port", str(mail.smtps_port), "--smtp-security", "tls",
            "--ca-file", str(mail.ca_file), "--password-env", "CONTACT_PASSWORD", "--no-discover")  # fmt: skip


def parsed(raw: bytes) -> EmailMessage:
    """A message as Python reads it."""
    return message_from_bytes(raw, policy=policy.default)  # type: ignore[return-value]


def fetched(cli: Cli, mail: MailServers, raw: bytes, *, user: str = "contact") -> str:
    """Deliver a message to the account, fetch it, and give its number."""
    mail.deliver(user, raw)
    ok(cli("fetch", "-a", "contact"))
    return str(ok(cli("list", "-a", "contact", "--json")).json[0]["id"])
