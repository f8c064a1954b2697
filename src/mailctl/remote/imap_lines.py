"""imaplib over our own connection: greeting, STARTTLS, login, and lines that fit nowhere."""

import imaplib
import io
import re
import socket
from collections.abc import Iterable, Sequence
from typing import cast

from mailctl.domain.account import AuthMethod, Security
from mailctl.errors import LoginRefusedError, MailctlError, ProtocolError, TlsUnavailableError
from mailctl.remote import imap_answers as answers
from mailctl.remote import sasl
from mailctl.remote.imap_answers import Piece
from mailctl.remote.wire import Wire, cause

LONGEST_LINE = 16 << 20  # the answer to SEARCH in a folder of a million messages has 8 MB
LARGEST_LITERAL = 1 << 30
GULP = 1 << 20  # what is announced is not what is reserved
MOST_STRAYS = 100_000
UNTAGGED = re.compile(rb"\* (?:(\d+) )?([A-Za-z-]+)(?: (.*))?", re.DOTALL)
LITERAL = re.compile(rb"~?\{(\d{1,18})\}$")
CODE = re.compile(rb"\[([A-Za-z0-9-]+)(?: ([^\]]*))?\]")
LONGEST_OPENING = 8000  # bytes sent with AUTHENTICATE itself; a longer step waits to be asked for


class Lines(imaplib.IMAP4):
    """imaplib's protocol engine, its connection a `Wire`, and patient with answers that fit nowhere."""

    tagged_commands: dict[bytes, tuple[str, list[bytes]] | None]  # type: ignore[assignment]

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.is_patient = False
        self.strays = 0
        self.ahead: dict[str, bytes] = {}  # what was said along with the login and is not waited for yet, and its tags
        super().__init__()

    # -- as imaplib wants it

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:  # noqa: ARG002
        """Nothing: the connection is there."""
        self.host, self.port, self.sock = host, port, cast(socket.socket, self.wire)

    def read(self, size: int) -> bytes:
        """So many bytes.

        Raises:
            ProtocolError: more than any message has.
            imaplib.IMAP4.abort: the connection ended before.
        """
        if size > LARGEST_LITERAL:
            raise ProtocolError(f"{self.wire.server.where} announces {size} bytes at once")
        came = io.BytesIO()  # which gives what it holds without a copy
        while size > 0:
            try:
                gulp = self.wire.read(min(size, GULP))
            except OSError as error:
                came.write(self.wire.piece)
                raise Cut(cause(error, self.wire.timeout), came.getvalue()) from error
            if not gulp:
                raise Cut("the server closed the connection", came.getvalue())
            if len(gulp) == size and not came.tell():
                return gulp
            came.write(gulp)
            size -= len(gulp)
        return came.getvalue()

    def readline(self) -> bytes:
        """The next line.

        Raises:
            ProtocolError: it does not end.
        """
        line = self.wire.readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            raise ProtocolError(f"{self.wire.server.where} never ends its line")
        return line

    def send(self, data: bytes) -> None:  # type: ignore[override]
        """Send it all."""
        self.wire.sendall(data)

    def send_blocks(self, blocks: Iterable[bytes]) -> None:
        """Send a literal's content; the connection is closed when there is less of it than was announced."""
        try:
            self.wire.send_blocks("", blocks)
        except MailctlError:
            self.shutdown()
            raise

    def goes_on(self, tag: bytes, line: bytes) -> bool:
        """Announce a literal; whether the server asks for it, and has not ended the command."""
        self.send(line + b"\r\n")
        while self.tagged_commands[tag] is None and self._get_response() is not None:
            continue
        return self.tagged_commands[tag] is None

    def shutdown(self) -> None:
        """Close the connection."""
        self.wire.close()

    def _log(self, _line: str) -> None:
        """Keep nothing: it would hold the password."""

    def _get_capabilities(self) -> None:
        """What the server offers, from its greeting where that says it: one round trip less."""
        told = self.untagged_responses.pop("CAPABILITY", None) or self.capability()[1]
        line = told[-1]
        self.capabilities = tuple(line.decode("ascii", "replace").upper().split()) if isinstance(line, bytes) else ()

    def _get_line(self) -> bytes:
        """The next line without its end, whether CRLF or a bare LF."""
        line = self.readline()
        if not line.endswith(b"\n"):
            raise self.abort("the server closed the connection")
        return line.rstrip(b"\r\n")

    def _get_response(self) -> bytes | None:
        """Read one answer and store it; None for the request to go on."""
        line = self._get_line()
        tag, _, rest = line.partition(b" ")
        if tag in self.tagged_commands:
            result, _, words = rest.partition(b" ")
            self.tagged_commands[tag] = (answers.text(result).upper(), [words])
            self.keep_code(words)
            return line
        if tag == b"+":
            return None
        found = UNTAGGED.fullmatch(line)
        if found is None:
            return self.stray(line)
        kind = found[2].decode().upper()
        rest = b" ".join(part for part in (found[1], found[3]) if part)
        for piece in self.pieces(rest):
            self._append_untagged(kind, piece)
        if kind in ("OK", "NO", "BAD", "PREAUTH"):
            self.keep_code(rest)
        return line

    def pieces(self, text: bytes) -> list[Piece]:
        """An answer with its literals, as imaplib keeps it."""
        found: list[Piece] = []
        while marker := LITERAL.search(text):
            try:
                found.append((text, self.read(int(marker[1]))))
            except Cut as cut:
                cut.head = text
                raise
            text = self._get_line()
        return [*found, text]

    def keep_code(self, text: bytes) -> None:
        """Keep what stands in brackets, such as UIDVALIDITY, under its own name."""
        code = CODE.match(text)
        if code is not None:
            self._append_untagged(code[1].decode().upper(), code[2] or b"")

    def stray(self, line: bytes) -> bytes:
        """Keep a line that is no answer beside the last FETCH: there it tells that a literal was longer than announced.

        Raises:
            ProtocolError: nothing was fetched, or there are too many of them.
        """
        self.strays += 1
        if not self.is_patient or self.strays > MOST_STRAYS or "FETCH" not in self.untagged_responses:
            from mailctl.remote.trace import printable, shown

            raise ProtocolError(
                f"{self.wire.server.where} does not speak IMAP: it said '{printable(shown(line[:60]))}'"
            )
        self._append_untagged("FETCH", answers.Stray(line))
        return b"*"  # imaplib takes an empty line for a request to go on

    # -- opening

    def start_tls(self) -> None:
        """Go on under TLS; what the server offered before counts no more (RFC 9051, 6.2.1).

        Raises:
            TlsUnavailableError: it is not offered; nothing is sent in clear instead.
        """
        if "STARTTLS" not in self.capabilities or self.state != "NONAUTH":
            raise TlsUnavailableError(
                f"{self.wire.server.where} offers no STARTTLS", hint="mailctl account set ACCOUNT incoming.security=tls"
            )
        typ, data = self._simple_command("STARTTLS")
        if typ != "OK":
            raise TlsUnavailableError(f"{self.wire.server.where} does not start TLS: {words_of(data)}")
        self.wire.start_tls()
        self.untagged_responses = {}
        self._get_capabilities()

    def log_in(self, secret: str, *, ahead: Sequence[str] = ()) -> None:
        """Log in with what the server offers, in one round trip where it can be.

        Args:
            secret: password or OAuth2 token.
            ahead: commands to say in the same packet, where the login is one line that needs no other.

        Raises:
            LoginRefusedError: both sides know no way.
            imaplib.IMAP4.error: the server says no.
        """
        if self.state == "AUTH":  # PREAUTH: the server knows us already
            return
        server = self.wire.server
        offered = [name.removeprefix("AUTH=") for name in self.capabilities if name.startswith("AUTH=")]
        by_password = server.auth.method in (None, AuthMethod.PASSWORD)
        if by_password and "PLAIN" not in offered and "LOGINDISABLED" not in self.capabilities:
            self.say_login(server.login.encode(), sasl.raw(secret), ahead)
        else:
            if by_password and not offered:
                raise LoginRefusedError(
                    f"{server.where} takes no password here", hint="mailctl account set ACCOUNT incoming.security=tls"
                )
            name = sasl.mechanism(server, offered)
            steps = [sasl.encoded(one) for one in sasl.answers(name, server, secret)]
            with self.wire.hiding(f"AUTHENTICATE {name}", secret, *steps):
                self.authenticate_with(name, [*steps, "*"], ahead if name == "PLAIN" else ())
        self.state = "AUTH"

    def authenticate_with(self, name: str, steps: list[str], ahead: Sequence[str]) -> None:
        """Say AUTHENTICATE and answer step by step; the first goes with it where the server takes that (RFC 4959).

        Raises:
            ProtocolError: the server asks on after the last step, which cancels (RFC 9051, 6.2.2).
        """
        at_once = "SASL-IR" in self.capabilities and name != "LOGIN" and len(steps[0]) < LONGEST_OPENING
        with self.wire.together():
            tag = self._command("AUTHENTICATE", name, *([steps.pop(0)] if at_once else []))
            self.say_ahead(ahead if at_once else ())
        while self.tagged_commands[tag] is None:
            if self._get_response() is not None:
                continue
            if not steps or self.ahead:  # what was said ahead would be taken for the answer
                raise ProtocolError(f"{self.wire.server.where} asks more than {name} has to say")
            self.send(f"{steps.pop(0)}\r\n".encode())
        self.finish("AUTHENTICATE", tag)

    def say_ahead(self, commands: Sequence[str]) -> None:
        """Say what the server will be asked once it has let us in; who asks it waits for the answer that is due."""
        for one in commands:
            self.wire.hidden = ""
            self.ahead[one] = self._new_tag()
            self.send(self.ahead[one] + b" " + one.encode("latin-1") + b"\r\n")

    def say_login(self, login: bytes, secret: bytes, ahead: Sequence[str]) -> None:
        """Say LOGIN; what a quoted string cannot hold goes as a literal (RFC 9051, 6.2.3)."""
        with self.wire.hiding("LOGIN", secret.decode("utf-8", "surrogateescape")):
            tag = self._new_tag()
            line = tag + b" LOGIN"
            for word in (login, secret):
                if is_quotable(word):
                    line += b" " + quoted(word)
                    continue
                self.send(line + b" {%d}\r\n" % len(word))
                while self.tagged_commands[tag] is None and self._get_response() is not None:
                    continue
                if self.tagged_commands[tag] is not None:
                    break
                line = word
            else:
                with self.wire.together():
                    self.send(line + b"\r\n")
                    self.say_ahead(ahead if is_quotable(login + secret) else ())
            self.finish("LOGIN", tag)

    def finish(self, name: str, tag: bytes) -> None:
        """Wait for the end of a command.

        Raises:
            imaplib.IMAP4.error: it is not OK.
        """
        typ, data = self._command_complete(name, tag)
        if typ != "OK":
            raise self.error(f"{name} {typ} {words_of(data)}")

    def _command_complete(self, name: str, tag: bytes) -> tuple[str, list[bytes]]:
        """The end of a command.

        Raises:
            imaplib.IMAP4.error: BAD.
            imaplib.IMAP4.abort: the server takes leave or is gone; of which kind, imaplib would not tell.
        """
        while (found := self.tagged_commands[tag]) is None:
            self._get_response()
            self._check_bye()
        del self.tagged_commands[tag]
        if found[0] == "BAD":
            raise self.error(f"{name} BAD {words_of(found[1])}")
        return found

    def secured_as_asked(self) -> None:
        """Start TLS where the account asks for STARTTLS."""
        if self.wire.server.security is Security.STARTTLS:
            self.start_tls()


class Cut(imaplib.IMAP4.abort):
    """The connection ended inside a literal; `piece` is what had come of it, `head` the line before."""

    def __init__(self, why: str, piece: bytes) -> None:
        super().__init__(why)
        self.head = b""
        self.piece = piece


def is_quotable(word: bytes) -> bool:
    """Whether a quoted string can hold a word: ASCII without line breaks and NUL."""
    return word.isascii() and not any(byte in word for byte in (b"\r", b"\n", b"\0"))


def quoted(word: bytes) -> bytes:
    """A word as a quoted string (RFC 9051, 4.3)."""
    return b'"' + word.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def words_of(data: object) -> str:
    """What the server said at the end of a command."""
    last = data[-1] if isinstance(data, list) and data else b""
    return last.decode("utf-8", "replace") if isinstance(last, bytes) else ""
