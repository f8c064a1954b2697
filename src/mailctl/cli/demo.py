"""`mailctl demo`."""

import signal
import sys
from shutil import get_terminal_size
from typing import Annotated

import typer

from mailctl.cli.params import new_app
from mailctl.cli.session import session
from mailctl.errors import ExtraMissingError

app = new_app()


@app.command()
def demo(
    ctx: typer.Context,
    keep: Annotated[
        bool, typer.Option("--keep", help="Afterwards keep servers and store, to play with, until Ctrl-C.")
    ] = False,
) -> None:
    """Take a tour: a small firm on an IMAP and an SMTP server that live in this program.

    Nothing of yours is read or changed, and nothing is left behind.

    Example: mailctl demo
    """
    from mailctl.cli.output import emit

    try:
        from mailctl.demo.tour import FULL_WIDTH, Page, take
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        raise ExtraMissingError(
            f"the demo's servers are not installed: there is no module '{missing}'", hint="pip install 'mailctl[demo]'"
        ) from error

    environ = session(ctx).options.environ
    on_terminal = sys.stdout.isatty()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended from outside, it cleans up as after Ctrl-C
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    width = get_terminal_size().columns if on_terminal else FULL_WIDTH
    page = Page(write=emit, width=width, colours=on_terminal and not environ.get("NO_COLOR"))
    take(environ, page, keep=keep)
