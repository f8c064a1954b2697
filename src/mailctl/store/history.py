"""The store's history: a git repository, one commit a change, shared by pull, rebase and push."""

import os
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from mailctl.errors import MailctlError, ServerUnreachableError, StoreError, SyncConflictError
from mailctl.store.merge import Clash, merged

IGNORED = "# what mailctl keeps beside the store's files\n.*\n!.gitignore\n!.gitattributes\n"
ATTRIBUTES = "*.links merge=union\n"
RECORD, FIELD = "\x1e", "\x1f"
GIT_SECONDS = 120.0


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


class Synced(Struct, frozen=True, kw_only=True):
    """What `sync` moved: numbers of changes."""

    received: int
    sent: int


def is_kept(root: Path) -> bool:
    """Whether a store has a history."""
    return (root / ".git").exists()


def begin(root: Path, author: Author) -> None:
    """Make a store's history, with what is in it now as its first change.

    Raises:
        StoreError: git is missing or refuses.
    """
    git(root, "init", "-q", "-b", "main")
    (root / ".gitignore").write_text(IGNORED)
    (root / ".gitattributes").write_text(ATTRIBUTES)
    record(root, (".",), "make the store", author)


def record(root: Path, files: Sequence[str], what: str, author: Author) -> None:
    """Enter a change; what somebody edits by hand in other files is left to him.

    Raises:
        StoreError: git refuses; the files are written all the same.
    """
    git(root, "add", "-A", "--", *files)
    if not git(root, "status", "--porcelain", "--", *files):
        return
    git(root, "commit", "-q", "--no-verify", "-m", what, "--", *files, author=author)


def events(root: Path, names: Sequence[str] = (), *, limit: int = 1000) -> tuple[Event, ...]:
    """The changes, newest first: all, or those of the files of these names (an affair's: of its stem).

    Raises:
        StoreError: the store has no history.
    """
    if not is_kept(root):
        raise StoreError(f"the store in {root} has no history", hint="mailctl store history --begin")
    if not git(root, "rev-parse", "--verify", "-q", "HEAD", accept=(0, 1)):
        return ()
    paths = [f":(glob){folder}/{name}.*" for name in names for folder in ("accounts", "collaborators", "affairs")]
    form = f"--format={RECORD}%h{FIELD}%aI{FIELD}%an{FIELD}%s{FIELD}"
    text = git(root, "log", f"-n{limit}", form, "--name-only", "--no-renames", "--", *paths)
    return tuple(event(part) for part in text.split(RECORD) if part.strip())


def event(text: str) -> Event:
    """One record of git's log."""
    short, when, who, what, files = text.split(FIELD, 4)
    return Event(id=short, when=datetime.fromisoformat(when), who=who, what=what, files=tuple(files.split()))


def sync(root: Path, author: Author) -> Synced:
    """Take over what others changed, put one's own changes on top, hand them out.

    Two changes of one file meet key by key. The caller holds the store's lock.

    Raises:
        StoreError: no history, no remote, or changes by hand that nobody has committed.
        ServerUnreachableError: the remote cannot be reached.
        SyncConflictError: one key has two values; nothing was changed on either side.
    """
    if not is_kept(root):
        raise StoreError(f"the store in {root} has no history", hint="mailctl init --git, or git init in it")
    if not git(root, "remote").split():
        raise StoreError("the store's repository has no remote", hint=f"git -C {root} remote add origin URL")
    if git(root, "status", "--porcelain", "--untracked-files=no"):
        raise StoreError("files were edited by hand", hint=f"git -C {root} commit -a")
    remote = git(root, "remote").split()[0]
    reach(root, "fetch", "-q", remote)
    branch = git(root, "symbolic-ref", "--short", "HEAD").strip()
    upstream = f"refs/remotes/{remote}/{branch}"
    received = 0
    if git(root, "rev-parse", "--verify", "-q", upstream, accept=(0, 1)):
        received = int(git(root, "rev-list", "--count", f"HEAD..{upstream}"))
        rebase(root, upstream, author)
        sent = int(git(root, "rev-list", "--count", f"{upstream}..HEAD"))
    else:
        sent = int(git(root, "rev-list", "--count", "HEAD"))
    if sent:
        reach(root, "push", "-q", "-u", remote, f"HEAD:{branch}")
    return Synced(received=received, sent=sent)


def rebase(root: Path, upstream: str, author: Author) -> None:
    """Put one's own changes on top of others'; where git sees a conflict, the keys decide."""
    step = ["rebase", "-q", upstream]
    while True:
        done = run(root, *step, author=author)
        if done.returncode == 0:
            return
        files = git(root, "diff", "--name-only", "--diff-filter=U", "-z").split("\0")[:-1]
        clashes = settle(root, files)
        if clashes or not files:
            run(root, "rebase", "--abort", author=author)
            if clashes:
                raise SyncConflictError(clashes)
            raise refused(("rebase",), done.stderr)
        step = ["-c", "core.editor=true", "rebase", "--continue"]


def settle(root: Path, files: Sequence[str]) -> tuple[str, ...]:
    """Merge conflicting files by their keys; gives what could not be merged, in words, with nothing written then."""
    clashes: list[Clash] = []
    texts: dict[str, str | None] = {}
    for file in files:
        base, theirs, ours = (stage(root, number, file) for number in (1, 2, 3))  # while rebasing, 2 is upstream
        texts[file], found = merged(file, base=base, ours=ours, theirs=theirs)
        clashes += found
    if clashes:
        return tuple(str(clash) for clash in clashes)
    for file, text in texts.items():
        if text is None:
            git(root, "rm", "-q", "--", file)
            continue
        (root / file).write_text(text)
        git(root, "add", "--", file)
    return ()


def stage(root: Path, number: int, file: str) -> str | None:
    """One side of a conflicting file; None where that side has removed it."""
    done = run(root, "show", f":{number}:{file}")
    return done.stdout if done.returncode == 0 else None


def reach(root: Path, *words: str) -> None:
    """Run what talks to the remote.

    Raises:
        ServerUnreachableError: it cannot be reached, or refuses.
    """
    done = run(root, *words)
    if done.returncode:
        said = " ".join(done.stderr.split())[:300]
        raise ServerUnreachableError(f"git {words[0]}: {said}", hint=f"git -C {root} {' '.join(words)}")


def git(root: Path, *words: str, author: Author | None = None, accept: tuple[int, ...] = (0,)) -> str:
    """What a git command prints.

    Raises:
        StoreError: git is missing, or ended otherwise.
    """
    done = run(root, *words, author=author)
    if done.returncode not in accept:
        raise refused(words, done.stderr)
    return done.stdout


def refused(words: Sequence[str], said: str) -> MailctlError:
    """A git command that failed."""
    return StoreError(f"git {words[0]}: {' '.join(said.split())[:300]}", hint="mailctl store path; git status there")


def run(root: Path, *words: str, author: Author | None = None) -> "subprocess.CompletedProcess[str]":
    """Run git in the store; it never asks."""
    environ = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
    if author:
        for role in ("AUTHOR", "COMMITTER"):
            environ |= {f"GIT_{role}_NAME": author.name, f"GIT_{role}_EMAIL": author.email}
    command = ["git", "-C", str(root), "-c", "commit.gpgsign=false", "-c", "core.quotepath=false", *words]
    try:
        return subprocess.run(
            command, check=False, capture_output=True, text=True, env=environ, stdin=subprocess.DEVNULL,
            timeout=GIT_SECONDS, errors="replace",
        )  # fmt: skip
    except FileNotFoundError as error:
        raise StoreError(
            "git is not installed, and the store keeps its history with it", hint="apt install git"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise ServerUnreachableError(f"git {words[0]} did not end in {GIT_SECONDS:.0f} s") from error
