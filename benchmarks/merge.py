"""What a merge costs beside its parts: Jinja2 alone fills the rows, and the outbox alone takes messages of that size.

`python benchmarks/merge.py 5` measures so many rounds, of `--rows` rows. It prints, and never fails.
"""

import argparse
import csv
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from jinja2.sandbox import ImmutableSandboxedEnvironment

import startup
from affairs import peak_of
from mailctl.domain.outgoing import Entry
from mailctl.local.entering import enter
from mailctl.local.outbox import Outbox

ROUNDS, ROWS, BATCH, AIM = 3, 10_000, 100, 1.3
BODY = """Bonjour {{ nom }},

la facture **{{ facture }}** de {{ montant }} était due le {{ echeance }}.

- Référence : {{ facture }}
- Échéance : {{ echeance }}

{% if montant != "0" %}Merci de la régler sous huit jours.{% endif %}
"""
TEMPLATE = f"""+++
subject = "Relance {{{{ facture }}}}"
to = ["{{{{ nom }}}} <{{{{ courriel }}}}>"]

[variables.nom]
[variables.courriel]
type = "address"
[variables.facture]
[variables.montant]
[variables.echeance]
+++
{BODY}"""
COLUMNS = ("nom", "courriel", "facture", "montant", "echeance")


def rows(count: int) -> list[tuple[str, ...]]:
    """So many rows."""
    return [
        (f"Personne {one}", f"p{one}@client.example", f"F-{one}", f"{one},50 €", "31 janvier 2026")
        for one in range(count)
    ]


def made(home: Path, count: int) -> Path:
    """The template in a store, and the table."""
    folder = home / "store/templates"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / "relance.md"
    path.write_text(TEMPLATE)
    path.chmod(0o600)
    account = home / "store/accounts/contact.toml"
    account.write_text(account.read_text().replace('"read"', '"send"'))
    table = home / "rows.csv"
    with table.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows(rows(count))
    return table


def merged(home: Path, table: Path) -> tuple[float, int]:
    """Seconds of a whole `merge --queue`, and its memory at the highest, in KiB."""
    command = ["merge", "relance", "--csv", str(table), "-a", "contact", "--queue", "--yes"]
    begin = time.perf_counter()
    peak = peak_of(command, startup.environ(home))
    return time.perf_counter() - begin, peak


def filled(found: list[tuple[str, ...]]) -> float:
    """Seconds for which Jinja2 alone fills the subject, the recipient and the text of every row."""
    environment = ImmutableSandboxedEnvironment()
    texts = [environment.from_string(text) for text in ("Relance {{ facture }}", "{{ nom }} <{{ courriel }}>", BODY)]
    begin = time.perf_counter()
    for row in found:
        values = dict(zip(COLUMNS, row, strict=True))
        for text in texts:
            text.render(values)
    return time.perf_counter() - begin


def queued(home: Path, raws: list[bytes]) -> float:
    """Seconds for which the outbox alone takes messages."""
    outbox = Outbox(home / "alone")
    now = datetime.now(UTC)
    begin = time.perf_counter()
    for start in range(0, len(raws), BATCH):
        coming = [
            (
                Entry(
                    account="contact",
                    message_id="<1@firm.example>",
                    subject="Relance",
                    sender="contact@firm.example",
                    recipients=("p@client.example",),
                    size=len(raw),
                    created=now,
                    next_attempt=now,
                ),
                raw,
            )
            for raw in raws[start : start + BATCH]
        ]
        enter(outbox, coming).release_all()
    return time.perf_counter() - begin


def main() -> int:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=ROUNDS)
    parser.add_argument("--rows", type=int, default=ROWS)
    chosen = parser.parse_args()
    ratios, rates, peaks, parts = [], [], [], []
    with tempfile.TemporaryDirectory(prefix="mctl-") as folder:
        home = startup.home(Path(folder) / "merge", 1)
        table, found = made(home, chosen.rows), rows(chosen.rows)
        for _ in range(chosen.rounds):
            took, peak = merged(home, table)
            raws = [path.read_bytes() for path in (home / "state/outbox").glob("*/message.eml")]
            fill, queue = filled(found), queued(home, raws)
            ratios.append(took / (fill + queue))
            rates.append(len(raws) / took)
            peaks.append(peak)
            parts.append((fill, queue, took))
            for place in ("state", "alone"):
                shutil.rmtree(home / place)
            subprocess.run(["sync"], check=False)
    fill, queue, took = (statistics.median(column) for column in zip(*parts, strict=True))
    ratio = statistics.median(ratios)
    missed = "" if ratio <= AIM else ", missed"
    rate, memory = statistics.median(rates), max(peaks) >> 10
    print(f"merge --queue of {chosen.rows} rows: {took:.2f} s, {rate:,.0f} a second, {memory} MiB")
    print(f"Jinja2 alone {fill:.2f} s, the outbox alone {queue:.2f} s; merge to both {ratio:.2f}   aim ≤ {AIM}{missed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
