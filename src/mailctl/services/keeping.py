"""What stays in a mirror though its server has it no more."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailctl.local.index import Known


def is_foreign(one: "Known") -> bool:
    """Whether another program laid a message into the mirror, such as mutt saving a copy: it never was the server's."""
    from mailctl.local.maildir import is_own

    return one.uid is None and not is_own(one.key)
