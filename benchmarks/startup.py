"""How long mailctl takes to start, as ratios to an empty Typer program and to `python -c pass`, interleaved in one run.

`make bench` runs it; `python benchmarks/startup.py 51` measures so many rounds. It prints a table and never fails.
"""

import compileall
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
ROUNDS = 31
MAILCTL = str(Path(sys.executable).parent / "mailctl")
ACCOUNT = """
[accounts.{name}]
address = "{name}@firm.example"
display_name = "Firm"
kind = "group"
incoming = {{ host = "imap.firm.example" }}
outgoing = {{ host = "smtp.firm.example" }}
auth = {{ secret = "env", env = "PASSWORD" }}
rights = {{ alice = ["read", "send"] }}
"""
PEOPLE = (
    '[collaborators.alice]\nname = "Alice Martin"\nemail = "alice@firm.example"\nadmin = true\nlogins = ["{login}"]\n'
)
LETTER = b"Dear Anna,\n\nthe plans are on their way.\n"


class Case(NamedTuple):
    """One command to time, and the ratio to an empty Typer program it should stay within."""

    title: str
    command: list[str]
    accounts: int = 1
    aim: float | None = None


CASES = [
    Case("python -c pass", [sys.executable, "-c", "pass"]),
    Case("an empty Typer program", [sys.executable, str(HERE / "empty.py")]),
    Case("mailctl --version", [MAILCTL, "--version"], aim=1.2),
    Case("mailctl whoami", [MAILCTL, "whoami"], aim=1.2),
    Case("mailctl account list, 1 account", [MAILCTL, "account", "list"]),
    Case("mailctl account list, 1,000 accounts", [MAILCTL, "account", "list"], accounts=1000, aim=2),
    Case(
        "mailctl send --dry-run",
        [MAILCTL, "send", "anna@firm.example", "-a", "contact", "-s", "Plans", "--dry-run"],
        aim=2,
    ),
]


def main(words: list[str]) -> int:
    """Measure, print."""
    rounds = int(words[0]) if words and words[0].isdigit() else ROUNDS
    compileall.compile_dir(sysconfig.get_path("purelib"), quiet=2)
    compileall.compile_dir(HERE.parent / "src", quiet=2)
    with tempfile.TemporaryDirectory() as folder:
        homes = {number: home(Path(folder) / str(number), number) for number in {case.accounts for case in CASES}}
        times: dict[str, list[float]] = {case.title: [] for case in CASES}
        for number in range(rounds + 1):
            for case in CASES:
                took = seconds(case.command, environ(homes[case.accounts]))
                if number:  # the first round warms the caches
                    times[case.title].append(took)
    report(times, rounds)
    return 0


def environ(home: Path) -> dict[str, str]:
    """The environment of what is timed: compiled files are written and used."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAILCTL", "PYTHON"))}
    return {**kept, "MAILCTL_HOME": str(home), "PASSWORD": "secret"}


def home(folder: Path, accounts: int) -> Path:
    """A store with so many accounts, provisioned as a firm would."""
    names = ["contact", *(f"account{number}" for number in range(2, accounts + 1))]
    login = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    document = PEOPLE.format(login=login) + "".join(ACCOUNT.format(name=name) for name in names)
    for command, given in ((["init"], ""), (["apply", "-"], document)):
        done = subprocess.run(
            [MAILCTL, *command], input=given, text=True, capture_output=True, env=environ(folder), check=False
        )
        if done.returncode:
            print(done.stderr, file=sys.stderr)
    return folder


def seconds(command: list[str], environ: dict[str, str]) -> float:
    """How long one run takes; not a number when it fails."""
    begin = time.perf_counter()
    done = subprocess.run(command, input=LETTER, env=environ, capture_output=True, check=False)
    took = time.perf_counter() - begin
    return took if done.returncode == 0 else float("nan")


def report(times: dict[str, list[float]], rounds: int) -> None:
    """The table: medians, and medians of each round's own ratios."""
    python, empty = times[CASES[0].title], times[CASES[1].title]
    print(f"{'median of ' + str(rounds) + ' interleaved rounds':38} {'ms':>7} {'× Typer':>8} {'× python':>9}   aim")
    for case in CASES:
        own = times[case.title]
        to_empty, to_python = ratio(own, empty), ratio(own, python)
        aim = f"≤ {case.aim:g} × Typer{'' if to_empty <= case.aim else ', missed'}" if case.aim else ""
        print(f"{case.title:38} {statistics.median(own) * 1000:7.1f} {to_empty:8.2f} {to_python:9.2f}   {aim}".rstrip())


def ratio(own: list[float], other: list[float]) -> float:
    """The median of the ratios within each round, which a busy machine disturbs least."""
    return statistics.median(mine / theirs for mine, theirs in zip(own, other, strict=True))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
