"""The letters of a merge: every row filled, composed and checked before the first one goes."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.account import Account
from mailctl.domain.address import parse
from mailctl.domain.affair import normal
from mailctl.domain.compose import compose
from mailctl.domain.content import LARGE, Raw
from mailctl.domain.message import Draft
from mailctl.domain.outgoing import Entry
from mailctl.domain.rows import Row, Rows, faulty, plain
from mailctl.errors import BadDataError, InputMissingError, Problem
from mailctl.local.jobs import Job
from mailctl.local.maildir import storage
from mailctl.services import send, signature, template
from mailctl.services.context import Context

# A column whose values are who gets it, where the template names nobody, as `plain` writes it.
RECIPIENTS = ("to", "email", "e_mail", "mail", "courriel", "address", "email_address", "adresse", "adresse_mail")
LARGEST_SPOOL = 1 << 31  # bytes of letters kept while the rest is checked; what is beyond is made again


class Wish(Struct, frozen=True, kw_only=True):
    """What is to be merged, as its user says it.

    `variables` hold for all rows; a row's own go before. `key` is the column that tells rows apart, None for whom a
    letter goes to.
    """

    template: str
    account: str | None = None
    sender: str | None = None
    affair: str | None = None
    variables: Mapping[str, str] = {}
    key: str | None = None


class Letter(NamedTuple):
    """One row's mail: which row it is, the key it goes once with, and where it is kept, if it is."""

    number: int
    key: str
    place: tuple[int, int, int] | None


class Spool:
    """Letters kept in a file without a name, which goes with whoever wrote it."""

    def __init__(self, root: Path) -> None:
        """Make one in a folder.

        Raises:
            StorageError: there is no room.
        """
        self.root = root
        with storage(root):
            self.stream: IO[bytes] = TemporaryFile(dir=root)  # noqa: SIM115 - `close` does
        self.size = 0

    def close(self) -> None:
        """Let it go; what could not be written is of no use any more."""
        with suppress(OSError):
            self.stream.close()

    def put(self, entry: Entry, raw: Raw) -> tuple[int, int, int] | None:
        """Keep a letter; None for one that is too large, or for which there is no room."""
        head = msgspec.json.encode(entry)
        if not isinstance(raw, bytes) or len(raw) > LARGE or self.size + len(raw) > LARGEST_SPOOL:
            return None
        place = (self.size, len(head), len(raw))
        with storage(self.root):
            self.stream.write(head)
            self.stream.write(raw)
        self.size += len(head) + len(raw)
        return place

    def take(self, place: tuple[int, int, int]) -> tuple[Entry, bytes]:
        """A letter that was kept."""
        start, head, size = place
        with storage(self.root):
            self.stream.flush()
            data = os.pread(self.stream.fileno(), head + size, start)
        return msgspec.json.decode(data[:head], type=Entry), data[head:]


class Writer:
    """Makes letters: a template, its sender and the signature are ready, and each row fills them."""

    def __init__(self, ctx: Context, wish: Wish, account: Account, columns: tuple[str, ...]) -> None:
        """Read all that does not change from row to row.

        Raises:
            TemplateNotFoundError, TemplateFaultError, AffairNotFoundError, StoreError: as the template is.
            BadDataError: a column that is missing, or an address that is no sender's.
        """
        self.ctx = ctx
        self.wish = wish
        self.account = account
        alias = send.alias_of(account, wish.sender)
        self.filler = template.filler(ctx, wish.template, account=account, affair=wish.affair, sender=wish.sender)
        self.filler.refuse_unknown(wish.variables)
        self.signature = signature.rendered(ctx, account, alias=alias)
        self.author = account.sender(alias, ctx.actor.collaborator.name if ctx.actor.collaborator else "")
        self.affairs = (normal(wish.affair),) if wish.affair else ()
        send.require_all(ctx, self.affairs)
        self.names = variables_of(columns, tuple(self.filler.template.variables))
        refuse_twice(self.names)
        self.addressed = None if self.filler.template.to else column_of(columns, RECIPIENTS)
        self.refuse_lacking(columns)

    def refuse_lacking(self, columns: tuple[str, ...]) -> None:
        """Refuse a table without a column that the template needs, before its rows are looked at."""
        given = {**dict.fromkeys(self.names.values(), "x"), **self.wish.variables}
        if lacking := self.filler.missing(given):
            names = ", ".join(f"'{one.name}'" for one in lacking)
            raise BadDataError(
                f"template '{self.wish.template}' needs {names}, and there is no such column",
                hint=f"the columns are {', '.join(columns)}; --var {lacking[0].name}=… says it for all rows",
            )
        if not self.filler.template.to and self.addressed is None:
            raise BadDataError(
                f"template '{self.wish.template}' names no recipient, and no column is called 'email' or 'to'",
                hint='to = ["{{ email }}"] in the template, or a column of that name',
            )
        if self.wish.key is not None and self.wish.key not in columns:
            raise BadDataError(f"no column '{self.wish.key}'", hint=f"the columns are {', '.join(columns)}")

    def draft(self, row: Row) -> Draft:
        """A row's mail before it is one.

        Raises:
            BadDataError, InputMissingError: the row cannot fill the template.
        """
        given = {self.names[name]: value for name, value in row.values.items() if name in self.names}
        start = Draft()
        if self.addressed is not None and self.addressed in row.values:
            start = Draft(to=(parse(row.values[self.addressed]),))
        found = self.filler.draft({**self.wish.variables, **given}, start=start)
        if not found.recipients:
            raise BadDataError("nobody to send it to")
        return found

    def letter(self, draft: Draft, key: str) -> tuple[Entry, Raw]:
        """A draft as the message it becomes, and as it enters the outbox."""
        message_id = send.new_id(self.ctx, self.account)
        date = self.ctx.now().astimezone()
        raw = compose(draft, sender=self.author, date=date, message_id=message_id, signature=self.signature)
        recipients = tuple(one.spec for one in draft.recipients)
        entry = send.entry(self.ctx, self.account, raw, message_id, draft.subject, recipients=recipients, key=key)
        return replace(entry, affairs=self.affairs, filed_by=self.ctx.actor.name) if self.affairs else entry, raw

    def key(self, row: Row, draft: Draft) -> str:
        """What tells a row from the others: its column's value, or who gets the letter.

        Raises:
            BadDataError: the column is empty there.
        """
        if self.wish.key is None:
            told = "\0".join(sorted(one.spec.casefold() for one in (*draft.to, *draft.cc) or draft.bcc))
        elif not (told := row.values.get(self.wish.key, "")):
            raise BadDataError(f"{self.wish.key}: it is empty, and tells the rows apart")
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Letters:
    """All letters of a merge that are still to go, and how many were sent before."""

    def __init__(self, writer: Writer, rows: Rows, job: Job, spool: Spool) -> None:
        self.writer = writer
        self.rows = rows
        self.job = job
        self.spool = spool
        self.letters: tuple[Letter, ...] = ()
        self.before = self.waiting = 0

    def __len__(self) -> int:
        return len(self.letters)

    def check(self, *, waiting: set[str], file: str) -> None:
        """Fill every row, and keep what comes of it.

        Args:
            waiting: the keys of rows that are in the outbox.
            file: the rows' file, for messages.

        Raises:
            BadDataError: rows cannot be used; each is named, and nothing was sent.
        """
        found: list[Letter] = []
        lines: dict[str, int] = {}
        problems: list[Problem] = []
        hint = ""  # of the first row that has one
        ctx, total = self.writer.ctx, len(self.rows.rows)
        for number, row in enumerate(self.rows.rows):
            try:
                found += self.checked(number, row, lines, waiting)
            except (BadDataError, InputMissingError) as error:
                problems.append(Problem(file, row.line, "", str(error)))
                hint = hint or error.hint
            ctx.progress("checking", number + 1, total)
        if problems:
            raise faulty(tuple(problems), hint=hint)
        self.letters = tuple(found)

    def checked(self, number: int, row: Row, lines: dict[str, int], waiting: set[str]) -> Iterator[Letter]:
        """A row's letter, made and kept; none for one that is in good hands.

        Args:
            number: of the row.
            row: the row.
            lines: on which line each key stands; this one's is added.
            waiting: the keys of rows that are in the outbox.

        Raises:
            BadDataError, InputMissingError: the row cannot be used.
        """
        draft = self.writer.draft(row)
        key = self.writer.key(row, draft)
        if (line := lines.setdefault(key, row.line)) != row.line:
            if self.writer.wish.key is None:
                raise BadDataError(
                    f"it goes to whom line {line} goes to", hint="--key COLUMN names what tells them apart"
                )
            raise BadDataError(f"it has line {line}'s key")
        entry, raw = self.writer.letter(draft, self.job.key(key))
        if key in waiting or key in self.job.rows:
            self.before += 1
            self.waiting += key in waiting
        else:
            yield Letter(number, key, self.spool.put(entry, raw))

    def made(self, letter: Letter) -> tuple[Entry, Raw]:
        """A letter as it enters the outbox: as it was kept, or made once more."""
        if letter.place is not None:
            return self.spool.take(letter.place)
        return self.writer.letter(self.writer.draft(self.rows.rows[letter.number]), self.job.key(letter.key))


@contextmanager
def letters(ctx: Context, wish: Wish, account: Account, rows: Rows, job: Job, *, file: str) -> Iterator[Letters]:
    """All letters of a merge, checked; nobody else works on the job meanwhile.

    Raises:
        BadDataError: the template or rows of it cannot be used.
        TemporaryError: somebody else works on the job.
        StorageError: there is no room, or nobody knows who got it before.
    """
    writer = Writer(ctx, wish, account, rows.columns)
    with job.turn():
        with storage(ctx.outbox.root):
            ctx.outbox.make()
        with closing(Spool(ctx.outbox.root)) as spool:
            found = Letters(writer, rows, job, spool)
            # the outbox is looked at first, for what leaves it is noted
            found.check(waiting=in_outbox(ctx, job), file=file)
            yield found


def in_outbox(ctx: Context, job: Job) -> set[str]:
    """The rows whose letters are in the outbox: to be sent, or refused."""
    return {row for entry in ctx.outbox.entries() if (row := job.row(entry.key)) is not None}


def variables_of(columns: tuple[str, ...], variables: tuple[str, ...]) -> dict[str, str]:
    """Which variable each column fills; `Date d'échéance` is `date_d_echeance`, as no heading is written like code."""
    known = {plain(name): name for name in variables}
    return {name: known[plain(name)] for name in columns if plain(name) in known}


def refuse_twice(names: Mapping[str, str]) -> None:
    """Refuse two columns that fill one variable: which of them was meant, nobody knows.

    Raises:
        BadDataError: there are two.
    """
    filled: dict[str, str] = {}
    for column, name in names.items():
        if (other := filled.setdefault(name, column)) != column:
            raise BadDataError(
                f"the columns '{other}' and '{column}' both fill '{name}'", hint="give one of them another name"
            )


def column_of(columns: tuple[str, ...], wanted: tuple[str, ...]) -> str | None:
    """The first column that is called one of some names."""
    names = {plain(name): name for name in reversed(columns)}
    return next((names[name] for name in wanted if name in names), None)
