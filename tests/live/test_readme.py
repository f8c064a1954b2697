"""The README's quick start works as it is written: its commands, on the tests' servers."""

import shlex
from pathlib import Path

import pytest

from conftest import LOGIN, ok
from support import memory_keyring

pytestmark = pytest.mark.live

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(autouse=True)
def keyring(monkeypatch):
    """The memory keyring, empty."""
    memory_keyring.kept.clear()
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", memory_keyring.NAME)


def commands(text: str, mail) -> list[list[str]]:
    """The commands of the quick start; of a firm, hosts and a login that exist here."""
    section = text.partition("## Quick start")[2].partition("\n## ")[0].replace("\\\n", " ")
    there = {
        "imap.firm.example": f"{mail.host} --imap-port {mail.imaps_port} --ca-file {mail.ca_file}",
        "smtp.firm.example": f"{mail.host} --smtp-port {mail.smtps_port} --smtp-security tls",
        "townhall@firm.example": mail.address("watch"),
        "anna@client.example": mail.address("contact"),
        "firm.example": mail.domain,
        '"$USER"': LOGIN,
    }
    lines = [line.removeprefix("$ ") for line in section.splitlines() if line.startswith("$ mailctl ")]
    for written, here in there.items():
        lines = [line.replace(written, here) for line in lines]
    return [shlex.split(line, comments=True)[1:] for line in lines]


def test_the_quick_start_works_as_written(cli, mail, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("plans.pdf").write_bytes(b"%PDF-1.4\n")
    Path("clients.csv").write_text(f"email;objet\n{mail.address('contact')};Devis\n")
    mail.deliver("watch", b"Subject: Permit\r\n\r\nGranted.\r\n")
    shown = {}

    for words in commands(README.read_text(), mail):
        given = "Dear Anna\n" if words[0] == "send" else f"{mail.password}\n"
        if words[0] == "fetch":
            mail.await_messages("contact")
        shown[words[0]] = ok(cli(*[word for word in words if word not in ("<", "letter.txt")], input=given))

    assert shown["merge"].err == "1 sent\n"
    assert "Plans" in shown["affair"].out
    assert "Plans" in shown["list"].out
    assert "Dear Anna" in shown["read"].out
    assert shown["checker"].rows[0][:3] == ["townhall", "ok", "1"]
