"""One folder of the mirror brought to what the server has: what is new, what changed, what is gone."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mailctl.errors import ProtocolError
from mailctl.services.bringing import (
    BATCH_MESSAGES,
    LIST_AT_ONCE,
    Bringing,
    Changes,
    Place,
    Waiting,
    take_away,
    take_flags,
    unlisted,
    window,
)

if TYPE_CHECKING:
    from mailctl.local.index import Entry, Known, KnownFolder
    from mailctl.remote.imap import ImapSession
    from mailctl.remote.imap_answers import FolderState, Listed
    from mailctl.remote.imap_resync import Question


def is_unchanged(known: "KnownFolder", state: "FolderState", *, since: date | None) -> bool:
    """Whether the mirror is as the server counts the folder; without HIGHESTMODSEQ flags may have changed unseen."""
    return (
        known.clean
        and not reaches_further(known, since)
        and (state.highestmodseq is not None or not state.messages)
        and (known.uidvalidity, known.uidnext, known.messages, known.unseen, known.highestmodseq)
        == (state.uidvalidity, state.uidnext, state.messages, state.unseen, state.highestmodseq)
    )


def reaches_further(known: "KnownFolder", since: date | None) -> bool:
    """Whether mail is asked for that is older than what the mirror goes back to."""
    return since is not None and known.since is not None and since < known.since.date()


def bring_up_to_date(place: Place, state: "FolderState", *, since: date | None, changes: Changes) -> None:
    """Let one examined folder's mirror be as the server's folder is.

    Killed anywhere and begun again, nothing is missing and nothing is there twice: a folder into which mail is coming
    is marked unclean first, and what is found in an unclean folder is compared with the server message by message.

    Args:
        place: where it is kept.
        state: the folder's numbers, as EXAMINE gave them, UNSEEN as STATUS did.
        since: only mail that came on that day or later; heeded on the first time, or to go back further.
        changes: what is done is counted there, up to where it fails.
    """
    known = place.folder
    renumbered = known.uidvalidity != state.uidvalidity or not state.uidvalidity or state.uidnext < known.uidnext
    if renumbered or not known.clean or reaches_further(known, since):
        since = since if known.uidvalidity == 0 or reaches_further(known, since) else known_since(known)
        compare_all(place, state, changes, since=since, renumbered=renumbered)
    else:
        since = known_since(known)
        follow(place, state, changes)
    if not changes.incomplete:
        settle(place, state, since=since)


def known_since(known: "KnownFolder") -> date | None:
    """The day up to which the mirror goes back."""
    return known.since.date() if known.since else None


def settle(place: Place, state: "FolderState", *, since: date | None) -> None:
    """Note that the mirror is as the server said the folder is."""
    place.index.settle(
        place.folder.id,
        uidvalidity=state.uidvalidity,
        uidnext=state.uidnext,
        messages=state.messages,
        unseen=state.unseen,
        highestmodseq=state.highestmodseq,
        since=datetime.combine(since, time(), UTC) if since else None,
    )


# -- what changed since the last time


def follow(place: Place, state: "FolderState", changes: Changes) -> None:
    """Bring what is new, changed or gone since a clean folder was last fetched."""
    from mailctl.local.keeping import unplaced

    known, session = place.folder, place.session()
    fresh, flags, vanished = news(session, known, state)
    touched = flags.keys() | vanished
    here = place.index.known(known.id, uids=touched) if touched else ()
    take_flags(place, here, flags, changes)
    gone = [one for one in here if one.uid in vanished]
    if known.messages - len(gone) + len(fresh) != state.messages:
        present = uids_of(session, state)
        gone = [one for one in place.index.known(known.id) if one.uid is not None and one.uid not in present]
        told = {one.uid for one in fresh}
        untold = {uid for uid in present if known.uidnext <= uid < state.uidnext} - told
        late = list(session.listed(untold))
        fresh += [*late, *(unlisted(uid) for uid in sorted(untold - {one.uid for one in late}))]
    take_away(place, [*gone, *unplaced(place.index, known.id)], changes)
    if fresh:
        place.index.touch(known.id)
        Bringing(place, changes).bring(fresh)


def news(
    session: "ImapSession", known: "KnownFolder", state: "FolderState"
) -> tuple[list["Listed"], dict[int, frozenset[str]], frozenset[int]]:
    """What is new, the flags of what may have changed, by UID, and the UIDs that the server says are gone."""
    asked = question(known, state)
    if asked is None:
        fresh = list(session.listed(new_uids(session, known, state)))
        is_told = known.highestmodseq is not None and state.highestmodseq is not None
        flags = {} if is_told or known.uidnext <= 1 else session.flags(1, known.uidnext - 1)
        return fresh, flags, frozenset()
    from mailctl.remote import imap_resync

    changed = imap_resync.changes(session, asked)
    fresh = [one for one in changed.new if one.uid < state.uidnext]
    if not asked.with_new:
        fresh = list(session.listed(new_uids(session, known, state)))
    return fresh, changed.flags, changed.gone or frozenset()


def question(known: "KnownFolder", state: "FolderState | None") -> "Question | None":
    """What to ask of a folder as it is counted; None where the server does not say what changed, or nothing did."""
    if state is None or known.highestmodseq is None or state.highestmodseq in (None, known.highestmodseq):
        return None
    if not known.clean or known.uidvalidity != state.uidvalidity or not 1 < known.uidnext <= state.uidnext:
        return None
    from mailctl.remote.imap_resync import Question

    is_new = 0 < state.uidnext - known.uidnext <= LIST_AT_ONCE
    return Question(uidnext=known.uidnext, since=known.highestmodseq, with_new=is_new)


def uids_of(session: "ImapSession", state: "FolderState") -> frozenset[int]:
    """The UIDs of all messages.

    Raises:
        ProtocolError: the server names none of those it counts; what is here would be taken for gone.
    """
    if not state.messages:
        return frozenset()
    found = session.uids()
    if not found:
        raise ProtocolError(f"{session.server.where} counts {state.messages} messages in '{state.name}' and names none")
    return found


def new_uids(session: "ImapSession", known: "KnownFolder", state: "FolderState") -> Iterable[int]:
    """The UIDs that may be new; where their numbers span too much, those that are."""
    if state.uidnext - known.uidnext <= LIST_AT_ONCE:
        return range(known.uidnext, state.uidnext)
    return [uid for uid in uids_of(session, state) if known.uidnext <= uid < state.uidnext]


# -- everything, when it is not known what is there


def compare_all(place: Place, state: "FolderState", changes: Changes, *, since: date | None, renumbered: bool) -> None:
    """Compare files, index and server, message by message; what is here already is recognised and not fetched again."""
    folder = place.folder.id
    place.index.touch(folder)
    if renumbered:
        place.index.reset(folder, state.uidvalidity)
    reconcile(place)
    here = place.index.known(folder)
    if not here and since is not None:
        promise(place, state, since)
    session = place.session()
    present = frozenset(uid for uid in uids_of(session, state) if uid < state.uidnext)
    take_away(place, [one for one in here if one.uid is not None and one.uid not in present], changes)
    placed = {one.uid: one for one in here if one.uid is not None and one.uid in present}
    waiting = Waiting([one for one in here if one.uid is None])
    cut = compare_placed(place, placed, changes)
    recognise(place, waiting, present - placed.keys(), changes)
    wanted = present - placed.keys() - waiting.taken
    if since is not None:
        wanted &= session.uids(since=since)
    bringing = Bringing(place, changes, waiting=waiting, replaced=cut)
    bringing.bring_all(wanted | cut.keys())
    if not changes.incomplete:
        take_away(place, waiting.rest(), changes)


def let_go(place: Place, changes: Changes) -> None:
    """Remove the mirror of a folder that the server has no more; where something of it stays, the folder does too.

    What stays waits to be recognised, in case that the folder comes back.
    """
    folder = place.folder.id
    place.index.touch(folder)
    place.index.reset(folder, 0)
    reconcile(place)
    take_away(place, place.index.known(folder), changes)
    if not place.index.known(folder):
        place.maildir.drop()
        place.index.forget_folder(folder)


def promise(place: Place, state: "FolderState", since: date) -> None:
    """Note how far back an empty mirror is to go, so that a run that is killed and begun again keeps to it."""
    settle(place, replace(state, uidnext=1, messages=0, unseen=None, highestmodseq=None), since=since)
    place.index.touch(place.folder.id)


def reconcile(place: Place) -> None:
    """Let the index say what files there are: a killed run leaves files that no row names, and others delete some."""
    place.maildir.sweep()
    files = place.maildir.keys()
    rows = place.index.known(place.folder.id)
    place.index.remove([one.id for one in rows if one.key not in files])
    named = {one.key for one in rows}
    unnamed = [(key, path) for key, path in files.items() if key not in named]
    for start in range(0, len(unnamed), BATCH_MESSAGES):
        found = [entry_of(key, path) for key, path in unnamed[start : start + BATCH_MESSAGES]]
        place.index.enter(place.folder.id, [one for one in found if one is not None])


def entry_of(key: str, path: Path) -> "Entry | None":
    """A file that no row names, as an entry that waits to be recognised; None when it is gone meanwhile."""
    from mailctl.domain.decoding import believable
    from mailctl.domain.reading import head_of
    from mailctl.local.index import Entry
    from mailctl.local.maildir import flags_of

    try:
        raw, modified = path.read_bytes(), path.stat().st_mtime
    except FileNotFoundError:
        return None
    head, received = head_of(raw), datetime.fromtimestamp(int(modified), UTC)
    return Entry(
        uid=None,
        key=key,
        flags=flags_of(path.name),
        size=len(raw) + raw.count(b"\n"),  # as it was on the server: with CRLF
        received=received,
        head=replace(head, date=believable(head.date, received=received)),
    )


def compare_placed(place: Place, placed: dict[int, "Known"], changes: Changes) -> dict[int, "Known"]:
    """Take over the flags of what is here; give back what had come in part only, and is to be fetched again."""
    cut: dict[int, Known] = {}
    for some in window(place.session().listed(placed), LIST_AT_ONCE):
        take_flags(place, [placed[one.uid] for one in some], {one.uid: one.flags for one in some}, changes)
        cut |= {one.uid: placed[one.uid] for one in some if placed[one.uid].size < one.size}
    return cut


def recognise(place: Place, waiting: "Waiting", uids: Iterable[int], changes: Changes) -> None:
    """Find what waits among the server's messages by Message-ID, size and date."""
    if not waiting:
        return
    for some in window(place.session().listed(uids, with_message_id=True), LIST_AT_ONCE):
        pairs = [(row, one) for one in some if (row := waiting.take_alike(one)) is not None]
        place.index.place([(row.id, one.uid) for row, one in pairs])
        rows = [replace(row, uid=one.uid) for row, one in pairs]
        take_flags(place, rows, {one.uid: one.flags for _, one in pairs}, changes)
