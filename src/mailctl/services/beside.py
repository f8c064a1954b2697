"""Two threads beside: a batch is written and entered while the next one is read."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

MOST_HELD = 2  # first steps not done yet: each holds the messages of a batch, beside the one that is read
MOST_UNDER_WAY = 8  # last steps not done yet: each holds names only, so a slow disk need not wait for slow entering

Result = TypeVar("Result")


class Beside:
    """What is done in two steps, each in a thread of its own and in order; no more begins than what fits beside."""

    def __init__(self) -> None:
        from concurrent.futures import ThreadPoolExecutor  # 3 ms, where nothing is new

        self.pools = tuple(ThreadPoolExecutor(max_workers=1, thread_name_prefix=name) for name in ("first", "last"))
        self.held: deque[Future[Any]] = deque()
        self.under_way: deque[Future[None]] = deque()

    def __enter__(self) -> "Beside":
        return self

    def __exit__(self, *error: object) -> None:
        for pool in self.pools:
            pool.shutdown()

    def first(self, what: Callable[[], Result]) -> Callable[[], Result]:
        """Begin a first step, once there is room, and give what waits for its result."""
        while len(self.held) >= MOST_HELD:
            self.held.popleft().exception()  # raised where its result is waited for
        begun: Future[Result] = self.pools[0].submit(what)
        self.held.append(begun)
        return begun.result

    def last(self, what: Callable[[], None]) -> None:
        """Begin a last step, once there is room."""
        self.wait(until=MOST_UNDER_WAY - 1)
        self.under_way.append(self.pools[1].submit(what))

    def wait(self, *, until: int = 0) -> None:
        """Come back once no more than so many are under way; what one raised is raised here."""
        while len(self.under_way) > until:
            self.under_way.popleft().result()
