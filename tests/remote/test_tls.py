"""No secret goes where TLS is missing or wrong, and what is wrong is said in one line with something to type."""

import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from mailctl.domain.account import Auth, Security, Server
from mailctl.errors import (
    CertificateError,
    MailctlError,
    ProtocolError,
    ServerUnreachableError,
    StoreError,
    TlsUnavailableError,
)
from mailctl.remote import tls
from mailctl.remote.smtp import open_smtp
from remote.conftest import SECRET, SILENCE, Submission, server_at
from support.scripted import serving

TLS, STARTTLS, NONE = Security.TLS, Security.STARTTLS, Security.NONE
QUICKLY, PATIENT = 1.0, 30.0  # seconds: for a server that keeps silent, and for one that may be slow


def refused(server, kind=ServerUnreachableError, *, timeout=PATIENT):
    """The error of a session that must not come about: of a kind, on one line, with a hint."""
    with pytest.raises(kind) as caught, open_smtp(server, SECRET, timeout=timeout):
        pass
    error = caught.value
    assert type(error) is kind
    assert "\n" not in str(error) + error.hint
    assert error.hint
    return error


def nothing_secret(served):
    """The server heard no login, in no encoding."""
    assert b"AUTH" not in served.got.upper()
    assert SECRET.encode() not in served.got


BAD = [
    pytest.param("expired", "has expired", "date", id="expired"),
    pytest.param("not_yet_valid", "is not valid yet", "date", id="not yet valid"),
    pytest.param("for_another_name", "is for another name than 'localhost'", "incoming.host=", id="another name"),
    pytest.param("from_strangers", "comes from an authority that is not known here", "incoming.ca_file=", id="unknown"),
    pytest.param("self_signed", "is signed by itself and by no authority", "incoming.fingerprint=", id="self-signed"),
]


@pytest.mark.parametrize(("which", "said", "hint"), BAD)
def test_a_bad_certificate_is_refused_before_anything_is_said(certificates, which, said, hint):
    with serving(Submission(), tls=getattr(certificates, which)()) as served:
        error = refused(server_at(served, TLS, ca_file=certificates.ca_file), CertificateError)

    assert str(error) == f"the certificate of {served.host}:{served.port} {said}"
    assert hint in error.hint
    assert served.got == b""


@pytest.mark.parametrize(("which", "said", "hint"), BAD)
def test_a_bad_certificate_is_refused_behind_starttls_too(certificates, which, said, hint):
    context = getattr(certificates, which)()
    with serving(Submission(starttls=context, features=("STARTTLS", "AUTH PLAIN"))) as served:
        error = refused(server_at(served, STARTTLS, ca_file=certificates.ca_file), CertificateError)

    assert said in str(error)
    assert served.lines == ["EHLO localhost", "STARTTLS"]


def test_a_private_authority_is_trusted_where_the_account_names_it(certificates):
    with serving(Submission(), tls=certificates.good()) as served:
        with open_smtp(server_at(served, TLS, ca_file=certificates.ca_file), SECRET) as session:
            assert session.wire.secure

        refused(server_at(served, TLS), CertificateError)


def test_ssl_cert_file_is_heeded(certificates, monkeypatch):
    with serving(Submission(), tls=certificates.good()) as served:
        server = server_at(served, TLS)
        monkeypatch.setenv("SSL_CERT_FILE", certificates.ca_file)
        with open_smtp(server, SECRET) as session:
            assert session.wire.secure

        monkeypatch.delenv("SSL_CERT_FILE")
        refused(server, CertificateError)


@pytest.fixture
def system(tmp_path, certificates, monkeypatch):
    """A system that trusts one authority, by a bundle and by a folder in which files are named by their hashes."""
    folder = tmp_path / "certs"
    folder.mkdir()
    bundle = folder / "bundle.crt"
    bundle.write_bytes(Path(certificates.ca_file).read_bytes())
    words = ["openssl", "x509", "-hash", "-noout", "-in", certificates.ca_file]
    name = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    (folder / f"{name}.0").symlink_to(certificates.ca_file)
    found = ssl.get_default_verify_paths()._replace(cafile=str(bundle), capath=str(folder))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: found)
    tls.context_for.cache_clear()
    yield found
    tls.context_for.cache_clear()


def test_of_the_systems_authorities_only_those_that_are_needed_are_read(system, certificates):
    assert (
        tls.context(Server(host="localhost", port=1, security=TLS, login="a", auth=Auth())).cert_store_stats()["x509"]
        == 0
    )

    with serving(Submission(), tls=certificates.good()) as served, open_smtp(server_at(served, TLS), SECRET) as session:
        assert session.wire.secure
    with serving(Submission(), tls=certificates.from_strangers()) as served:
        refused(server_at(served, TLS), CertificateError)


def test_a_folder_that_lacks_an_authority_of_the_bundle_does_not_stand_for_it(system):
    assert tls.hashed(system) == system.capath

    bundle = Path(system.cafile)
    bundle.write_bytes(bundle.read_bytes() * 2)

    assert tls.hashed(system) is None


def test_a_bundle_that_somebody_chose_is_read(system, certificates):
    assert tls.hashed(system._replace(cafile=certificates.ca_file)) is None


@pytest.mark.parametrize("missing", ["cafile", "capath"])
def test_a_system_that_has_but_one_of_both_is_read_as_openssl_reads_it(system, missing):
    assert tls.hashed(system._replace(**{missing: None})) is None
    assert tls.hashed(system._replace(**{missing: "/nowhere"})) is None


@pytest.mark.parametrize("form", [str.lower, str.upper, lambda text: text.replace(":", "")])
def test_the_one_certificate_of_the_fingerprint_is_accepted_whoever_signed_it(certificates, form):
    context = certificates.from_strangers()
    with (
        serving(Submission(), tls=context) as served,
        open_smtp(server_at(served, TLS, fingerprint=form(certificates.fingerprint)), SECRET) as session,
    ):
        assert session.wire.secure


def test_another_certificate_than_the_fingerprints_is_refused_even_if_it_is_good(certificates):
    context = certificates.good()
    with serving(Submission(), tls=context) as served:
        error = refused(server_at(served, TLS, fingerprint="0" * 64, ca_file=certificates.ca_file), CertificateError)

    assert certificates.fingerprint.replace(":", "") in str(error)
    assert served.got == b""


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "no such file"), (b"no certificate", "no certificate in PEM"), (b"", "no certificate in PEM")],
)
def test_a_ca_file_that_cannot_be_used_is_named(tmp_path, content, said):
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_bytes(content)
    with serving(Submission()) as served:
        error = refused(server_at(served, TLS, ca_file=str(file)), StoreError)

    assert said in str(error)
    assert str(file) in str(error)


def test_a_ca_file_in_nobodys_home_is_named():
    with serving(Submission()) as served:
        error = refused(server_at(served, TLS, ca_file="~no-such-user/ca.pem"), StoreError)

    assert "~no-such-user/ca.pem" in str(error)


def test_a_server_without_tls_on_a_tls_port_is_told():
    with serving(Submission()) as served:
        error = refused(server_at(served, TLS), TlsUnavailableError)

    assert str(error).endswith("does not speak TLS on that port")
    assert "security=starttls" in error.hint
    nothing_secret(served)


@pytest.mark.parametrize("security", [STARTTLS, NONE])
def test_a_server_that_wants_tls_at_once_is_guessed_from_its_silence(certificates, security):
    with serving(Submission(), tls=certificates.good()) as served:
        error = refused(server_at(served, security), timeout=QUICKLY)

    assert f"no answer within {QUICKLY:g} seconds" in str(error)
    assert "security=tls" in error.hint


@pytest.mark.parametrize("security", [TLS, STARTTLS, NONE])
def test_a_silent_port_is_given_up(security):
    with serving(Submission({"greeting": SILENCE})) as served:
        error = refused(server_at(served, security), timeout=QUICKLY)

    assert str(error).startswith(f"cannot reach {served.host}:{served.port}: no answer within")
    nothing_secret(served)


@pytest.mark.parametrize("security", [TLS, STARTTLS, NONE])
def test_a_refused_port_is_told(security):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    error = refused(Server(host="localhost", port=port, security=security, login="a", auth=Auth()))

    assert str(error) == f"cannot reach localhost:{port}: connection refused"


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".invalid", "a..b", "xn--a.invalid", "\u00ad"])
def test_a_host_name_that_is_none_is_told(host):
    error = refused(Server(host=host, port=465, security=TLS, login="a", auth=Auth()))

    assert "there is no host of that name" in str(error)


def test_a_connection_that_ends_in_the_handshake_is_told():
    def leave(peer):
        peer.receive()
        peer.cut()

    with serving(leave) as served:
        error = refused(server_at(served, TLS))

    assert str(error).endswith("the server closed the connection")


def test_without_starttls_nothing_is_said_in_clear():
    with serving(Submission(features=("AUTH PLAIN",))) as served:
        error = refused(server_at(served, STARTTLS), TlsUnavailableError)

    assert "offers no STARTTLS" in str(error)
    assert "security=tls" in error.hint
    assert served.lines == ["EHLO localhost"]


@pytest.mark.parametrize(
    ("reply", "kind"), [("502 what?", "tls-unavailable"), ("454 not now", "temporary"), ("421 later", "temporary")]
)
def test_a_refused_starttls_ends_it(reply, kind):
    with (
        serving(Submission({"STARTTLS": reply}, features=("STARTTLS", "AUTH PLAIN"))) as served,
        pytest.raises(MailctlError) as caught,
        open_smtp(server_at(served, STARTTLS), SECRET),
    ):
        pass

    assert caught.value.code == kind
    assert caught.value.hint
    assert served.lines == ["EHLO localhost", "STARTTLS"]


@pytest.mark.parametrize("together", [True, False])
def test_words_put_between_starttls_and_tls_are_refused(certificates, together):
    def inject(peer):
        peer.say("220 ready")
        peer.hear()
        peer.say("250-hello", "250 STARTTLS")
        peer.hear()
        if together:
            peer.send(b"220 go ahead\r\n250-hello\r\n250 AUTH PLAIN\r\n")
        else:
            peer.send(b"220 go ahead\r")
            peer.send(b"\n2")
        peer.wait()

    with serving(inject) as served:
        error = refused(server_at(served, STARTTLS, ca_file=certificates.ca_file), ProtocolError)

    assert "between STARTTLS and TLS" in str(error)
    assert served.lines == ["EHLO localhost", "STARTTLS"]


def test_what_the_server_offered_before_tls_counts_no_more(certificates):
    script = Submission(features=("STARTTLS", "AUTH PLAIN", "SIZE 5"), starttls=certificates.good())
    script.features_under_tls = ("AUTH LOGIN",)

    with (
        serving(script) as served,
        open_smtp(server_at(served, STARTTLS, ca_file=certificates.ca_file), SECRET) as session,
    ):
        assert set(session.features) == {"AUTH", "HELP"}

    assert served.lines[:4] == ["EHLO localhost", "STARTTLS", "EHLO localhost", "AUTH LOGIN"]


@pytest.mark.parametrize("host", ["mail.firm.example", "192.0.2.1", "10.0.0.1", "localhost.firm.example", "0.0.0.0"])
def test_a_password_goes_in_clear_to_this_machine_only(host):
    error = refused(Server(host=host, port=25, security=NONE, login="a", auth=Auth()), TlsUnavailableError)

    assert "without TLS" in str(error)
    assert "security=tls" in error.hint


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1"])
def test_on_this_machine_clear_text_is_allowed(host):
    with serving(Submission()) as served:
        served.host = host
        with open_smtp(server_at(served), SECRET) as session:
            assert not session.wire.secure


def test_clear_text_beyond_is_allowed_where_the_account_says_so(monkeypatch):
    with serving(Submission()) as served:
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", served.port))])
        served.host = "mail.firm.example"
        with open_smtp(server_at(served, allow_plaintext=True), SECRET) as session:
            assert not session.wire.secure


def test_old_tls_is_refused(certificates):
    context = certificates.good()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSVersion"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1

    with serving(Submission(), tls=context) as served:
        error = refused(server_at(served, TLS, ca_file=certificates.ca_file), TlsUnavailableError)

    assert "cannot agree on TLS" in str(error)
    assert served.got == b""
