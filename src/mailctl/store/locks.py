"""The lock files that a killed git leaves in the store's repository, and that would stop every change from then on."""

import time
from pathlib import Path

OURS = "mailctl-index.lock"  # of the index that only we use, under the store's own lock


def take_away_stale(root: Path, *, seconds: float) -> None:
    """Take away git's lock files that nobody can be holding any more; the caller holds the store's lock.

    Args:
        root: the store's folder.
        seconds: for how long no git of ours can have run.
    """
    repository = root / ".git"
    for lock in (*repository.glob("*.lock"), *repository.glob("refs/heads/*.lock")):
        try:
            is_old = time.time() - lock.stat().st_mtime > seconds
        except FileNotFoundError:
            continue
        if lock.name == OURS or (is_old and not is_git_at_work(root)):
            lock.unlink(missing_ok=True)


def is_git_at_work(root: Path) -> bool:
    """Whether a git may be running in a folder, such as one that waits for somebody's editor; where unsure, it is."""
    processes = [path for path in Path("/proc").glob("[0-9]*") if path.name.isdecimal()]
    return not processes or any(is_git_in(process, root.resolve()) for process in processes)


def is_git_in(process: Path, root: Path) -> bool:
    """Whether a process is git, in this folder or in one that may not be looked at."""
    try:
        if not (process / "comm").read_text().startswith("git"):
            return False
        return (process / "cwd").readlink().is_relative_to(root)
    except PermissionError:
        return True
    except OSError:  # it ended meanwhile
        return False
