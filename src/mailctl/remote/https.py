"""One form posted over HTTPS, and the answer's bytes: deadlines for each step and for the body, no redirects."""

import http.client
import time
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from msgspec.structs import replace

from mailctl.domain.account import Auth, Security, Server
from mailctl.domain.oauth import place
from mailctl.errors import ProtocolError, ServerUnreachableError, TlsUnavailableError
from mailctl.remote import tls
from mailctl.remote.dialling import CONNECT_SECONDS
from mailctl.remote.trace import Trace
from mailctl.remote.wire import reaching

STEP_SECONDS = 20.0
WHOLE_SECONDS = 60.0
LARGEST = 256 * 1024  # bytes; tokens have a few thousand
PIECE = 16 * 1024


class Reply(NamedTuple):
    """What a server answered."""

    status: int
    body: bytes


def post(url: str, fields: dict[str, str], *, ca_file: str | None = None, trace: Trace | None = None) -> Reply:
    """The answer to a form; what is in either is in no trace, log or error.

    Args:
        url: HTTPS; HTTP on loopback only.
        fields: the form's.
        ca_file: certificates of a private authority.
        trace: told of the request and of the status.

    Raises:
        ServerUnreachableError: name, port, certificate (CertificateError), or no answer in time.
        TlsUnavailableError: the address is in clear, and not this machine's.
        ProtocolError: what answers speaks no HTTP, or does not stop.
    """
    parts = urlsplit(url)
    server = server_of(url, ca_file)
    if server.security is Security.NONE and not tls.is_loopback(server.host):
        raise TlsUnavailableError(
            f"'{url}' would be asked in clear, secrets and all",
            hint="mailctl account set ACCOUNT auth.token_url=https://…",
        )
    path = parts.path or "/"
    if trace:
        trace.note(f"POST {parts.scheme}://{server.where}{path}")
    reply = exchanged(server, f"{path}?{parts.query}" if parts.query else path, urlencode(fields).encode())
    if trace:
        trace.note(f"{server.where} answered {reply.status}, {len(reply.body)} bytes")
    return reply


def server_of(url: str, ca_file: str | None) -> Server:
    """The server of an address, which the store has looked at."""
    security = Security.TLS if urlsplit(url).scheme == "https" else Security.NONE
    return replace(place("", url, Auth()), security=security, ca_file=ca_file)


def exchanged(server: Server, path: str, body: bytes) -> Reply:
    """One request and its answer."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=CONNECT_SECONDS)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "Connection": "close",
    }
    try:
        with reaching(server, "cannot reach", CONNECT_SECONDS):
            connection.connect()
            if server.security is Security.TLS:
                connection.sock = tls.secured(connection.sock, server)
            connection.sock.settimeout(STEP_SECONDS)
        with reaching(server, "lost the connection to", STEP_SECONDS):
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return Reply(answer.status, whole(answer, server))
    except (http.client.HTTPException, ValueError) as error:
        raise ProtocolError(f"{server.where} does not speak HTTP as it should: {type(error).__name__}") from error
    finally:
        connection.close()


def whole(answer: http.client.HTTPResponse, server: Server) -> bytes:
    """The answer's body.

    Raises:
        ServerUnreachableError: it does not end in time: a server may drip bytes, each within its step's deadline.
        ProtocolError: it is too long.
    """
    deadline, body = time.monotonic() + WHOLE_SECONDS, b""
    while piece := answer.read1(PIECE):
        body += piece
        if len(body) > LARGEST:
            raise ProtocolError(f"{server.where} answers without an end")
        if time.monotonic() > deadline:
            raise ServerUnreachableError(f"{server.where} did not end its answer within {WHOLE_SECONDS:g} seconds")
    return body
