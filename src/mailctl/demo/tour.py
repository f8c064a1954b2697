"""The tour: servers are started, a firm is made, and each command is shown with what it answers."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from mailctl.demo import firm
from mailctl.demo.servers import DemoServers
from mailctl.demo.shell import Shell, Shown, scrubbed
from mailctl.demo.step import Step, command_line
from mailctl.demo.story import story
from mailctl.errors import AnswerIsNoError

BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


class Page(Struct, frozen=True, kw_only=True):
    """Where the tour's text goes, and whether in colours."""

    write: Callable[[str], None]
    colours: bool = False

    def say(self, text: str) -> None:
        """A sentence for the reader, after an empty line."""
        self.write(f"\n{self.styled(f'# {text}', DIM)}\n")

    def command(self, line: str) -> None:
        """A command, before it runs."""
        first, *more = line.split("\n")
        self.write("\n".join([self.styled(f"$ {first}", BOLD), *more, ""]))

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
def staged(environ: Mapping[str, str], *, on_terminal: bool) -> Iterator[Stage]:
    """A stage for as long as the block lasts; nothing of it is left behind."""
    passwords = firm.new_passwords()
    with TemporaryDirectory(prefix="mailctl-demo-") as folder:
        home = Path(folder)
        (home / firm.PLAN).write_bytes(firm.plan())
        with DemoServers.started(firm.users(passwords), home) as servers:
            shell = Shell(home=home, environ=scrubbed(environ, home, passwords), on_terminal=on_terminal)
            yield Stage(servers=servers, shell=shell, passwords=passwords)


def take(environ: Mapping[str, str], page: Page, *, keep: bool, on_terminal: bool) -> None:
    """Take the whole tour.

    Args:
        environ: the caller's environment; next to nothing of it is used.
        page: where the text goes.
        keep: whether servers and store stay afterwards, until Ctrl-C.
        on_terminal: whether commands show what they show on a terminal.

    Raises:
        AnswerIsNoError: a step did not end as it has to.
    """
    with staged(environ, on_terminal=on_terminal) as stage:
        steps = story(stage.servers)
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
    servers = stage.servers
    page.write(BEGINNING.format(imap=servers.imap_port, smtp=servers.smtp_port))
    page.command(f"export MAILCTL_HOME={stage.home}")


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
    page.command(command_line(words, typed=step.typed, home=str(stage.home)))
    shown = stage.shell.run(words, step.typed)
    page.write(shown.text)
    if shown.status:
        page.write(page.styled(f"(exit status {shown.status})\n", DIM))
    judge(step, shown, in_full=not stage.shell.on_terminal)


def newest(account: str, stage: Stage) -> int:
    """The number of the newest message of an account; its owner is asked."""
    listed = Shell(home=stage.home, environ=stage.shell.environ, on_terminal=False).run(
        ("--as", "f.durand", "list", "-a", account, "--json")
    )
    try:
        return int(json.loads(listed.text)[0]["id"])
    except (ValueError, LookupError, TypeError) as error:
        raise AnswerIsNoError(f"the tour finds no message in '{account}'", hint=HINT) from error


def judge(step: Step, shown: Shown, *, in_full: bool) -> None:
    """Refuse a step that did not end as it has to.

    Args:
        step: what was to happen.
        shown: what happened.
        in_full: whether what was shown can be compared; on a terminal, tables cut it at the edge.

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
    variables = {"MAILCTL_HOME": str(stage.home), **stage.passwords}
    lines = "".join(f"  export {name}={value}\n" for name, value in variables.items())
    page.write(STAYING.format(lines=lines, home=stage.home))
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        page.write("\nServers stopped, store removed.\n")


HINT = "what it said stands above; please report it with the output of: mailctl --version"

BEGINNING = """\
A tour of mailctl, which runs a firm's mailboxes from the command line. Every command below is run as you
would type it. The IMAP server (port {imap}) and the SMTP server (port {smtp}) are real, with TLS and
passwords, but live in this program: no mail leaves your machine, and your own accounts are not touched.

"""

STAYING = """
Servers and store stay until you press Ctrl-C here; then both are removed. To go on, in another terminal:
{lines}  mailctl account list
The store is a folder of small TOML files: {home}/store
"""

ENDING = """
The store lay in {home}/store, as small TOML files, and is gone now.
To play with the firm, keep its servers and its store:  mailctl demo --keep
To begin with your own:  mailctl init, then mailctl account add NAME --address ADDRESS
"""
