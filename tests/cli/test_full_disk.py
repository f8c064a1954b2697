"""A store on a disk that is full, with and without a history: the old state stands, and the exit status is 74."""

import pytest

from conftest import LOGIN, ok
from support.small_disk import fill, mounted
from support.workstation import CONTACT, commits, contents, git, is_clean

SHEET = "address,name,rights\nnew@firm.example,New,bob: read\n"
CHANGES = [
    ["account", "set", "contact", "notes=x"],
    ["account", "set", "commented", "notes=x"],
    ["account", "rename", "contact", "office"],
    ["account", "remove", "contact", "--yes"],
    ["account", "import", "csv", "-", "--provider", "ovh"],
    ["apply", "firm.toml"],
    ["collaborator", "remove", "bob", "--handover", "alice", "--yes"],
    ["rights", "grant", "contact", "alice", "send"],
    ["signature", "set", "contact", "--text", "firm.toml"],
]


@pytest.fixture(params=[(), ("--git",)], ids=["plain", "git"])
def full(request, cli, tmp_path, monkeypatch):
    """A store on a disk without a free byte."""
    with mounted(tmp_path / "disk", kilobytes=2048) as disk:
        store = disk / "store"
        monkeypatch.setenv("MAILCTL_STORE", str(store))
        monkeypatch.chdir(tmp_path)
        (tmp_path / "firm.toml").write_text('[accounts.contact]\naddress = "new@firm.example"\n')
        ok(cli("init", *request.param))
        ok(cli("collaborator", "add", "alice", "--name", "A", "--email", "a@firm.example", "--login", LOGIN, "--admin"))
        ok(cli("collaborator", "add", "bob", "--name", "B", "--email", "b@firm.example"))
        ok(cli("account", "add", "contact", *CONTACT, "--grant", "bob:manage"))
        ok(cli("account", "add", "commented", *CONTACT))
        with (store / "accounts/commented.toml").open("a") as file:
            file.write("# by hand\n")
        fill(disk / "rest")
        yield store


@pytest.mark.parametrize("words", CHANGES, ids=lambda words: " ".join(words[:3]))
def test_a_full_disk_leaves_the_old_state(cli, full, words):
    before = contents(full)

    ran = cli(*words, input=SHEET)

    assert ran.status == 74, ran.err
    assert "hint: free some space" in ran.err
    assert contents(full) == before
    assert ok(cli("store", "check")).out == ""


def test_what_others_changed_waits_for_space(cli, tmp_path, home):
    bare = tmp_path / "bare.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(bare))
    ok(cli("init", "--git"))
    ok(cli("account", "add", "contact", *CONTACT))
    git(home / "store", "remote", "add", "origin", str(bare))
    ok(cli("store", "sync"))
    with mounted(tmp_path / "disk", kilobytes=2048) as disk:
        store = disk / "store"
        git(tmp_path, "clone", "-q", str(bare), str(store))
        store.chmod(0o700)
        ok(cli("account", "set", "contact", "notes=there"))
        ok(cli("store", "sync"))
        before, known = contents(store), commits(store)
        fill(disk / "rest")

        ran = cli("--store", store, "store", "sync")

        assert ran.status == 74, ran.err
        assert (contents(store), commits(store)) == (before, known)
        (disk / "rest").unlink()
        ok(cli("--store", store, "store", "sync"))
        assert "there" in (store / "accounts/contact.toml").read_text()
        assert is_clean(store)
