"""What other programs did to a mirror's files, done on the server too: flags, and deletions where they are wanted."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from mailctl.domain.folders import Folder, Use, special
from mailctl.domain.merging import Change, change
from mailctl.domain.message import Flag
from mailctl.errors import UsageError

if TYPE_CHECKING:
    from mailctl.domain.account import Account
    from mailctl.local.index import Index, Known, KnownFolder
    from mailctl.local.maildir import Maildir
    from mailctl.remote.imap import ImapSession

MARK = frozenset({str(Flag.DELETED)})
FEW = 5  # so many deletions are nobody's accident


class Push(Struct, frozen=True, kw_only=True):
    """What is to be pushed beside flags: `deletes` too; `sure` whether even half of a folder."""

    deletes: bool = False
    sure: bool = False


class Mirror(Struct, frozen=True, kw_only=True):
    """One folder's mirror, and the account it is of."""

    account: "Account"
    folder: "KnownFolder"
    index: "Index"
    maildir: "Maildir"

    @property
    def can_be_trusted(self) -> bool:
        """Whether what is not here was taken away by somebody: not by a crash, and not with the whole folder."""
        return self.folder.clean and (self.maildir.path / "cur").is_dir()


class Done(Struct, frozen=True):
    """What was done here: messages with changed flags, and those that are to go."""

    changed: "tuple[tuple[Known, Change], ...]"
    gone: "tuple[Known, ...]"


def push(mirror: Mirror, session: "ImapSession", every: Sequence[Folder], *, wish: Push) -> int:
    """Do on the server what was done here in one folder, and say to how many messages.

    Killed anywhere and begun again, the same is done once more, which changes nothing: the index takes a change over
    once the server has it.

    Args:
        mirror: the folder.
        session: where.
        every: all folders of the server.
        wish: what to push.

    Raises:
        UsageError: half of the folder or more would go, and nobody said that it should.
    """
    done = done_here(mirror, deletes=wish.deletes) if mirror.can_be_trusted else Done((), ())
    if not done.changed and not done.gone:
        return 0
    if not wish.sure:
        refuse_landslide(mirror, len(done.gone))
    if session.select(mirror.folder.name).uidvalidity != mirror.folder.uidvalidity:
        return 0  # numbered anew: fetching recognises what is here first
    push_flags(mirror, session, done.changed)
    push_deletions(mirror, session, done.gone, special(every, Use.TRASH, chosen=mirror.account.folders))
    return len(done.changed) + len(done.gone)


def done_here(mirror: Mirror, *, deletes: bool) -> Done:
    """What was done to the files since they were as the index says."""
    from mailctl.local.maildir import flags_of

    files = mirror.maildir.keys()
    changed: list[tuple[Known, Change]] = []
    gone: list[Known] = []
    for one in mirror.index.known(mirror.folder.id):
        if one.uid is None:
            continue
        path = files.get(one.key)
        here = flags_of(path.name) if path else frozenset()
        if deletes and (path is None or Flag.DELETED in here):
            gone.append(one)
        elif path is not None and (what := change(one.flags, here)):
            changed.append((one, what))
    again = mirror.maildir.keys() if gone else files  # one that was renamed just now may not have been seen
    return Done(tuple(changed), tuple(one for one in gone if one.key in files or one.key not in again))


def refuse_landslide(mirror: Mirror, count: int) -> None:
    """Refuse what looks like an accident.

    Raises:
        UsageError: it does.
    """
    total = mirror.folder.messages
    if count <= FEW or 2 * count < total:
        return
    name = mirror.account.name
    raise UsageError(
        f"'{name}': {count} of {total} messages of '{mirror.folder.name}' are deleted here; "
        "so many are not deleted on the server unasked",
        hint=f"mailctl fetch -a {name} --push-deletes --yes; to fetch them again: mailctl fetch -a {name} --reindex",
    )


def push_flags(mirror: Mirror, session: "ImapSession", changed: "Sequence[tuple[Known, Change]]") -> None:
    """Change flags on the server, those with the same change together, and note it."""
    from mailctl.remote.imap_organize import change_flags

    alike: dict[Change, list[Known]] = defaultdict(list)
    for one, what in changed:
        alike[what].append(one)
    for what, some in alike.items():
        uids = [one.uid for one in some if one.uid is not None]
        change_flags(session, uids, add=what.add, remove=what.remove)
        mirror.index.set_flags([(one.id, what.applied(one.flags)) for one in some])


def push_deletions(mirror: Mirror, session: "ImapSession", gone: "Sequence[Known]", trash: str | None) -> None:
    """Move messages to the trash; out of it, or where there is none, remove them for good."""
    from mailctl.remote.imap_organize import change_flags, expunge, move

    if not gone:
        return
    uids = [one.uid for one in gone if one.uid is not None]
    if trash is None or trash == mirror.folder.name:
        expunge(session, uids)
    else:
        marked = [one.uid for one in gone if one.uid is not None and Flag.DELETED in one.flags]
        change_flags(session, marked, add=frozenset(), remove=MARK)  # else it would not stay in the trash
        move(session, uids, trash)
    for one in gone:
        mirror.maildir.remove(one.key, one.flags)
    mirror.index.remove([one.id for one in gone])
