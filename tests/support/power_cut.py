"""What a power cut may leave of a folder: a program's calls of the system are recorded, and each possible disk is made.

The disk promises what POSIX does and no more: a file's bytes last once the file was synced, a name once its folder
was; of all else, the first few changes of the folders may be there, with the bytes of the files or without.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

CALLS = "openat,mkdir,rename,unlink,rmdir,write,writev,pwrite64,sendto,ftruncate,fsync,fdatasync,syncfs,sendfile,link"
LINE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+)(?:<(.*)>)?.*")
UNFINISHED, RESUMED = " <unfinished ...>", re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)")
TEXT, PLACE = re.compile(r'"((?:\\x[0-9a-f]{2})*)"'), re.compile(r"^(\d+)<((?:\\x[0-9a-f]{2})*)>")
Tree = dict[str, bytes | None]  # paths in the folder; None for a folder in it


class Step(NamedTuple):
    """One change: to a folder's names, or to a file's bytes; `sync` makes what was done to `node` last, 0 all.

    `node` is the folder or file that is changed, `other` what the name stands for.
    """

    kind: str
    node: int = 0
    name: str = ""
    other: int = 0
    to: str = ""
    offset: int = 0
    data: bytes = b""


@dataclass
class Disk:
    """Folders and files by number; 1 is the folder that is looked at."""

    folders: dict[int, dict[str, int]] = field(default_factory=lambda: {1: {}})
    files: dict[int, bytearray] = field(default_factory=dict)

    def do(self, step: Step) -> None:
        """Let a change happen."""
        names = self.folders.get(step.node, {})
        match step.kind:
            case "mkdir":
                self.folders.setdefault(step.other, {})
                names[step.name] = step.other
            case "create":
                self.files.setdefault(step.other, bytearray())
                names[step.name] = step.other
            case "remove":
                names.pop(step.name, None)
            case "rename":
                if names.pop(step.name, None) is not None:
                    names[step.to] = step.other
            case "write":
                kept = self.files.setdefault(step.node, bytearray())
                kept.extend(bytes(max(step.offset - len(kept), 0)))
                kept[step.offset : step.offset + len(step.data)] = step.data
            case "cut":
                del self.files.setdefault(step.node, bytearray())[step.offset :]

    def tree(self, node: int = 1, at: str = "") -> Tree:
        """All that has a name, by its path."""
        found: Tree = {}
        for name, one in self.folders[node].items():
            if one in self.folders:
                found |= {at + name: None} | self.tree(one, f"{at}{name}/")
            else:
                found[at + name] = bytes(self.files.get(one, b""))
        return found

    def find(self, path: str) -> tuple[int, str, int]:
        """The folder a path lies in, its name there, and what it stands for; 0 where nothing has it."""
        *folders, name = path.split("/")
        node = 1
        for one in folders:
            node = self.folders[node][one]
        return node, name, self.folders[node].get(name, 0)


class Recorder:
    """Takes down what a program did to a folder, and what it said to others."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.before: list[Step] = []
        self.disk = Disk()
        self.last = 1
        self.steps: list[Step] = []
        self.opened: dict[int, tuple[int, int]] = {}
        for path in sorted(root.rglob("*")):
            self.enter(str(path), folder=path.is_dir())
            if path.is_file():
                self.note(Step("write", self.disk.find(self.inside(str(path)))[2], data=path.read_bytes()))
        self.before, self.steps = self.steps, []

    def inside(self, path: str) -> str:
        """A path within the folder."""
        return path.removeprefix(self.root).lstrip("/")

    def note(self, step: Step) -> None:
        """One more change."""
        self.steps.append(step)
        self.disk.do(step)

    def enter(self, path: str, *, folder: bool) -> None:
        """A new name."""
        node, name, known = self.disk.find(self.inside(path))
        if not known:
            self.last += 1
            self.note(Step("mkdir" if folder else "create", node, name, self.last))

    def hear(self, call: str, words: str, result: int, place: str) -> None:
        """One call of the system."""
        texts = [unescaped(text) for text in TEXT.findall(words)]
        paths = [text.decode("utf-8", "surrogateescape") for text in texts]
        found = PLACE.match(words)
        number, where = (int(found[1]), unescaped(found[2]).decode("utf-8", "replace")) if found else (-1, "")
        match call:
            case "openat" if unescaped(place).decode("utf-8", "replace").startswith(f"{self.root}/"):
                self.open(result, unescaped(place).decode(), words)
            case "mkdir" if paths[0].startswith(self.root):
                self.enter(paths[0], folder=True)
            case "rename" if paths[0].startswith(self.root):
                node, name, one = self.disk.find(self.inside(paths[0]))
                target, to, _ = self.disk.find(self.inside(paths[1]))
                assert node == target, "renaming to another folder needs two folders synced"
                self.note(Step("rename", node, name, one, to))
            case "unlink" | "rmdir" if paths[0].startswith(self.root):
                node, name, _ = self.disk.find(self.inside(paths[0]))
                self.note(Step("remove", node, name))
            case "fsync" | "fdatasync" if where.startswith(self.root):
                inside = self.inside(where)
                self.note(Step("sync", self.disk.find(inside)[2] if inside else 1))
            case "syncfs":
                self.note(Step("sync"))
            case "write" | "pwrite64" | "ftruncate" if where.startswith(f"{self.root}/"):
                self.write(call, number, where, words, texts)
            case "write" | "sendto" if not where.startswith("/"):
                self.note(Step("said", data=texts[-1]))
            case "writev" | "sendfile" | "link":
                assert self.root not in where + "".join(paths), f"{call} is not followed here"

    def open(self, number: int, path: str, words: str) -> None:
        """A file or folder was opened."""
        if "O_DIRECTORY" in words:
            return
        if "O_CREAT" in words:
            self.enter(path, folder=False)
        one = self.disk.find(self.inside(path))[2]
        if "O_TRUNC" in words:
            self.note(Step("cut", one))
        self.opened[number] = (one, len(self.disk.files[one]) if "O_APPEND" in words else 0)

    def write(self, call: str, number: int, where: str, words: str, texts: list[bytes]) -> None:
        """Bytes were written, behind those before or in their place."""
        one, offset = self.opened.get(number, (self.disk.find(self.inside(where))[2], 0))
        if call == "ftruncate":
            return self.note(Step("cut", one, offset=int(words.rpartition(", ")[2])))
        if call == "pwrite64":
            return self.note(Step("write", one, offset=int(words.rpartition(", ")[2]), data=texts[-1]))
        self.opened[number] = (one, offset + len(texts[-1]))
        return self.note(Step("write", one, offset=offset, data=texts[-1]))


@dataclass(frozen=True)
class Record:
    """What a program did to a folder, step by step."""

    before: tuple[Step, ...]
    steps: tuple[Step, ...]

    def said(self, words: bytes) -> list[int]:
        """How many steps were done when words were said, each time."""
        return [place for place, step in enumerate(self.steps) if step.kind == "said" and words in step.data]

    def left(self, done: int) -> Iterator[Tree]:
        """Each state in which a power cut after so many steps may leave the folder, once."""
        some = self.steps[:done]
        lasting = {place for place, step in enumerate(some) if lasts(step, some[place + 1 :])}
        loose = [place for place in range(done) if place not in lasting]
        seen: list[Tree] = []
        for count in range(len(loose) + 1):
            for with_bytes in (True, False):
                kept = lasting | {at for at in loose[:count] if with_bytes or some[at].kind not in ("write", "cut")}
                disk = Disk()
                for step in (*self.before, *(some[place] for place in sorted(kept))):
                    disk.do(step)
                if (tree := disk.tree()) not in seen:
                    seen.append(tree)
                    yield tree


def lasts(step: Step, later: tuple[Step, ...]) -> bool:
    """Whether a change is on the disk for good, by what came later."""
    return step.kind in ("sync", "said") or any(one.kind == "sync" and one.node in (0, step.node) for one in later)


def recorded(words: list[str], root: Path, paper: Path, **more: object) -> tuple[subprocess.CompletedProcess, Record]:
    """Run a program and take down what it does to a folder; the record makes the folder that is there at the end."""
    recorder = Recorder(root)
    spy = ["strace", "-f", "-y", "-xx", "-s", "99999999", "-e", f"trace={CALLS}", "-e", "signal=none", "-o", str(paper)]
    ran = subprocess.run([*spy, *words], capture_output=True, check=False, **more)  # type: ignore[call-overload]
    for call, given, result, place in calls(paper.read_text()):
        if result >= 0:
            recorder.hear(call, given, result, place)
    assert recorder.disk.tree() == snapshot(root)
    return ran, Record(tuple(recorder.before), tuple(recorder.steps))


def calls(text: str) -> Iterator[tuple[str, str, int, str]]:
    """Each call with its words, its result, and the file that it opened; in the order in which they ended."""
    begun: dict[str, str] = {}
    for raw in text.splitlines():
        line = raw
        if line.endswith(UNFINISHED):
            begun[line.partition(" ")[0]] = line.removesuffix(UNFINISHED)
            continue
        if resumed := RESUMED.fullmatch(line):
            line = begun.pop(resumed[1]) + resumed[2]
        if found := LINE.fullmatch(line):
            yield found[2], found[3], int(found[4]), found[5] or ""


def unescaped(text: str) -> bytes:
    """What strace wrote in hexadecimal digits."""
    return bytes.fromhex(text.replace("\\x", ""))


def snapshot(root: Path) -> Tree:
    """What is in a folder."""
    return {str(one.relative_to(root)): None if one.is_dir() else one.read_bytes() for one in root.rglob("*")}


def lay_out(tree: Tree, root: Path) -> None:
    """Make a folder of what a power cut left."""
    root.mkdir()
    for path, data in tree.items():
        if data is None:
            (root / path).mkdir(parents=True, exist_ok=True)
        else:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
