"""Messages on their way from the server into a folder's mirror: in batches, and alone those that do not come so."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mailctl.errors import ProtocolError, ServerUnreachableError, TemporaryError
from mailctl.services.beside import Beside

if TYPE_CHECKING:
    from mailctl.local.index import Index, Known, KnownFolder
    from mailctl.local.maildir import Maildir
    from mailctl.remote.imap import ImapSession
    from mailctl.remote.imap_answers import Batch, Body, Listed
    from mailctl.services.enterer import Enterer
    from mailctl.services.entering import Laid

BATCH_BYTES = 8 << 20  # three batches are under way at once, or one message that is larger
BATCH_MESSAGES = 400
LIST_AT_ONCE = 2000
LOST = (ServerUnreachableError, ProtocolError, TemporaryError)  # after which a session is of no more use


class Oddity(Struct, frozen=True, kw_only=True):
    """A message that did not come as it should; `kept` where what came of it is in the mirror."""

    folder: str
    uid: int
    kept: bool
    reason: str

    def __str__(self) -> str:
        return f"{self.folder}: message {self.uid} {'is kept as it came' if self.kept else 'is missing'}: {self.reason}"


class Changes(Struct, kw_only=True):
    """What one pass over a folder did."""

    new: int = 0
    changed: int = 0
    removed: int = 0
    oddities: list[Oddity] = []
    incomplete: bool = False


class Place(Struct, frozen=True, kw_only=True):
    """Where a folder's mirror is kept, and how its server is reached."""

    folder: "KnownFolder"
    index: "Index"
    maildir: "Maildir"
    enterer: "Enterer"
    session: "Callable[[], ImapSession]"
    again: "Callable[[], ImapSession]"
    progress: Callable[[int, int], None]
    keeps: "Callable[[Sequence[Known]], frozenset[int]]"
    shared_by: Callable[[], int] = lambda: 1  # connections that fetch folders of the account just now
    large: AbstractContextManager[object] = nullcontext()  # held by the one of them that fetches a large message


def take_flags(place: Place, here: Sequence["Known"], flags: dict[int, frozenset[str]], changes: Changes) -> None:
    """Give messages the flags that they have on the server; the files first, so that a crash is made good next time."""
    differing = [(one, flags[one.uid]) for one in here if one.uid in flags and flags[one.uid] != one.flags]
    for one, now in differing:
        place.maildir.set_flags(one.key, now, before=one.flags)
    if differing:
        place.index.set_flags([(one.id, now) for one, now in differing])
    changes.changed += len(differing)


def take_away(place: Place, gone: Sequence["Known"], changes: Changes) -> None:
    """Remove messages that the server has no more; those that stay all the same have no UID from now on."""
    kept = place.keeps(gone) if gone else frozenset()
    unplaced = [(one.id, None) for one in gone if one.id in kept and one.uid is not None]
    if unplaced:
        place.index.place(unplaced)
    leaving = [one for one in gone if one.id not in kept]
    for one in leaving:
        place.maildir.remove(one.key, one.flags)
    if leaving:
        place.index.remove([one.id for one in leaving])
    changes.removed += len(leaving)


class Waiting:
    """Messages in the mirror of which it is not known yet which ones they are on the server."""

    def __init__(self, rows: Iterable["Known"]) -> None:
        self.by_id: dict[str | None, list[Known]] = defaultdict(list)
        self.taken: set[int] = set()
        for row in rows:
            self.by_id[row.message_id].append(row)

    def __bool__(self) -> bool:
        return any(self.by_id.values())

    def rest(self) -> list["Known"]:
        """Those that were not recognised."""
        return [row for rows in self.by_id.values() for row in rows]

    def take_alike(self, listed: "Listed") -> "Known | None":
        """One of the same Message-ID, size and date; what has no Message-ID is known by its content only."""
        if listed.message_id is None:
            return None
        rows = self.by_id.get(listed.message_id, [])
        alike = [row for row in rows if (row.size, row.received) == (listed.size, listed.received)]
        return self.take(alike[0], listed.uid) if alike else None

    def take_same(self, maildir: "Maildir", body: "Body") -> "Known | None":
        """One of the same content."""
        from mailctl.domain.reading import head_of

        content = body.raw.replace(b"\r\n", b"\n")
        named = head_of(content).message_id
        same = (row for row in self.by_id.get(named, []) if is_content(maildir, row, content))
        found = next(same, None)
        return self.take(found, body.uid) if found else None

    def take(self, row: "Known", uid: int) -> "Known":
        """Note which one it is."""
        self.by_id[row.message_id].remove(row)
        self.taken.add(uid)
        return row


def is_content(maildir: "Maildir", row: "Known", content: bytes) -> bool:
    """Whether a message's file holds just that."""
    path = maildir.find(row.key, row.flags)
    return path is not None and path.stat().st_size == len(content) and path.read_bytes() == content


class Bringing:
    """Messages on their way from the server into a folder's mirror."""

    def __init__(
        self,
        place: Place,
        changes: Changes,
        *,
        waiting: Waiting | None = None,
        replaced: dict[int, "Known"] | None = None,
    ) -> None:
        self.place = place
        self.changes = changes
        self.waiting = waiting or Waiting(())
        self.replaced = replaced or {}
        self.pending: dict[int, Listed] = {}
        self.done = self.total = 0

    def bring_all(self, uids: Iterable[int]) -> None:
        """Fetch messages, so many listed at once that what is known of them stays small."""
        todo = sorted(uids)
        some = (todo[start : start + LIST_AT_ONCE] for start in range(0, len(todo), LIST_AT_ONCE))
        self.bring_some((self.listed(one) for one in some), total=len(todo))

    def listed(self, uids: Sequence[int]) -> list["Listed"]:
        """What the server says of messages; what it says nothing of is asked for all the same."""
        listed = list(self.place.session().listed(uids))
        told = {one.uid for one in listed}
        return [*listed, *(unlisted(uid) for uid in uids if uid not in told)]

    def bring(self, listed: Sequence["Listed"]) -> None:
        """Fetch messages in batches; those that do not come so are asked for one by one."""
        self.bring_some([listed], total=len(listed))

    def bring_some(self, parts: Iterable[Sequence["Listed"]], *, total: int) -> None:
        """Fetch messages, a part after another is listed, while those of the last are still written and entered."""
        self.total = total
        self.place.enterer.expect(total)
        with Beside() as beside:
            for listed in parts:
                self.pending |= {one.uid: one for one in listed}
                room = BATCH_BYTES // self.place.shared_by()
                self.bring_batches(beside, deque(batches(listed, room)))
            beside.wait()
        self.one_by_one(list(self.pending))

    def bring_batches(self, beside: Beside, todo: deque[list[int]]) -> None:
        """Fetch messages in batches; one that breaks the connection is taken apart."""
        while todo:
            try:
                self.bring_in_turn(beside, todo)
            except LOST:
                beside.wait()
                self.place.again()
                self.one_by_one(todo.popleft())

    def bring_in_turn(self, beside: Beside, todo: deque[list[int]]) -> None:
        """Fetch messages in batches; two large messages at once are one too many, over whatever connections."""
        coming = self.place.session().bodies(list(todo))
        while todo:
            with self.turn_of(todo[0]):
                batch = next(coming)
                self.keep_beside(beside, batch)
                is_large = batch.is_large
                del batch  # else it stays until the next one is here, or while its file is read
                if is_large:
                    beside.wait()
            todo.popleft()

    def turn_of(self, uids: Sequence[int]) -> AbstractContextManager[object]:
        """What is held while a batch comes."""
        size = sum(one.size for uid in uids if (one := self.pending.get(uid)) is not None)
        return self.place.large if size > BATCH_BYTES else nullcontext()

    def one_by_one(self, uids: Sequence[int]) -> None:
        """Fetch messages alone, so that one that breaks the connection takes no other along."""
        for uid in uids:
            if uid not in self.pending:
                continue
            try:
                self.alone(uid)
            except LOST as error:
                self.missing(uid, str(error), piece=getattr(error, "body", None))
                self.place.again()

    def alone(self, uid: int) -> None:
        """Fetch one message; one that is gone meanwhile is no oddity."""
        session = self.place.session()
        with self.turn_of([uid]):
            [batch] = session.bodies([[uid]])
            self.keep(batch)
        if uid not in self.pending:
            return
        if session.flags(uid, uid):
            self.missing(uid, batch.refusal or "the server does not give it")
        self.pending.pop(uid, None)

    def missing(self, uid: int, reason: str, *, piece: "Body | None" = None) -> None:
        """Note a message that did not come; what came of it is kept until all of it does."""
        size = self.pending[uid].size
        is_whole = piece is not None and 0 < size <= len(piece.raw)
        if piece is not None and piece.uid == uid and piece.raw:
            self.store([replace(piece, raw=piece.raw[: size or None], odd=reason)], whole=is_whole)
        else:
            self.note(uid, reason, kept=uid in self.replaced)
        self.pending.pop(uid, None)
        self.changes.incomplete = self.changes.incomplete or not is_whole

    def note(self, uid: int, reason: str, *, kept: bool) -> None:
        """Enter an oddity."""
        oddity = Oddity(folder=self.place.folder.name, uid=uid, kept=kept, reason=reason)
        self.changes.oddities.append(oddity)

    def keep_beside(self, beside: Beside, batch: "Batch") -> None:
        """Lay the messages that came into the mirror while the next ones come: files in one thread, rows in another."""
        bodies, uids = self.wanted(batch), batch.uids
        if self.waiting:  # which files are new is known only once the messages were looked at
            stored = beside.first(lambda: self.store(bodies))
            beside.last(lambda: self.finish(uids, stored()))
            return
        written = beside.first(lambda: self.write(bodies))
        beside.last(lambda: self.finish(uids, self.enter(written())))

    def keep(self, batch: "Batch") -> None:
        """Lay the messages that came into the mirror."""
        self.finish(batch.uids, self.store(self.wanted(batch)))

    def wanted(self, batch: "Batch") -> list["Body"]:
        """The messages that came and were waited for."""
        came = (body for body in batch.bodies if body.uid in self.pending and not self.is_hollow(body))
        return [self.judged(body) for body in came]

    def finish(self, asked: Sequence[int], kept: Iterable[int]) -> None:
        """Note what lies in the mirror now, of what was asked for: their UIDs."""
        for uid in kept:
            self.pending.pop(uid, None)
        self.done += len(asked)
        self.place.progress(min(self.done, self.total), self.total)

    def is_hollow(self, body: "Body") -> bool:
        """Whether the server gave nothing of a message that has something."""
        return not body.raw and self.pending[body.uid].size > 0

    def judged(self, body: "Body") -> "Body":
        """The message by what the server said of it before: cut at its size, odd where nothing was said."""
        size = self.pending[body.uid].size
        if body.announced is not None and body.announced == size:
            return replace(body, raw=body.raw[:size], odd="")
        if body.announced is not None and body.announced < size:
            return replace(body, raw=body.raw[:size])
        if body.raw and not size:
            return replace(body, odd=body.odd or "the server does not say when it came, nor its flags")
        return body

    def store(self, bodies: Sequence["Body"], *, whole: bool = True) -> list[int]:
        """Lay messages into the mirror, and give their UIDs; those that are there already are only given theirs."""
        new = [body for body in bodies if not self.is_here(body)]
        self.enter(self.write(new, whole=whole))
        return [body.uid for body in bodies]

    def write(self, bodies: Sequence["Body"], *, whole: bool = True) -> "list[tuple[Laid, str]]":
        """Lay messages into the Maildir; gives what is to be entered of each, and what is odd about it."""
        with self.place.maildir.batch() as batch:
            listed = ((body, self.pending[body.uid]) for body in bodies)
            keys = [batch.add(body.raw, flags=one.flags, received=one.received) for body, one in listed]
        return [(self.laid(body, key, whole=whole), body.odd) for body, key in zip(bodies, keys, strict=True)]

    def laid(self, body: "Body", key: str, *, whole: bool) -> "Laid":
        """A message for the index; of one that did not come whole, the size says so."""
        from mailctl.services.entering import Laid

        listed = self.pending[body.uid]
        return Laid(
            uid=body.uid,
            key=key,
            flags=listed.flags,
            size=listed.size or len(body.raw) if whole else min(len(body.raw), listed.size - 1),
            received=listed.received,
            odd=bool(body.odd),
        )

    def enter(self, written: "Sequence[tuple[Laid, str]]") -> list[int]:
        """Lay messages whose files are there into the index, all or none, name what is odd, and give their UIDs."""
        from mailctl.services.entering import Coming

        laid = tuple(one for one, _ in written)
        self.drop_replaced(one.uid for one in laid)
        folder = self.place.folder
        self.place.enterer.enter(Coming(folder=folder.id, account=folder.account, path=folder.path, messages=laid))
        self.changes.new += len(laid)
        for one, odd in written:
            if odd:
                self.note(one.uid, odd, kept=True)
        return [one.uid for one in laid]

    def drop_replaced(self, uids: Iterable[int]) -> None:
        """Take away what had come in part of messages that came again."""
        former = [self.replaced.pop(uid) for uid in uids if uid in self.replaced]
        self.place.index.remove([one.id for one in former])
        for one in former:
            self.place.maildir.remove(one.key, one.flags)

    def is_here(self, body: "Body") -> bool:
        """Whether the message lies in the mirror already; it then gets its UID and flags."""
        row = self.waiting.take_same(self.place.maildir, body) if self.waiting else None
        if row is None:
            return False
        self.place.index.place([(row.id, body.uid)])
        take_flags(self.place, [replace(row, uid=body.uid)], {body.uid: self.pending[body.uid].flags}, self.changes)
        return True


def unlisted(uid: int) -> "Listed":
    """What stands for a message of which the server says nothing; it is asked for all the same."""
    from mailctl.remote.imap_answers import EPOCH, Listed

    return Listed(uid=uid, flags=frozenset(), size=0, received=EPOCH)


def batches(listed: Iterable["Listed"], most: int = BATCH_BYTES) -> Iterator[list[int]]:
    """UIDs of messages to ask for together: so many bytes at once, and a set that is short enough to be sent."""
    from mailctl.remote import imap_sets as sets

    sizes = {one.uid: one.size for one in listed}
    for some in sets.chunks(sizes, most=BATCH_MESSAGES):
        batch: list[int] = []
        room = most
        for uid in some:
            if batch and sizes[uid] > room:
                yield batch
                batch, room = [], most
            batch.append(uid)
            room -= sizes[uid]
        yield batch


def window(items: Iterable["Listed"], size: int) -> Iterator[list["Listed"]]:
    """Parts of what is listed, each of at most so many."""
    part: list[Listed] = []
    for item in items:
        part.append(item)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part
