"""Every change is whole or not at all, whatever dies, and whoever else writes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mailctl.domain.account import Account
from mailctl.errors import StoreError
from mailctl.store.files import Store, fresh_settings
from mailctl.store.writing import JOURNAL, Writing, finish

ADD = """
import sys
from pathlib import Path
from mailctl.domain.account import Account
from mailctl.store.files import Store
store = Store(Path(sys.argv[1]))
for number in range(10):
    with store.change() as change:
        change.put(Account(name=f"{sys.argv[2]}{number}", address="a@b.example"))
        known = store.settings()
        change.put(known)
"""

FULL_DISK = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
"""

DIE = """
import os, sys
from pathlib import Path
from mailctl.domain.account import Account
from mailctl.store.files import Store
import mailctl.store.writing as writing
deadly, left = sys.argv[2], int(sys.argv[3])
def count(event, arguments):
    global left
    if event == deadly:
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
sys.addaudithook(count)
with Store(Path(sys.argv[1])).change() as change:
    change.put(Account(name="one", address="new@b.example"))
    change.put(Account(name="two", address="new@b.example"))
    change.remove_account("three")
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store")
    made.create(fresh_settings(firm="", administrator="ops"))
    with made.change() as change:
        change.put(Account(name="one", address="old@b.example"))
        change.put(Account(name="three", address="old@b.example"))
    return made


def state(store: Store) -> dict[str, str]:
    found, errors = store.accounts()
    assert not errors
    return {account.name: account.address for account in found}


OLD = {"one": "old@b.example", "three": "old@b.example"}
NEW = {"one": "new@b.example", "two": "new@b.example"}


@pytest.mark.parametrize("event", ["open", "os.rename", "os.remove"])
def test_killed_anywhere_the_store_is_the_old_or_the_new(store, event):
    seen = []
    for left in range(60):
        done = subprocess.run([sys.executable, "-c", DIE, str(store.root), event, str(left)], check=False)
        store.settings()  # as any next command does
        seen.append(state(store))
        assert seen[-1] in (OLD, NEW)
        if done.returncode == 0:
            break
        with store.change() as change:
            for name in store.account_names():
                change.remove_account(name)
            for name, address in OLD.items():
                change.put(Account(name=name, address=address))

    assert done.returncode == 0
    assert seen[-1] == NEW
    assert not (store.root / JOURNAL).exists()


def test_all_is_on_the_disk_before_the_journal_and_the_journal_before_the_first_rename(store, monkeypatch):
    fsync, replace, done = os.fsync, Path.replace, []

    def synced(descriptor):
        done.append(("sync", str(Path(f"/proc/self/fd/{descriptor}").readlink())))
        fsync(descriptor)

    def renamed(path, target):
        done.append(("rename", str(target)))
        assert ("sync", str(path)) in done
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    Writing(store.root, {"accounts/one.toml": "a", "accounts/two.toml": "b"}, ()).commit()

    root = str(store.root)
    assert [what for what in done if ".toml." not in what[1] and f"{JOURNAL}." not in what[1]][:4] == [
        ("rename", f"{root}/{JOURNAL}"),
        ("sync", root),
        ("rename", f"{root}/accounts/one.toml"),
        ("rename", f"{root}/accounts/two.toml"),
    ]
    assert done.index(("rename", f"{root}/{JOURNAL}")) == 3  # behind both files and itself
    assert ("sync", f"{root}/accounts") in done[-2:]


def test_what_a_crash_left_half_written_goes_with_the_next_change(store):
    done = subprocess.run([sys.executable, "-c", DIE, str(store.root), "os.rename", "0"], check=False)
    left = [path for path in store.root.rglob(".*") if path.is_file() and path.parent.name != ".schemas"]

    with store.change() as change:
        change.put(Account(name="one", address="next@b.example"))

    assert done.returncode == -9
    assert len(left) == 3  # two accounts, and the journal that never got its name
    assert not [path for path in left if path.exists()]
    assert state(store) == OLD | {"one": "next@b.example"}


def test_provisioning_scripts_at_once_lose_nothing(store):
    running = [subprocess.Popen([sys.executable, "-c", ADD, str(store.root), who]) for who in ("a", "b", "c")]

    assert [one.wait(60) for one in running] == [0, 0, 0]
    assert len(store.account_names()) == 2 + 30


def test_a_full_disk_leaves_the_old_state(store):
    before = {path: path.read_bytes() for path in store.root.rglob("*") if path.is_file()}

    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK + ADD, str(store.root), "x"], check=False, capture_output=True, text=True
    )

    assert "StorageError" in done.stderr
    assert {path: path.read_bytes() for path in store.root.rglob("*") if path.is_file()} == before


def test_a_reference_to_nobody_is_refused_before_anything_is_written(store):
    with pytest.raises(StoreError, match="no such collaborator 'ghost'"), store.change() as change:
        change.put(Account(name="four", address="a@b.example", rights={"ghost": ()}))

    assert "four" not in store.account_names()


def test_a_journal_left_by_a_crash_is_finished_by_the_next_command(store):
    writing = Writing(store.root, {"accounts/one.toml": 'address = "new@b.example"\n'}, ("accounts/three.toml",))
    writing.write_journal(
        {"accounts/one.toml": writing.write_beside("accounts/one.toml", writing.texts["accounts/one.toml"])}
    )

    finish(store.root)

    assert state(store) == {"one": "new@b.example"}
