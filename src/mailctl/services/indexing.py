"""Index and words of fetched mail made from the Maildirs alone: what was not looked at yet, or all of it anew."""

from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING

from mailctl.services.bringing import BATCH_MESSAGES
from mailctl.services.context import Context
from mailctl.services.mirroring import entry_of

if TYPE_CHECKING:
    from mailctl.domain.searchable import Searchable
    from mailctl.local.index import KnownFolder
    from mailctl.local.words import Unread

AT_ONCE = 500  # messages; what is entered at once is lost together when a run is killed, and entered again
GULP = 32 << 20  # bytes of them; and of one message, of which what stands further behind is not found


def enter_words(ctx: Context, account: str, *, came: bool = False, is_over: Callable[[], bool] = bool) -> int:
    """Enter the words of what an account's mirror holds and nobody looked at yet, and say of how many messages.

    Killed anywhere and begun again, none is missing and none is there twice: a message counts as looked at in the
    change that enters its words.

    Args:
        ctx: the outside world.
        account: whose mail.
        came: whether messages came with their words just now.
        is_over: once it says so, the rest is left to the next time.
    """
    from mailctl.local.rebuilding import are_words_missing

    if not came and not are_words_missing(ctx.index, account):
        return 0
    from mailctl.local import words

    done = entered(ctx, account, is_over=is_over)
    if (done or came) and words.drop_stale(ctx.index):
        enter_all_words(ctx)
    return done


def enter_all_words(ctx: Context) -> None:
    """Enter what words are missing, of any account: who asks for them goes through the door."""
    for row in ctx.index.rows("SELECT DISTINCT account FROM folders"):
        entered(ctx, row["account"])


def entered(ctx: Context, account: str, *, is_over: Callable[[], bool] = bool) -> int:
    """Enter the words of an account's messages, some at once, and say of how many."""
    from mailctl.local import words

    done, total = 0, words.count_without_words(ctx.index, (account,))
    while not is_over() and (waiting := words.without_words(ctx.index, account, limit=AT_ONCE)):
        found: list[tuple[int, Searchable]] = []
        room = GULP
        for one in waiting:
            raw = content(ctx, account, one)
            found.append((one.id, searchable(raw)))
            room -= len(raw)
            if room < 0:
                break
        words.enter_words(ctx.index, found)
        done += len(found)
        if total > AT_ONCE:
            ctx.progress(f"{account}: making it searchable", min(done, total), total)
    return done


def content(ctx: Context, account: str, one: "Unread") -> bytes:
    """A message's bytes, not more than `GULP`; none where another program has taken its file away."""
    path = ctx.maildir(account, one.path).find(one.key, one.flags)
    if path is None:
        return b""
    try:
        with path.open("rb") as file:
            return file.read(GULP)
    except OSError:
        return b""


def searchable(raw: bytes) -> "Searchable":
    """The words of a message."""
    from mailctl.domain.searchable import searchable_of

    return searchable_of(raw)


def enter_anew(ctx: Context, known: "KnownFolder") -> None:
    """Let the index say of a folder what its Maildir does: messages, flags, dates; their numbers stay.

    Which UIDs they have is for the next fetch to find out: it recognises them by Message-ID, size and date.
    """
    from mailctl.local.rebuilding import enter_again

    ctx.index.touch(known.id)
    files = ctx.maildir(known.account, known.path).keys()
    rows = {one.key: one.id for one in ctx.index.known(known.id)}
    ctx.index.remove([id for key, id in rows.items() if key not in files])
    todo = iter(files.items())
    while some := list(islice(todo, BATCH_MESSAGES)):
        found = [entry for key, path in some if (entry := entry_of(key, path)) is not None]
        enter_again(ctx.index, known.id, [(rows[one.key], one) for one in found if one.key in rows])
        ctx.index.enter(known.id, [one for one in found if one.key not in rows])
