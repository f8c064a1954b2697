"""TLS contexts (one a process), plain text refused, and the certificate's faults in words."""

import os
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from socket import socket

from mailctl.domain.account import Security, Server
from mailctl.errors import CertificateError, StoreError, TlsUnavailableError
from mailctl.remote.dialling import plain_name
from mailctl.remote.records import Records

FAULTS = {  # OpenSSL's X509_V_ERR_…
    9: "is not valid yet",
    10: "has expired",
    18: "is signed by itself and by no authority",
    19: "comes from an authority that is not known here",
    20: "comes from an authority that is not known here",
    21: "comes from an authority that is not known here",
    23: "was revoked",
    62: "is for another name",
    64: "is for another name",
}
UNTRUSTED = (18, 19, 20, 21)
NOT_NOW = (9, 10)
WRONG_NAME = (62, 64)
HASHED = re.compile(r"[0-9a-f]{8}\.\d+")  # as c_rehash(1) names an authority in a folder
making = threading.Lock()
NO_TLS = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")


def context(server: Server) -> ssl.SSLContext:
    """The TLS settings for a server; made once for each authority, since one may cost 35 ms and 800 kB.

    Without `ca_file` and `fingerprint` the system's authorities hold, or those of SSL_CERT_FILE and SSL_CERT_DIR.

    Raises:
        StoreError: `ca_file` cannot be used.
    """
    chosen = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    with making:  # who comes second waits, and has it made
        return context_for(server.ca_file, server.fingerprint is not None, chosen)


@contextmanager
def preparing(server: Server) -> Iterator[None]:
    """Make the settings for a server while the network is waited for; what is wrong with them is told at their use."""
    if server.security is Security.NONE:
        yield
        return
    beside = threading.Thread(target=prepare, args=(server,))
    beside.start()
    try:
        yield
    finally:
        beside.join()


def prepare(server: Server) -> None:
    """Make the settings for a server, if they can be made."""
    with suppress(StoreError, OSError):
        context(server)


@lru_cache(maxsize=32)
def context_for(ca_file: str | None, pinned: bool, _chosen: tuple[str | None, str | None]) -> ssl.SSLContext:
    """TLS settings that trust the system's authorities and those of a file; or nobody but one known certificate."""
    if pinned:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.check_hostname = False  # the certificate itself is compared, right after the handshake
        made.verify_mode = ssl.CERT_NONE
    else:
        made = ssl.create_default_context(capath=hashed(ssl.get_default_verify_paths()))
        if ca_file:
            add_authorities(made, ca_file)
    made.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8996
    return made


def hashed(paths: ssl.DefaultVerifyPaths) -> str | None:
    """The folder of authorities where it holds each of the bundle that lies in it: OpenSSL reads only what it needs.

    None where it does not, or cannot be read: there the bundle is read, whole.
    """
    if not (paths.cafile and paths.capath):
        return None
    try:
        if not Path(paths.cafile).resolve().parent.samefile(paths.capath):
            return None
        bundled = Path(paths.cafile).read_bytes().count(b"-----BEGIN ")
        names = (one.name for one in Path(paths.capath).iterdir())
        found = sum(HASHED.fullmatch(name) is not None for name in names)
    except OSError:
        return None
    return paths.capath if bundled == found else None


def add_authorities(made: ssl.SSLContext, ca_file: str) -> None:
    """Trust the authorities of a file too.

    Raises:
        StoreError: it is missing, unreadable, or holds no certificate.
    """
    hint = "mailctl account set ACCOUNT incoming.ca_file=FILE"
    try:
        made.load_verify_locations(cafile=Path(ca_file).expanduser())
    except ssl.SSLError as error:
        raise StoreError(f"ca_file '{ca_file}' holds no certificate in PEM", hint=hint) from error
    except (OSError, RuntimeError) as error:  # RuntimeError: `~` of nobody's
        why = (error.strerror or "") if isinstance(error, OSError) else str(error)
        raise StoreError(f"cannot read ca_file '{ca_file}': {why.rstrip('.').lower()}", hint=hint) from error


def secured(plain: socket, server: Server) -> ssl.SSLSocket:
    """The connection under TLS, its certificate accepted; nothing was sent over it yet.

    Raises:
        CertificateError: expired, for another name, from an unknown authority, or not the pinned one.
        TlsUnavailableError: what answers speaks no TLS.
        OSError: the connection was lost.
    """
    with shaking_hands(server):
        wrapped = context(server).wrap_socket(plain, server_hostname=plain_name(server.host))
    try:
        compare(wrapped.getpeercert(binary_form=True), server)
    except CertificateError:
        wrapped.close()
        raise
    return wrapped


def records(plain: socket, server: Server) -> Records:
    """What comes over the connection under TLS, its certificate accepted; much of it is read with few calls.

    Raises:
        CertificateError, TlsUnavailableError, OSError: as in `secured`.
    """
    with shaking_hands(server):
        made = Records(plain, context(server), plain_name(server.host))
    compare(made.tls.getpeercert(binary_form=True), server)
    return made


@contextmanager
def shaking_hands(server: Server) -> Iterator[None]:
    """Turn OpenSSL's exceptions of a handshake into ours."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise certificate_error(server, error) from error
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
        raise ConnectionAbortedError from error
    except ssl.SSLError as error:
        raise handshake_error(server, error) from error


def compare(certificate: bytes | None, server: Server) -> None:
    """Refuse another certificate than the one whose SHA-256 is pinned, where one is.

    Raises:
        CertificateError: it is another one.
    """
    if server.fingerprint is None:
        return
    import hashlib  # few servers are known by it
    import hmac

    found = hashlib.sha256(certificate or b"").hexdigest()
    if hmac.compare_digest(found, server.fingerprint.replace(":", "").lower()):
        return
    raise CertificateError(
        f"the certificate of {server.where} is not the one to accept: its SHA-256 is {found}",
        hint="ask who runs the server; if it was renewed: mailctl account set ACCOUNT incoming.fingerprint=SHA256",
    )


def certificate_error(server: Server, error: ssl.SSLCertVerificationError) -> CertificateError:
    """The error that says what is wrong with a certificate."""
    code = error.verify_code
    fault = FAULTS.get(code, f"is not accepted: {error.verify_message.lower().rstrip('.')}")
    hint = "mailctl account set ACCOUNT incoming.ca_file=FILE, or incoming.fingerprint=SHA256"
    if code in NOT_NOW:
        hint = "who runs the server must renew it; or is this machine's clock wrong? date"
    elif code in WRONG_NAME:
        fault = f"{fault} than '{server.host}'"
        hint = "mailctl account set ACCOUNT incoming.host=HOST, the name on the certificate"
    return CertificateError(f"the certificate of {server.where} {fault}", hint=hint)


def handshake_error(server: Server, error: ssl.SSLError) -> TlsUnavailableError:
    """The error for a server that cannot agree on TLS with us."""
    if error.reason in NO_TLS:
        return TlsUnavailableError(
            f"{server.where} does not speak TLS on that port",
            hint="mailctl account set ACCOUNT incoming.security=starttls, or another incoming.port",
        )
    return TlsUnavailableError(
        f"cannot agree on TLS with {server.where}: {reason(error)}", hint=f"openssl s_client -connect {server.where}"
    )


def reason(error: ssl.SSLError) -> str:
    """OpenSSL's reason in words."""
    return (error.reason or str(error.args[-1])).replace("_", " ").lower()


def refuse_plaintext(server: Server) -> None:
    """Refuse a connection without TLS beyond this machine, unless the account allows it.

    Raises:
        TlsUnavailableError: security is `none`, the host is not loopback, and allow_plaintext is not set.
    """
    if server.security is not Security.NONE or server.allow_plaintext or is_loopback(server.host):
        return
    raise TlsUnavailableError(
        f"{server.where} would be reached without TLS, the password in clear",
        hint="mailctl account set ACCOUNT incoming.security=tls, or incoming.allow_plaintext=true",
    )


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        import ipaddress  # only where there is no TLS

        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
