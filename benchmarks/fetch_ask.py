"""What a fetched mailbox is asked, for `benchmarks/fetch.py`: list, read and search, beside notmuch and the server."""

import imaplib
import shutil
import ssl
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

from fetch_measure import Bench, Program, measure

MAILCTL = Path(sysconfig.get_path("scripts")) / "mailctl"
FEW, MANY = "4711", "facture"
NEWEST = "(UID FLAGS INTERNALDATE BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)])"


def ask(bench: Bench, mail: Path, count: int, rounds: int) -> None:
    """Ask mailctl, then notmuch of the same files, whole processes both; then the server, connected already."""
    words = [["whoami"], ["list"], ["read", "17", "--no-mark"], ["search", FEW], ["search", MANY]]
    programs = [Program(f"mailctl {' '.join(one)}", [str(MAILCTL), *one], mail) for one in words]
    if shutil.which("notmuch"):
        programs += notmuch(bench, mail)
    measure(bench, f"asked of {count}", programs, rounds, lambda _: None, against="whoami")
    for title, seconds in the_server(bench, count, max(rounds // 3, 1)).items():
        print(f"{title:44} {seconds:8.3f}")


def notmuch(bench: Bench, mail: Path) -> list[Program]:
    """notmuch, which indexes the mirror first."""
    config = mail.parent / "notmuch"
    config.write_text(f"[database]\npath={mail}\n[search]\nexclude_tags=\n")
    environ = {**bench.environ, "NOTMUCH_CONFIG": str(config)}
    begin = time.perf_counter()
    subprocess.run(["notmuch", "new"], env=environ, capture_output=True, check=True)
    print(f"\nnotmuch new: {time.perf_counter() - begin:.1f} s")
    words = [["search", "--limit=50", "*"], ["show", "--format=text", "id:17.bench@client.example"],
             ["search", "--limit=50", FEW], ["search", "--limit=50", MANY]]  # fmt: skip
    return [Program(f"notmuch {' '.join(one)}", ["notmuch", f"--config={config}", *one], mail) for one in words]


def the_server(bench: Bench, count: int, rounds: int) -> dict[str, float]:
    """Seconds that the server takes for the same, the best of so many."""
    host, port = "localhost", int(bench.environ["BENCH_IMAPS"])
    context = ssl.create_default_context(cafile=bench.environ["BENCH_CA"])
    with imaplib.IMAP4_SSL(host, port, ssl_context=context) as box:
        box.login(bench.environ["BENCH_LOGIN"], bench.environ["BENCH_PASSWORD"])
        box.select("INBOX", readonly=True)
        questions: dict[str, Callable[[], object]] = {
            "the server, connected: 50 headers": lambda: box.fetch(f"{max(count - 49, 1)}:{count}", NEWEST),
            "the server, connected: one message": lambda: box.fetch("17", "(BODY.PEEK[])"),
            f"the server, connected: SEARCH TEXT {FEW}": lambda: box.search(None, "TEXT", FEW),
            f"the server, connected: SEARCH TEXT {MANY}": lambda: box.search(None, "TEXT", MANY),
        }
        return {title: min(seconds(question) for _ in range(rounds)) for title, question in questions.items()}


def seconds(question: Callable[[], object]) -> float:
    """How long an answer takes."""
    begin = time.perf_counter()
    question()
    return time.perf_counter() - begin


if __name__ == "__main__":
    sys.exit("this is a part of benchmarks/fetch.py")
