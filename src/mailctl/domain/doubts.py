"""What makes one ask before a mail goes out: no subject, a forgotten attachment."""

import re

from mailctl.domain.message import Draft

PROMISES = re.compile(r"\b(attached|attachments?|enclosed|ci-joint(?:e?s?)|pi[eè]ces? jointes?)\b", re.IGNORECASE)
QUOTED_LINE = re.compile(r"^>.*$", re.MULTILINE)


def doubts(draft: Draft) -> tuple[str, ...]:
    """What its writer may have forgotten, each as a clause; nothing when all seems well."""
    found = []
    if not draft.subject.strip():
        found.append("the subject is empty")
    own = QUOTED_LINE.sub("", draft.body or draft.html or "")
    promise = PROMISES.search(own)
    if promise and not draft.attachments:
        found.append(f"it says '{promise[0]}', and nothing is attached")
    return tuple(found)
