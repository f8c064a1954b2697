"""`init --git` and `store log`: every change is a commit, whatever git is configured to do, and whatever dies."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import LOGIN, ok
from support.workstation import CONTACT, DIE_IN, commits, contents, git, is_clean, wrapped

# -- one store


def test_each_change_is_a_commit_by_the_collaborator(cli, kept):
    ok(cli("account", "set", "contact", "notes=rented"))
    ok(cli("account", "rename", "contact", "office"))
    ok(cli("account", "remove", "office", "--yes"))

    assert commits(kept, "%an <%ae>|%s")[:3] == [
        "Alice Martin <alice@firm.example>|remove account 'office'",
        "Alice Martin <alice@firm.example>|rename account 'contact' to 'office'",
        "Alice Martin <alice@firm.example>|change account 'contact'",
    ]
    assert commits(kept)[-1] == f"{LOGIN}|make the store"
    assert is_clean(kept)


def test_who_acts_for_somebody_is_named_too(cli, kept):
    ok(cli("collaborator", "add", "bob", "--name", "Bob", "--email", "bob@firm.example"))
    ok(cli("rights", "grant", "contact", "bob", "manage"))

    ok(cli("--as", "bob", "account", "set", "contact", "notes=x"))

    assert commits(kept)[0] == f"Bob (by {LOGIN})|change account 'contact'"


def test_what_changes_nothing_is_no_commit(cli, kept):
    ok(cli("account", "set", "contact", "notes=x"))
    before = len(commits(kept))

    ok(cli("account", "set", "contact", "notes=x"))
    assert cli("account", "set", "contact", "port=9").status == 65
    assert cli("apply", "-", "--dry-run", input='[accounts.contact]\naddress = "n@firm.example"\n').status == 1

    assert len(commits(kept)) == before
    assert not (kept / ".pending").exists()


def test_an_apply_is_one_commit(cli, kept):
    before = len(commits(kept))
    accounts = "".join(f'[accounts.a{number}]\naddress = "a{number}@firm.example"\n' for number in range(20))

    ok(cli("apply", "-", input=accounts))

    assert commits(kept)[0] == "Alice Martin|apply stdin"
    assert len(commits(kept)) == before + 1


def test_the_history_holds_no_secret_and_nothing_but_the_store(cli, kept, monkeypatch):
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "support.memory_keyring.Keyring")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    cli("account", "add", "other", *CONTACT, "--password-stdin", input="hunter2-s3cret\n")
    contact = kept / "accounts/contact.toml"
    contact.write_text(contact.read_text() + "# a comment\n")
    ok(cli("account", "set", "contact", "notes=x"))

    objects = git(kept, "rev-list", "--objects", "--all")
    files = git(kept, "ls-files").splitlines()

    assert "hunter2" not in git(kept, "log", "-p", "--all") + objects
    assert {name.partition("/")[0] for name in files} == {
        ".gitattributes", ".gitignore", "accounts", "collaborators", "store.toml",
    }  # fmt: skip
    assert (kept / ".former/accounts/contact.toml").exists()


def test_all_files_stay_private(cli, kept):
    for path in kept.rglob("*"):
        if ".git" not in path.relative_to(kept).parts and ".schemas" not in path.parts:
            assert path.stat().st_mode & 0o077 == 0, path


def test_edits_by_hand_in_other_files_are_left_to_who_made_them(cli, kept):
    store = kept / "store.toml"
    store.write_text(store.read_text() + 'default_account = "contact"\n')
    (kept / "accounts/byhand.toml").write_text('address = "h@firm.example"\n')
    (kept / "accounts/byhand.toml").chmod(0o600)

    ok(cli("account", "set", "contact", "notes=x"))

    assert git(kept, "status", "--porcelain").splitlines() == [" M store.toml", "?? accounts/byhand.toml"]
    assert git(kept, "show", "--name-only", "--format=", "HEAD").split() == ["accounts/contact.toml"]


def test_an_edit_by_hand_in_the_same_file_is_entered_apart(cli, kept):
    contact = kept / "accounts/contact.toml"
    contact.write_text(contact.read_text().replace("address", 'notes = "by hand"\naddress', 1))

    ok(cli("account", "set", "contact", "display_name=Office"))

    assert commits(kept)[:2] == ["Alice Martin|change account 'contact'", "Alice Martin|edit by hand"]
    assert '+notes = "by hand"' in git(kept, "show", "HEAD~1")
    assert is_clean(kept)


def test_what_somebody_put_into_the_index_stays_there(cli, kept):
    store = kept / "store.toml"
    store.write_text(store.read_text() + 'default_account = "contact"\n')
    git(kept, "add", "store.toml")

    ok(cli("account", "set", "contact", "notes=x"))

    assert git(kept, "status", "--porcelain") == "M  store.toml\n"


def test_a_file_that_no_commit_knows_can_be_taken_away(cli, kept):
    (kept / "accounts/byhand.toml").write_text('address = "h@firm.example"\nprovider = "ovh"\n')
    (kept / "accounts/byhand.toml").chmod(0o600)

    ok(cli("account", "remove", "byhand", "--yes"))

    assert not (kept / "accounts/byhand.toml").exists()
    assert is_clean(kept)
    assert commits(kept)[:2] == ["Alice Martin|remove account 'byhand'", "Alice Martin|edit by hand"]


def test_a_store_that_is_there_can_be_given_a_history(cli, firm):
    ok(cli("init", "--git"))
    ok(cli("account", "set", "contact", "notes=x"))

    assert commits(firm) == ["Alice Martin|change account 'contact'", "Alice Martin|make the store"]
    assert is_clean(firm)
    again = cli("init", "--git")
    assert again.status == 73


def test_only_an_administrator_begins_a_history(cli, firm):
    assert cli("--as", "bob", "init", "--git").status == 77
    assert not (firm / ".git").exists()


# -- the log


def test_the_log_tells_what_when_and_by_whom(cli, kept):
    ok(cli("account", "set", "contact", "notes=x"))

    newest = ok(cli("store", "log", "--json")).json[0]
    rows = ok(cli("store", "log", "-n", "2")).rows

    assert (newest["who"], newest["what"]) == ("Alice Martin", "change account 'contact'")
    assert newest["files"] == ["accounts/contact.toml"]
    assert newest["when"].endswith("Z")
    assert git(kept, "rev-parse", "--short", "HEAD").strip() == newest["id"]
    assert [row[2:] for row in rows] == [
        ["Alice Martin", "change account 'contact'"],
        ["Alice Martin", "add account 'contact'"],
    ]


def test_the_log_of_one_account_is_its_own_only(cli, kept):
    ok(cli("account", "add", "contact.old", *CONTACT))
    ok(cli("account", "add", "other", *CONTACT))

    assert [row[3] for row in ok(cli("store", "log", "contact")).rows] == ["add account 'contact'"]
    assert [row[3] for row in ok(cli("store", "log", "alice")).rows] == ["add collaborator 'alice'"]
    assert cli("store", "log", "*").status == 67


def test_what_is_gone_has_a_log_still(cli, kept):
    ok(cli("account", "remove", "contact", "--yes"))

    assert [row[3] for row in ok(cli("store", "log", "contact")).rows] == [
        "remove account 'contact'", "add account 'contact'",
    ]  # fmt: skip


def test_a_name_that_never_was_is_told(cli, kept):
    ran = cli("store", "log", "contcat")

    assert ran.status == 67
    assert "did you mean 'contact'" in ran.err


def test_the_log_takes_a_right_or_an_administrator(cli, kept):
    ok(cli("collaborator", "add", "bob", "--name", "Bob", "--email", "bob@firm.example"))

    assert cli("--as", "bob", "store", "log").status == 77
    assert cli("--as", "bob", "store", "log", "contact").status == 77
    assert cli("--as", "bob", "store", "log", "gone").status == 77


def test_odd_words_in_a_commit_of_somebody_elses_do_not_disturb_the_log(cli, kept):
    git(kept, "commit", "--allow-empty", "-m", "\x1e\x1f\x1b[31mred\ttab")

    ran = ok(cli("store", "log"))

    assert len(ran.rows) == 4
    assert "\x1b" not in ran.out
    assert ok(cli("store", "log", "--json")).json[0]["files"] == []


@pytest.mark.parametrize("words", [("log",), ("log", "contact"), ("sync",)])
def test_without_a_history_the_hint_begins_one(cli, firm, words):
    ran = cli("store", *words)

    assert ran.status == 78
    assert ran.err.splitlines()[1] == "hint: mailctl init --git"


# -- git that is missing, or hostile


def without_git(tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


def test_without_git_nothing_is_changed_and_the_hint_installs_it(cli, kept, tmp_path, monkeypatch):
    before = contents(kept)
    without_git(tmp_path, monkeypatch)

    for words in (("account", "set", "contact", "notes=x"), ("store", "log"), ("store", "sync")):
        ran = cli(*words)
        assert ran.status == 78
        assert ran.err.splitlines() == [
            "mailctl: error: git is not installed, and the store keeps its history with it", "hint: apt install git",
        ]  # fmt: skip
    assert contents(kept) == before
    assert ok(cli("account", "list")).rows


def test_without_git_no_store_is_made_that_should_have_a_history(cli, home, tmp_path, monkeypatch):
    without_git(tmp_path, monkeypatch)

    assert cli("init", "--git").status == 78
    assert not (home / "store").exists()


def test_git_variables_of_the_caller_lead_nowhere_else(cli, kept, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    git(elsewhere, "init", "-q")

    ok(cli("account", "set", "contact", "notes=x", GIT_DIR=f"{elsewhere}/.git", GIT_WORK_TREE=str(elsewhere),
           GIT_INDEX_FILE=f"{elsewhere}/index", GIT_AUTHOR_NAME="mallory", GIT_OBJECT_DIRECTORY=f"{elsewhere}/objects",
           GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="core.worktree", GIT_CONFIG_VALUE_0=str(elsewhere)))  # fmt: skip

    assert commits(kept)[0] == "Alice Martin|change account 'contact'"
    assert sorted(path.name for path in elsewhere.iterdir()) == [".git"]
    assert git(elsewhere, "rev-list", "--all", "--count").strip() == "0"


def test_a_repository_around_the_store_is_not_taken_for_its_own(cli, home):
    ok(cli("init"))
    git(home, "init", "-q")
    (home / "store/.git").mkdir()

    ran = cli("account", "add", "contact", *CONTACT)

    assert ran.status == 78
    assert "git" in ran.err
    assert git(home, "rev-list", "--all", "--count").strip() == "0"
    assert not (home / "store/accounts/contact.toml").exists()


@pytest.mark.parametrize(
    "setting",
    [
        "core.hooksPath=HOOKS", "init.templateDir=TEMPLATE", "core.excludesFile=EXCLUDES", "core.autocrlf=true",
        "commit.gpgSign=true", "core.editor=false", "color.ui=always", "log.showSignature=true", "core.pager=false",
        "commit.template=/nowhere", "core.fsmonitor=false", "user.useConfigOnly=true", "i18n.commitEncoding=latin1",
        "commit.cleanup=strip", "status.showUntrackedFiles=no", "core.quotePath=true", "diff.external=false",
    ],
)  # fmt: skip
def test_somebodys_own_configuration_changes_nothing(cli, home, tmp_path, setting):
    hooks, template = tmp_path / "hooks", tmp_path / "template"
    for folder in (hooks, template / "hooks"):
        folder.mkdir(parents=True)
        for name in ("pre-commit", "commit-msg", "prepare-commit-msg", "post-commit"):
            (folder / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/hook-ran\nexit 1\n")
            (folder / name).chmod(0o755)
    (tmp_path / "excludes").write_text("*.toml\n")
    for word, place in (("HOOKS", hooks), ("TEMPLATE", template), ("EXCLUDES", tmp_path / "excludes")):
        setting = setting.replace(word, str(place))
    key, _, value = setting.partition("=")
    subprocess.run(["git", "config", "--global", key, value], check=True)

    ok(cli("init", "--git"))
    ok(cli("account", "add", "contact", *CONTACT))
    ok(cli("account", "set", "contact", "notes=# Zoë"))

    [newest, *_] = ok(cli("store", "log", "--json")).json
    assert (newest["what"], newest["files"]) == ("change account 'contact'", ["accounts/contact.toml"])
    assert (
        git(home / "store", "show", "HEAD:accounts/contact.toml") == (home / "store/accounts/contact.toml").read_text()
    )
    assert not (tmp_path / "hook-ran").exists()


# -- a crash, or git that refuses, between the files and their entry


@pytest.mark.parametrize(("place", "before"), [("record", "before"), ("note", "after"), ("commit", "after")])
def test_killed_between_the_files_and_the_entry_the_next_change_makes_it_good(cli, kept, place, before):
    clean = commits(kept)

    subprocess.run(
        [sys.executable, "-c", DIE_IN, place, before, "account", "set", "contact", "notes=killed"], check=False
    )
    ok(cli("account", "add", "next", *CONTACT))

    found = commits(kept)
    changed = "killed" in (kept / "accounts/contact.toml").read_text()
    assert found[0] == "Alice Martin|add account 'next'"
    assert found[1:] == (["Alice Martin|change account 'contact'", *clean] if changed else clean)
    assert is_clean(kept)
    assert not (kept / ".pending").exists()


def test_where_git_refuses_afterwards_the_change_stands_and_the_next_one_enters_it(cli, kept, tmp_path):
    path = wrapped(tmp_path, 'case "$*" in *" commit "*) echo "fatal: no" >&2; exit 1;; esac')

    ran = ok(cli("account", "set", "contact", "notes=x", PATH=path))
    assert "the next one enters it in the history: git commit: fatal: no" in ran.err

    ok(cli("account", "add", "next", *CONTACT))
    assert commits(kept)[:2] == ["Alice Martin|add account 'next'", "Alice Martin|change account 'contact'"]


def test_a_lock_that_git_left_behind_stops_changes_before_anything_is_written(cli, kept):
    (kept / ".git/index.lock").touch()
    ok(cli("account", "set", "contact", "notes=x"))
    before = contents(kept)

    ran = cli("account", "set", "contact", "notes=y")

    assert ran.status == 78
    assert ran.err.splitlines()[1] == f"hint: is no git running? rm {kept}/.git/index.lock"
    assert contents(kept) == before


@pytest.mark.parametrize("lock", ["index.lock", "HEAD.lock", "refs/heads/main.lock"])
def test_a_lock_of_a_git_that_was_killed_is_taken_away(cli, kept, lock):
    (kept / ".git" / lock).touch()
    os.utime(kept / ".git" / lock, (1, 1))

    ran = ok(cli("account", "set", "contact", "notes=x"))

    assert "warning" not in ran.err
    assert commits(kept)[0] == "Alice Martin|change account 'contact'"
    assert is_clean(kept)


def test_a_lock_of_a_git_that_waits_for_somebody_stays(cli, kept):
    lock = kept / ".git/index.lock"
    lock.touch()
    os.utime(lock, (1, 1))
    with subprocess.Popen(["git", "-C", str(kept), "cat-file", "--batch"], stdin=subprocess.PIPE) as waiting:
        cli("account", "set", "contact", "notes=x")

        assert lock.exists()
        assert waiting.stdin
        waiting.stdin.close()
