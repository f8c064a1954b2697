"""The folders of an account in which something changed: each brought up to date, over one of a few connections."""

from collections.abc import Callable, Sequence
from functools import partial
from threading import Event, Lock
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from mailctl.domain.folders import Folder
from mailctl.domain.provider import connections_of
from mailctl.errors import FolderNotFoundError, InterruptedByUserError, ServerRefusedError, TemporaryError
from mailctl.services.bringing import Changes
from mailctl.services.linking import Link
from mailctl.services.mirroring import bring_up_to_date, question
from mailctl.services.several import TASKS_EACH, InOrder, Several, Tally

if TYPE_CHECKING:
    from mailctl.remote.imap_answers import FolderState
    from mailctl.services.fetch import Run


class Work(Struct, kw_only=True):
    """One folder, and what was done to it; when its connection is lost, another one goes on with it."""

    number: int
    folder: Folder
    counted: "FolderState | None"
    changes: Changes = field(default_factory=Changes)
    is_begun: bool = False
    is_done: bool = False

    def begin(self) -> None:
        """Begin, or begin again: what was missing may come now, what is here stays counted."""
        self.is_begun = True
        self.changes.incomplete = False
        self.changes.oddities = [one for one in self.changes.oddities if one.kept]


class Spread:
    """Folders on their way, over the connection that is there and further ones where they are many."""

    def __init__(self, run: "Run", folders: Sequence[tuple[Folder, "FolderState | None"]]) -> None:
        """Name them.

        Args:
            run: whose folders they are, and where what became of them is counted, in this order.
            folders: each with its numbers, as STATUS told them.
        """
        self.run = run
        self.works = [
            Work(number=number, folder=folder, counted=counted) for number, (folder, counted) in enumerate(folders)
        ]
        self.over = Event()
        self.large = Lock()
        self.several: Several[Link, Work] | None = None
        self.in_order = InOrder()
        self.tally: Tally | None = None

    def bring(self, link: Link) -> None:
        """Bring them up to date.

        Raises:
            MailctlError: no connection is left, the disk failed, or all was to stop; what came is counted.
        """
        most = self.most(link)
        if most > 1:
            self.tally = Tally(self.expected(), self.show_all)
        self.several = Several(
            self.works,
            self.bring_one,
            more=link.another,
            most=most,
            over=self.over,
            stop=self.run.stop,
            note=self.note,
        )
        try:
            self.several.done_over(link)
            if self.tally is not None:
                self.tally.end()
        finally:
            self.count_rest()

    def most(self, link: Link) -> int:
        """How many connections there may be at once."""
        if link.is_refused or len(self.works) < 2 * TASKS_EACH:
            return 1
        return connections_of(self.run.account, self.run.ctx.provider(self.run.account))

    def bring_one(self, link: Link, work: Work) -> None:
        """Bring one folder up to date over a connection, and let what came of it be counted in its turn."""
        name = work.folder.name
        work.begin()
        try:
            known = self.run.known(work.folder)
            state = link.examine(name, question=question(known, work.counted))
        except (ServerRefusedError, FolderNotFoundError) as error:
            self.count(work, partial(self.run.pass_over, name, error, work.counted))
            return
        except TemporaryError as error:
            if not link.is_alive():
                raise
            self.count(work, partial(self.run.postpone, error))
            return
        place = replace(
            self.run.place(link, known, self.progress_of(work)),
            shared_by=self.connections,
            large=self.large,
        )
        unseen = work.counted.unseen if work.counted else None
        bring_up_to_date(place, replace(state, unseen=unseen), since=self.run.since, changes=work.changes)
        self.count(work, partial(self.run.add, work.changes))

    def connections(self) -> int:
        """How many there are just now."""
        return self.several.connections if self.several else 1

    def count(self, work: Work, what: Callable[[], None]) -> None:
        """Note that a folder is done."""
        work.is_done = True
        self.in_order.put(work.number, what)

    def count_rest(self) -> None:
        """Count what came of folders that are not done, where all ended before."""
        for work in self.works:
            if work.is_begun and not work.is_done:
                self.in_order.put(work.number, partial(self.run.add, work.changes))
        self.in_order.rest()

    # -- telling

    def progress_of(self, work: Work) -> Callable[[int, int], None]:
        """What is told how far a folder is, and ends it when all is to stop."""

        def progress(done: int, total: int) -> None:
            if self.tally is not None:
                self.tally.reach(work.number, done, total)
            else:
                self.run.ctx.progress(f"{self.run.account.name}: {work.folder.name}", done, total)
            if self.over.is_set() or self.run.stop.is_set():
                raise InterruptedByUserError("interrupted")

        return progress

    def expected(self) -> list[int]:
        """How many messages each folder will bring, as far as its numbers tell."""
        here = {one.name: one.messages for one in self.run.ctx.index.folders(self.run.account.name)}
        return [max((one.counted.messages if one.counted else 0) - here.get(one.folder.name, 0), 0)
                for one in self.works]  # fmt: skip

    def show_all(self, done: int, total: int) -> None:
        """Show how far all folders are: one line for as many as are on their way at once."""
        self.run.ctx.progress(f"{self.run.account.name}: {len(self.works)} folders", done, total)

    def note(self, text: str) -> None:
        """Write into the trace what need not be told."""
        if self.run.ctx.trace is not None:
            self.run.ctx.trace.note(f"'{self.run.account.name}': {text}")
