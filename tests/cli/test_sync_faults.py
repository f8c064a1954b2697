"""`store sync` where the remote, git or others are at fault, and killed in the middle: nothing is lost or half-done."""

import subprocess
import sys

import pytest

from conftest import ok
from support.workstation import CONTACT, DIE_IN, contents, git, is_clean, synced


@pytest.mark.parametrize(
    ("url", "said"), [("/nowhere/bare.git", "git fetch"), ("ssh://git@127.0.0.1:1/x.git", "git fetch")]
)
def test_a_remote_that_cannot_be_reached_is_told(cli, kept, url, said):
    git(kept, "remote", "add", "origin", url)

    ran = cli("store", "sync")

    assert ran.status == 69
    assert len(ran.err.splitlines()) == 2
    assert said in ran.err
    assert f"hint: git -C {kept} fetch origin" in ran.err


def test_a_remote_that_refuses_is_told_and_ones_changes_stay(two, tmp_path):
    one, _ = two
    one.set("notes=x")
    hook = tmp_path / "bare.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)

    ran = one("store", "sync")

    assert ran.status == 69
    assert "git push" in ran.err
    assert len(ran.err.splitlines()) == 2
    assert "notes" in one.text()


def test_the_lock_of_a_sync_that_was_killed_stops_no_other(two):
    one, other = two
    one.set("notes=x")
    other.set("display_name=Office")
    synced(one)
    (other.root / ".git/mailctl-index.lock").touch()

    synced(other)

    assert is_clean(other.root)
    assert 'notes = "x"' in other.text()


def test_without_a_remote_the_hint_adds_one(cli, kept):
    ran = cli("store", "sync")

    assert ran.status == 78
    assert ran.err.splitlines()[1] == f"hint: git -C {kept} remote add origin URL"


def test_on_no_branch_the_hint_goes_back_to_one(two):
    one, _ = two
    git(one.root, "checkout", "-q", "--detach")

    ran = one("store", "sync")

    assert ran.status == 78
    assert f"git -C {one.root} switch main" in ran.err


def test_only_an_administrator_syncs(two):
    one, _ = two
    ok(one("collaborator", "add", "bob", "--name", "Bob", "--email", "bob@firm.example"))

    assert one("--as", "bob", "store", "sync").status == 77


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("store.toml", "version = 99\n", "newer than this program"),
        ("store.toml", "version = \n", "no valid TOML"),
        (".journal", '{"rename": [], "remove": ["store.toml"]}', "what is no file"),
        ("accounts/.contact.toml", "x", "what is no file"),
    ],
)
def test_what_would_make_the_store_unusable_is_not_taken_over(two, file, content, said):
    one, other = two
    (one.root / file).write_text(content)
    git(one.root, "add", "-f", file)
    git(one.root, "commit", "-q", "-m", "break it")
    git(one.root, "push", "-q", "origin", "main")
    before = contents(other.root)

    ran = other("store", "sync")

    assert ran.status == 78
    assert said in ran.err
    assert contents(other.root) == before
    ok(other("account", "list"))


def test_a_link_that_somebody_commits_is_not_followed(two, tmp_path):
    one, other = two
    (one.root / "accounts/link.toml").symlink_to("/etc/passwd")
    git(one.root, "add", "accounts/link.toml")
    git(one.root, "commit", "-q", "-m", "link")
    git(one.root, "push", "-q", "origin", "main")

    ran = other("store", "sync")

    assert ran.status == 78
    assert "what is no file: 'accounts/link.toml'" in ran.err
    assert not (other.root / "accounts/link.toml").exists()


def test_a_broken_account_that_comes_is_warned_about_and_stops_nothing(two):
    one, other = two
    (one.root / "accounts/contact.toml").write_text("address = \n")
    git(one.root, "commit", "-q", "-a", "-m", "break it")
    git(one.root, "push", "-q", "origin", "main")

    ran = ok(other("store", "sync"))

    assert "warning: accounts/contact.toml:1:" in ran.err


def test_an_image_comes_byte_for_byte(two):
    one, other = two
    data = bytes(range(256)) * 10
    (one.root / "signatures/logo.png").write_bytes(data)
    git(one.root, "add", "signatures/logo.png")
    git(one.root, "commit", "-q", "-m", "a logo")

    synced(one)
    synced(other)

    assert (other.root / "signatures/logo.png").read_bytes() == data


@pytest.mark.parametrize(
    ("place", "before"), [("move", "before"), ("note", "after"), ("finish_move", "before"), ("finish_move", "after")]
)
@pytest.mark.parametrize("apart", [False, True], ids=["forward", "merged"])
def test_killed_anywhere_in_a_sync_the_next_one_goes_on(two, place, before, apart):
    one, other = two
    one.set("notes=there")
    ok(one("account", "add", "new", *CONTACT))
    synced(one)
    if apart:
        other.set("display_name=Here")
    old = contents(other.root)

    subprocess.run(
        [sys.executable, "-c", DIE_IN, place, before, "--store", str(other.root), "store", "sync"], check=False
    )

    ok(other("account", "list"))
    assert contents(other.root) == old or "there" in other.text()
    synced(other)
    synced(one)
    assert contents(one.root) == contents(other.root)
    assert is_clean(other.root)
    assert not (other.root / ".pending").exists()
