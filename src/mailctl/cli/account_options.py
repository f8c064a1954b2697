"""The options of `account add`: a table."""

from typing import Annotated

import typer

from mailctl.domain import account as domain

SERVERS, SECRET, PEOPLE = "Servers", "Password", "People"

NewName = Annotated[str, typer.Argument(metavar="A", help="A short name for it, such as contact.")]
Address = Annotated[
    str | None, typer.Option("--address", metavar="ADDRESS", help="Its address; asked for on a terminal.")
]
DisplayName = Annotated[str, typer.Option("--display-name", metavar="NAME", help="The name in From.")]
Kind = Annotated[domain.Kind | None, typer.Option("--kind", help="The firm's, or one person's.")]
CheckerOnly = Annotated[bool, typer.Option("--checker-only", help="Watch it only: it neither sends nor fetches.")]
Alias = Annotated[list[str] | None, typer.Option("--alias", metavar="ADDRESS", help="Another address of the mailbox.")]
Owner = Annotated[
    str | None,
    typer.Option("--owner", metavar="C", help="Whose personal account it is.", rich_help_panel=PEOPLE),
]
Grant = Annotated[
    list[str] | None,
    typer.Option("--grant", metavar="C:RIGHT,…", help="Who may do what with it.", rich_help_panel=PEOPLE),
]
Provider = Annotated[
    str | None, typer.Option("--provider", metavar="P", help="A preset: provider list.", rich_help_panel=SERVERS)
]
Login = Annotated[
    str | None, typer.Option("--login", metavar="L", help="Else as the provider has it.", rich_help_panel=SERVERS)
]
ImapHost = Annotated[
    str | None, typer.Option("--imap-host", metavar="HOST", help="The IMAP server.", rich_help_panel=SERVERS)
]
ImapPort = Annotated[
    int | None, typer.Option("--imap-port", metavar="PORT", help="Else the usual one.", rich_help_panel=SERVERS)
]
ImapSecurity = Annotated[
    domain.Security | None, typer.Option("--imap-security", help="Else as the port says.", rich_help_panel=SERVERS)
]
SmtpHost = Annotated[
    str | None, typer.Option("--smtp-host", metavar="HOST", help="The SMTP server.", rich_help_panel=SERVERS)
]
SmtpPort = Annotated[
    int | None, typer.Option("--smtp-port", metavar="PORT", help="Else the usual one.", rich_help_panel=SERVERS)
]
SmtpSecurity = Annotated[
    domain.Security | None, typer.Option("--smtp-security", help="Else as the port says.", rich_help_panel=SERVERS)
]
CaFile = Annotated[
    str | None,
    typer.Option("--ca-file", metavar="FILE", help="A private authority's certificate.", rich_help_panel=SERVERS),
]
NoDiscover = Annotated[
    bool,
    typer.Option("--no-discover", help="Do not guess the provider from the address.", rich_help_panel=SERVERS),
]
Test = Annotated[bool, typer.Option("--test", help="Log in first; add it only if that works.", rich_help_panel=SERVERS)]
Method = Annotated[domain.AuthMethod | None, typer.Option("--auth", help="How to log in.", rich_help_panel=SECRET)]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read it, keep it in the keyring.", rich_help_panel=SECRET)
]
PasswordCommand = Annotated[
    str | None,
    typer.Option("--password-command", metavar="CMD", help="A command that prints it.", rich_help_panel=SECRET),
]
PasswordEnv = Annotated[
    str | None,
    typer.Option("--password-env", metavar="VAR", help="A variable that holds it.", rich_help_panel=SECRET),
]
PasswordCredential = Annotated[
    str | None,
    typer.Option("--password-credential", metavar="NAME", help="A systemd credential.", rich_help_panel=SECRET),
]
