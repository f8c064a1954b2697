"""Fixtures for what crosses the network: an authority and its certificates; a submission server told what to answer."""

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mailctl.domain.account import Auth, AuthMethod, Security, Server
from mailctl.domain.message import DeliveryRefusedError, Envelope
from mailctl.errors import TemporaryError
from mailctl.remote.smtp import open_smtp
from support.scripted import Peer, Served, serving

SECRET = "correct-horse"
CUT, SILENCE, CLOSE = "(cut)", "(silence)", "(close)"  # in place of an answer
FEATURES = ("PIPELINING", "SIZE 1000000", "8BITMIME", "AUTH PLAIN LOGIN")


def server_at(served: Served, security: Security = Security.NONE, **more: object) -> Server:
    """The account's side of a scripted server."""
    made = {"login": "alice", "auth": Auth(method=AuthMethod.PASSWORD), **more}
    return Server(host=served.host, port=served.port, security=security, **made)  # type: ignore[arg-type]


class Certificates:
    """An authority of the test's own, its file, and the server's side of TLS with certificates good and bad."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = trustme.CA()
        self.ca_file = str(folder / "ca.pem")
        self.authority.cert_pem.write_to_path(self.ca_file)
        self.fingerprint = ""

    def context(self, leaf: trustme.LeafCert) -> ssl.SSLContext:
        """The server's side with a certificate; its fingerprint is noted."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(made)
        certificate = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
        self.fingerprint = certificate.fingerprint(hashes.SHA256()).hex(":")
        return made

    def good(self) -> ssl.SSLContext:
        return self.context(self.authority.issue_cert("localhost"))

    def expired(self) -> ssl.SSLContext:
        return self.context(self.authority.issue_cert("localhost", not_after=datetime(2001, 1, 1, tzinfo=UTC)))

    def not_yet_valid(self) -> ssl.SSLContext:
        return self.context(self.authority.issue_cert("localhost", not_before=datetime.now(UTC) + timedelta(days=9)))

    def for_another_name(self) -> ssl.SSLContext:
        return self.context(self.authority.issue_cert("mail.elsewhere.example"))

    def from_strangers(self) -> ssl.SSLContext:
        return self.context(trustme.CA().issue_cert("localhost"))

    def self_signed(self) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(9))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self.folder / "self.pem").write_bytes(pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "self.pem")
        return context


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


class Submission:
    """A submission server, for `serving`: answers each verb as it is told, else as a server does that takes all mail.

    `answers` has for a verb, for `RCPT ADDRESS`, for `greeting` and for `.` (after the message) the reply, lines apart
    by newlines; CUT resets the connection, CLOSE ends it, SILENCE keeps it waiting. What it took is in `messages`.
    """

    def __init__(
        self,
        answers: Mapping[str, str] | None = None,
        *,
        features: tuple[str, ...] = FEATURES,
        starttls: ssl.SSLContext | None = None,
    ) -> None:
        self.answers = dict(answers or {})
        self.features = features
        self.starttls = starttls
        self.features_under_tls = features
        self.messages: list[bytes] = []
        self.accepted = 0
        self.verbs: list[str] = []

    def __call__(self, peer: Peer) -> None:
        self.answer(peer, "greeting", "220 ready")
        while True:
            line = peer.hear()
            verb = line.split(" ")[0].upper()
            self.verbs.append(verb)
            self.handle(peer, verb, line)
            if verb == "QUIT":
                return

    def handle(self, peer: Peer, verb: str, line: str) -> None:
        match verb:
            case "EHLO":
                self.answer(peer, verb, "\n".join(("250-hello", *(f"250-{one}" for one in self.features), "250 HELP")))
            case "STARTTLS":
                self.answer(peer, verb, "220 go ahead")
                if self.starttls and verb not in self.answers:
                    peer.start_tls(self.starttls)
                    self.features = self.features_under_tls
            case "AUTH":
                self.authenticate(peer, line)
            case "RCPT":
                address = line[line.index("<") + 1 : line.rindex(">")]
                which = f"RCPT {address}" if f"RCPT {address}" in self.answers else "RCPT"
                self.accepted += which not in self.answers and "MAIL" not in self.answers
                self.answer(peer, which, "250 fine")
            case "MAIL" | "RSET":
                self.accepted = 0
                self.answer(peer, verb, "250 fine")
            case "DATA":
                self.data(peer)
            case "BDAT":
                self.chunk(peer, int(line.split(" ")[1]))
            case _:
                self.answer(peer, verb, "221 bye" if verb == "QUIT" else "250 fine")

    def authenticate(self, peer: Peer, line: str) -> None:
        if line.upper() == "AUTH LOGIN" and "AUTH" not in self.answers:
            for question in ("VXNlcm5hbWU6", "UGFzc3dvcmQ6"):
                peer.say(f"334 {question}")
                peer.hear()
        self.answer(peer, "AUTH", "235 welcome")

    def data(self, peer: Peer) -> None:
        reply = self.answers.get("DATA") or ("354 go on" if "RCPT" not in self.answers else "503 nobody")
        self.answer(peer, "DATA", reply)
        if not reply.startswith("354"):
            return
        message = b""
        while not (message.endswith(b"\r\n.\r\n") or message == b".\r\n"):
            message += peer.read(1)
        self.messages.append(message[:-3])
        self.answer(peer, ".", "250 2.0.0 taken as 1")

    def chunk(self, peer: Peer, size: int) -> None:
        """Take a message in one piece, where anybody is to get it (RFC 3030)."""
        message = peer.read(size)
        if not self.accepted:
            return self.answer(peer, "BDAT", "503 nobody")
        self.messages.append(message)
        return self.answer(peer, "BDAT", "250 2.0.0 taken as 1")

    def answer(self, peer: Peer, verb: str, usual: str) -> None:
        reply = self.answers.get(verb, usual)
        if reply == CUT:
            peer.cut()
            raise ConnectionAbortedError
        if reply == CLOSE:
            raise ConnectionAbortedError
        if reply == SILENCE:
            peer.wait()
        peer.send(reply.replace("\n", "\r\n").encode("utf-8", "surrogateescape") + b"\r\n")


ANNA, BEN, CARL = "anna@client.example", "ben@client.example", "carl@client.example"
ENVELOPE = Envelope(sender="contact@firm.example", recipients=(ANNA, BEN))
MESSAGE = b"Subject: Plans\r\n\r\nHello\r\n"
PLAIN_FEATURES = ("AUTH PLAIN",)
WHOLE_FEATURES = (*FEATURES, "CHUNKING")
ENVELOPE_REFUSED = (  # at a step with a reply: which error that is, and whether the session is dead then
    ("MAIL", "450 busy", TemporaryError, False),
    ("MAIL", "552 quota", DeliveryRefusedError, False),
    ("MAIL", "421 closing", TemporaryError, True),
    ("RCPT", "451 greylisted", TemporaryError, False),
    ("RCPT", "550 nobody", DeliveryRefusedError, False),
    ("RCPT", "421 closing", TemporaryError, True),
)
BOTH = pytest.mark.parametrize("features", [FEATURES, PLAIN_FEATURES], ids=["pipelined", "one by one"])


def sent(script, raw=MESSAGE, envelope=ENVELOPE, *, timeout=30.0):
    """What became of one message, and what the server heard."""
    with serving(script) as served, open_smtp(server_at(served), SECRET, timeout=timeout) as session:
        delivery = session.send(envelope, raw)
    return delivery, served


def failed(script, kind, raw=MESSAGE, envelope=ENVELOPE, *, timeout=30.0):
    """The error of a message that does not go, and whether the session takes another then."""
    with serving(script) as served, open_smtp(server_at(served), SECRET, timeout=timeout) as session:
        with pytest.raises(kind) as caught:
            session.send(envelope, raw)
        assert type(caught.value) is kind
        assert "\n" not in str(caught.value)
        return caught.value, session.is_dead
