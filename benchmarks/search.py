"""What `list` and `search` cost on a large mailbox, as ratios to `whoami`; and against notmuch and the server's SEARCH.

`python benchmarks/search.py 15` measures so many interleaved rounds; `--messages 100000` says how large the mailbox is,
`--peers 10000` how many messages notmuch and Dovecot are given (0 leaves them out). It prints tables and never fails.
"""

import argparse
import compileall
import imaplib
import os
import random
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import startup

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from mailctl.domain.reading import head_of  # noqa: E402 - as the benchmark is run
from mailctl.domain.searchable import searchable_of  # noqa: E402
from mailctl.local.index import Entry, Index  # noqa: E402
from mailctl.local.maildir import Maildir  # noqa: E402
from mailctl.local.words import enter_words  # noqa: E402

ROUNDS, AIM, AT_ONCE = 11, 1.5, 1000
RARE, RARE_EVERY, COMMON = "zanzibar", 500, "facture"
TEXT = """
facture devis relance chantier réunion contrat dossier client livraison délai règlement projet équipe planning
budget réponse affaire avenant invoice meeting delivery deadline payment contract project team answer tomorrow
please find attached regards thanks report figures quarter Zürich über größe façade the of and to in is for on
"""
WORDS = TEXT.split()
CASES = {
    "whoami": ["whoami"],
    "list": ["list"],
    "list --unread": ["list", "--unread"],
    "list --thread": ["list", "--thread"],
    "search, a rare word": ["search", RARE],
    "search, a common word": ["search", COMMON],
    "search, field and date": ["search", "from:jürgen after:2021 before:2022"],
    "search, two words and not a third": ["search", f"{COMMON} devis -{RARE}"],
    "read": ["read", "1", "--no-mark"],
}


def message(number: int) -> bytes:
    """A message that is always the same; each third one answers the one before."""
    dice = random.Random(number)
    text = "\n".join(" ".join(dice.choices(WORDS, k=12)) for _ in range(dice.randint(4, 30)))
    when = datetime.fromtimestamp(1600000000 + number * 700, UTC)
    answers = f"References: <{number - 1}@client.example>\n" if number % 3 == 2 else ""
    return (
        f"From: Jürgen {number % 50} <j{number % 50}@client.example>\nTo: contact@firm.example\n{answers}"
        f"Subject: {' '.join(dice.choices(WORDS, k=5))} {number}\nDate: {when:%a, %d %b %Y %H:%M:%S} +0000\n"
        f"Message-ID: <{number}@client.example>\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        f"{RARE if number % RARE_EVERY == 0 else ''}\n"
    ).encode()


def fill(home: Path, count: int, *, files: bool) -> float:
    """Enter so many messages into an index, and lay them into its Maildir; gives the seconds that their words took."""
    index = Index(home / "data/index.sqlite")
    maildir = Maildir(home / "data/mail", "contact", "INBOX")
    folder = index.enter_folder("contact", "INBOX", "INBOX").id
    took = 0.0
    for start in range(0, count, AT_ONCE):
        raws = [message(number) for number in range(start, min(start + AT_ONCE, count))]
        with maildir.batch() as batch:
            entries = [
                Entry(uid=start + place + 1, key=batch.add(raw, flags=flags, received=received) if files or not place
                      else f"{start + place}", flags=flags, size=len(raw), received=received, head=head)
                for place, raw in enumerate(raws)
                if (head := head_of(raw)) and (received := head.date or datetime.now(UTC))
                and (flags := frozenset({"\\Seen"} if place % 10 else {"\\Flagged"}))
            ]  # fmt: skip
        index.enter(folder, entries)
        ids = sorted(one.id for one in index.known(folder))[start:]
        begin = time.perf_counter()
        enter_words(index, [(id, searchable_of(raw)) for id, raw in zip(ids, raws, strict=True)])
        took += time.perf_counter() - begin
    index.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    index.close()
    return took


def main() -> int:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=ROUNDS)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--peers", type=int, default=10_000)
    chosen = parser.parse_args()
    compileall.compile_dir(sysconfig.get_path("purelib"), quiet=2)
    compileall.compile_dir(HERE.parent / "src", quiet=2)
    with tempfile.TemporaryDirectory(prefix="mctl-") as folder:
        large = startup.home(Path(folder) / "large", 1)
        took = fill(large, chosen.messages, files=False)
        size = (large / "data/index.sqlite").stat().st_size
        print(f"{chosen.messages} messages: an index of {size >> 20} MiB; their words took {took:.1f} s")
        report(timed({title: [startup.MAILCTL, *words] for title, words in CASES.items()}, large, chosen.rounds))
        if chosen.peers:
            peers(Path(folder), chosen.peers, chosen.rounds)
    return 0


def timed(commands: dict[str, list[str]], home: Path, rounds: int, **environ: str) -> dict[str, list[float]]:
    """How long each command takes in each round."""
    times: dict[str, list[float]] = {title: [] for title in commands}
    for number in range(rounds + 1):
        for title, command in commands.items():
            took = startup.seconds(command, startup.environ(home) | environ)
            if number:  # the first round warms the caches
                times[title].append(took)
    return times


def report(times: dict[str, list[float]]) -> None:
    """The table: medians, and medians of each round's own ratios to the first."""
    first = next(iter(times.values()))
    for title, own in times.items():
        ratio = startup.ratio(own, first)
        aim = f"   aim ≤ {AIM:g}{'' if ratio <= AIM else ', missed'}" if own is not first and title in CASES else ""
        print(f"{title:36} {statistics.median(own) * 1000:7.1f} ms {ratio:6.2f}{aim}")


def peers(folder: Path, count: int, rounds: int) -> None:
    """The same mail for mailctl, notmuch and a server."""
    home = startup.home(folder / "peers", 1)
    took = fill(home, count, files=True)
    mail = home / "data/mail/contact/INBOX"
    print(f"\n{count} messages in a Maildir; mailctl's words took {took:.1f} s", end="")
    commands = {f"mailctl search {word}": [startup.MAILCTL, "search", word] for word in (RARE, COMMON)}
    commands |= {"mailctl list": [startup.MAILCTL, "list"], "mailctl read": [startup.MAILCTL, *CASES["read"]]}
    config = folder / "notmuch"
    if shutil.which("notmuch"):
        config.write_text(f"[database]\npath={home / 'data/mail'}\n[new]\nignore=\n[search]\nexclude_tags=\n")
        begin = time.perf_counter()
        subprocess.run(
            ["notmuch", "new"], env=os.environ | {"NOTMUCH_CONFIG": str(config)}, capture_output=True, check=True
        )
        print(f", notmuch new {time.perf_counter() - begin:.1f} s", end="")
        commands |= {f"notmuch search {word}": ["notmuch", "search", "--limit=50", word] for word in (RARE, COMMON)}
        commands |= {"notmuch search, as a list": ["notmuch", "search", "--limit=50", "*"]}
        commands |= {"notmuch show": ["notmuch", "show", "--format=text", "id:0@client.example"]}
    print()
    report(timed(commands, home, rounds, NOTMUCH_CONFIG=str(config)))
    with server(mail) as box:
        for word in (RARE, COMMON):
            took = min(asked(box, word) for _ in range(3))
            print(f"{'the server, SEARCH TEXT ' + word:36} {took * 1000:7.1f} ms, connected already")
        took = min(listed(box, count) for _ in range(3))
        print(f"{'the server, 50 headers':36} {took * 1000:7.1f} ms, connected already")


def asked(box: imaplib.IMAP4, word: str) -> float:
    """How long a server searches."""
    begin = time.perf_counter()
    box.uid("SEARCH", "TEXT", word)
    return time.perf_counter() - begin


def listed(box: imaplib.IMAP4, count: int) -> float:
    """How long a server takes for a list of the newest."""
    begin = time.perf_counter()
    box.fetch(f"{max(count - 49, 1)}:*", "(UID FLAGS INTERNALDATE BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)])")
    return time.perf_counter() - begin


@contextmanager
def server(mail: Path) -> Iterator[imaplib.IMAP4]:
    """The tests' own Dovecot, a Maildir as its inbox."""
    from support import rig

    home = rig.make_home()
    keeper = rig.keeper(home)
    try:
        ports = rig.start(home)
        inbox = home / "mail/alice/Maildir"
        shutil.copytree(mail, inbox)
        if rig.IS_ROOT:
            subprocess.run(["chown", "-R", "mail:mail", home / "mail/alice"], check=True)
        with imaplib.IMAP4("localhost", ports["IMAP"]) as box:
            box.login("alice", rig.PASSWORD)
            box.select("INBOX", readonly=True)
            yield box
    finally:
        keeper.communicate(timeout=60)


if __name__ == "__main__":
    sys.exit(main())
