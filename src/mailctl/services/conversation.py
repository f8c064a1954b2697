"""SMTP on two streams, as `sendmail -bs` speaks it: each message is on the disk before it is answered for."""

from contextlib import ExitStack, suppress
from typing import IO

from msgspec.structs import replace

from mailctl.domain.account import Account
from mailctl.domain.content import BLOCK, Raw
from mailctl.domain.dialogue import LARGEST, LONGEST_COMMAND, Dialogue, Handed, Wanted, one_line
from mailctl.domain.line_ends import with_crlf
from mailctl.errors import BadDataError, MailctlError, MessageRefusedError, RightMissingError, StorageError
from mailctl.services.context import Context
from mailctl.services.delivery import Courier
from mailctl.services.local_mail import Call, checked, hand_in, qualified

NAME = "localhost"


class Conversation:
    """One caller, from greeting to goodbye; one login at a server for all that it hands in."""

    def __init__(self, ctx: Context, reading: IO[bytes], writing: IO[bytes], call: Call) -> None:
        self.ctx = ctx
        self.reading = reading
        self.writing = writing
        self.call = call
        self.stack = ExitStack()
        self.couriers: dict[str, Courier] = {}
        self.text = Lines(ctx)
        self.dialogue = Dialogue(NAME, check=self.check, begin=self.begin, take=self.take)

    def hold(self) -> None:
        """Talk until the caller is done.

        Raises:
            BadDataError: it went away in the middle of a message, of which nothing is kept.
        """
        with self.stack:
            self.say(self.dialogue.greeting())
            while self.dialogue.wanted is not Wanted.NOTHING and (line := self.line()):
                self.say(self.dialogue.answer(line))
        if self.dialogue.wanted is Wanted.TEXT:
            raise BadDataError("the caller went away in the middle of a message", hint="nothing of it was kept")

    def line(self) -> bytes:
        """The next line, of a command no more than it takes to refuse it; empty at the end and in the middle of one."""
        if self.dialogue.wanted is Wanted.TEXT:
            line = self.reading.readline(LARGEST + 2)
            return line if line.endswith(b"\n") or len(line) > LARGEST else b""
        line = self.reading.readline(LONGEST_COMMAND + 1)
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = self.reading.readline(LONGEST_COMMAND)
        return line if rest else b""

    def check(self, recipient: str) -> None:
        """Refuse a recipient that is neither an address nor a local name that stands for one."""
        checked(qualified(self.ctx, recipient))

    def say(self, reply: str) -> None:
        """Answer; a caller that is gone needs none."""
        if reply:
            with suppress(BrokenPipeError):
                self.writing.write(reply.replace("\n", "\r\n").encode() + b"\r\n")
                self.writing.flush()

    def begin(self) -> "Lines":
        """What gathers the lines of the next message."""
        self.text = Lines(self.ctx)
        return self.text

    def take(self, handed: Handed) -> str:
        """Keep a message, answer for it, then try to deliver it; the reply that is still to be given."""
        if self.text.fault is not None:
            return refusal(self.text.fault)
        answered: list[str] = []

        def kept() -> None:
            self.say("250 2.0.0 kept")
            answered.append("250")

        call = replace(self.call, recipients=handed.recipients, sender=handed.sender, dsn=handed.dsn)
        try:
            posted = hand_in(self.ctx, handed.raw, call, courier=self.courier, kept=kept)
        except MailctlError as error:
            if answered:
                self.ctx.warn(str(error))
            return "" if answered else refusal(error)
        if isinstance(posted.failure, MessageRefusedError):
            self.ctx.warn(str(posted.failure))
        return ""

    def courier(self, account: Account) -> Courier:
        """Who takes an account's mail to its server, the same for all."""
        if account.name not in self.couriers:
            self.couriers[account.name] = self.stack.enter_context(Courier(self.ctx, account))
        return self.couriers[account.name]


class Lines:
    """The lines of a message, CRLF at their ends; `fault` is why they could not be kept, which is told at the end."""

    def __init__(self, ctx: Context) -> None:
        self.kept = ctx.outbox.begun()
        self.held: list[bytes] = []
        self.size = 0
        self.fault: StorageError | None = None

    def write(self, line: bytes) -> None:
        """Take one more."""
        self.held.append(line)
        self.size += len(line)
        if self.size > BLOCK:
            self.put_down()

    def put_down(self) -> None:
        """Keep what is held."""
        with_ends = with_crlf(b"".join(self.held))
        self.held, self.size = [], 0
        try:
            if self.fault is None:
                self.kept.write(with_ends)
        except StorageError as error:
            self.fault = error

    def content(self) -> Raw:
        """All of them."""
        self.put_down()
        return self.kept.content()


def refusal(error: MailctlError) -> str:
    """What is answered for a message that was not kept."""
    match error:
        case StorageError():
            code = "452 4.3.1"
        case RightMissingError():
            code = "550 5.7.1"
        case BadDataError():
            code = "554 5.6.0"
        case _:
            code = "554 5.3.0"
    return f"{code} {one_line(error)}"
