"""`mailctl account`: the mailboxes of the firm."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mailctl.cli import account_options as options
from mailctl.cli.params import AsJson, Yes, new_app
from mailctl.cli.session import Session, session
from mailctl.errors import Exit, UsageError

if TYPE_CHECKING:
    from mailctl.domain.account import Account
    from mailctl.services.account_mail import LocalMail
    from mailctl.services.context import Context
    from mailctl.services.importing import Imported

app = new_app("Add, look at and change the firm's mailboxes.", example="mailctl account list")
COLUMNS = ("name", "address", "kind", "owner", "checker_only", "my_rights")

Name = Annotated[str, typer.Argument(metavar="A", help="The account.")]


@app.command()
def add(
    ctx: typer.Context,
    name: options.NewName,
    address: options.Address = None,
    display_name: options.DisplayName = "",
    kind: options.Kind = None,
    checker_only: options.CheckerOnly = False,
    alias: options.Alias = None,
    owner: options.Owner = None,
    grant: options.Grant = None,
    provider: options.Provider = None,
    login: options.Login = None,
    imap_host: options.ImapHost = None,
    imap_port: options.ImapPort = None,
    imap_security: options.ImapSecurity = None,
    smtp_host: options.SmtpHost = None,
    smtp_port: options.SmtpPort = None,
    smtp_security: options.SmtpSecurity = None,
    ca_file: options.CaFile = None,
    no_discover: options.NoDiscover = False,
    test: options.Test = False,
    auth: options.Method = None,
    password_stdin: options.PasswordStdin = False,
    password_command: options.PasswordCommand = None,
    password_env: options.PasswordEnv = None,
    password_credential: options.PasswordCredential = None,
    as_json: AsJson = False,
) -> None:
    """Add an account. On a terminal, asks for what is missing.

    Example: mailctl account add contact --address contact@firm.example --provider ovh --grant bob:read,send
    """
    from mailctl.cli.account_form import Form, asked, built, read_secret
    from mailctl.services import accounts as service

    run = session(ctx)
    form = Form(
        name=name, address=address, display_name=display_name, kind=kind, checker_only=checker_only,
        aliases=tuple(alias or ()), owner=owner, grants=tuple(grant or ()), provider=provider, login=login,
        imap_host=imap_host, imap_port=imap_port, imap_security=imap_security,
        smtp_host=smtp_host, smtp_port=smtp_port, smtp_security=smtp_security, ca_file=ca_file,
        discover=not no_discover, method=auth, password_stdin=password_stdin, password_command=password_command,
        password_env=password_env, password_credential=password_credential,
    )  # fmt: skip
    run.context.require_admin("add accounts")
    if run.is_interactive:
        form = asked(run, form)
    account = built(form)
    secret = read_secret(form)
    added = service.add(run.context, account, secret=secret, discover=form.discover, test=test)
    told(run, added, "added", as_json=as_json)
    if not (secret or as_json or form.names_a_place):
        run.say(f"next: mailctl password set {added.name}")


def told(run: Session, account: "Account", what: str, *, as_json: bool) -> None:
    """Say what was done to an account; give the account itself to a program."""
    from mailctl.services import accounts as service

    if as_json:
        run.show(service.shown(run.context, account), as_json=True)
    run.say(f"{what} the account '{account.name}'")


@app.command(name="import")
def import_(
    ctx: typer.Context,
    form: Annotated[str, typer.Argument(metavar="csv", help="What kind of file it is.")],
    path: Annotated[str | None, typer.Argument(metavar="[PATH]", help="The file; - or nothing: stdin.")] = None,
    provider: Annotated[
        str | None, typer.Option("--provider", metavar="P", help="The preset of new accounts that name none.")
    ] = None,
    update: Annotated[
        bool,
        typer.Option(
            "--update", help="Change accounts that are there and differ, a cell being all its key holds; else an error."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change; the exit status is 1 when something would.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add the accounts of a spreadsheet, all or none.

    Its first line names the columns, in English or French: address, account, display name, owner, rights (alice: read,
    send; bob: lire), aliases, provider, login … No passwords.

    Example: mailctl account import csv mailboxes.csv --dry-run
    """
    from mailctl.services import importing as service

    run = session(ctx)
    run.context.require_admin("import accounts")
    service.reader_of(form)
    data, file = service.read_file(path, b"" if path not in (None, "-") else read_stdin(run))
    done = service.import_(run.context, form, data, file=file, provider=provider, update=update, dry_run=dry_run)
    if as_json:
        run.show(done, as_json=True)
    else:
        run.show(done.rows, columns=("name", "action", "line", "address", "changes"))
    tell_import(run, done)
    if dry_run and done.rows:
        raise typer.Exit(Exit.NO)


def read_stdin(run: Session) -> bytes:
    """What is piped in.

    Raises:
        UsageError: nothing is; somebody sits there and was not told to type.
    """
    if run.is_interactive:
        raise UsageError("no file named", hint="mailctl account import csv PATH")
    return sys.stdin.buffer.read()


def tell_import(run: Session, done: "Imported") -> None:
    """Say how each column was understood, and what came of it."""
    run.say(f"read as {done.read_as}")
    for column in done.columns:
        run.say(f"column '{column.heading}': {column.key or 'ignored'}")
    made = sum(one.action == "create" for one in done.rows)
    said = "" if done.applied or not done.rows else "; nothing was done yet"
    run.say(f"{made} accounts new, {len(done.rows) - made} changed, {done.unchanged} as they were{said}")


@app.command(name="list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the accounts you have a right on; all of them for an administrator.

    Example: mailctl account list
    """
    from mailctl.services import accounts as service

    run = session(ctx)
    run.show(service.list_(run.context), as_json=as_json, columns=COLUMNS)


@app.command()
def show(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Show one account, its servers as they will be used.

    Example: mailctl account show contact --json
    """
    from mailctl.services import accounts as service

    run = session(ctx)
    run.show(service.show(run.context, name), as_json=as_json)


@app.command(name="set")
def set_(
    ctx: typer.Context,
    name: Name,
    pairs: Annotated[list[str], typer.Argument(metavar="KEY=VALUE…", help="Dotted keys, as in the file.")],
    as_json: AsJson = False,
) -> None:
    """Set keys of an account, as in its file; lists are separated by commas.

    Example: mailctl account set contact incoming.port=143 incoming.security=starttls
    """
    from mailctl.services import accounts as service

    run = session(ctx)
    told(run, service.set_keys(run.context, name, tuple(pairs)), "changed", as_json=as_json)


@app.command()
def unset(
    ctx: typer.Context,
    name: Name,
    keys: Annotated[list[str], typer.Argument(metavar="KEY…", help="Dotted keys, as in the file.")],
    as_json: AsJson = False,
) -> None:
    """Put keys of an account back to their defaults.

    Example: mailctl account unset contact incoming.port incoming.security
    """
    from mailctl.services import accounts as service

    run = session(ctx)
    told(run, service.unset_keys(run.context, name, tuple(keys)), "changed", as_json=as_json)


@app.command()
def rename(
    ctx: typer.Context,
    name: Name,
    new: Annotated[str, typer.Argument(metavar="B", help="The new name.")],
    as_json: AsJson = False,
) -> None:
    """Give an account another name, wherever it is mentioned.

    Example: mailctl account rename contact hello
    """
    from mailctl.services import renaming

    run = session(ctx)
    told(run, renaming.rename(run.context, name, new), f"renamed '{name}' to", as_json=as_json)


@app.command()
def remove(
    ctx: typer.Context,
    name: Name,
    mail: Annotated[bool, typer.Option("--mail", help="The mail fetched from it too, on this machine.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Take an account out of the store. Mail on the server stays, and so does mail fetched from it but with --mail.

    Example: mailctl account remove contact --yes
    """
    from mailctl.services import account_mail, renaming

    run = session(ctx)
    is_there = ensure_removable(run.context, name, mail=mail)
    found = account_mail.local_mail(run.context, name)
    what = [f"the account '{name}' and its password"] if is_there else []
    what += [f"{found} of '{name}' on this machine"] if mail and found.messages else []
    run.confirm(f"remove {', and '.join(what) or 'it'}?", yes=yes)
    if is_there:
        renaming.remove(run.context, name)
    if mail:
        account_mail.remove_mail(run.context, name)
    if as_json:
        run.show(account_mail.removed(name, found, kept=not mail), as_json=True)
    tell_removed(run, name, found, is_there=is_there, mail=mail)


def ensure_removable(context: "Context", name: str, *, mail: bool) -> bool:
    """Refuse before anything is asked; gives whether the store has the account, or only its mail is left."""
    if mail and name not in context.store.account_names():
        from mailctl.services.account_mail import mirror_of

        if mirror_of(context, name).exists():
            return False
    context.require_admin("remove accounts")
    context.store.account(name)
    return True


def tell_removed(run: Session, name: str, found: "LocalMail", *, is_there: bool, mail: bool) -> None:
    """Say what is gone, and what stays."""
    if is_there:
        run.say(f"removed the account '{name}'")
    if mail:
        run.say(f"removed {found}")
    elif found.messages:
        run.say(f"{found} stay in {found.folder}; mailctl account remove {name} --mail takes them away")
