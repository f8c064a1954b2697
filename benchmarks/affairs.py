"""What filing by the rules costs on a large mailbox and many affairs: rate and memory, as ratios to reading alone.

`python benchmarks/affairs.py 5` measures so many rounds; `--messages` and `--affairs` say how much there is.
It prints tables and never fails.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import startup
from mailctl.domain.reading import head_of
from mailctl.domain.searchable import searchable_of
from mailctl.local.index import Entry, Index
from mailctl.local.maildir import Maildir
from mailctl.local.words import enter_words
from mailctl.services.filing import Desk
from mailctl.services.opening import opened

ROUNDS, AT_ONCE, AIM_RATE = 5, 1000, 50_000
LINKED_EVERY = 4
KINDS = ("contact",) * 12 + ("subject",) * 6 + ("text",) + ("answer",) * 12 + ("none",) * 19
TEXT = "devis relance chantier réunion contrat dossier livraison règlement projet planning façade invoice team"
WORDS = TEXT.split()
COMMANDS = {
    "whoami": ["whoami"],
    "affair mails": ["affair", "mails", "2026-0001"],
    "affair list": ["affair", "list"],
    "affair auto --dry-run": ["affair", "auto", "--dry-run"],
}


def affairs(home: Path, count: int) -> None:
    """So many affairs, in a store where one may organize: each has a domain and two people, one in ten an exception."""
    account = home / "store/accounts/contact.toml"
    account.write_text(account.read_text().replace('"read"', '"organize"'))
    folder = home / "store/affairs"
    folder.mkdir(mode=0o700, exist_ok=True)
    for number in range(count):
        (folder / f"{ref(number)}.toml").write_text(
            f'title = "Affair {number}"\nmatch = ["domain:client{number}.example"]\n'
            + ('except = ["subject:newsletter"]\n' if number % 10 == 0 else "")
            + "".join(
                f'[[people]]\nname = "P"\naddress = "p{number}@office{number % 300 + place}.example"\n'
                for place in range(2)
            )
        )


def ref(number: int) -> str:
    """The reference of an affair."""
    return f"2026-{number:04}"


def message(number: int, many: int) -> bytes:
    """A message: from a client, from somebody involved, with a reference in its subject or text, an answer, or none."""
    dice = random.Random(number)
    affair = dice.randrange(2 * many)  # half of them are no affair's
    kind = KINDS[dice.randrange(len(KINDS))]
    sender = f"anna@client{affair}.example" if kind == "contact" else f"x{dice.randrange(5000)}@nowhere{affair}.example"
    subject = f"Re: {' '.join(dice.choices(WORDS, k=5))}{f' {ref(affair)}' if kind == 'subject' else ''}"
    text = " ".join(dice.choices(WORDS, k=80)) + (f" {ref(affair)}" if kind == "text" else "")
    answers = f"In-Reply-To: <{number - 3}@client.example>\n" if kind == "answer" else ""
    when = datetime.fromtimestamp(1600000000 + number * 700, UTC)
    return (
        f"From: Anna <{sender}>\nTo: contact@firm.example\n{answers}Subject: {subject}\n"
        f"Date: {when:%a, %d %b %Y %H:%M:%S} +0000\nMessage-ID: <{number}@client.example>\n\n{text}\n"
    ).encode()


def fill(home: Path, count: int, many: int) -> None:
    """Enter so many messages into an index; those with a reference in their text lie in the Maildir too."""
    maildir = Maildir(home / "data/mail", "contact", "INBOX")
    index = Index(home / "data/index.sqlite")
    folder = index.enter_folder("contact", "INBOX", "INBOX").id
    for start in range(0, count, AT_ONCE):
        raws = [message(number, many) for number in range(start, min(start + AT_ONCE, count))]
        heads = [head_of(raw) for raw in raws]
        with maildir.batch() as batch:
            entries = [
                Entry(uid=start + place + 1, flags=frozenset(), size=len(raw), head=head, received=received,
                      key=batch.add(raw, flags=frozenset(), received=received) if b"2026-" in raw.partition(b"\n\n")[2]
                      else f"{start + place}")
                for place, (raw, head) in enumerate(zip(raws, heads, strict=True))
                if (received := head.date or datetime.now(UTC))
            ]  # fmt: skip
        index.enter(folder, entries)
        ids = sorted(one.id for one in index.known(folder))[start:]
        enter_words(index, [(id, searchable_of(raw)) for id, raw in zip(ids, raws, strict=True)])
    index.close()


def link_some(home: Path, count: int, many: int) -> None:
    """Link one message in so many by hand, as the `.links` files have it."""
    lines: dict[int, list[str]] = {}
    for number in range(0, count, LINKED_EVERY):
        lines.setdefault(number // LINKED_EVERY % many, []).append(
            f"<{number}@client.example>\tcontact\talice\t2026-03-02T09:00:00Z\n"
        )
    for affair, own in lines.items():
        (home / f"store/affairs/{ref(affair)}.links").write_text("".join(sorted(own)))


def measured(home: Path) -> tuple[float, float, int, int]:
    """Seconds of the processor for reading, for deciding, how many messages were decided, and how many are filed."""
    ctx = opened(startup.environ(home), login=os.environ.get("USER") or "root", tell=lambda *_: None)
    desk = Desk(ctx, ("contact",))
    begin = time.process_time()
    waiting = desk.waiting()
    _ = desk.book
    hits = desk.with_references(0)
    read = time.process_time() - begin
    begin = time.process_time()
    found = desk.decided(waiting, hits)
    both = time.process_time() - begin
    return read, both, len(waiting), len(found.sure)


def main() -> int:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=ROUNDS)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--affairs", type=int, default=1000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mctl-") as folder:
        home = startup.home(Path(folder) / "large", 1)
        affairs(home, chosen.affairs)
        fill(home, chosen.messages, chosen.affairs)
        link_some(home, chosen.messages, chosen.affairs)
        deciding(home, chosen.rounds)
        commands(home, chosen.rounds)
    return 0


def deciding(home: Path, rounds: int) -> None:
    """The rules alone, as a rate and as a ratio to reading what they look at."""
    times = [measured(home) for _ in range(rounds + 1)][1:]  # the first round warms the caches
    _, _, count, filed = times[0]
    rate = statistics.median(count / both for _, both, *_ in times)
    ratio = statistics.median(both / read for read, both, *_ in times)
    missed = "" if rate >= AIM_RATE else ", missed"
    print(
        f"{count} messages, {filed} filed: {rate:,.0f} messages a second of the processor   aim ≥ {AIM_RATE:,}{missed}"
    )
    print(f"deciding, as a ratio to reading the index and the links once: {ratio:.2f}")


def commands(home: Path, rounds: int) -> None:
    """Whole commands: time as a ratio to `whoami`, and memory beyond it."""
    took: dict[str, list[float]] = {title: [] for title in COMMANDS}
    for number in range(rounds + 1):
        for title, words in COMMANDS.items():
            once = startup.seconds([startup.MAILCTL, *words], startup.environ(home))
            if number:  # the first round warms the caches
                took[title].append(once)
    memory = {title: peak_of(words, startup.environ(home)) for title, words in COMMANDS.items()}
    for title, own in took.items():
        ratio = startup.ratio(own, took["whoami"])
        beyond = (memory[title] - memory["whoami"]) >> 10
        print(f"{title:24} {statistics.median(own) * 1000:8.1f} ms {ratio:7.2f}   {beyond:4} MiB more than whoami")


def peak_of(command: list[str], environ: dict[str, str]) -> int:
    """The memory of a command at its highest, in KiB, as the system says at its end: without that of who starts it."""
    tell = "import re; print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1], file=sys.stderr)"
    program = f"import sys; from mailctl.cli.main import main; main(sys.argv[1:]); {tell}"
    done = subprocess.run(
        [sys.executable, "-c", program, *command], env=environ, capture_output=True, text=True, check=False
    )
    return int(done.stderr.split()[-1])


if __name__ == "__main__":
    sys.exit(main())
