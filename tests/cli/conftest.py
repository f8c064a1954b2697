"""Fixtures of the commands' tests: a store with a history, and two workstations that share it."""

import subprocess

import pytest

from conftest import LOGIN, ok
from support.workstation import CONTACT, Workstation, git


@pytest.fixture
def kept(cli, home):
    """A store with a history and one account; who runs the tests is alice."""
    ok(cli("init", "--git", "--firm", "Durand"))
    ok(cli("collaborator", "add", "alice", "--name", "Alice Martin", "--email", "alice@firm.example", "--login", LOGIN))
    ok(cli("account", "add", "contact", *CONTACT, "--grant", "alice:read"))
    return home / "store"


@pytest.fixture
def two(cli, kept, tmp_path):
    """Two workstations on one bare repository, both up to date."""
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    git(kept, "remote", "add", "origin", str(bare))
    ok(cli("store", "sync"))
    subprocess.run(["git", "clone", "-q", str(bare), str(tmp_path / "other")], check=True)
    (tmp_path / "other").chmod(0o700)
    return Workstation(cli, kept), Workstation(cli, tmp_path / "other")
