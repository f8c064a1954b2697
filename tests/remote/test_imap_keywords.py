"""Keywords are only given where the server says that it keeps them, and not believed where it did not."""

import pytest

from mailctl.errors import ServerRefusedError
from mailctl.remote.imap import open_imap
from mailctl.remote.imap_keywords import is_one_too_many, require_kept, require_keyword
from support.scripted_imap import scripted_imap

KEYWORD = "affair-2026-014"


def selected(flags: str, permanent: str | None):
    """What a server says of a folder that it opens."""
    told = f"* OK [PERMANENTFLAGS ({permanent})] limited\r\n" if permanent is not None else ""
    return (
        f"* FLAGS (\\Seen {flags})\r\n{told}* 1 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 2] next\r\n"
    ).encode() + b"{tag} OK [READ-WRITE] opened\r\n"


def opened(flags="", permanent=None, **more):
    return scripted_imap({"SELECT": selected(flags, permanent), **more})


@pytest.mark.parametrize(
    ("permanent", "taken"),
    [
        pytest.param("\\Seen \\*", True, id="any new one"),
        pytest.param("\\Seen AFFAIR-2026-014", True, id="this one, in another case"),
        pytest.param("\\Seen", False, id="none"),
        pytest.param("\\Seen affair-2026-0145", False, id="a longer one"),
        pytest.param(None, True, id="a server that does not say: all of them"),
    ],
)
def test_permanentflags_say_whether_a_keyword_is_kept(permanent, taken):
    with opened(permanent=permanent) as script, open_imap(script.server(), "secret") as session:
        session.select("INBOX")

        if taken:
            require_keyword(session, KEYWORD, "INBOX")
        else:
            with pytest.raises(ServerRefusedError, match="'INBOX' takes no new keyword") as refused:
                require_keyword(session, KEYWORD, "INBOX")
            assert 'mirror = "folder"' in refused.value.hint


@pytest.mark.parametrize(
    ("flags", "too_many"),
    [
        pytest.param(" ".join(f"k{number}" for number in range(26)), True, id="twenty-six others"),
        pytest.param(" ".join(f"k{number}" for number in range(25)), False, id="room for one"),
        pytest.param(" ".join([*(f"k{number}" for number in range(26)), KEYWORD]), False, id="it is there already"),
    ],
)
def test_the_twenty_seventh_keyword_is_one_too_many(flags, too_many):
    with opened(flags, "\\*") as script, open_imap(script.server(), "secret") as session:
        session.select("INBOX")

        assert is_one_too_many(session, KEYWORD) is too_many


@pytest.mark.parametrize(("flags", "kept"), [("\\Seen Affair-2026-014", True), ("\\Seen", False)])
def test_a_keyword_that_the_server_dropped_is_no_success(flags, kept):
    answer = f"* 1 FETCH (UID 1 FLAGS ({flags}))\r\n".encode() + b"{tag} OK fetched\r\n"
    with opened("", "\\*", **{"UID FETCH": answer}) as script, open_imap(script.server(), "secret") as session:
        session.select("INBOX")

        if kept:
            require_kept(session, [1], KEYWORD, "INBOX")
        else:
            with pytest.raises(ServerRefusedError, match="did not keep it"):
                require_kept(session, [1], KEYWORD, "INBOX")
