"""What sending costs against msmtp, s-nail, swaks and a bare smtplib script: same server, TLS and login, in one run.

`make bench` runs it; `python benchmarks/send.py one far many fat` measures only the parts named, `--rounds 9` so often.
It starts the tests' own Postfix and Dovecot, installs the peers where they are missing, prints tables, and never fails.
"""

import argparse
import compileall
import os
import shutil
import socket
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from support import rig  # noqa: E402 - found by the line above

BIN = Path(sys.executable).parent
USER, TO = f"contact@{rig.DOMAIN}", "anna@client.test"
SMALL = f"From: {USER}\nTo: {TO}\nSubject: small\n\n" + "One line of text.\n" * 20
ROUND_TRIP = 20  # milliseconds
FILE = 25 << 20
MOST = 3 * 25  # MiB


class Used(NamedTuple):
    """What one run took."""

    seconds: float
    mebibytes: float


class Case(NamedTuple):
    """One way to send; `prepare` is not timed. `aims` are ratios to other cases that it should stay within.

    `file` is given in place of `input` where that is large: what this process ever held counts as its child's memory.
    """

    title: str
    command: list[str]
    input: bytes = b""
    prepare: Callable[[], None] = lambda: None
    aims: tuple[tuple[str, float], ...] = ()
    times: int = 1
    file: str = ""
    most: float = float("inf")  # MiB of memory


class Bench(NamedTuple):
    """The servers, and a folder for settings and state."""

    root: Path
    ports: dict[str, int]
    certificate: Path

    @property
    def environ(self) -> dict[str, str]:
        """The environment of what is timed: compiled files are written and used."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAILCTL", "PYTHON"))}
        return {
            **kept,
            "HOME": str(self.root),
            "MAILCTL_HOME": str(self.root / "home"),
            "BENCH_SMTPS": str(self.ports["SMTPS"]),
            "BENCH_CA": str(self.certificate),
            "BENCH_FROM": USER,
            "BENCH_TO": TO,
            "BENCH_PASSWORD": rig.PASSWORD,
        }

    def write(self, name: str, text: str | bytes) -> str:
        """A file in the folder."""
        path = self.root / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(0o600)
        return str(path)


# -- the programs


def provision(bench: Bench) -> None:
    """The account of mailctl, and the settings of the peers."""
    port = str(bench.ports["SMTPS"])
    shutil.rmtree(bench.root / "home", ignore_errors=True)
    for words in (
        ["init"],
        ["account", "add", "contact", "--address", USER, "--smtp-host", "localhost", "--smtp-port", port,
         "--smtp-security", "tls", "--imap-host", "localhost", "--imap-port", str(bench.ports["IMAPS"]),
         "--imap-security", "tls", "--ca-file", str(bench.certificate), "--password-env", "BENCH_PASSWORD",
         "--no-discover"],
    ):  # fmt: skip
        subprocess.run([BIN / "mailctl", *words], env=bench.environ, check=True, capture_output=True)
    bench.write("msmtprc", f"account default\nhost localhost\nport {port}\nauth plain\nuser {USER}\nfrom {USER}\n"
                f"password {rig.PASSWORD}\ntls on\ntls_starttls off\ntls_trust_file {bench.certificate}\n")  # fmt: skip
    bench.write("small", SMALL)


def bare(bench: Bench, count: int = 1, file: str = "small") -> list[str]:
    """A Python script that does nothing but send."""
    return [sys.executable, str(HERE / "bare_send.py"), str(count), str(bench.root / file)]


def msmtp(bench: Bench) -> list[str]:
    """msmtp."""
    return ["msmtp", "-C", str(bench.root / "msmtprc"), TO]


def s_nail(bench: Bench) -> list[str]:
    """s-nail."""
    password = rig.PASSWORD.replace(" ", "%20")
    where = f"smtps://{USER.replace('@', '%40')}:{password}@localhost:{bench.ports['SMTPS']}"
    options = {"mta": where, "smtp-auth": "plain", "tls-ca-file": str(bench.certificate), "tls-verify": "strict",
               "from": USER}  # fmt: skip
    settings = [word for key, value in options.items() for word in ("-S", f"{key}={value}")]
    return ["s-nail", "-:/", "-S", "v15-compat", *settings, "-S", "sendwait", "-s", "small", TO]


def swaks(bench: Bench) -> list[str]:
    """swaks."""
    return ["swaks", "--silent", "3", "--server", "localhost", "--port", str(bench.ports["SMTPS"]), "--tlsc",
            "--tls-verify", "--tls-ca-path", str(bench.certificate), "--auth", "PLAIN", "--auth-user", USER,
            "--auth-password", rig.PASSWORD, "--from", USER, "--to", TO,
            "--data", f"@{bench.root / 'small'}"]  # fmt: skip


def single(bench: Bench, *, far: bool = False) -> list[Case]:
    """One small message with each program."""
    sendmail = (("msmtp", 0.6),) if far else (("msmtp", 0.7), ("bare smtplib", 1.5))
    send = (("msmtp", 0.6),) if far else (("msmtp", 1.0), ("bare smtplib", 2.5))
    ours = [str(BIN / "mailctl"), "send", TO, "-a", "contact", "-s", "small"]
    return [
        Case("bare smtplib", bare(bench)),
        Case("msmtp", msmtp(bench), SMALL.encode()),
        Case("s-nail", s_nail(bench), SMALL.encode()),
        Case("swaks", swaks(bench)),
        Case("mailctl-sendmail", [str(BIN / "mailctl-sendmail"), TO], SMALL.encode(), aims=sendmail),
        Case("mailctl send, copy in Sent", ours, SMALL.encode(), aims=send),
    ]


def series(bench: Bench, count: int, *, far: bool = False) -> list[Case]:
    """So many small messages: one session, msmtp once in a loop, and the outbox."""
    aims = (("bare smtplib", 0.35),) if far else (("bare smtplib", 1.0), ("msmtp, each", 1 / 30))
    flush = [str(BIN / "mailctl"), "outbox", "flush"]
    loop = min(count, 20)
    again = ["sh", "-c", f'for one in $(seq {loop}); do "$@" <"{bench.root / "small"}"; done', "sh", *msmtp(bench)]
    return [
        Case("bare smtplib", bare(bench, count)),
        Case("msmtp, each", again, times=loop),
        Case("mailctl outbox flush", flush, prepare=lambda: queue(bench, count, copied=None), aims=aims),
        Case("the same with copies in Sent", flush, prepare=lambda: queue(bench, count, copied=False)),
    ]


def queue(bench: Bench, count: int, *, copied: bool | None) -> None:
    """Put so many messages into the outbox; `copied` as its entries have it."""
    from mailctl.domain.outgoing import Entry
    from mailctl.local.outbox import Outbox

    outbox, now = Outbox(bench.root / "home/state/outbox"), datetime.now(UTC)
    for number in range(count):
        identity = f"<{number}.{now:%H%M%S%f}@{rig.DOMAIN}>"
        raw = f"Message-ID: {identity}\n{SMALL}".replace("\n", "\r\n").encode()
        outbox.add(
            Entry(account="contact", message_id=identity, subject="small", sender=USER, recipients=(TO,),
                  size=len(raw), created=now, next_attempt=now, copied=copied),
            raw,
        )  # fmt: skip


def fat(bench: Bench) -> list[Case]:
    """A file of 25 MB as attachment."""
    file, message = bench.write("plan.pdf", b""), bench.write("fat", b"")
    with Path(file).open("wb") as plan:
        for _ in range(FILE >> 20):
            plan.write(os.urandom(1 << 20))
    send = [str(BIN / "mailctl"), "send", TO, "-a", "contact", "-s", "plan", "--attach", file]
    with Path(message).open("wb") as made:
        subprocess.run([*send, "--dry-run"], input=b"Hello", env=bench.environ, stdout=made, check=True)
    handed_in = [str(BIN / "mailctl-sendmail"), "-i", TO]
    return [
        Case("bare smtplib", bare(bench, 1, "fat")),
        Case("mailctl-sendmail", handed_in, file=message, aims=(("bare smtplib", 1.5),), most=MOST),
        Case("mailctl send, copy in Sent", send, b"Hello", aims=(("bare smtplib", 1.5),), most=MOST),
    ]


# -- measuring


def measure(bench: Bench, cases: list[Case], rounds: int) -> dict[str, list[Used]]:
    """All cases in turn, so often; the first round warms the caches."""
    found: dict[str, list[Used]] = {case.title: [] for case in cases}
    for number in range(rounds + 1):
        for case in cases:
            case.prepare()
            used = run(bench, case)
            if number:
                found[case.title].append(used)
    return found


def run(bench: Bench, case: Case) -> Used:
    """What one run takes, for each time that it sends; not a number when it fails."""
    given = case.file or bench.write("given", case.input)
    begin = time.perf_counter()
    with (
        Path(given).open("rb") as stdin,
        subprocess.Popen(
            case.command, env=bench.environ, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        said = process.stderr.read() if process.stderr else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - begin
    if process.returncode:
        print(f"{case.title}: {process.returncode}: {said[-300:]}", file=sys.stderr)
        return Used(float("nan"), float("nan"))
    return Used(took / case.times, usage.ru_maxrss / 1024)


def report(title: str, cases: list[Case], found: dict[str, list[Used]], per: int = 1) -> None:
    """A table: medians, and medians of each round's own ratios."""
    others = [case.title for case in cases if any(name == case.title for one in cases for name, _ in one.aims)]
    print(f"\n{title:32} {'ms':>8} {'MiB':>6} " + " ".join(f"{'× ' + other:>15}" for other in others))
    for case in cases:
        own = found[case.title]
        took = statistics.median(one.seconds for one in own) * 1000
        ratios = {other: ratio(own, found[other], per if cases_of(cases, other).times > 1 else 1) for other in others}
        missed = [f"× {name} ≤ {aim:.2g}" for name, aim in case.aims if not ratios[name] <= aim]
        used = statistics.median(one.mebibytes for one in own)
        missed += [] if used <= case.most else [f"≤ {case.most} MiB"]
        row = f"{case.title:32} {took:8.1f} {used:6.0f} "
        row += " ".join(f"{ratios[other]:15.3f}" for other in others)
        print(row + (f"   missed: {', '.join(missed)}" if missed else ""))


def cases_of(cases: list[Case], title: str) -> Case:
    """The case of that title."""
    return next(case for case in cases if case.title == title)


def ratio(own: list[Used], other: list[Used], per: int) -> float:
    """The median of the ratios within each round; the other's time counts so many times."""
    return statistics.median(mine.seconds / (theirs.seconds * per) for mine, theirs in zip(own, other, strict=True))


@contextmanager
def servers() -> Iterator[Bench]:
    """The tests' Postfix and Dovecot, for as long as it takes."""
    home = rig.make_home()
    keeper = rig.keeper(home)
    try:
        ports = rig.start(home)
        with tempfile.TemporaryDirectory() as folder:
            yield Bench(Path(folder), ports, home / "tls/ca.pem")
    finally:
        keeper.communicate(timeout=60)


@contextmanager
def far_away(bench: Bench) -> Iterator[Bench]:
    """The same servers at a distance."""
    ports, proxies = dict(bench.ports), []
    for name in ("SMTPS", "IMAPS"):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            ports[name] = probe.getsockname()[1]
        words = [str(HERE / "delay_proxy.py"), str(ports[name]), str(bench.ports[name]), str(ROUND_TRIP)]
        proxies.append(subprocess.Popen([sys.executable, *words]))
    time.sleep(0.5)
    try:
        yield bench._replace(ports=ports)
    finally:
        for proxy in proxies:
            proxy.kill()
            proxy.wait()


def parts(bench: Bench, wanted: list[str], rounds: int) -> None:
    """Measure the parts that are wanted."""
    provision(bench)
    if "one" in wanted:
        table(bench, "one message", single(bench), rounds)
    if "many" in wanted:
        table(bench, "1,000 messages", series(bench, 1000), max(rounds // 4, 1), per=1000)
    if "fat" in wanted:
        table(bench, "an attachment of 25 MB", fat(bench), max(rounds // 3, 1))
    if "far" in wanted:
        with far_away(bench) as distant:
            provision(distant)
            table(distant, f"one message, {ROUND_TRIP} ms", single(distant, far=True), max(rounds // 2, 1))
            table(
                distant, f"100 messages, {ROUND_TRIP} ms", series(distant, 100, far=True), max(rounds // 6, 1), per=100
            )


def table(bench: Bench, title: str, cases: list[Case], rounds: int, per: int = 1) -> None:
    """Measure one part and print it."""
    report(f"{title}, {rounds} rounds", cases, measure(bench, cases, rounds), per)


def main() -> int:
    """Measure, print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("parts", nargs="*", default=["one", "far", "many", "fat"])
    words.add_argument("--rounds", type=int, default=15)
    chosen = words.parse_args()
    subprocess.run(["sh", str(HERE.parent / "tools/apt"), "msmtp", "s-nail", "swaks"], check=True)
    compileall.compile_dir(sysconfig.get_path("purelib"), quiet=2)
    compileall.compile_dir(HERE.parent / "src", quiet=2)
    with servers() as bench:
        parts(bench, chosen.parts, chosen.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
