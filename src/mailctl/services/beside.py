"""Two threads beside: a batch is written and entered while the next one is read."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

MOST_UNDER_WAY = 2  # batches, beside the one that is read

Result = TypeVar("Result")


class Beside:
    """What is done in two steps, each in a thread of its own and in order; no more begins than what fits beside."""

    def __init__(self) -> None:
        from concurrent.futures import ThreadPoolExecutor  # 3 ms, where nothing is new

        self.pools = tuple(ThreadPoolExecutor(max_workers=1, thread_name_prefix=name) for name in ("first", "last"))
        self.under_way: deque[Future[None]] = deque()

    def __enter__(self) -> "Beside":
        return self

    def __exit__(self, *error: object) -> None:
        for pool in self.pools:
            pool.shutdown()

    def first(self, what: Callable[[], Result]) -> Callable[[], Result]:
        """Begin a first step, once there is room, and give what waits for its result."""
        self.wait(until=MOST_UNDER_WAY - 1)
        return self.pools[0].submit(what).result

    def last(self, what: Callable[[], None]) -> None:
        """Begin a last step, once there is room."""
        self.wait(until=MOST_UNDER_WAY - 1)
        self.under_way.append(self.pools[1].submit(what))

    def wait(self, *, until: int = 0) -> None:
        """Come back once no more than so many are under way; what one raised is raised here."""
        while len(self.under_way) > until:
            self.under_way.popleft().result()
