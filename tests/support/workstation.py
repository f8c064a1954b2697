"""Workstations that share a store by git, and a look into their repositories that does not go through mailctl."""

import os
import shutil
import subprocess
from pathlib import Path

from conftest import ok

CONTACT = ("--address", "contact@firm.example", "--imap-host", "localhost", "--smtp-host", "localhost", "--no-discover")
DIE_IN = """
import os, sys
from mailctl.cli.main import main
import mailctl.store.history as history
import mailctl.store.sharing as sharing
name, before = sys.argv[1], sys.argv[2] == "before"
module = history if hasattr(history, name) else sharing
real = getattr(module, name)
def deadly(*arguments, **named):
    if not before:
        real(*arguments, **named)
    os.kill(os.getpid(), 9)
setattr(module, name, deadly)
main(sys.argv[3:])
"""


def git(root, *words, check=True, **environ):
    """Plain git, as a person types it."""
    identity = {
        f"GIT_{role}_{what}": "ops@firm.example" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    done = subprocess.run(
        ["git", "-C", str(root), *words], check=False, capture_output=True, text=True,
        env={**os.environ, **identity, **environ},
    )  # fmt: skip
    assert done.returncode == 0 or not check, done.stderr
    return done.stdout


def commits(root, form="%an|%s"):
    return git(root, "log", f"--format={form}").splitlines()


def is_clean(root):
    return git(root, "status", "--porcelain") == ""


def contents(root):
    return {path.relative_to(root): path.read_bytes() for path in Path(root).rglob("*.toml") if path.is_file()}


def wrapped(tmp_path, script):
    """A PATH on which git runs a script before itself."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f'#!/bin/sh\n{script}\nexec {shutil.which("git")} "$@"\n')
    (folder / "git").chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


class Workstation:
    """One of several stores that share a repository."""

    def __init__(self, cli, root):
        self.cli = cli
        self.root = root

    def __call__(self, *words, **more):
        return self.cli("--store", self.root, *words, **more)

    def set(self, *pairs, account="contact"):
        ok(self("account", "set", account, *pairs))

    def text(self, file="accounts/contact.toml"):
        return (self.root / file).read_text()


def synced(here):
    return ok(here("store", "sync", "--json")).json
