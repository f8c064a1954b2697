"""A message on its way out as a value: how far it has come, and what each answer of a server makes of it."""

import re
import zlib
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.dsn import Dsn
from mailctl.domain.message import Delivery, DeliveryRefusedError, Envelope, Refusal, State
from mailctl.errors import MailctlError

WAITS = tuple(timedelta(minutes=minutes) for minutes in (0, 5, 15, 60, 180, 360))  # the last one from then on
UNKNOWN_WAIT = timedelta(minutes=1)  # so long a provider may take to show in Sent what it took
MOST_UNKNOWN = 5  # a server that never says whether it took a message does not get it for ever
OLD = timedelta(days=1)
LONGEST_WAIT = timedelta(days=1)  # whatever a server asks for
SPREAD = 0.2  # of a wait, so that not all of a firm's machines come back at one moment
UNITS = {"s": 1, "m": 60, "h": 3600}
COME_BACK = re.compile(  # as greylisting and rate limits say it
    r"\b(?:in|after|for|wait)\s+(?:about\s+|at\s+least\s+|another\s+)?"
    r"(?:(\d{1,9})\s*(s|m|h)(?:ec|in|r|our|econd|inute)?s?\b|(\d{1,3}):(\d\d):(\d\d)\b)",
    re.IGNORECASE,
)


class Entry(Struct, frozen=True, kw_only=True):
    """A message of the outbox, and how far it has come.

    `recipients` are those it has still to go to; who has it or was refused is in `accepted` and `refused`.
    `next_attempt` None: it waits until somebody says so. `copied` None: no copy in Sent is ours to make.
    `key` says what is not to go twice. `fallback` is the account that stands in when the server cannot be reached.
    `affairs` are those that it is still to be filed under, in the name of `filed_by`.
    State `queued` means surely not sent to `recipients`; `sending` is entered before the last byte goes out.
    """

    id: int = 0
    account: str
    state: State = State.QUEUED
    message_id: str
    subject: str
    sender: str
    recipients: tuple[str, ...]
    accepted: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    size: int
    created: datetime
    attempts: int = 0
    next_attempt: datetime | None = None
    last_reply: str = ""
    copied: bool | None = False
    dsn: Dsn | None = None
    key: str = ""
    fallback: str | None = None
    affairs: tuple[str, ...] = ()
    filed_by: str = ""

    @property
    def envelope(self) -> Envelope:
        """What the server is told at the next attempt."""
        return Envelope(sender=self.sender, recipients=self.recipients, dsn=self.dsn)

    @property
    def everybody(self) -> tuple[str, ...]:
        """All it was written to: who has it, who waits for it, who was refused."""
        return tuple(dict.fromkeys((*self.accepted, *self.recipients, *(one.recipient for one in self.refused))))

    @property
    def owes_copy(self) -> bool:
        """Whether somebody has it, and Sent not yet."""
        return bool(self.accepted) and self.copied is False

    @property
    def owes_links(self) -> bool:
        """Whether somebody has it, and it is not filed under its affairs yet."""
        return bool(self.accepted and self.affairs)

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do or to tell."""
        return not (self.recipients or self.refused or self.owes_copy or self.owes_links)

    def is_due(self, now: datetime) -> bool:
        """Whether its time has come."""
        return self.next_attempt is not None and self.next_attempt <= now

    def is_old(self, now: datetime) -> bool:
        """Whether somebody should be told that it still waits; what is to go later waits as it should."""
        is_to_go_later = self.attempts == 0 and self.next_attempt is not None and self.next_attempt > now
        return now - self.created > OLD and not is_to_go_later


def settled(entry: Entry, now: datetime) -> Entry:
    """The entry in the state that what is left of it asks for."""
    if entry.recipients:
        return replace(entry, state=State.QUEUED, next_attempt=now + wait(entry))
    return replace(
        entry,
        state=State.REFUSED if entry.refused else State.SENT,
        next_attempt=now + wait(entry) if entry.owes_copy or entry.owes_links else None,
    )


def wait(entry: Entry) -> timedelta:
    """How long an entry waits after so many attempts: as long as the server asked for, else longer each time."""
    usual = WAITS[min(max(entry.attempts, 1), len(WAITS)) - 1]
    chance = (
        zlib.crc32(f"{entry.message_id} {entry.attempts}".encode()) / 2**32
    )  # for each entry another, and no surprise
    return max(usual * (1 - SPREAD * chance), back_off(entry.last_reply))


def back_off(reply: str) -> timedelta:
    """How long a server's words ask one to wait, a day at most; nothing where they name no time."""
    found = COME_BACK.search(reply)
    if found is None:
        return timedelta()
    number, unit, *clock = found.groups()
    if number:
        seconds = int(number) * UNITS[unit.lower()]
    else:
        seconds = sum(int(part) * factor for part, factor in zip(clock, (3600, 60, 1), strict=True))
    return min(timedelta(seconds=seconds), LONGEST_WAIT)


def delivered(entry: Entry, delivery: Delivery, now: datetime) -> Entry:
    """After the server took it: those it asked to come again for stay, those it refused are named."""
    later = tuple(one for one in delivery.refused if 400 <= one.status < 500)
    refused = tuple(one for one in delivery.refused if one not in later)
    words = next((one.reply for one in (*refused, *later)), delivery.reply)
    return settled(
        replace(
            entry,
            recipients=tuple(one.recipient for one in later),
            accepted=(*entry.accepted, *delivery.accepted),
            refused=(*entry.refused, *refused),
            attempts=entry.attempts + 1,
            last_reply=words,
        ),
        now,
    )


def rejected(entry: Entry, error: MailctlError, now: datetime) -> Entry:
    """After a refusal for good: it waits for somebody to read the server's words. Status 0: it was not even asked."""
    refused = (
        error.delivery.refused
        if isinstance(error, DeliveryRefusedError)
        else tuple(Refusal(recipient=one, status=0, reply=str(error)) for one in entry.recipients)
    )
    return settled(
        replace(
            entry,
            recipients=(),
            refused=(*entry.refused, *refused),
            attempts=entry.attempts + 1,
            last_reply=str(error),
        ),
        now,
    )


def postponed(entry: Entry, error: MailctlError, now: datetime) -> Entry:
    """After a failure that may be none later; an unknown fate stays unknown."""
    tried = replace(entry, attempts=entry.attempts + 1, last_reply=str(error))
    return replace(tried, next_attempt=now + wait(tried))


def lost(entry: Entry, error: MailctlError, now: datetime) -> Entry:
    """After the connection broke when all was said; tried again a few times, and then only when somebody says so."""
    tried = replace(entry, state=State.UNKNOWN, attempts=entry.attempts + 1, last_reply=str(error))
    due = now + max(wait(tried), UNKNOWN_WAIT)
    return replace(tried, next_attempt=due if tried.attempts < MOST_UNKNOWN else None)


def found_sent(entry: Entry, now: datetime) -> Entry:
    """After its copy was found in Sent: the server had taken it."""
    copied = None if entry.copied is None else True
    return settled(replace(entry, recipients=(), accepted=(*entry.accepted, *entry.recipients), copied=copied), now)


def again(entry: Entry, now: datetime) -> Entry:
    """Due now, those who were refused too; an unknown fate stays unknown until it is looked into."""
    waiting = (*entry.recipients, *(one.recipient for one in entry.refused))
    state = entry.state if entry.state is State.UNKNOWN or not waiting else State.QUEUED
    return replace(entry, state=state, recipients=waiting, refused=(), next_attempt=now)
