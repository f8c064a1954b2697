"""The conversation on paper: marks, no secret, no body, for its owner only."""

import base64
import stat

import pytest

from mailctl.domain.account import Security
from mailctl.domain.message import Envelope
from mailctl.errors import LoginRefusedError, StorageError
from mailctl.remote.smtp import open_smtp
from mailctl.remote.trace import Trace, masked
from remote.conftest import SECRET, Submission, server_at
from support.scripted import serving

ENVELOPE = Envelope(sender="a@firm.example", recipients=("b@client.example",))
MESSAGE = b"Subject: secret plans\r\n\r\nnobody reads this\r\n"


@pytest.fixture
def trace(tmp_path):
    return Trace(tmp_path / "trace")


def talk(trace, script, security=Security.NONE, **more):
    with serving(script, tls=more.pop("tls", None)) as served:
        try:
            with open_smtp(server_at(served, security, **more), SECRET, trace=trace) as session:
                session.send(ENVELOPE, MESSAGE)
        except LoginRefusedError:
            pass
    return trace.path.read_text()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_neither_password_nor_body_is_in_it(trace, mechanism):
    text = talk(trace, Submission(features=(f"AUTH {mechanism}",)))

    assert f"AUTH {mechanism}" in text
    assert "MAIL FROM:<a@firm.example>" in text
    for secret in (SECRET, base64.b64encode(SECRET.encode()).decode(), "secret plans", "nobody reads", "AGFsaWNl"):
        assert secret not in text
    assert f"message, … {len(MESSAGE)} bytes" in text


def test_what_the_server_says_back_of_the_login_is_not_in_it_either(trace):
    encoded = base64.b64encode(f"\0alice\0{SECRET}".encode()).decode()

    text = talk(trace, Submission({"AUTH": f"535-no {SECRET}\n535 AUTH PLAIN {encoded}"}))

    assert SECRET not in text
    assert encoded not in text
    assert "535 AUTH PLAIN …" in text


def test_marks_tell_who_spoke_and_whether_under_tls(trace, certificates):
    script = Submission(features=("STARTTLS", "AUTH PLAIN"), starttls=certificates.good())

    lines = talk(trace, script, Security.STARTTLS, ca_file=certificates.ca_file).splitlines()

    assert lines[0].startswith("=== Trying localhost:")
    assert "<-  220 ready" in lines
    assert " -> STARTTLS" in lines
    assert any(line.startswith("=== TLS started with TLSv1.3") for line in lines)
    assert lines.count(" ~> EHLO localhost") == lines.count(" -> EHLO localhost") == 1
    assert " ~> QUIT" in lines


def test_it_is_its_owners_only_even_if_it_was_there_before(tmp_path):
    path = tmp_path / "trace"
    path.write_text("before\n")
    path.chmod(0o644)

    Trace(path).note("after")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "before\n=== after\n"


def test_control_characters_stand_as_escapes(trace):
    text = talk(trace, Submission({"greeting": "220 \x1b[31mred\x07\u202e"}))

    assert "\\x1b[31mred\\x07\\u202e" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("place", ["missing/trace", "."])
def test_a_file_that_cannot_be_written_is_told(tmp_path, place):
    with pytest.raises(StorageError, match="cannot write the trace") as caught:
        Trace(tmp_path / place)

    assert caught.value.hint == "--trace FILE"


def test_the_longest_secret_goes_first():
    assert masked("abcabcd", ("abc", "abcd", "")) == "……"


def test_who_listens_hears_every_line_without_a_file():
    heard = []

    trace = Trace(None, listener=heard.append)
    trace.note("Connected")
    trace.sent("a\nb", secure=True)

    assert heard == ["=== Connected", " ~> a", " ~> b"]
