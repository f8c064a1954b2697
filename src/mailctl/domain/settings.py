"""store.toml: what holds for the whole firm."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

from mailctl.domain.account import Name, Text
from mailctl.domain.watching import Watching

VERSION = 1


class Sendmail(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """For mailctl-sendmail: who sends when the caller does not say, and local names."""

    account: Annotated[Name | None, Meta(description="sends when neither -a, -f nor From name an account")] = None
    fallback: Annotated[Name | None, Meta(description="stands in when that one's server cannot be reached")] = None
    logins: Annotated[
        tuple[Text, ...], Meta(description="logins that may send so without being a collaborator; `*` for all")
    ] = ()
    aliases: Annotated[dict[Text, Text], Meta(description="bare names and the address each stands for")] = field(
        default_factory=dict
    )


class Mirror(StrEnum):
    """How links are shown on the servers, to who uses another mail program."""

    NONE = "none"
    KEYWORD = "keyword"
    FOLDER = "folder"


class Affairs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """For mail filed under affairs."""

    auto: Annotated[bool, Meta(description="whether each fetch files by the rules what it brought")] = True
    mirror: Annotated[
        Mirror, Meta(description="how it is shown on the servers: a keyword, or a copy in the folder Affaires/REF")
    ] = Mirror.NONE


class Merging(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """For `mailctl merge`: one message for each row of a table."""

    ask_above: Annotated[int, Meta(description="so many messages go without a question, or `--yes`", ge=0)] = 50


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What holds for the whole store."""

    version: Annotated[int, Meta(description="of the store's format", ge=1)]
    firm: Annotated[Text, Meta(description="the firm's name, for signatures")] = ""
    administrators: Annotated[
        tuple[Text, ...], Meta(description="operating-system logins that may change the whole store")
    ] = ()
    default_account: Annotated[Name | None, Meta(description="sends when no other is named")] = None
    checker: Annotated[Watching, Meta(description="for the checker: defaults of every watched account")] = field(
        default_factory=Watching
    )
    sendmail: Annotated[Sendmail, Meta(description="for mailctl-sendmail")] = field(default_factory=Sendmail)
    affairs: Annotated[Affairs, Meta(description="for mail filed under affairs")] = field(default_factory=Affairs)
    merge: Annotated[Merging, Meta(description="for mailctl merge")] = field(default_factory=Merging)
