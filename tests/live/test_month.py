"""A month of a firm: mail of three clients filed by rule and by hand, answered, shared, shown, and handed over."""

import csv
import subprocess
from email import message_from_bytes, policy

import pytest

from conftest import LOGIN, ok
from support.mailservers import expect_ok
from support.office import reach
from support.workstation import commits, git

pytestmark = pytest.mark.live
LYON, NANTES, BREST = "2026-014", "DUR/Lycée Ampère/3", "2026-016"
TEMPLATE = """+++
subject = "{{ affair.title }}"
affair = "needed"

[variables.jour]
type = "date"
+++
Bonjour,

bien reçu pour l'affaire {{ affair.ref }} : réponse le {{ jour | date }}.
"""


def letter(number, sender, subject, *fields, to="contact@mail.test", text="Bonjour"):
    """A mail as it comes from outside."""
    head = [f"From: {sender}", f"To: {to}", f"Subject: {subject}", f"Date: Mon, {number:02} Mar 2026 10:00:00 +0100",
            f"Message-ID: <{number}@clients.example>", "Content-Type: text/plain; charset=utf-8", *fields]  # fmt: skip
    return "\r\n".join([*head, "", text, ""]).encode()


class Desk:
    """A workstation: a home of its own, with a store of its own."""

    def __init__(self, cli, home):
        self.cli = cli
        self.home = home
        self.store = home / "store"

    def __call__(self, *words, **more):
        return ok(self.cli(*words, MAILCTL_HOME=str(self.home), **more))

    def json(self, *words):
        return self(*words, "--json").json

    def filed(self, ref):
        """The Message-IDs of an affair's mail that came from clients."""
        found = {one["message_id"] for one in self.json("affair", "mails", ref)}
        return {one.removesuffix("@clients.example>").lstrip("<") for one in found if "clients.example" in one}

    def number(self, message):
        """The number of a client's mail in this machine's index."""
        found = [one["id"] for account in ("contact", "billing") for one in self.json("list", "-a", account)
                 if one["message_id"] == f"<{message}@clients.example>"]  # fmt: skip
        return found[0]


@pytest.fixture
def alice(cli, mail, tmp_path, monkeypatch):
    """The first workstation: two accounts, three affairs, a template, a store in git."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    desk = Desk(cli, tmp_path / "alice")
    desk("init", "--git", "--firm", "Durand")
    desk("collaborator", "add", "alice", "--name", "Alice Martin", "--email", "alice@mail.test", "--login", LOGIN,
         "--admin")  # fmt: skip
    for name in ("contact", "billing"):
        desk("account", "add", name, "--address", mail.address(name), "--grant", "alice:organize,send", *reach(mail))
    desk("affair", "add", LYON, "--title", "Halle de Lyon", "--client", "Ville de Lyon", "--client-domain",
         "lyon.example", "--responsible", "alice")  # fmt: skip
    desk("affair", "add", NANTES, "--title", "Lycée", "--client", "Nantes", "--client-address", "paul@nantes.example")
    desk("affair", "add", BREST, "--title", "Port", "--match", "from:chef@port.example", "--match",
         "from:paul@nantes.example")  # fmt: skip
    desk("template", "new", "recu", "--file", "-", input=TEMPLATE)
    return desk


@pytest.fixture
def bob(cli, alice, tmp_path):
    """The second workstation, which shares the store."""
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    git(alice.store, "remote", "add", "origin", str(bare))
    alice("store", "sync")
    desk = Desk(alice.cli, tmp_path / "bob")
    desk.home.mkdir(mode=0o700)
    subprocess.run(["git", "clone", "-q", str(bare), str(desk.store)], check=True)
    desk.store.chmod(0o700)
    return desk


def the_mail_comes(mail):
    """What three clients write to two accounts; one of them to both."""
    mail.deliver("contact", letter(1, "Anna <anna@lyon.example>", "Plans"))
    mail.deliver("contact", letter(2, "chef@port.example", "Quai"))
    mail.deliver("contact", letter(3, "Paul <paul@nantes.example>", "Devis"))
    mail.deliver("contact", letter(4, "Paul <paul@nantes.example>", "dur/lycee ampere/3 : devis"))
    mail.deliver("billing", letter(5, "compta@ailleurs.example", "Facture", text="Affaire 2026-014, merci"))
    for user in ("contact", "billing"):
        mail.deliver(user, letter(6, "anna@lyon.example", "Pour tous", to="contact@mail.test, billing@mail.test"))
    mail.deliver("billing", letter(7, "pub@pub.example", "2026-0145 % de remise"))


def seen_by_another_client(mail, user, folder):
    """The Message-IDs in a folder, as a plain client sees them."""
    with mail.imap(user) as box:
        expect_ok(box.select(f'"{folder}"', readonly=True))
        parts = expect_ok(box.fetch("1:*", "(BODY.PEEK[HEADER])"))
    return sorted(message_from_bytes(one[1])["Message-ID"] for one in parts if isinstance(one, tuple))


def test_a_month(mail, alice, bob, tmp_path):
    the_mail_comes(mail)
    results = alice.json("fetch")

    assert sum(one["filed"] for one in results) == 5
    assert (alice.filed(LYON), alice.filed(NANTES), alice.filed(BREST)) == ({"1", "5", "6"}, {"4"}, {"2"})
    assert commits(alice.store)[0].endswith("link 5 messages to 3 affairs")

    [waiting] = alice.json("affair", "inbox")
    assert {one["ref"] for one in waiting["candidates"]} == {NANTES, BREST}
    alice("affair", "link", BREST, waiting["id"])
    assert alice.filed(BREST) == {"2", "3"}

    alice("reply", alice.number(1), "--template", "recu", "--affair", LYON, "--var", "jour=2026-04-01")
    alice("fetch")
    answer = message_from_bytes(mail.messages("contact", "Sent")[0], policy=policy.default)
    assert answer["In-Reply-To"] == "<1@clients.example>"
    assert "affaire 2026-014" in answer.get_body(("plain",)).get_content()
    assert answer["Message-ID"] in {one["message_id"] for one in alice.json("affair", "mails", LYON)}

    the_store_is_shared(mail, alice, bob)
    the_affair_is_a_folder(mail, alice, bob)
    the_case_is_handed_over(bob, tmp_path / "case")


def the_store_is_shared(mail, alice, bob):
    """Both file while neither has the other's changes; then both have all of it, each link once."""
    alice("store", "sync")
    bob("fetch")
    mail.deliver("contact", letter(8, "anna@lyon.example", "Re: Plans", "In-Reply-To: <1@clients.example>"))
    bob("fetch")
    alice("fetch")
    alice("affair", "unlink", LYON, alice.number(6))

    bob("store", "sync")
    alice("store", "sync")
    bob("store", "sync")

    assert alice.filed(LYON) == bob.filed(LYON) == {"1", "5", "8"}
    assert bob.filed(BREST) == {"2", "3"}
    assert bob.json("affair", "auto") == alice.json("affair", "auto") == []


def the_affair_is_a_folder(mail, alice, bob):
    """Colleagues with another mail program see the affair, whichever workstation shows it, and each mail once."""
    for desk in (alice, bob):
        text = (desk.store / "store.toml").read_text()
        (desk.store / "store.toml").write_text(f'{text}\n[affairs]\nmirror = "folder"\n')
        desk("affair", "auto")
        desk("affair", "auto")

    copies = seen_by_another_client(mail, "contact", f"Affaires/{LYON}")
    assert copies == sorted(one["message_id"] for one in alice.json("affair", "mails", LYON, "-a", "contact"))
    assert seen_by_another_client(mail, "billing", f"Affaires/{LYON}") == ["<5@clients.example>"]
    assert len(seen_by_another_client(mail, "contact", "Affaires/DUR-Lyc&AOk-e Amp&AOg-re-3")) == 1


def the_case_is_handed_over(desk, folder):
    """The export holds every mail of the affair, and the sums beside it are right."""
    desk("affair", "export", LYON, str(folder))

    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    with (folder / "index.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(list(folder.rglob("*.eml"))) == len(desk.json("affair", "mails", LYON))
