"""One line of the send log for one attempt: `key=value`, in msmtp's words, without subject or text."""

import re
from datetime import UTC, datetime

from mailctl.domain.account import Security, Server
from mailctl.domain.message import DeliveryRefusedError
from mailctl.domain.outgoing import Entry
from mailctl.errors import Exit, MailctlError

STATUS = re.compile(r"(?:^|: )([245]\d\d)(?: |$)")
PLAIN = re.compile(r"[!#-&(-<>-\[\]-~]+")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
LONGEST = 500  # letters of what a server said
CODES = {  # sysexits.h
    Exit.OK: "EX_OK",
    Exit.DATA: "EX_DATAERR",
    Exit.UNAVAILABLE: "EX_UNAVAILABLE",
    Exit.IO: "EX_IOERR",
    Exit.TEMPORARY: "EX_TEMPFAIL",
    Exit.REFUSED: "EX_PROTOCOL",
    Exit.PERMISSION: "EX_NOPERM",
    Exit.STORE: "EX_CONFIG",
}


def line(entry: Entry, server: Server, reply: str, error: MailctlError | None, now: datetime) -> str:
    """What one attempt came to.

    Args:
        entry: as it was tried.
        server: who was asked.
        reply: the server's last words; empty where it said none.
        error: why it did not go, or not to all.
        now: the moment.
    """
    words = error.delivery.reply if isinstance(error, DeliveryRefusedError) else reply
    said = words or str(error or "")
    status = STATUS.search(said)
    fields = {
        "host": server.host,
        "port": str(server.port),
        "tls": "off" if server.security is Security.NONE else "on",
        "auth": "on",
        "user": server.login,
        "account": entry.account,
        "from": entry.sender,
        "recipients": ",".join(entry.recipients),
        "mailsize": str(entry.size),
        "messageid": entry.message_id,
        "attempt": str(entry.attempts + 1),
        "smtpstatus": status[1] if status else "",
        "smtpmsg": said[status.start(1) :] if status else "",
        "errormsg": str(error) if error else "",
        "exitcode": CODES.get(error.exit_status if error else Exit.OK, "EX_UNAVAILABLE"),
    }
    told = " ".join(f"{name}={value_of(value)}" for name, value in fields.items() if value or name == "from")
    return f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {told}\n"


def value_of(text: str) -> str:
    """A value on one line: as it is, or in single quotes where it needs them; those in it become double ones."""
    shown = UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)[:LONGEST]
    if PLAIN.fullmatch(shown):
        return shown
    return "'" + shown.replace("'", '"') + "'"
