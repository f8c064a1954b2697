"""The submission server's side of the demo: who may send, and where the mail goes."""

import hmac
import logging
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from mailctl.demo.mailboxes import Mailboxes, User

MAX_BYTES = 25_000_000
GREETING = "mailctl demo, SMTP"


class Submission:
    """What aiosmtpd asks at each step of a conversation."""

    def __init__(self, mailboxes: Mailboxes) -> None:
        self.mailboxes = mailboxes
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns at each login of what it does itself

    def conversation(self) -> SMTP:
        """The server's side of one connection."""
        return SMTP(
            self,
            hostname="localhost",
            ident=GREETING,
            data_size_limit=MAX_BYTES,
            enable_SMTPUTF8=True,
            authenticator=self.authenticate,
            auth_require_tls=False,  # aiosmtpd counts STARTTLS only; here TLS is there from the first byte
        )

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        """Whether login and password are a user's."""
        user = self.mailboxes.user(data.login.decode("utf-8", "replace")) if isinstance(data, LoginPassword) else None
        good = user is not None and hmac.compare_digest(data.password, user.password.encode())
        return AuthResult(success=good, handled=False, auth_data=user if good else None)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd finds it by this name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept a sender who is logged in and writes as herself (RFC 6409, 6.1)."""
        sender = session.auth_data
        if not isinstance(sender, User):
            return "530 5.7.0 authentication required"
        if self.mailboxes.user(address) != sender:
            return f"553 5.7.1 {sender.address} may not send as {address}"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept the addresses that have a mailbox here; nothing leaves this machine."""
        if self.mailboxes.user(address) is None:
            return f"550 5.1.1 no mailbox {address} on this demo server"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Deliver the message once to each mailbox."""
        raw = envelope.content
        if not isinstance(raw, bytes):
            return "554 5.6.0 no message"
        found = dict.fromkeys(self.mailboxes.user(address) for address in envelope.rcpt_tos)
        for user in found:
            if user is not None:
                await self.mailboxes.deliver(user, raw)
        return "250 2.0.0 delivered"
