"""The options of `account add`: asked for on a terminal, made into an account."""

import shlex
import sys
from typing import TYPE_CHECKING

import typer
from msgspec import Struct
from msgspec.structs import replace

from mailctl.domain.account import Account, Alias, Auth, AuthMethod, Endpoint, Kind, SecretPlace, Security
from mailctl.errors import BadDataError, UsageError

if TYPE_CHECKING:
    from mailctl.cli.session import Session


class Form(Struct, frozen=True, kw_only=True):
    """What was given on the command line, and what was answered."""

    name: str
    address: str | None
    display_name: str
    kind: Kind | None
    checker_only: bool
    aliases: tuple[str, ...]
    owner: str | None
    grants: tuple[str, ...]
    provider: str | None
    login: str | None
    imap_host: str | None
    imap_port: int | None
    imap_security: Security | None
    smtp_host: str | None
    smtp_port: int | None
    smtp_security: Security | None
    ca_file: str | None
    discover: bool
    method: AuthMethod | None
    password_stdin: bool
    password_command: str | None
    password_env: str | None
    password_credential: str | None
    asks_password: bool = False

    @property
    def names_a_place(self) -> bool:
        """Whether the password is kept elsewhere than in the keyring."""
        return bool(self.password_command or self.password_env or self.password_credential)


def asked(run: "Session", form: Form) -> Form:
    """The form with what is missing asked for; nothing is asked that was given, or that the provider knows."""
    address = form.address or typer.prompt("address", value_proc=an_address, err=True)
    display_name = form.display_name
    if not form.address:
        display_name = display_name or typer.prompt("name in From", default="", show_default=False, err=True)
    owner = form.owner
    if form.kind is Kind.PERSONAL and not owner:
        owner = typer.prompt("owner", default=run.context.actor.name, err=True)
    filled = replace(form, address=address, display_name=display_name, owner=owner)
    has_none = form.password_stdin or form.names_a_place or form.method is AuthMethod.OAUTH2
    return replace(with_servers(filled), asks_password=not has_none)


def an_address(answer: str) -> str:
    """The answer, when it is an address.

    Raises:
        BadParameter: it is none; Typer then says so, and asks again.
    """
    from mailctl.domain.address import parse

    try:
        parse(answer)
    except BadDataError as error:
        raise typer.BadParameter(str(error)) from error
    return answer.strip()


def with_servers(form: Form) -> Form:
    """The form with its servers asked for, where no provider is named or known for the address."""
    from mailctl.providers import provider_for

    if form.provider or form.imap_host or form.smtp_host:
        return form
    guess = provider_for(form.address or "") if form.discover else None
    if guess:
        typer.echo(f"provider: {guess.name}", err=True)
        return replace(form, provider=guess.id)
    domain = (form.address or "").rpartition("@")[2]
    imap = typer.prompt("IMAP server", default=f"imap.{domain}", err=True)
    if form.checker_only:
        return replace(form, imap_host=imap)
    return replace(form, imap_host=imap, smtp_host=typer.prompt("SMTP server", default=f"smtp.{domain}", err=True))


def built(form: Form) -> Account:
    """The account that a form describes.

    Raises:
        UsageError: the address is missing, or options contradict each other.
        BadDataError: a grant is none.
    """
    from mailctl.services.rights import parse_grant

    if not form.address:
        raise UsageError("missing option '--address'", hint=f"mailctl account add {form.name} --address ADDRESS")
    if form.checker_only and (form.smtp_host or form.smtp_port or form.smtp_security):
        raise UsageError("a checker-only account has no SMTP server", hint="leave --smtp-… or --checker-only out")
    return Account(
        name=form.name,
        address=form.address,
        display_name=form.display_name,
        kind=form.kind or (Kind.PERSONAL if form.owner else Kind.GROUP),
        owner=form.owner,
        provider=form.provider,
        login=form.login,
        checker_only=form.checker_only,
        aliases=tuple(Alias(address=address) for address in form.aliases),
        auth=auth_of(form),
        incoming=Endpoint(host=form.imap_host, port=form.imap_port, security=form.imap_security, ca_file=form.ca_file),
        outgoing=Endpoint()
        if form.checker_only
        else Endpoint(host=form.smtp_host, port=form.smtp_port, security=form.smtp_security, ca_file=form.ca_file),
        rights=dict(parse_grant(grant) for grant in form.grants),
    )


def auth_of(form: Form) -> Auth:
    """Where the password is kept, as the options say.

    Raises:
        UsageError: two places are named, or the command cannot be split into words.
    """
    given = [form.password_stdin, form.password_command, form.password_env, form.password_credential]
    if sum(bool(one) for one in given) > 1:
        raise UsageError("one place for the password, not several", hint="mailctl account add --help")
    if form.password_command is not None:
        try:
            words = tuple(shlex.split(form.password_command))
        except ValueError as error:
            raise UsageError(f"--password-command: {str(error).lower()}", hint="mailctl account add --help") from error
        return Auth(method=form.method, secret=SecretPlace.COMMAND, command=words)
    if form.password_env is not None:
        return Auth(method=form.method, secret=SecretPlace.ENV, env=form.password_env)
    if form.password_credential is not None:
        return Auth(method=form.method, secret=SecretPlace.CREDENTIAL, credential=form.password_credential)
    return Auth(method=form.method)


def read_secret(form: Form) -> str | None:
    """The password for the keyring: from stdin, or asked for without echo; None when there is none to keep."""
    if form.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not form.asks_password:
        return None
    return typer.prompt("password (empty: later)", hide_input=True, default="", show_default=False, err=True) or None
