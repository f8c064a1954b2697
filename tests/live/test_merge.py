"""Merging through a real Postfix with copies in a real Dovecot: killed at any moment and run again, each gets one."""

import random
import signal
import time
from collections import Counter
from email import message_from_bytes, policy

import pytest

from conftest import ok
from support.office import reach
from support.sending import started

pytestmark = pytest.mark.live

TEMPLATE = """+++
subject = "Relance {{ facture }}"
to = ["{{ nom }} <{{ courriel }}>"]

[variables.nom]
[variables.courriel]
type = "address"
[variables.facture]
[variables.montant]
type = "amount"
[variables.echeance]
type = "date"
+++
Bonjour {{ nom }},

la facture {{ facture }} de {{ montant | amount("EUR") }} était due le {{ echeance | date }}.
"""
ROWS = 40


@pytest.fixture
def contact(cli, store, mail, monkeypatch):
    """The account `contact` on the servers, and the template `relance`."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    ok(cli("account", "add", "contact", "--address", mail.address("contact"), *reach(mail)))
    folder = store / "templates"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "relance.md").write_text(TEMPLATE)
    (folder / "relance.md").chmod(0o600)


@pytest.fixture
def table(tmp_path, mail):
    """A table as Excel saves it in France, all its rows for one mailbox's sub-addresses."""
    rows = [
        f"Élodie n° {one};{mail.address('alice').replace('@', f'+{one}@')};F-{one};1 234,50;31/01/2026"
        for one in range(1, ROWS + 1)
    ]
    path = tmp_path / "clients.csv"
    path.write_bytes("\r\n".join(["Nom;Courriel;Facture;Montant;Échéance", *rows, ""]).encode("cp1252"))
    return path


def subjects(raws):
    return Counter(message_from_bytes(raw, policy=policy.default)["Subject"] for raw in raws)


def test_a_french_table_becomes_letters_with_their_copies(cli, mail, contact, table):
    done = ok(cli("merge", "relance", "--csv", table, "--limit", "3", "--json")).json
    assert (done["sent"], done["left"]) == (3, ROWS - 3)

    arrived = mail.await_messages("alice", 3)
    message = message_from_bytes(arrived[0], policy=policy.default)
    text = " ".join(message.get_body(("plain",)).get_content().replace("\u202f", " ").replace("\xa0", " ").split())
    assert "de 1 234,50 € était due le 31 janvier 2026." in text
    assert "Élodie n° " in message["To"]
    assert subjects(mail.messages("contact", "Sent")) == subjects(arrived)


def test_killed_at_random_and_run_again_each_gets_one(cli, mail, contact, table, home, monkeypatch):
    environ = {"CONTACT_PASSWORD": mail.password}
    chance = random.Random(7)
    for _ in range(6):
        process = started("mailctl", "merge", "relance", "--csv", str(table), body=b"", home=home, **environ)
        time.sleep(chance.uniform(0.3, 1.2))  # wherever it is by then
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)

    ok(cli("merge", "relance", "--csv", table))
    for _ in range(3):  # what was at hand when it was killed is looked for in Sent first
        cli("outbox", "flush")
    assert ok(cli("outbox", "list", "--json")).json == []

    expected = Counter({f"Relance F-{one}": 1 for one in range(1, ROWS + 1)})
    assert subjects(mail.await_messages("alice", ROWS)) == expected
    assert subjects(mail.messages("contact", "Sent")) == expected
