"""What a run takes, for `benchmarks/fetch.py`: its time, the memory of all its processes, the bytes of its server.

Time is measured alone. Memory and bytes are those of one more run, in which the processes are looked at every few
milliseconds: pages that several of them share count once (PSS), and a child counts as its parent does.
"""

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from math import nan
from pathlib import Path
from typing import NamedTuple, Protocol

LOOK_EVERY = 0.004  # seconds
DROP = Path("/proc/sys/vm/drop_caches")


class Program(NamedTuple):
    """One way to fetch; `mirror` is what it fills, and remembers."""

    title: str
    command: list[str]
    mirror: Path


class Used(NamedTuple):
    """What one run took; not a number where it failed."""

    seconds: float
    processor: float


class Weighed(NamedTuple):
    """What one run held at most, and what its server said and heard, in bytes."""

    mebibytes: float
    down: int
    up: int


class Bench(Protocol):
    """Where a server is, and what programs find in their environment."""

    @property
    def home(self) -> Path: ...
    @property
    def environ(self) -> Mapping[str, str]: ...


def measure(
    bench: Bench,
    title: str,
    programs: list[Program],
    rounds: int,
    prepare: Callable[[int], None],
    *,
    fresh: bool = False,
    cold: bool = False,
    against: str = "mbsync",
) -> None:
    """All programs in turn, so often, after a change of the mailbox each time: medians, and ratios to the first."""

    def turn(number: int) -> Iterator[Program]:
        prepare(number)
        for program in programs:
            if fresh:
                put_aside(program.mirror)
            os.sync()
            if cold:
                DROP.write_text("3")
            yield program

    found: dict[str, list[Used]] = {one.title: [] for one in programs}
    for number in range(rounds):
        for program in turn(number):
            found[program.title].append(run(bench, program))
    weights = {program.title: weigh(bench, program) for program in turn(rounds)}
    head = f"{'s':>8} {'cpu s':>7} {f'× {against}':>9} {'MiB':>6} {'kB down':>9} {'kB up':>7}"
    print(f"\n{title + f', {rounds} rounds':44} {head}", flush=True)
    for name, own in found.items():
        report(name, own, found[programs[0].title], weights[name])


def report(name: str, own: list[Used], reference: list[Used], weight: Weighed) -> None:
    """A line of the table; of rounds that failed it says how many."""
    both = [pair for pair in zip(own, reference, strict=True) if pair[0].seconds > 0 and pair[1].seconds > 0]
    if not both:
        print(f"{name:44} failed each time")
        return
    took = statistics.median(one.seconds for one, _ in both)
    worked = statistics.median(one.processor for one, _ in both)
    ratio = statistics.median(one.seconds / other.seconds for one, other in both)
    failed = f"   {len(own) - len(both)} failed" if len(both) < len(own) else ""
    print(
        f"{name:44} {took:8.3f} {worked:7.2f} {ratio:9.2f} {weight.mebibytes:6.0f} {weight.down / 1000:9.1f}"
        f" {weight.up / 1000:7.1f}{failed}",
        flush=True,
    )


def run(bench: Bench, program: Program) -> Used:
    """What one run takes, of the wall's clock and of processors."""
    begin = time.perf_counter()
    with started(bench, program) as process:
        said = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - begin
    if process.returncode:
        print(f"{program.title}: {process.returncode}: {said[-300:]!r}", file=sys.stderr)
        return Used(nan, nan)
    if said:
        print(f"{program.title}: {said[-300:]!r}", file=sys.stderr)
    return Used(took, usage.ru_utime + usage.ru_stime)


def weigh(bench: Bench, program: Program) -> Weighed:
    """What one more run holds and has sent to it; it is slowed down by looking at it."""
    log = bench.home / "log/dovecot.log"
    start = log.stat().st_size
    most = [0]
    with started(bench, program) as process:
        looking = threading.Thread(target=look, args=(process, most))
        looking.start()
        if process.stderr:
            process.stderr.read()
        looking.join()
    down, up = traffic(log, start)
    return Weighed(most[0] / 1024, down, up)


def started(bench: Bench, program: Program) -> subprocess.Popen[bytes]:
    """The program, begun."""
    return subprocess.Popen(program.command, env=bench.environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def look(process: subprocess.Popen[bytes], most: list[int]) -> None:
    """Look at a program's processes until it ends; the most they held, in KiB, stands in `most`."""
    while process.poll() is None:
        most[0] = max(most[0], sum(held(pid) for pid in family(process.pid)))
        time.sleep(LOOK_EVERY)


def family(pid: int) -> Iterator[int]:
    """A process and all that came of it."""
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from family(int(child))


def held(pid: int) -> int:
    """The memory of a process in KiB, with its share of what it shares; none while it is still a copy of this one."""
    with suppress(OSError, IndexError):  # it may end meanwhile
        if Path(f"/proc/{pid}/cmdline").read_bytes() != Path("/proc/self/cmdline").read_bytes():
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            return int(text.partition("\nPss:")[2].split()[0])
    return 0


def traffic(log: Path, start: int) -> tuple[int, int]:
    """Bytes that Dovecot said and heard since its log was so long; sessions are noted a moment after their end."""
    deadline = time.monotonic() + 5
    while True:
        lines = log.read_bytes()[start:].decode("utf-8", "replace").splitlines()
        ended = [line for line in lines if " out=" in line]
        begun = sum("imap-login: Info: Login:" in line for line in lines)
        if len(ended) >= begun or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    numbers = [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in ended]
    return sum(int(one["out"]) for one in numbers), sum(int(one["in"]) for one in numbers)


def put_aside(mirror: Path) -> None:
    """Make room for a mirror; ext4 is slow to make files for a while after ten thousand were removed."""
    if mirror.exists():
        mirror.rename(mirror.with_name(f"{mirror.name}.{time.monotonic_ns()}"))
    mirror.mkdir()


if __name__ == "__main__":
    sys.exit("this is a part of benchmarks/fetch.py")
