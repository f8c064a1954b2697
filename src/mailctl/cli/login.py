"""`mailctl login`: OAuth2, in a browser."""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mailctl.cli.params import AsJson, new_app
from mailctl.cli.session import session

if TYPE_CHECKING:
    from mailctl.cli.session import Session
    from mailctl.services.login import LoggedIn

app = new_app()
HOURS = 3600
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


@app.command()
def login(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="A", help="The account.")],
    device: Annotated[
        bool, typer.Option("--device", help="Show a code to type in on another device, where there is a browser.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open a browser here, where there is a desktop.")] = True,
    wait: Annotated[
        float | None, typer.Option("--wait", metavar="SECONDS", min=1, max=HOURS, help="How long to wait for you.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Log in to an account with OAuth2; the tokens are kept in the keyring, and renewed from then on.

    The address to open stands on stderr. It ends at a port of this machine; where the browser is on another one, hand
    the address it ended at over here with curl, or use --device where the provider has that.

    Example: mailctl login contact
    """
    from mailctl.domain.account import Grant
    from mailctl.services import login as service

    run = session(ctx)

    def show(url: str, code: str) -> None:
        tell(run, url, code, opens=browser and run.is_interactive)

    done = service.login(run.context, name, grant=Grant.DEVICE if device else None, wait=wait, show=show)
    if as_json:
        run.show(done, as_json=True)
    run.say(said(done))


def tell(run: "Session", url: str, code: str, *, opens: bool) -> None:
    """Say what to open, and what to type in there; without a code, a browser is opened where there is one."""
    if code:
        run.write(f"open {url} and type in the code {code}")
        return
    run.write(f"to log in, open {url}")
    if opens and (sys.platform != "linux" or any(os.environ.get(name) for name in DISPLAYS)):
        import webbrowser

        webbrowser.open(url)


def said(done: "LoggedIn") -> str:
    """What came of it, and what to do next."""
    how = "renewed by itself" if done.renewable else f"only until {done.expires:%H:%M} UTC: no refresh token came"
    return f"logged in as {done.user}, {how}; try it: mailctl password check {done.account}"
