"""The folder of files: private, read no further than needed, written whole or not at all, whoever dies meanwhile."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import ok

# Ends like kill -9 at the n-th thing that is done to a file of the store: opened, renamed, removed, made, or synced.
DIE = """
import os, sys
root, left = sys.argv[1], int(sys.argv[2])
def step():
    global left
    left -= 1
    if left < 0:
        os._exit(9)
def watch(event, arguments):
    if event in ("open", "os.rename", "os.remove", "os.mkdir") and str(arguments[0]).startswith(root):
        step()
real = os.fsync
def fsync(descriptor):
    step()
    real(descriptor)
os.fsync = fsync
from mailctl.cli.main import main
sys.addaudithook(watch)
sys.exit(main(sys.argv[3:]))
"""
SET = """
import sys
from mailctl.cli.main import main
for number in range(int(sys.argv[2])):
    status = main(["-q", "account", "set", "contact", f"rights.{sys.argv[1]}{number}=read"])
    if status:
        sys.exit(status)
"""
FULL = """
import resource, signal, sys
from mailctl.cli.main import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
sys.exit(main(sys.argv[1:]))
"""
OPENED = """
import sys
from mailctl.cli.main import main
def watch(event, arguments):
    if event == "open" and str(arguments[0]).endswith(".toml"):
        print(str(arguments[0]), file=sys.stderr)
sys.addaudithook(watch)
main(sys.argv[1:])
"""


def contents(store):
    """What is in the store's files, those that mailctl keeps beside them left out."""
    return {
        str(path.relative_to(store)): path.read_bytes()
        for path in store.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(store).parts)
    }


def run(script, *words):
    return subprocess.run([sys.executable, "-c", script, *map(str, words)], check=False, capture_output=True, text=True)


# -- private


def test_all_that_is_made_is_its_owners_only(cli, firm):
    ok(cli("account", "set", "contact", "notes=x"))

    for path in [firm, *firm.rglob("*")]:
        if ".schemas" not in path.relative_to(firm).parts[:1]:
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_file_that_others_may_read_is_written_anew_for_its_owner_only(cli, firm):
    (firm / "accounts/contact.toml").chmod(0o644)

    ok(cli("account", "set", "contact", "notes=x"))

    assert stat.S_IMODE((firm / "accounts/contact.toml").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o020, 0o002])
@pytest.mark.parametrize("path", [".", "accounts", "store.toml", "accounts/contact.toml"])
def test_what_others_may_write_is_refused_with_the_command_that_changes_it(cli, firm, path, mode):
    place = firm / path
    place.chmod(place.stat().st_mode | mode)

    ran = cli("account", "show", "contact")

    assert ran.status == 78
    assert "others may write it" in ran.err
    command = ran.err.splitlines()[1].removeprefix("hint: ")
    subprocess.run(command.split(), check=True)
    ok(cli("account", "show", "contact"))


def make(kind, path):
    path.unlink()
    match kind:
        case "pipe":
            os.mkfifo(path, 0o600)
        case "folder":
            path.mkdir(mode=0o700)
        case "loop":
            path.symlink_to(path)
        case "device":
            path.symlink_to("/dev/null")
        case "large":
            path.write_bytes(b"#" * 1_000_001)
            path.chmod(0o600)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("pipe", "is no file"),
        ("folder", "is no file"),
        ("loop", "cannot be read: too many levels of symbolic links"),
        ("device", "is no file"),
        ("large", "larger than 1000000 bytes"),
    ],
)
def test_what_is_no_file_is_refused_without_waiting_and_breaks_no_other(cli, firm, kind, said):
    make(kind, firm / "accounts/contact.toml")

    shown = cli("account", "show", "contact")
    others = cli("account", "list")

    assert shown.status == 78
    assert shown.err.startswith(f"mailctl: error: accounts/contact.toml: {said}")
    assert len(shown.err.splitlines()) == 2
    assert [row[0] for row in ok(others).rows] == ["billing", "carol", "watch"]
    assert "warning: accounts/contact.toml" in others.err


@pytest.mark.parametrize("name", ["../store", ".hidden", "a/b", "", "a\nb", "x" * 300, "\ud800"])
def test_a_name_that_leads_elsewhere_is_no_account(cli, firm, name):
    ran = cli("account", "show", name)

    assert ran.status == 67
    assert len(ran.err.splitlines()) == 2


@pytest.mark.parametrize("kind", ["a file", "under a file"])
def test_where_no_folder_can_be_no_store_is_made(cli, tmp_path, kind):
    (tmp_path / "taken").write_text("x")
    place = tmp_path / "taken" if kind == "a file" else tmp_path / "taken/store"

    ran = cli("--store", place, "init")

    assert ran.status in (73, 74)
    assert len(ran.err.splitlines()) == 2
    assert (tmp_path / "taken").read_text() == "x"


# -- read no further than needed


def test_one_account_opens_one_account_file(firm):
    done = run(OPENED, "account", "set", "contact", "notes=x")

    opened = {line for line in done.stderr.splitlines() if line.endswith(".toml") and "/accounts/" in line}
    assert {line.rpartition("/")[2] for line in opened if not line.rpartition("/")[2].startswith(".")} == {
        "contact.toml"
    }


def test_what_is_told_of_a_wrong_name_opens_no_account(firm):
    done = run(OPENED, "account", "show", "contcat")

    assert "did you mean 'contact'" in done.stderr
    assert "/accounts/c" not in done.stderr.replace("/accounts/contcat.toml", "")


# -- written by hand or by mailctl


def test_comments_are_kept_aside_and_it_is_said_where(cli, firm):
    contact = firm / "accounts/contact.toml"
    former = contact.read_text() + "# ask Bob before changing this\n"
    contact.write_text(former)

    ran = ok(cli("account", "set", "contact", "notes=x"))

    assert "#" not in contact.read_text().partition("\n")[2]
    [warning] = [line for line in ran.err.splitlines() if "warning" in line]
    place = warning.rpartition(" ")[2]
    assert warning.startswith("mailctl: warning: accounts/contact.toml: its comments are gone")
    assert Path(place).read_text() == former
    assert "warning" not in ok(cli("account", "set", "contact", "notes=y")).err


def test_a_change_of_one_key_is_a_change_of_one_line(cli, firm):
    contact = firm / "accounts/contact.toml"
    before = contact.read_text().splitlines()

    ok(cli("account", "set", "contact", "display_name=Office"))

    after = contact.read_text().splitlines()
    assert [line for line in after if line not in before] == ['display_name = "Office"']
    assert [line for line in before if line not in after] == ['display_name = "Firm"']


def test_what_was_set_and_unset_leaves_the_file_as_it_was(cli, firm):
    contact = firm / "accounts/contact.toml"
    before = contact.read_bytes()

    ok(cli("account", "set", "contact", "notes=x", "incoming.port=993"))
    ok(cli("account", "unset", "contact", "notes"))
    ok(cli("account", "set", "contact", "incoming.port=1"))

    assert contact.read_bytes() == before


# -- whole or not at all


def test_killed_at_any_step_of_a_change_of_several_files_the_store_is_the_old_or_the_new(cli, firm):
    ok(cli("apply", "-", input='[store]\ndefault_account = "contact"\nadministrators = ["root"]\n'))
    ok(cli("collaborator", "set", "bob", "default_account=contact"))
    old = contents(firm)
    new, steps = None, 0
    while new is None:
        done = run(DIE, firm, steps, "-q", "account", "rename", "contact", "office")
        ok(cli("-q", "account", "list"))
        now = contents(firm)
        if now == old:
            assert done.returncode == 9, done.stderr
            steps += 1
            continue
        new = now
        assert "accounts/office.toml" in new
        assert "accounts/contact.toml" not in new
        assert b'default_account = "office"' in new["store.toml"]
        assert b'default_account = "office"' in new["collaborators/bob.toml"]
        assert cli("store", "check").status == 0
        if done.returncode == 9:  # the journal stood already; what follows changes nothing more
            for later in range(steps + 1, 200):
                ok(cli("-q", "account", "rename", "office", "contact"))
                done = run(DIE, firm, later, "-q", "account", "rename", "contact", "office")
                ok(cli("-q", "account", "list"))
                assert contents(firm) == new
                if done.returncode == 0:
                    break

    assert done.returncode == 0
    assert steps > 10
    assert not (firm / ".journal").exists()


def test_a_full_disk_leaves_the_old_store_and_exit_74(cli, firm, home):
    before = contents(firm)
    note = home / "data/renamed.json"  # which mail has to follow is noted before the store changes
    store = [f"mailctl: error: {firm}: cannot be written: File too large", "hint: free some space and try again"]

    for words, said in (
        (("account", "set", "contact", "notes=x"), store),
        (("account", "rename", "contact", "office"),
         [f"mailctl: error: {note}: File too large", f"hint: ls -ld {note}"]),
        (("collaborator", "add", "dan", "--name", "Dan", "--email", "d@firm.example"), store),
    ):  # fmt: skip
        done = run(FULL, *words)

        assert done.returncode == 74
        assert done.stderr.splitlines()[-2:] == said
        assert contents(firm) == before
    assert not [path for path in (firm / "accounts").iterdir() if path.name.startswith(".")]


def test_two_hundred_changes_at_once_from_different_processes_lose_none(cli, firm):
    names = [f"{who}{number}" for who in "ghijk" for number in range(40)]
    people = "".join(f'[collaborators.{name}]\nname = "N"\nemail = "n@firm.example"\n' for name in names)
    ok(cli("-q", "apply", "-", input=people))
    start = time.monotonic()

    running = [subprocess.Popen([sys.executable, "-c", SET, who, "40"]) for who in "ghijk"]

    assert [one.wait(60) for one in running] == [0] * 5
    rights = ok(cli("account", "show", "contact", "--json")).json["rights"]
    assert set(names) <= set(rights)
    assert time.monotonic() - start < 60


def test_a_change_that_would_make_the_store_invalid_writes_nothing(cli, firm):
    before = contents(firm)

    ran = cli("account", "set", "contact", "rights.ghost=read", "notes=x")

    assert ran.status == 67
    assert contents(firm) == before
