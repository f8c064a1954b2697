"""A store shared by several workstations: others' changes and one's own, merged by keys and handed out with git."""

import io
import shlex
import tempfile
from collections.abc import Iterable
from pathlib import Path

import tomli
from msgspec import Struct

from mailctl.domain.affair import ref_of
from mailctl.errors import MailctlError, ServerUnreachableError, StoreError, SyncConflictError
from mailctl.store.affairs import decode_affair
from mailctl.store.decode import decode_account, decode_collaborator, decode_settings
from mailctl.store.editors import first_line
from mailctl.store.encode import encode
from mailctl.store.history import (
    FULL,
    PENDING,
    Author,
    catch_up,
    git,
    note,
    plainly,
    refused,
    require_git,
    require_history,
    run,
)
from mailctl.store.lines import has_comments
from mailctl.store.merge import Clash, merged, whole
from mailctl.store.writing import Writing, locked

TRIES = 4  # how often somebody may be faster at pushing
FILES = ("100644", "100755")
Tree = dict[str, tuple[str, str]]  # path: mode and object
Texts = dict[str, bytes | None]  # path: content, None for removed


class Synced(Struct, frozen=True, kw_only=True):
    """What `sync` moved: numbers of changes; the files that lost their comments in a merge, and where git has them."""

    received: int
    sent: int
    uncommented: tuple[tuple[str, str], ...] = ()


class Meeting(Struct, frozen=True, kw_only=True):
    """What becomes of the store when two histories meet: the files that change here, or the clashes."""

    texts: Texts
    clashes: tuple[Clash, ...]
    uncommented: tuple[tuple[str, str], ...]


def sync(root: Path, author: Author) -> Synced:
    """Take over what others changed, and hand out what was changed here.

    Two changes of one file meet key by key. Files are written all or none, under the store's lock.

    Raises:
        StoreError: no history, no remote, or changes by hand that nobody has committed.
        ServerUnreachableError: the remote cannot be reached, or refuses.
        SyncConflictError: one key has two values; nothing was changed on either side.
    """
    require_history(root)
    require_git()
    remote, branch = remote_of(root), branch_of(root)
    upstream = f"refs/remotes/{remote}/{branch}"
    received = 0
    uncommented: list[tuple[str, str]] = []
    for left in reversed(range(TRIES)):
        fetch(root, remote)
        with locked(root):
            more, lost = take_over(root, upstream, author)
        received, uncommented = received + more, [*uncommented, *lost]
        sent = count(root, "HEAD", *([f"^{upstream}"] if commit_of(root, upstream) else []))
        if is_handed_out(root, remote, branch, upstream, again=left > 0):
            break
    return Synced(received=received, sent=sent, uncommented=tuple(uncommented))


def remote_of(root: Path) -> str:
    """The remote: `origin`, else the first.

    Raises:
        StoreError: there is none.
    """
    names = git(root, "remote").split()
    if not names:
        raise StoreError("the store's repository has no remote", hint=f"git -C {root} remote add origin URL")
    return "origin" if "origin" in names else names[0]


def branch_of(root: Path) -> str:
    """The branch one is on.

    Raises:
        StoreError: on none.
    """
    name = git(root, "symbolic-ref", "--short", "-q", "HEAD", accept=(0, 1)).strip()
    if not name:
        raise StoreError("the store's repository is on no branch", hint=f"git -C {root} switch main")
    return name


def commit_of(root: Path, name: str) -> str:
    """The commit that a reference stands for; empty for none."""
    return git(root, "rev-parse", "--verify", "-q", f"{name}^{{commit}}", accept=(0, 1)).strip()


def count(root: Path, *range_: str) -> int:
    """How many changes are in a range, merges not among them."""
    return int(git(root, "rev-list", "--count", "--no-merges", *range_)) if commit_of(root, "HEAD") else 0


def fetch(root: Path, remote: str) -> None:
    """Learn what others handed out.

    Raises:
        ServerUnreachableError: the remote cannot be reached.
        StorageError: the disk is full.
    """
    done = run(root, "fetch", "-q", "--no-tags", remote)
    if any(mark in done.stderr for mark in FULL):
        raise refused(root, ("fetch",), done.stderr)
    if done.returncode:
        raise ServerUnreachableError(f"git fetch: {plainly(done.stderr)}", hint=f"git -C {root} fetch {remote}")


def is_handed_out(root: Path, remote: str, branch: str, upstream: str, *, again: bool) -> bool:
    """Push; False when somebody was faster and it is to be tried again.

    Raises:
        ServerUnreachableError: the remote cannot be reached, or refuses.
    """
    if commit_of(root, "HEAD") == commit_of(root, upstream):
        return True
    done = run(root, "push", "--porcelain", "-u", remote, f"HEAD:refs/heads/{branch}")
    if done.returncode == 0:
        return True
    if again and any(line.startswith(b"!") for line in done.stdout.splitlines()):
        return False
    said = plainly(b"\n".join(line for line in done.stdout.splitlines() if line.startswith(b"!")) or done.stderr)
    raise ServerUnreachableError(f"git push: {said}", hint=f"git -C {root} push {remote} HEAD:{branch}")


def take_over(root: Path, upstream: str, author: Author) -> tuple[int, tuple[tuple[str, str], ...]]:
    """Bring the store to where both histories meet; how many changes came, and which files lost their comments."""
    catch_up(root)
    if git(root, "status", "--porcelain", "--untracked-files=no"):
        raise StoreError("files were edited by hand and not committed", hint=f"git -C {root} commit -a")
    ours, theirs = commit_of(root, "HEAD"), commit_of(root, upstream)
    base = git(root, "merge-base", ours, theirs, accept=(0, 1)).strip() if ours and theirs else ""
    if not theirs or base == theirs:
        return 0, ()
    met = meet(root, base, ours, theirs)
    if met.clashes:
        told = tuple(clash.problem for clash in met.clashes)
        raise SyncConflictError(told, hint=way_out(root, met.clashes, upstream))
    refuse_unusable(root, met.texts, tree_of(root, ours))
    new = theirs if base == ours else joined(root, met.texts, (ours, theirs), author)
    received = count(root, theirs, *([f"^{ours}"] if ours else []))
    move(root, met.texts, new)
    return received, met.uncommented


def way_out(root: Path, clashes: tuple[Clash, ...], upstream: str) -> str:
    """How whole files become here as they are there; empty where that is done key by key, or by taking one away."""
    files = [shlex.quote(clash.file) for clash in clashes if not clash.key and clash.theirs is not None]
    source = upstream.removeprefix("refs/remotes/")
    here = f"git -C {shlex.quote(str(root))}"
    return f"{here} checkout {source} -- {' '.join(files)}; {here} commit; mailctl store sync" if files else ""


def meet(root: Path, base: str, ours: str, theirs: str) -> Meeting:
    """Every file as whoever changed it has it; those that both changed, key by key.

    Raises:
        StoreError: others put there what is no file.
    """
    before, here, there = (tree_of(root, commit) for commit in (base, ours, theirs))
    files = [file for file in sorted({*here, *there}) if there.get(file) not in (here.get(file), before.get(file))]
    refuse_odd(file for file in files if file in there and there[file][0] not in FILES)
    contents = blobs(root, [tree[file][1] for file in files for tree in (before, here, there) if file in tree])
    texts: Texts = {}
    clashes: list[Clash] = []
    uncommented = []
    for file in files:
        one, two, three = (contents[tree[file][1]] if file in tree else None for tree in (before, here, there))
        if one == two:
            texts[file] = three
            continue
        texts[file], found = both(root, file, one, two, three)
        clashes += found
        if is_commented(two) and not is_commented(texts[file]):
            uncommented.append((file, f"{ours[:12]}:{file}"))
    return Meeting(texts=texts, clashes=tuple(clashes), uncommented=tuple(uncommented))


def tree_of(root: Path, commit: str) -> Tree:
    """The files of a commit; none for no commit."""
    if not commit:
        return {}
    entries = (entry.partition("\t") for entry in git(root, "ls-tree", "-r", "-z", commit).split("\0")[:-1])
    return {file: (about.split()[0], about.split()[2]) for about, _, file in entries}


def blobs(root: Path, names: Iterable[str]) -> dict[str, bytes]:
    """The contents of objects, read in one go."""
    wanted = list(dict.fromkeys(names))
    given = "".join(f"{name}\n" for name in wanted).encode()
    answers = io.BytesIO(run(root, "cat-file", "--batch", given=given).stdout)
    found = {}
    for name in wanted:
        size = int(answers.readline().split()[2])
        found[name] = answers.read(size + 1)[:-1]
    return found


def both(
    root: Path, file: str, base: bytes | None, ours: bytes | None, theirs: bytes | None
) -> tuple[bytes | None, tuple[Clash, ...]]:
    """A file that both sides changed: merged, or the clashes."""
    try:
        one, two, three = (None if side is None else side.decode() for side in (base, ours, theirs))
    except UnicodeDecodeError:
        return None, (whole(file, ours, theirs),)
    text, clashes = merged(file, base=one, ours=two, theirs=three)
    if text is None or clashes:
        return None, clashes
    return (by_lines(root, text, one, two, three) or in_order(file, text)).encode(), ()


def by_lines(root: Path, text: str, *sides: str | None) -> str | None:
    """The same values in the writers' own lines, comments and all, where git can merge the lines too."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("base", "ours", "theirs")]
        for path, side in zip(paths, sides, strict=True):
            path.write_bytes((side or "").encode())
        base, ours, theirs = map(str, paths)
        done = run(root, "merge-file", "-p", "-q", ours, base, theirs)
    if done.returncode:
        return None
    found = done.stdout.decode()
    try:
        return found if tomli.loads(found) == tomli.loads(text) else None
    except (ValueError, RecursionError):
        return None


def in_order(file: str, text: str) -> str:
    """The text as mailctl writes it; as it is where it is not valid, or no table."""
    if not file.endswith(".toml"):
        return text
    folder, _, name = file.removesuffix(".toml").rpartition("/")
    try:
        match folder, name:
            case "accounts", _:
                text = encode(decode_account(name, text))
            case "collaborators", _:
                text = encode(decode_collaborator(name, text))
            case "", "store":
                text = encode(decode_settings(text))
            case "affairs", _:
                text = encode(decode_affair(ref_of(name) or name, text))
    except StoreError:
        pass
    return first_line(file) + text


def is_commented(text: bytes | None) -> bool:
    """Whether somebody wrote comments into it."""
    return text is not None and has_comments(text.decode(errors="replace"))


def refuse_odd(files: Iterable[str]) -> None:
    """Refuse what others put into the repository and cannot be in a store.

    Raises:
        StoreError: it is a link or another repository, or its name leads out of the store.
    """
    for file in files:
        raise StoreError(f"others put into the store what is no file: '{file}'", hint="git log --stat, and ask them")


def refuse_unusable(root: Path, texts: Texts, here: Tree) -> None:
    """Refuse what would make the whole store unusable, or overwrite what somebody made by hand.

    Raises:
        StoreError: store.toml would be invalid or of a newer version, or a file is there that no commit knows.
    """
    refuse_odd(file for file in texts if any(is_odd(part) for part in file.split("/")))
    if "store.toml" in texts:
        decode_settings((texts["store.toml"] or b"").decode(errors="replace"))
    for file, text in texts.items():
        if text is not None and file not in here and (root / file).exists():
            raise StoreError(
                f"'{file}' was made by hand here, and by others too", hint=f"git -C {root} add {file}; git commit"
            )


def is_odd(part: str) -> bool:
    """Whether a part of a path leads elsewhere, or to what mailctl keeps beside the store's files."""
    return not part or (part.startswith(".") and part not in (".gitignore", ".gitattributes"))


def joined(root: Path, texts: Texts, parents: tuple[str, str], author: Author) -> str:
    """The commit in which both histories meet."""
    index = root / git(root, "rev-parse", "--git-path", "mailctl-index").strip()
    apart = {"GIT_INDEX_FILE": str(index)}
    nothing = "0" * len(parents[0])
    try:
        git(root, "read-tree", parents[0], environ=apart)
        lines = []
        for file, text in texts.items():
            known = nothing if text is None else git(root, "hash-object", "-w", "--stdin", given=text).strip()
            lines.append(f"{'0' if text is None else FILES[0]} {known}\t{file}\0")
        git(root, "update-index", "-z", "--index-info", environ=apart, given="".join(lines).encode())
        tree = git(root, "write-tree", environ=apart).strip()
    finally:
        index.unlink(missing_ok=True)
    both_parents = [word for parent in parents for word in ("-p", parent)]
    return git(root, "commit-tree", tree, *both_parents, "-m", "meet others' changes", author=author).strip()


def move(root: Path, texts: Texts, new: str) -> None:
    """Write the files, then let the history follow; a crash in between is made good by the next change.

    Raises:
        StorageError: the disk is full; the old state stands.
    """
    note(root, {"head": new})
    try:
        for folder in {(root / file).parent for file, text in texts.items() if text is not None}:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        removed = tuple(file for file, text in texts.items() if text is None)
        Writing(root, {file: text for file, text in texts.items() if text is not None}, removed).commit()
    except MailctlError:
        (root / PENDING).unlink(missing_ok=True)
        raise
    catch_up(root)
    if commit_of(root, "HEAD") != new:
        raise StoreError("files were edited by hand meanwhile", hint=f"git -C {root} status")
