"""A collaborator: a person of the firm, known by a short name."""

from typing import Annotated

from msgspec import Meta, Struct, field

from mailctl.domain.account import Name, Text


class Collaborator(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A person of the firm."""

    id: Annotated[Name, Meta(description="the file's name")]
    name: Annotated[Text, Meta(description="as in a signature: Alice Martin", min_length=1)]
    email: Annotated[Text, Meta(description="where she reads mail")]
    logins: Annotated[tuple[Text, ...], Meta(description="operating-system logins; else the file's name")] = ()
    admin: Annotated[bool, Meta(description="may change the whole store")] = False
    title: Annotated[Text, Meta(description="for signatures and templates")] = ""
    phone: Annotated[Text, Meta(description="for signatures and templates")] = ""
    imap_identifier: Annotated[Text | None, Meta(description="who she is in IMAP ACLs; else the email")] = None
    default_account: Annotated[Name | None, Meta(description="the account she sends with when none is named")] = None
    fields: Annotated[dict[str, Text], Meta(description="more for signatures and templates")] = field(
        default_factory=dict
    )

    @property
    def os_logins(self) -> tuple[str, ...]:
        """The operating-system logins that are hers."""
        return self.logins or (self.id,)
