"""A submission server on a real socket that can be told to fail at any step, and remembers what it took."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from support.scripted import Peer, serving

STALL, CLOSE = "stall", "close"
STEPS = ("greeting", "ehlo", "auth", "mail", "rcpt", "data", "body", "dot")


@dataclass(frozen=True)
class Taken:
    """A message that the server answers for, as it came on the wire."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes


@dataclass
class Submission:
    """What it does at each step: a reply in place of the usual one, STALL until the client goes, or CLOSE.

    `when`: what is done first, once a step is reached.
    `features`: what it offers beside logins.
    `most`: messages that it takes over one connection; then it says 421.
    `takes_silently`: what came with the final dot counts as taken even when the answer does not come.
    """

    at: dict[str, str] = field(default_factory=dict)
    when: dict[str, Callable[[], None]] = field(default_factory=dict)
    features: tuple[str, ...] = ("8BITMIME", "SMTPUTF8")
    most: int | None = None
    takes_silently: bool = True
    taken: list[Taken] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    reached: threading.Event = field(default_factory=threading.Event)
    connections: int = 0
    port: int = 0

    def __call__(self, peer: Peer) -> None:
        self.connections += 1
        if not self.step(peer, "greeting", "220 scripted"):
            return None
        sender, recipients, number = "", [], 0
        while True:
            line = peer.hear()
            self.heard.append(line)
            match line.split(" ")[0].upper():
                case "EHLO":
                    offered = [f"250-{one}" for one in ("scripted", *self.features)]
                    good = self.step(peer, "ehlo", *offered, "250 AUTH PLAIN")
                case "AUTH":
                    good = self.step(peer, "auth", "235 welcome")
                case "MAIL":
                    sender, recipients, number = between(line), [], number + 1
                    if number > (self.most or number):
                        return peer.say("421 enough for one connection")
                    good = self.step(peer, "mail", "250 go on")
                case "RCPT":
                    refusal = self.refused.get(between(line))
                    if refusal is None:
                        recipients.append(between(line))
                    good = self.step(peer, "rcpt", refusal or "250 go on")
                case "DATA" if not recipients:
                    peer.say("503 nobody wants it")
                    good = True
                case "DATA":
                    good = self.step(peer, "data", "354 go on") and self.message(peer, sender, tuple(recipients))
                case "BDAT":
                    good = self.chunk(peer, sender, tuple(recipients), int(line.split(" ")[1]))
                case "QUIT":
                    return peer.say("221 bye")
                case _:
                    peer.say("250 well")
                    good = True
            if not good:
                return None

    def step(self, peer: Peer, name: str, *usual: str) -> bool:
        """Come to a step, and answer it; False when the conversation ends with it."""
        self.when.get(name, lambda: None)()
        return self.reply(peer, name, *usual)

    def reply(self, peer: Peer, name: str, *usual: str) -> bool:
        """Answer a step; False when the conversation ends with it."""
        told = self.at.get(name)
        if told in (STALL, CLOSE):
            self.reached.set()
            peer.wait() if told == STALL else peer.cut()
            return False
        peer.say(*([told] if told else usual))
        return not (told or "").startswith("421")

    def chunk(self, peer: Peer, sender: str, recipients: tuple[str, ...], size: int) -> bool:
        """Read a message in one piece (RFC 3030), and answer it."""
        data = peer.read(size)
        if recipients:
            self.taken.append(Taken(sender, recipients, data))
        return self.step(peer, "dot", "250 taken" if recipients else "503 nobody wants it")

    def message(self, peer: Peer, sender: str, recipients: tuple[str, ...]) -> bool:
        """Read a message up to the final dot, and answer it."""
        if "data" in self.at:
            return True
        lines: list[str] = [peer.hear()]
        if self.at.get("body") and not self.step(peer, "body"):
            return False
        while lines[-1] != ".":
            lines.append(peer.hear())
        data = "".join(f"{line.removeprefix('.')}\r\n" for line in lines[:-1]).encode("utf-8", "surrogateescape")
        self.when.get("dot", lambda: None)()
        told = self.at.get("dot", "250 taken")
        if told.startswith("2") or (told in (STALL, CLOSE) and self.takes_silently):
            self.taken.append(Taken(sender, recipients, data))
        return self.reply(peer, "dot", told)


def between(line: str) -> str:
    """What stands between the angle brackets of MAIL or RCPT."""
    return line.partition("<")[2].partition(">")[0]


@contextmanager
def submission(**at: str) -> Iterator[Submission]:
    """A server of that kind, on a port of its own."""
    script = Submission(at=dict(at))
    with serving(script) as served:
        script.port = served.port
        yield script
