"""The store's history: a git repository in its folder, one commit a change, by who made it."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct, to_builtins

from mailctl.errors import MailctlError, ServerUnreachableError, StorageError, StoreError
from mailctl.store.locks import take_away_stale
from mailctl.store.writing import not_written, write_durably

IGNORED = "# what mailctl keeps beside the store's files\n.*\n!.gitignore\n!.gitattributes\n"
ATTRIBUTES = "*.links merge=union\n"
PENDING = ".pending"  # what is written and not entered yet
GIT_SECONDS = 120.0
LATEST = 253402300799  # the last second of the year 9999
SETTINGS = {  # what somebody's own configuration must not change
    "color.ui": "false",
    "commit.gpgSign": "false",
    "core.attributesFile": os.devnull,
    "core.autocrlf": "false",
    "core.excludesFile": os.devnull,
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.quotePath": "false",
    "i18n.commitEncoding": "utf-8",
    "i18n.logOutputEncoding": "utf-8",
    "log.showSignature": "false",
    "push.gpgSign": "false",
}
FULL = (b"No space left on device", b"Out of diskspace", b"Disk quota exceeded", b"Input/output error")  # git's words
# Of the caller's GIT_… those that say how a remote is reached; the others may lead to another repository.
HEEDED = ("GIT_SSH", "GIT_SSL_", "GIT_HTTP_", "GIT_ASKPASS", "GIT_PROXY_", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM")


class Author(Struct, frozen=True, kw_only=True):
    """Who made a change."""

    name: str
    email: str


class Event(Struct, frozen=True, kw_only=True):
    """One change of the store."""

    id: str
    when: datetime
    who: str
    what: str
    files: tuple[str, ...]


def is_kept(root: Path) -> bool:
    """Whether a store has a history."""
    return (root / ".git").exists()


def require_git() -> None:
    """Refuse what cannot be entered.

    Raises:
        StoreError: git is not there.
    """
    if not shutil.which("git"):
        raise StoreError("git is not installed, and the store keeps its history with it", hint="apt install git")


def begin(root: Path, author: Author) -> None:
    """Make a store's history, with what is in it now as its first change.

    Raises:
        StoreError: git is missing or refuses.
    """
    git(root, "init", "-q")
    git(root, "symbolic-ref", "HEAD", "refs/heads/main")
    for name, text in ((".gitignore", IGNORED), (".gitattributes", ATTRIBUTES)):
        if not (root / name).exists():
            write_durably(root / name, text)
    git(root, "add", "-A", "--", ".")
    commit(root, "make the store", author)


@contextmanager
def entering(
    root: Path, files: Sequence[str], what: str, author: Author, *, warn: Callable[[str], None]
) -> Iterator[None]:
    """Enter what is written meanwhile; what somebody edited by hand in these files before is entered apart.

    What is to be entered is noted first, so that a crash in between is made good by the next change. Where git refuses
    once the files are written, that is a warning.

    Raises:
        StoreError: git is missing or refuses; nothing is written then.
        StorageError: the disk is full; the same.
    """
    require_git()
    catch_up(root)
    record(root, files, "edit by hand", author)
    note(root, {"files": list(files), "what": what, "author": to_builtins(author)})
    try:
        yield
    except MailctlError:
        (root / PENDING).unlink(missing_ok=True)
        raise
    try:
        catch_up(root)
    except (StoreError, StorageError) as error:
        warn(f"the change is made, and the next one enters it in the history: {error}")


def note(root: Path, entry: dict[str, object]) -> None:
    """Say durably what is about to be written and has to be entered."""
    beside = root / f"{PENDING}.{os.urandom(4).hex()}"
    try:
        write_durably(beside, json.dumps(entry))
        beside.replace(root / PENDING)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise not_written(root, error) from error


def pending(root: Path) -> dict[str, object]:
    """What is written, or about to be, and not entered yet; empty for nothing."""
    try:
        found = json.loads((root / PENDING).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def catch_up(root: Path) -> None:
    """Enter what is noted, if it was written at all; the caller holds the store's lock.

    Raises:
        StoreError: git refuses; the note stays.
    """
    take_away_stale(root, seconds=GIT_SECONDS)
    match pending(root):
        case {"files": list(files), "what": str(what), "author": {"name": str(name), "email": str(email)}}:
            record(root, [str(file) for file in files], what, Author(name=name, email=email))
        case {"head": str(new)}:
            finish_move(root, new)
    (root / PENDING).unlink(missing_ok=True)


def finish_move(root: Path, new: str) -> None:
    """Let the history follow the files to a commit, if they are as that commit has them."""
    index = git(root, "rev-parse", "--git-path", "mailctl-index").strip()
    apart = {"GIT_INDEX_FILE": str(root / index)}
    try:
        git(root, "read-tree", new, environ=apart)
        git(root, "update-index", "-q", "--refresh", environ=apart, accept=(0, 1))
        if run(root, "diff-files", "--quiet", environ=apart).returncode == 0:
            git(root, "update-ref", "-m", "sync", "HEAD", new)
            git(root, "read-tree", new)
            git(root, "update-index", "-q", "--refresh")
    finally:
        (root / index).unlink(missing_ok=True)


def record(root: Path, files: Sequence[str], what: str, author: Author) -> None:
    """Enter a change of some files; what somebody edits by hand in others is left to him.

    Raises:
        StoreError: git refuses.
    """
    git(root, "update-index", "--add", "--remove", "--", *files)
    changed = git(root, "diff", "--cached", "--name-only", "--no-renames", "-z", "--", *files).split("\0")[:-1]
    if changed:
        commit(root, what, author, *changed)


def commit(root: Path, what: str, author: Author, *files: str) -> None:
    """Commit these files, or what is in the index."""
    only = ("--", *files) if files else ()
    git(root, "commit", "-q", "--no-verify", "--cleanup=whitespace", "-m", what, *only, author=author)


def events(root: Path, names: Sequence[str] = (), *, limit: int = 1000) -> tuple[Event, ...]:
    """The changes, newest first: all, or those of the files of these names (an affair's: of its stem).

    Raises:
        StoreError: the store has no history.
    """
    require_history(root)
    if not git(root, "rev-parse", "--verify", "-q", "HEAD", accept=(0, 1)):
        return ()
    files = [f"{folder}/{name}.toml" for name in names for folder in ("accounts", "collaborators", "affairs")]
    others = [file for name in names for file in (f"affairs/{name}.links", f"templates/{name}.md")]
    paths = [f":(literal){file}" for file in (*files, *others)]
    form = "--format=%x00%h%x00%at%x00%an%x00%s%x00"
    text = git(root, "log", f"-n{limit}", form, "--name-only", "--no-renames", "--no-merges", "--", *paths)
    fields = text.split("\0")[1:]
    return tuple(event(*fields[place : place + 5]) for place in range(0, len(fields), 5))


def event(short: str, when: str, who: str, what: str, files: str) -> Event:
    """One record of git's log."""
    seconds = min(int(when), LATEST) if when.isdecimal() else 0
    moment = datetime.fromtimestamp(seconds, UTC)
    return Event(id=short, when=moment, who=who, what=what, files=tuple(files.strip("\n").splitlines()))


def require_history(root: Path) -> None:
    """Refuse a store without a history.

    Raises:
        StoreError: it has none.
    """
    if not is_kept(root):
        raise StoreError(f"the store in {root} has no history", hint="mailctl init --git")


def git(
    root: Path,
    *words: str,
    author: Author | None = None,
    accept: tuple[int, ...] = (0,),
    environ: dict[str, str] | None = None,
    given: bytes = b"",
) -> str:
    """What a git command prints.

    Raises:
        StoreError: git is missing, or ended otherwise.
        StorageError: the disk is full.
    """
    done = run(root, *words, author=author, environ=environ, given=given)
    if done.returncode not in accept:
        raise refused(root, words, done.stderr)
    return done.stdout.decode(errors="replace")


def refused(root: Path, words: Sequence[str], said: bytes) -> StoreError | StorageError:
    """A git command that failed."""
    if any(mark in said for mark in FULL):
        return StorageError(f"git {words[0]}: {plainly(said)}", hint="free some space and try again")
    hint = f"is no git running? rm {root}/.git/index.lock" if b"index.lock" in said else f"git -C {root} status"
    return StoreError(f"git {words[0]}: {plainly(said)}", hint=hint)


def plainly(said: bytes) -> str:
    """The first words of what git complains of."""
    lines = [line for line in said.decode(errors="replace").splitlines() if line and not line.startswith("hint:")]
    return " ".join(lines)[:300] or "failed"


def run(
    root: Path,
    *words: str,
    author: Author | None = None,
    environ: dict[str, str] | None = None,
    given: bytes = b"",
) -> "subprocess.CompletedProcess[bytes]":
    """Run git in the store's own repository and in no other; it never asks, and runs nobody's hooks."""
    settings = [word for key, value in SETTINGS.items() for word in ("-c", f"{key}={value}")]
    try:
        return subprocess.run(
            ["git", "-C", str(root), *settings, *words],
            check=False,
            capture_output=True,
            input=given,
            env=surroundings(root, author) | (environ or {}),
            timeout=GIT_SECONDS,
            umask=0o077,
        )
    except FileNotFoundError as error:
        require_git()
        raise StoreError(f"{root}: no such folder", hint="mailctl init") from error
    except subprocess.TimeoutExpired as error:
        raise ServerUnreachableError(
            f"git {words[0]} did not end in {GIT_SECONDS:.0f} s", hint=f"git -C {root} {words[0]}"
        ) from error


def surroundings(root: Path, author: Author | None) -> dict[str, str]:
    """The environment of git: the caller's, without what leads elsewhere, and who commits."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name.startswith(HEEDED)}
    kept |= {
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "",
        "GIT_CEILING_DIRECTORIES": str(root.parent),
    }
    if author:
        for role in ("AUTHOR", "COMMITTER"):
            kept |= {f"GIT_{role}_NAME": author.name, f"GIT_{role}_EMAIL": author.email}
    return kept
