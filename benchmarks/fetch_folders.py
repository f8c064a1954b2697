"""What a mailbox of many folders costs with new mail in each: over one connection and over several, beside mbsync.

`python benchmarks/fetch_folders.py --folders 40 --messages 20 --rounds 5`; the server is 20 ms away, with `near` it is
not. Each way to fetch has a mirror of its own, and fetches the same mail.
"""

import argparse
import os
import pwd
import subprocess
import sys

import fetch
from fetch import BIN, USER, Bench, Program, measure, rig

CONNECTIONS = (1, 2, 4)


def lay(bench: Bench, folders: int, messages: int, turn: int) -> None:
    """Lay so many more messages into each of so many folders, as files."""
    owner = pwd.getpwnam("mail") if rig.IS_ROOT else pwd.getpwuid(os.getuid())
    number = turn * folders * messages
    for folder in range(folders):
        box = bench.maildir / f".Project {folder:02}"
        for name in ("tmp", "new", "cur"):
            (box / name).mkdir(parents=True, exist_ok=True)
        for number in range(number + 1, number + messages + 1):  # noqa: B020 - goes on where the last folder ended
            raw = fetch.message(8 * number + 1)  # one without an attachment
            name = f"{1767600000 + number}.M{number:07}P1.bench,S={len(raw)},W={len(raw) + raw.count(bytes([10]))}"
            (box / "tmp" / name).write_bytes(raw)
            (box / "tmp" / name).rename(box / "cur" / f"{name}:2,S")
    if rig.IS_ROOT:
        subprocess.run(["chown", "-R", f"{owner.pw_uid}:{owner.pw_gid}", bench.home / "mail" / USER], check=True)


def programs(bench: Bench) -> list[Program]:
    """mbsync over all folders, and mailctl over each number of connections."""
    found = [one for one in fetch.provision(bench) if one.title == "mbsync"]
    for file in bench.root.glob("*.rc"):
        file.write_text(file.read_text().replace("Patterns INBOX", "Patterns *"))
    for count in CONNECTIONS:
        home = bench.root / f"home{count}"
        subprocess.run(["cp", "-a", bench.root / "home", home], check=True)
        command = ["env", f"MAILCTL_HOME={home}", str(BIN / "mailctl")]
        subprocess.run([*command, "account", "set", "contact", f"connections={count}"], env=bench.environ, check=True)
        found.append(Program(f"mailctl fetch, {count} at once", [*command, "fetch"], home / "data"))
    return found


def main() -> int:
    """Measure, print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("near", nargs="?", choices=["near"])
    words.add_argument("--folders", type=int, default=40)
    words.add_argument("--messages", type=int, default=20)
    words.add_argument("--rounds", type=int, default=5)
    chosen = words.parse_args()
    subprocess.run(["sh", str(fetch.HERE.parent / "tools/apt"), "isync"], check=True)
    with fetch.server() as bench:
        if chosen.near:
            compare(bench, chosen.folders, chosen.messages, chosen.rounds)
        else:
            with fetch.far_away(bench) as distant:
                compare(distant, chosen.folders, chosen.messages, chosen.rounds)
    return 0


def compare(bench: Bench, folders: int, messages: int, rounds: int) -> None:
    """The first fetch, and new mail in all folders."""
    far = f", {fetch.ROUND_TRIP} ms" if bench.port != bench.near_port else ""
    lay(bench, folders, messages, 0)
    chosen = programs(bench)
    measure(bench, f"{folders} folders of {messages}{far}", chosen, rounds, fetch.void, fresh=True)
    for one in chosen:
        fetch.run(bench, one)
    measure(
        bench,
        f"{messages} new in each of {folders}{far}",
        chosen,
        rounds,
        lambda turn: lay(bench, folders, messages, turn + 1),
    )


if __name__ == "__main__":
    sys.exit(main())
