"""The tour: servers are started, a firm is made, and each command is shown with what it answers."""

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from msgspec import Struct

from mailctl.demo import firm
from mailctl.demo.servers import DemoServers
from mailctl.demo.shell import Shell, Shown, scrubbed
from mailctl.demo.step import IMAP_SERVER, SERVERS, Step, command_line
from mailctl.demo.story import story
from mailctl.errors import AnswerIsNoError

FULL_WIDTH = 100
BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


class Page(Struct, frozen=True, kw_only=True):
    """Where the tour's text goes, how wide it may be, and whether in colours."""

    write: Callable[[str], None]
    width: int = FULL_WIDTH
    colours: bool = False

    def say(self, text: str) -> None:
        """A sentence for the reader, after an empty line."""
        self.write(f"\n{self.styled(f'# {text}', DIM)}\n")

    def command(self, line: str) -> None:
        """A command, before it runs."""
        self.write(f"{self.styled(f'$ {line}', BOLD)}\n")

    def styled(self, text: str, style: str) -> str:
        """The text in a style, where there are colours."""
        return f"{style}{text}{PLAIN}" if self.colours else text


class Stage(Struct, frozen=True, kw_only=True):
    """Where the tour plays: running servers, and a shell with a home and passwords of its own."""

    servers: DemoServers
    shell: Shell
    passwords: dict[str, str]

    @property
    def home(self) -> Path:
        """The demo's folder: MAILCTL_HOME, and the commands' working directory."""
        return self.shell.home


@contextmanager
def staged(environ: Mapping[str, str], page: Page) -> Iterator[Stage]:
    """A stage for as long as the block lasts; nothing of it is left behind."""
    passwords = firm.new_passwords()
    with TemporaryDirectory(prefix="mailctl-demo-") as folder:
        home = Path(folder)
        (home / firm.PLAN).write_bytes(firm.plan())
        (home / firm.DOWNLOADS).mkdir()
        with DemoServers.started(firm.users(passwords), home) as servers:
            looks = {"COLUMNS": str(page.width), **({} if page.colours else {"NO_COLOR": "1", "TERM": "xterm"})}
            shell = Shell(home=home, environ={**scrubbed(environ, home), **looks, **passwords})
            yield Stage(servers=servers, shell=shell, passwords=passwords)


def take(environ: Mapping[str, str], page: Page, *, keep: bool) -> None:
    """Take the whole tour.

    Args:
        environ: the caller's environment; next to nothing of it is used.
        page: where the text goes.
        keep: whether servers and store stay afterwards, until Ctrl-C.

    Raises:
        AnswerIsNoError: a step did not end as it has to.
    """
    with staged(environ, page) as stage:
        steps = story()
        begin(stage, page)
        for step in steps:
            go(step, stage, page)
        page.say(f"That was all: {len(steps)} commands, and each did what it has to.")
        if keep:
            stay(stage, page)
    if not keep:
        page.write(ENDING.format(home=stage.home))


def begin(stage: Stage, page: Page) -> None:
    """Say what comes, and where."""
    page.write(BEGINNING)
    page.command(f"export MAILCTL_HOME={stage.home}")
    for variable, words in variables(stage).items():
        page.command(f'{variable.removeprefix("$")}="{" ".join(words)}"'.replace(str(stage.home), "$MAILCTL_HOME"))


def variables(stage: Stage) -> dict[str, tuple[str, ...]]:
    """What the variables of the tour's commands hold."""
    servers = stage.servers
    imap = ("--imap-host", servers.host, "--imap-port", str(servers.imap_port), "--ca-file", str(servers.ca_file))
    smtp = ("--smtp-host", servers.host, "--smtp-port", str(servers.smtp_port))
    return {IMAP_SERVER: imap, SERVERS: (IMAP_SERVER, *smtp)}


def go(step: Step, stage: Stage, page: Page) -> None:
    """Show one command and what it answers.

    Raises:
        AnswerIsNoError: it did not end as it has to.
    """
    words = step.words
    if step.newest:
        words = tuple(word.format(id=newest(step.newest, stage)) for word in words)
    if step.says:
        page.say(step.says)
    page.command(command_line(words, typed=step.typed, home=str(stage.home), width=page.width))
    shown = stage.shell.run(expanded(words, variables(stage)), step.typed)
    page.write(shown.text)
    if shown.status:
        page.write(page.styled(f"(exit status {shown.status})", DIM) + "\n")
    judge(step, shown, in_full=page.width >= FULL_WIDTH)


def expanded(words: tuple[str, ...], values: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The words, variables replaced by what they hold, as a shell would."""
    found: list[str] = []
    for word in words:
        found.extend(expanded(values[word], values) if word in values else (word,))
    return tuple(found)


def newest(account: str, stage: Stage) -> int:
    """The number of the newest message of an account; its owner is asked."""
    listed = stage.shell.ask(("--as", "f.durand", "list", "-a", account, "--json"))
    try:
        return int(json.loads(listed)[0]["id"])
    except (ValueError, LookupError, TypeError) as error:
        raise AnswerIsNoError(f"the tour finds no message in '{account}'", hint=HINT) from error


def judge(step: Step, shown: Shown, *, in_full: bool) -> None:
    """Refuse a step that did not end as it has to.

    Args:
        step: what was to happen.
        shown: what happened.
        in_full: whether what was shown can be compared; tables cut it at the edge of a narrow terminal.

    Raises:
        AnswerIsNoError: another exit status, or something is not in the output.
    """
    what = f"'mailctl {' '.join(step.words[:3])}…'"
    if shown.status != step.status:
        raise AnswerIsNoError(f"{what} ended with {shown.status} and not with {step.status}", hint=HINT)
    missing = [text for text in step.shows if text not in shown.text] if in_full else []
    if missing:
        raise AnswerIsNoError(f"{what} did not show '{missing[0]}'", hint=HINT)


def stay(stage: Stage, page: Page) -> None:
    """Say how to go on from another terminal, and wait for Ctrl-C."""
    exported = {"MAILCTL_HOME": str(stage.home), **stage.passwords}
    if which("mailctl") is None:  # as after `make demo`, which installs into .venv
        exported["PATH"] = f"{Path(sys.executable).parent}:$PATH"
    lines = "".join(f"  export {name}={value}\n" for name, value in exported.items())
    try:
        page.write(STAYING.format(lines=lines, home=stage.home))
        threading.Event().wait()
    except KeyboardInterrupt:
        page.write("\nServers stopped, store removed.\n")


HINT = "what it said stands above; please report it with the output of: mailctl --version"

BEGINNING = """\
This is a tour of mailctl, which runs a firm's mailboxes from the command line. Each command below
is really run, as you would type it. Its IMAP and SMTP servers live in this program, with TLS and
passwords: no mail leaves this machine, and nothing of yours is read or changed.

"""

STAYING = """
Servers and store stay until you press Ctrl-C here; then both are removed. In another terminal:

{lines}  mailctl account list
  mailctl --as alice send f.durand@durand.example -a contact -s Hello

The store is a folder of small TOML files: {home}/store
"""

ENDING = """
The store lay in {home}/store, as small TOML files, and is gone now.
To play with this firm, keep its servers and its store:  mailctl demo --keep
To begin with your own:  mailctl init, then mailctl account add NAME --address ADDRESS
"""
