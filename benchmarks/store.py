"""What the store costs with 1,000 accounts and 200 collaborators, as ratios to reading or writing the same files alone.

`python benchmarks/store.py 9` measures so many interleaved rounds. It prints a table and never fails.
"""

import compileall
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import startup

HERE = Path(__file__).parent
ROUNDS = 5
ACCOUNTS, PEOPLE, GRANTS = 1000, 200, 10
ACCOUNT = """
[accounts.account{number}]
display_name = "Account {number}"
address = "account{number}@firm.example"
notes = "rented with the domain, renewed each March"
aliases = [{{ address = "alias{number}@firm.example", send = false }}]
incoming = {{ host = "imap.firm.example" }}
outgoing = {{ host = "smtp.firm.example" }}
auth = {{ secret = "env", env = "PASSWORD" }}
rights = {{ {rights} }}
signature = {{ text = "{{{{ collaborator.name }}}}\\nAtelier Durand" }}
"""
PERSON = """
[collaborators.person{number}]
name = "Person {number}"
email = "person{number}@firm.example"
title = "Architecte"
"""


class Used(NamedTuple):
    """What one run took."""

    seconds: float
    mebibytes: float


class Case(NamedTuple):
    """One command, the work it is held against, and the ratio it should stay within."""

    title: str
    words: list[str]
    floor: str
    aim: float | None = None


CASES = [
    Case("apply, 1,000 accounts new", ["apply", "firm.toml"], "write", aim=2),
    Case("apply, nothing to do", ["apply", "firm.toml"], "read", aim=3),
    Case("export", ["export"], "read"),
    Case("account list", ["account", "list"], "read"),
    Case("rights list", ["rights", "list"], "read"),
    Case("store check", ["store", "check"], "read"),
]
FLOORS = {
    "read": "reading and parsing with tomllib",
    "write": "writing with the same fsyncs",
}


def main(words: list[str]) -> int:
    """Measure, print."""
    rounds = int(words[0]) if words and words[0].isdigit() else ROUNDS
    compileall.compile_dir(sysconfig.get_path("purelib"), quiet=2)
    compileall.compile_dir(HERE.parent / "src", quiet=2)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        prepare(root)
        used: dict[str, list[Used]] = {}
        for number in range(rounds + 1):
            for title, found in measured(root):
                if number:  # the first round warms the caches
                    used.setdefault(title, []).append(found)
    report(used, rounds)
    return 0


def prepare(root: Path) -> None:
    """A document for a firm, a store without it in `new`, and one with it in `full`."""
    text = "".join(PERSON.format(number=number) for number in range(PEOPLE))
    for number in range(ACCOUNTS):
        who = [f"person{(number * 7 + one) % PEOPLE}" for one in range(GRANTS)]
        text += ACCOUNT.format(number=number, rights=", ".join(f'{one} = ["read", "send"]' for one in who))
    (root / "firm.toml").write_text(text)
    run(root / "new", root, [startup.MAILCTL, "init"])
    shutil.copytree(root / "new", root / "full")
    run(root / "full", root, [startup.MAILCTL, "apply", "firm.toml"])


def measured(root: Path) -> list[tuple[str, Used]]:
    """One round: each floor and each command once."""
    found = []
    full = root / "full"
    for floor, title in FLOORS.items():
        shutil.rmtree(root / "copy", ignore_errors=True)
        command = [sys.executable, str(HERE / "files.py"), floor, str(full / "store"), str(root / "copy")]
        found.append((title, run(full, root, command)))
    for case in CASES:
        home = full
        if case.floor == "write":
            shutil.rmtree(root / "copy", ignore_errors=True)
            home = shutil.copytree(root / "new", root / "copy")
        found.append((case.title, run(home, root, [startup.MAILCTL, *case.words])))
    return found


def run(home: Path, folder: Path, command: list[str]) -> Used:
    """What one run takes."""
    begin = time.perf_counter()
    with subprocess.Popen(
        command, env=startup.environ(home), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        said = process.stderr.read() if process.stderr else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        print(said, file=sys.stderr)
    return Used(time.perf_counter() - begin, usage.ru_maxrss / 1024)


def report(used: dict[str, list[Used]], rounds: int) -> None:
    """The table: medians, and medians of each round's own ratios."""
    heading = f"{ACCOUNTS} accounts, {PEOPLE} people, {rounds} rounds"
    print(f"{heading:34} {'ms':>7} {'MiB':>6} {'time':>6} {'memory':>7}")
    for title in FLOORS.values():
        print(line(title, used[title]))
    for case in CASES:
        floor = FLOORS[case.floor]
        ratio = startup.ratio([one.seconds for one in used[case.title]], [one.seconds for one in used[floor]])
        memory = startup.ratio([one.mebibytes for one in used[case.title]], [one.mebibytes for one in used[floor]])
        aim = f"   aim ≤ {case.aim:g}{'' if ratio <= case.aim else ', missed'}" if case.aim else ""
        print(f"{line(case.title, used[case.title])} {ratio:6.2f} {memory:7.2f} × {floor}{aim}")


def line(title: str, used: list[Used]) -> str:
    """A row's name, time and memory."""
    seconds = statistics.median(one.seconds for one in used)
    return f"{title:34} {seconds * 1000:7.0f} {statistics.median(one.mebibytes for one in used):6.0f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
