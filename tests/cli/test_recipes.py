"""docs/recipes.md is run as it stands: its script builds a firm of fifty accounts, again and from elsewhere too."""

import csv
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from support.workstation import git

RECIPES = Path(__file__).parents[2] / "docs/recipes.md"
FILES = {"people.toml": "toml", "mailboxes.csv": "csv", "signature.txt": "text", "provision.sh": "sh"}


def block(name: str) -> str:
    """The code block that follows the first mention of a file."""
    text = RECIPES.read_text()
    found = re.search(rf"^`{re.escape(name)}`.*?^```{FILES[name]}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert found, name
    return found[1]


def shell(section: str) -> list[str]:
    """The commands in the sh blocks of a section."""
    text = RECIPES.read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return [
        line
        for found in re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        for line in found.splitlines()
    ]


class Machine:
    """A machine with a folder of the firm's files and a store of its own."""

    def __init__(self, home: Path, office: Path) -> None:
        self.home, self.office = home, office
        self.store = home / "store"
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environ = {"PATH": path, "HOME": str(home), "MAILCTL_HOME": str(home), "LC_ALL": "C.UTF-8"}
        home.mkdir()

    def run(self, *words: str, status: int = 0) -> str:
        done = subprocess.run(
            words,
            cwd=self.office,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == status, done.stderr
        return done.stdout

    def provision(self) -> None:
        self.run("sh", "provision.sh", str(self.office.parent / "hub.git"))

    def commits(self) -> list[str]:
        return git(self.store, "log", "--format=%s").splitlines()


@pytest.fixture
def office(tmp_path):
    """The recipe's files, its firm grown to fifty accounts; and an empty repository."""
    folder = tmp_path / "office"
    folder.mkdir()
    for name in FILES:
        (folder / name).write_text(block(name))
    with (folder / "people.toml").open("a") as people, (folder / "mailboxes.csv").open("a") as sheet:
        rows = csv.writer(sheet, lineterminator="\n")
        for number in range(40):
            people.write(
                f'\n[collaborators.c{number}]\nname = "Collaborator {number}"\nemail = "c{number}@firm.example"\n'
            )
            rows.writerow([f"c{number}@firm.example", f"Collaborator {number}", f"c{number}", "alice: read"])
        for number in range(7):
            rows.writerow([f"site{number}@firm.example", f"Site {number}", "", f"c{number}: organize, send"])
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", tmp_path / "hub.git"], check=True)
    return folder


def test_the_script_is_about_twenty_lines():
    lines = [line for line in block("provision.sh").splitlines() if line and not line.startswith("#")]

    assert len(lines) <= 20


def test_it_builds_a_firm_of_fifty_and_is_safe_to_run_again(tmp_path, office):
    here, there = Machine(tmp_path / "here", office), Machine(tmp_path / "there", office)

    here.provision()
    built = {path.relative_to(here.store): path.read_bytes() for path in here.store.rglob("*.toml")}
    commits = here.commits()
    here.provision()
    there.provision()

    assert len(list((here.store / "accounts").glob("*.toml"))) == 50
    assert {path.relative_to(here.store): path.read_bytes() for path in here.store.rglob("*.toml")} == built
    assert here.commits() == there.commits() == commits
    contact = tomllib.loads((there.store / "accounts/contact.toml").read_text())
    assert contact["rights"] == {"alice": ["organize", "send"], "bob": ["read"]}
    assert contact["signature"]["text"] == block("signature.txt")
    assert there.run("mailctl", "signature", "show", "contact", "--as", "alice").splitlines() == [
        "Alice Martin", "Architecte", "Atelier Durand · contact@firm.example",
    ]  # fmt: skip


def test_what_the_spreadsheet_changes_reaches_the_other_machine(tmp_path, office):
    here, there = Machine(tmp_path / "here", office), Machine(tmp_path / "there", office)
    here.provision()
    there.provision()
    sheet = office / "mailboxes.csv"
    sheet.write_text(sheet.read_text().replace("bob: read", "bob: read, send") + "new@firm.example,New,,\n")

    there.provision()
    here.run("mailctl", "store", "sync")

    assert len(there.run("mailctl", "account", "list").splitlines()) == 51
    assert here.run("mailctl", "rights", "check", "contact", "send", "-c", "bob") == "yes\n"


def test_a_mistake_in_the_spreadsheet_stops_it_with_nothing_half_done(tmp_path, office):
    here = Machine(tmp_path / "here", office)
    (office / "mailboxes.csv").write_text(block("mailboxes.csv") + "broken@firm.example,X,nobody,\n")

    here.run("sh", "provision.sh", str(tmp_path / "hub.git"), status=65)

    assert list((here.store / "accounts").glob("*.toml")) == []


def test_the_leaver_and_the_review_work_as_written(tmp_path, office):
    here = Machine(tmp_path / "here", office)
    (office / "mailboxes.csv").write_text(block("mailboxes.csv"))
    here.provision()
    review = shell("The yearly review of rights")
    plan, leave, _ = shell("Somebody leaves")

    here.run("sh", "-c", review[0])
    why = here.run("sh", "-c", review[1])
    here.run("sh", "-c", plan, status=1)
    here.run("sh", "-c", leave)

    with (office / "rights.csv").open() as file:
        found = {(row["account"], row["collaborator"], row["right"]): row["change"] for row in csv.DictReader(file)}
    assert found["contact", "alice", "read"] == "import accounts from mailboxes.csv"
    assert "organize holds read" in why
    assert tomllib.loads((here.store / "accounts/billing.toml").read_text())["rights"] == {"alice": ["manage"]}
