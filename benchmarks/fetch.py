"""What fetching costs against mbsync and a bare imaplib loop: same server, same mailbox, TLS and login, in one run.

`python benchmarks/fetch.py first same new flags` measures only the parts named, `far` the same at 20 ms of round trip,
`cold` the first and the empty-handed fetch with nothing cached (root), `ask` what the mirror is asked, beside notmuch
on the same files and the server's own SEARCH; `--messages 100000 --rounds 3` so many, so often, `--only mailctl`
besides mbsync only programs so called. It starts the tests' own Dovecot, writes a mailbox of mixed messages into it,
installs mbsync where it is missing, prints tables, and never fails; what else is installed is measured.
"""

import argparse
import base64
import compileall
import imaplib
import os
import pwd
import random
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from fetch_ask import ask  # noqa: E402 - beside this file
from fetch_measure import DROP, Program, measure, run  # noqa: E402
from fetch_peers import Server, peers  # noqa: E402
from support import rig  # noqa: E402 - found by the line above

BIN = Path(sys.executable).parent
USER = "alice"
ROUND_TRIP = 20  # milliseconds
WORDS = [
    "devis",
    "facture",
    "réunion",
    "chantier",
    "plan",
    "the",
    "meeting",
    "of",
    "please",
    "find",
    "attached",
    "Zürich",
]


class Bench(NamedTuple):
    """The server, and a folder for settings and mirrors."""

    root: Path
    home: Path
    port: int
    near_port: int

    @property
    def environ(self) -> dict[str, str]:
        """The environment of what is timed: compiled files are written and used."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAILCTL", "PYTHON"))}
        own = {"HOME": self.root, "MAILCTL_HOME": self.root / "home", "BENCH_IMAPS": self.port,
               "BENCH_CA": self.home / "tls/ca.pem", "BENCH_LOGIN": USER, "BENCH_PASSWORD": rig.PASSWORD}  # fmt: skip
        return kept | {name: str(value) for name, value in own.items()}

    @property
    def maildir(self) -> Path:
        """Where the server keeps the inbox."""
        return self.home / "mail" / USER / "Maildir"


# -- the mailbox


def message(number: int) -> bytes:
    """A message that is always the same: half of them short, one in eight with an attachment, up to a megabyte."""
    dice = random.Random(number)
    text = "\n".join(" ".join(dice.choices(WORDS, k=12)) for _ in range(dice.randint(4, 60)))
    head = (
        f"From: Jürgen {number % 50} <j{number % 50}@client.example>\nTo: {USER}@{rig.DOMAIN}\n"
        f"Subject: {' '.join(dice.choices(WORDS, k=5))} {number}\nDate: Mon, 05 Jan 2026 08:{number % 60:02}:00 +0100\n"
        f"Message-ID: <{number}.bench@client.example>\nMIME-Version: 1.0\nReceived: from a.example by b.example; x\n"
    )
    if number % 8:
        return f"{head}Content-Type: text/plain; charset=utf-8\n\n{text}\n".encode()
    size = int(min(dice.lognormvariate(11, 1.2), 900_000))
    file = base64.encodebytes(dice.randbytes(size)).decode()
    return (
        f'{head}Content-Type: multipart/mixed; boundary="=="\n\n'
        f"--==\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        f"--==\nContent-Type: application/pdf; name=plan.pdf\nContent-Disposition: attachment; filename=plan.pdf\n"
        f"Content-Transfer-Encoding: base64\n\n{file}\n--==--\n"
    ).encode()


def seed(bench: Bench, first: int, count: int) -> int:
    """Lay messages into the server's inbox, as files; gives their bytes."""
    owner = pwd.getpwnam("mail") if rig.IS_ROOT else pwd.getpwuid(os.getuid())
    for name in ("tmp", "new", "cur"):
        (bench.maildir / name).mkdir(parents=True, exist_ok=True)
    total = 0
    for number in range(first, first + count):
        raw = message(number)
        wire = len(raw) + raw.count(b"\n")
        name = f"{1767600000 + number}.M{number:07}P1.bench,S={len(raw)},W={wire}"
        (bench.maildir / "tmp" / name).write_bytes(raw)
        (bench.maildir / "tmp" / name).rename(bench.maildir / "cur" / f"{name}:2,{'S' if number % 5 else ''}")
        total += len(raw)
    if rig.IS_ROOT:
        subprocess.run(["chown", "-R", f"{owner.pw_uid}:{owner.pw_gid}", bench.home / "mail" / USER], check=True)
    return total


def flag(bench: Bench, count: int, turn: int) -> None:
    """Flag the first messages, or take their flag away."""
    with imaplib.IMAP4("localhost", bench.near_port) as box:
        box.login(USER, rig.PASSWORD)
        box.select("INBOX")
        box.store(f"1:{count}", "-FLAGS.SILENT" if turn % 2 else "+FLAGS.SILENT", "(\\Flagged)")


# -- the programs


def provision(bench: Bench) -> list[Program]:
    """The account of mailctl, the settings of the peers."""
    shutil.rmtree(bench.root / "home", ignore_errors=True)
    words = ["account", "add", "contact", "--address", f"{USER}@{rig.DOMAIN}", "--imap-host", "localhost",
             "--imap-port", str(bench.port), "--imap-security", "tls", "--smtp-host", "localhost", "--smtp-port", "1",
             "--smtp-security", "tls", "--ca-file", str(bench.home / "tls/ca.pem"), "--password-env", "BENCH_PASSWORD",
             "--no-discover"]  # fmt: skip
    for one in (["init"], words):
        subprocess.run([BIN / "mailctl", *one], env=bench.environ, check=True, capture_output=True)
    loop = [sys.executable, str(HERE / "bare_fetch.py"), str(bench.root / "bare")]
    return [
        mbsync(bench, "mbsync", synced=True),
        mbsync(bench, "mbsync, nothing synced", synced=False),
        Program("imaplib by 200, nothing synced", loop, bench.root / "bare"),
        *peers(Server(bench.root, bench.port, bench.home / "tls/ca.pem", USER, rig.PASSWORD)),
        Program("mailctl fetch", [str(BIN / "mailctl"), "fetch"], bench.root / "home/data"),
    ]  # fmt: skip


def mbsync(bench: Bench, title: str, *, synced: bool) -> Program:
    """mbsync, with or without fsync."""
    box = bench.root / ("synced" if synced else "unsynced")
    box.mkdir(exist_ok=True)
    file = bench.root / f"{box.name}.rc"
    file.write_text(
        f"FSync {'yes' if synced else 'no'}\nIMAPStore far\nHost localhost\nPort {bench.port}\nUser {USER}\n"
        f'Pass "{rig.PASSWORD}"\nSSLType IMAPS\nCertificateFile {bench.home / "tls/ca.pem"}\n\n'
        f"MaildirStore near\nPath {box}/\nInbox {box}/INBOX\nSubFolders Verbatim\n\n"
        "Channel all\nFar :far:\nNear :near:\nPatterns INBOX\nSync Pull\nCreate Near\nExpunge Near\nSyncState *\n"
    )
    file.chmod(0o600)
    return Program(title, ["mbsync", "-q", "-c", str(file), "all"], box)


def parts(bench: Bench, wanted: list[str], count: int, rounds: int, *, only: list[str]) -> None:
    """Measure the parts that are wanted, at the distance that there is."""
    programs = [one for one in provision(bench) if one.title == "mbsync" or any(name in one.title for name in only)]
    steady = [one for one in programs if "imaplib" not in one.title]
    far = f", {ROUND_TRIP} ms" if bench.port != bench.near_port and "far" in wanted else ""
    if "first" in wanted:
        measure(bench, f"first fetch of {count}{far}", programs, max(rounds // 3, 1), lambda _: None, fresh=True)
    for program in steady:
        run(bench, program)
        run(bench, program)
    changing(steady, bench, wanted, count, rounds, far=far)
    if "cold" in wanted and os.access(DROP, os.W_OK):
        cold(programs, steady, bench, f"of {count}, nothing cached{far}", rounds)
    elif "cold" in wanted:
        print(f"\nnot measured with nothing cached: {DROP} cannot be written")
    if "ask" in wanted and not far:
        ask(bench, bench.root / "home/data/mail", count, 3 * rounds)


def changing(steady: list[Program], bench: Bench, wanted: list[str], count: int, rounds: int, *, far: str) -> None:
    """Measure the fetches that come after the first, each after a change of the mailbox."""
    if "same" in wanted:
        measure(bench, f"nothing new{far}", steady, rounds, lambda _: None)
    if "new" in wanted:
        start = len(list((bench.maildir / "cur").iterdir())) + 1_000_000
        measure(bench, f"10 new{far}", steady, rounds, lambda turn: void(seed(bench, start + 10 * turn, 10)))
    if "flags" in wanted:
        changed = min(1000, count)
        measure(bench, f"{changed} flags changed{far}", steady, rounds, lambda turn: flag(bench, changed, turn))


def cold(programs: list[Program], steady: list[Program], bench: Bench, title: str, rounds: int) -> None:
    """The same with nothing in the system's caches: neither programs nor mail, neither here nor at the server."""
    measure(bench, f"first fetch {title}", programs, max(rounds // 3, 1), lambda _: None, fresh=True, cold=True)
    for program in steady:
        run(bench, program)
    measure(bench, f"nothing new {title}", steady, rounds, lambda _: None, cold=True)


def void(_: object) -> None:
    """Nothing, of whatever is given."""


@contextmanager
def server() -> Iterator[Bench]:
    """The tests' Dovecot, for as long as it takes."""
    home = rig.make_home()
    keeper = rig.keeper(home)
    try:
        ports = rig.start(home)
        with tempfile.TemporaryDirectory(dir=home) as folder:
            yield Bench(Path(folder), home, ports["IMAPS"], ports["IMAP"])
    finally:
        keeper.communicate(timeout=60)


@contextmanager
def far_away(bench: Bench) -> Iterator[Bench]:
    """The same server at a distance."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    words = [str(HERE / "delay_proxy.py"), str(port), str(bench.port), str(ROUND_TRIP)]
    proxy = subprocess.Popen([sys.executable, *words])
    time.sleep(0.5)
    try:
        yield bench._replace(port=port)
    finally:
        proxy.kill()
        proxy.wait()


def main() -> int:
    """Measure, print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("parts", nargs="*", default=["first", "same", "new", "flags", "cold", "ask", "far"])
    words.add_argument("--messages", type=int, default=10_000)
    words.add_argument("--rounds", type=int, default=9)
    words.add_argument("--only", nargs="+", default=[""])
    chosen = words.parse_args()
    subprocess.run(["sh", str(HERE.parent / "tools/apt"), "isync"], check=True)
    compileall.compile_dir(sysconfig.get_path("purelib"), quiet=2)
    compileall.compile_dir(HERE.parent / "src", quiet=2)
    with server() as bench:
        total = seed(bench, 0, chosen.messages)
        print(f"{chosen.messages} messages, {total / 1e6:.0f} MB")
        near = [one for one in chosen.parts if one != "far"]
        parts(bench, near, chosen.messages, chosen.rounds, only=chosen.only)
        if "far" in chosen.parts:
            with far_away(bench) as distant:
                parts(distant, chosen.parts, chosen.messages, chosen.rounds, only=chosen.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
