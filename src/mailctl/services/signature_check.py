"""Signatures tried before anybody sends with them: for each collaborator who may."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mailctl.domain.account import Account, Alias
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.rights import Right, rights_of
from mailctl.domain.signature import Signature
from mailctl.errors import BadDataError, InputMissingError, MailctlError, Problem, StorageError, TemplateFaultError
from mailctl.services.context import Context
from mailctl.services.signature import Lenient, filled, from_markdown, images_of, values_for

KEYS = ("text", "markdown", "html")


class Source(NamedTuple):
    """One text of a signature, and its key in the account's file."""

    path: tuple[str | int, ...]
    alias: Alias | None
    text: str


def faulty_signatures(ctx: Context, accounts: tuple[Account, ...]) -> tuple[Problem, ...]:
    """What is wrong with the signatures of accounts, each tried for every collaborator who may send."""
    people, _ = ctx.store.collaborators()
    return tuple(
        problem(ctx, account, source, error) for account in accounts for source, error in tried(ctx, account, people)
    )


def problem(ctx: Context, account: Account, source: Source, error: MailctlError) -> Problem:
    """A fault at its line in the account's file."""
    from mailctl.store.decode import dotted
    from mailctl.store.lines import line_of

    file = f"accounts/{account.name}.toml"
    text = ctx.store.read(file) or ""
    line = line_of(text, source.path)
    said = str(error)
    if isinstance(error, TemplateFaultError):
        said = error.fault
        if text.splitlines()[line - 1].rstrip().endswith(('"""', "'''")):
            line += error.line  # the text begins on the line behind the quotes
    return Problem(file, line, dotted(source.path), said)


def tried(ctx: Context, account: Account, people: tuple[Collaborator, ...]) -> Iterator[tuple[Source, MailctlError]]:
    """The texts of an account's signatures that fail for somebody who may send, and how."""
    senders = senders_of(account, people)
    empty = {key: "" for one in people for key in one.fields}
    for source in sources(account):
        for one in senders or (None,):
            fields = {**empty, **one.fields} if one else Lenient()
            values = values_for(ctx, account, one, alias=source.alias, fields=fields)
            try:
                try_one(ctx, source, values)
            except (BadDataError, InputMissingError, StorageError) as error:
                yield source, error
                break  # the others fail alike


def senders_of(account: Account, people: tuple[Collaborator, ...]) -> tuple[Collaborator, ...]:
    """Who may send through an account."""
    return tuple(one for one in people if Right.SEND in rights_of(one.id, owner=account.owner, grants=account.rights))


def sources(account: Account) -> Iterator[Source]:
    """All texts of an account's signatures."""
    owners: list[tuple[tuple[str | int, ...], Alias | None, Signature | None]]
    owners = [(("signature",), None, account.signature)]
    owners += [(("aliases", number, "signature"), one, one.signature) for number, one in enumerate(account.aliases)]
    for path, alias, signature in owners:
        for key in KEYS:
            text = getattr(signature, key, None)
            if text:
                yield Source((*path, key), alias, text)


def try_one(ctx: Context, source: Source, values: Mapping[str, object]) -> None:
    """Fill one text in, and look for its images.

    Raises:
        TemplateFaultError, BadDataError, InputMissingError: it cannot be sent so.
    """
    key = str(source.path[-1])
    page = filled(source.text, values, where=key, html=key != "text")
    if key != "text":
        images_of(ctx, from_markdown(page) if key == "markdown" else page)


def refuse_faulty(ctx: Context, account: Account, alias: Alias | None, *, names: Mapping[str, str]) -> None:
    """Refuse a signature that would fail when somebody sends.

    Args:
        ctx: who acts, and where.
        account: as it would become.
        alias: whose signature it is; None for the account's own.
        names: what a text is called in messages, by its key.
    """
    people, _ = ctx.store.collaborators()
    for source, error in tried(ctx, account, people):
        if source.alias is not alias:
            continue
        if isinstance(error, TemplateFaultError):
            where = names.get(str(source.path[-1]), f"the signature of '{account.name}'")
            raise TemplateFaultError(error.fault, where=where, line=error.line) from error
        raise error
