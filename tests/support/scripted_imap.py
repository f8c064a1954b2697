"""An IMAP server that says what a table tells it to, on a real socket: for what no sane server does."""

import re
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from mailctl.domain.account import Auth, AuthMethod, Security, Server

GREETING = b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n"
LOGGED_IN = b"{tag} OK [CAPABILITY IMAP4rev1] logged in\r\n"
HANG_UP = b"(hang up)"
SILENCE = b"(silence)"
Answer = bytes | Callable[[str], bytes]
EXAMINED = (
    b"* FLAGS (\\Seen)\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 2] next\r\n"
    b"{tag} OK [READ-ONLY] opened\r\n"
)
TABLE: dict[str, Answer] = {  # the beginning of a command, without its tag → what is said; the longest that fits
    "AUTHENTICATE PLAIN": LOGGED_IN,
    "LOGIN": LOGGED_IN,
    "CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n{tag} OK told\r\n",
    "LIST": b'* LIST () "/" INBOX\r\n{tag} OK listed\r\n',
    "STATUS": b"* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 7 UNSEEN 1)\r\n{tag} OK counted\r\n",
    "EXAMINE": EXAMINED,
    "LOGOUT": b"* BYE\r\n{tag} OK gone\r\n" + HANG_UP,
    "NOOP": b"{tag} OK\r\n",
}


@dataclass
class ScriptedImap:
    """A running server: its port, and every line it was told."""

    port: int
    answers: dict[str, Answer]
    said: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    def change(self, table: dict[str, Answer]) -> None:
        """Say other things from now on."""
        self.answers.update(table)

    def commands(self, name: str) -> list[str]:
        """The commands that begin so, without their tags."""
        return [line for line in self.said if line.startswith(name)]

    def await_commands(self, name: str, number: int) -> list[str]:
        """The commands that begin so, once there are so many; they are read a moment after they were sent."""
        deadline = time.monotonic() + 5
        while len(found := self.commands(name)) < number and time.monotonic() < deadline:
            time.sleep(0.01)
        return found

    def server(self, login: str = "alice", *, security: Security = Security.NONE, oauth: bool = False) -> Server:
        """How it is reached."""
        method = AuthMethod.OAUTH2 if oauth else AuthMethod.PASSWORD
        return Server(host="127.0.0.1", port=self.port, security=security, login=login, auth=Auth(method=method))


@contextmanager
def scripted_imap(table: dict[str, Answer] | None = None, *, greeting: bytes = GREETING) -> Iterator[ScriptedImap]:
    """A server with `TABLE`'s answers and others in their place; each connection has a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        script = ScriptedImap(listener.getsockname()[1], {**TABLE, **(table or {})})
        threads: list[threading.Thread] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=serve, args=(connection, script, greeting)))
                threads[-1].start()

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield script
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for thread in [acceptor, *threads]:
                thread.join(timeout=10)


def serve(connection: socket.socket, script: ScriptedImap, greeting: bytes) -> None:
    """Talk with one client until it goes."""
    with connection, connection.makefile("rb") as lines:
        try:
            if not say(connection, greeting):
                return
            for line in lines:
                tag, _, command = line.decode("utf-8", "replace").rstrip("\r\n").partition(" ")
                if tag == "DONE":  # the end of an IDLE, which has no tag of its own (RFC 2177)
                    tag, command = script.tags[-1], "DONE"
                script.tags.append(tag)
                script.said.append(command)
                if not say(connection, answer(script.answers, tag, command)):
                    return
        except OSError:
            return


def answer(answers: dict[str, Answer], tag: str, command: str) -> bytes:
    """What the table has for a command; what it does not know is BAD."""
    fitting = [key for key in answers if command.upper().startswith(key.upper())]
    if not fitting:
        return f"{tag} BAD unknown\r\n".encode()
    found = answers[max(fitting, key=len)]
    data = found(command) if callable(found) else found
    return data.replace(b"{tag}", tag.encode())


def say(connection: socket.socket, data: bytes) -> bool:
    """Send it; whether the conversation goes on."""
    if data.endswith(SILENCE):
        connection.sendall(data.removesuffix(SILENCE))
        connection.recv(1)  # until the client loses patience
        return False
    connection.sendall(data.removesuffix(HANG_UP))
    return not data.endswith(HANG_UP)


def literal(raw: bytes) -> bytes:
    """A message as a literal."""
    return b"{%d}\r\n%b" % (len(raw), raw)


def uids_in(command: str) -> list[int]:
    """The UIDs a FETCH names."""
    found: list[int] = []
    for part in re.split(",", command.split(" ")[2]):
        first, _, last = part.partition(":")
        found += range(int(first), int(last or first) + 1)
    return found


def folder_of(
    messages: Sequence[bytes],
    *,
    body: Callable[[int, bytes], bytes] | None = None,
    flags: dict[int, bytes] | None = None,
    gone: Collection[int] = (),
) -> dict[str, Answer]:
    """The answers of a server whose INBOX holds these messages, UIDs from 1; it has no CONDSTORE.

    Args:
        messages: their texts.
        body: what it says to the FETCH of one's text; ends the answer when it hangs up or says how the command ended.
        flags: by UID.
        gone: UIDs of those that were expunged.
    """
    present = [uid for uid in range(1, len(messages) + 1) if uid not in gone]
    give = body or (lambda uid, raw: b"* %d FETCH (UID %d BODY[] %b)\r\n" % (uid, uid, literal(raw)))

    def fetch(command: str) -> bytes:
        uids = [uid for uid in uids_in(command) if uid in present]
        if "BODY.PEEK[]" in command:
            told = b""
            for uid in uids:
                told += give(uid, messages[uid - 1])
                if told.endswith((HANG_UP, SILENCE)) or b"{tag} " in told:
                    return told
            return told + b"{tag} OK fetched\r\n"
        lines = (listed(uid, messages[uid - 1], (flags or {}).get(uid, b"")) for uid in uids)
        return b"".join(lines) + b"{tag} OK fetched\r\n"

    count, following = len(present), len(messages) + 1
    numbers = b"MESSAGES %d UIDNEXT %d UIDVALIDITY 7 UNSEEN %d" % (count, following, count)
    return {
        "STATUS": b"* STATUS INBOX (%b)\r\n{tag} OK counted\r\n" % numbers,
        "EXAMINE": EXAMINED.replace(b"1 EXISTS", b"%d EXISTS" % count).replace(b"T 2]", b"T %d]" % following),
        "UID SEARCH": b"* SEARCH%b\r\n{tag} OK found\r\n" % b"".join(b" %d" % uid for uid in present),
        "UID FETCH": fetch,
    }


def listed(uid: int, raw: bytes, flags: bytes = b"") -> bytes:
    """What FETCH says of a message without its text."""
    found = re.search(rb"(?im)^message-id:.*\r\n", raw)
    field = (found[0] if found else b"") + b"\r\n"
    return (
        b'* %d FETCH (UID %d FLAGS (%b) INTERNALDATE "02-Mar-2026 10:00:00 +0000" RFC822.SIZE %d '
        b"BODY[HEADER.FIELDS (MESSAGE-ID)] %b)\r\n" % (uid, uid, flags, len(raw), literal(field))
    )
