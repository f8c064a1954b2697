"""Fetching from servers that misbehave: one odd message, answer or folder stops none of the rest."""

import pytest

from conftest import ok
from mailctl.remote.imap import open_imap
from support.scripted_imap import HANG_UP, folder_of, literal, scripted_imap

SECRET = "hunter2"


def note(number: int, body: str = "Hello") -> bytes:
    return (
        f"From: bob@mail.test\r\nMessage-ID: <{number}@mail.test>\r\nSubject: Plans {number}\r\n\r\n{body}\r\n"
    ).encode()


NOTES = [note(number) for number in range(1, 6)]


@pytest.fixture
def account(cli, store, monkeypatch):
    """Add an account at a scripted server."""
    monkeypatch.setenv("FIRM_PASSWORD", SECRET)
    monkeypatch.setitem(open_imap.__kwdefaults__, "timeout", 1.0)

    def add(script, name="contact"):
        ok(cli("account", "add", name, "--address", f"{name}@firm.example", "--imap-host", "127.0.0.1", "--imap-port",
               script.port, "--imap-security", "none", "--smtp-host", "127.0.0.1", "--smtp-port", "1",
               "--smtp-security", "none", "--password-env", "FIRM_PASSWORD", "--no-discover"))  # fmt: skip

    return add


def contents(home, account="contact", folder="INBOX"):
    box = home / "data/mail" / account / folder
    return sorted(
        file.read_bytes().replace(b"\n", b"\r\n") for name in ("cur", "new") for file in box.glob(f"{name}/*")
    )


def odd(uid, give):
    """FETCH's answers, one message's own."""
    return lambda number, raw: (
        give(raw) if number == uid else b"* %d FETCH (UID %d BODY[] %b)\r\n" % (number, number, literal(raw))
    )


@pytest.mark.parametrize("place", [1, 3, 5])
def test_a_connection_that_ends_within_a_message_costs_that_message_only(cli, home, account, place):
    def cut(raw):
        return b"* 1 FETCH (UID %d BODY[] {%d}\r\n%b" % (place, len(raw), raw[:60]) + HANG_UP

    with scripted_imap(folder_of(NOTES, body=odd(place, cut))) as script:
        account(script)
        ran = cli("fetch", "--json")
        again = cli("fetch", "--json")

    [result] = ran.json if ran.out else []
    assert ran.status == again.status == 1
    assert (result["new"], result["odd"]) == (5, 1)
    assert result["oddities"][0] | {"reason": ""} == {"folder": "INBOX", "uid": place, "kept": True, "reason": ""}
    assert f"message {place} is kept as it came: " in ran.err
    whole = [raw for number, raw in enumerate(NOTES, 1) if number != place]
    assert contents(home) == sorted([*whole, NOTES[place - 1][:60]])


def test_what_came_in_part_is_replaced_once_it_comes_whole(cli, home, account):
    def cut(raw):
        return b"* 1 FETCH (UID 2 BODY[] {%d}\r\n%b" % (len(raw), raw[:60]) + HANG_UP

    table = folder_of(NOTES, body=odd(2, cut))
    with scripted_imap(table) as script:
        account(script)
        assert cli("fetch").status == 1
        script.change(folder_of(NOTES))
        ran = cli("fetch", "--json")
        after = ok(cli("fetch", "--json"))

    assert ran.status == 0
    assert contents(home) == sorted(NOTES)
    assert after.json[0]["new"] == 0


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        pytest.param(lambda raw: b"{tag} NO cannot be converted\r\n", False, id="refused"),
        pytest.param(lambda raw: b"{tag} BAD internal error\r\n", False, id="refused with BAD"),
        pytest.param(lambda raw: b"", False, id="left out"),
        pytest.param(lambda raw: b"* 3 FETCH (UID 3 BODY[] NIL)\r\n", False, id="NIL"),
        pytest.param(lambda raw: b'* 3 FETCH (UID 3 BODY[] "")\r\n', False, id="empty"),
        pytest.param(lambda raw: b"* 3 FETCH (UID 3 BODY[\r\n", False, id="half an answer"),
        pytest.param(lambda raw: b"* BYE crashed\r\n" + HANG_UP, False, id="BYE"),
        pytest.param(lambda raw: b"* 3 FETCH (UID 3 BODY[] {%d}\r\n%b)\r\n" % (len(raw) - 9, raw), True, id="longer"),
        pytest.param(
            lambda raw: b"* 3 FETCH (UID 3 BODY[] {%d}\r\n%b)\r\n" % (len(raw) + 900, raw), True, id="shorter"
        ),
        pytest.param(lambda raw: b"* 3 FETCH (UID 3 BODY[] {99999999999}\r\n", False, id="a literal without end"),
    ],
)
def test_an_odd_message_is_named_and_the_others_come(cli, home, account, answer, kept):
    with scripted_imap(folder_of(NOTES, body=odd(3, answer))) as script:
        account(script)
        ran = cli("fetch", "--json")

    [result] = ran.json
    assert (ran.status, result["odd"], result["oddities"][0]["uid"]) == (1, 1, 3)
    assert result["oddities"][0]["kept"] is kept
    assert {note(1), note(2), note(4), note(5)} <= set(contents(home))
    assert len(contents(home)) == (5 if kept else 4)
    assert (note(3) in contents(home)) is kept
    assert "Traceback" not in ran.err


def test_a_message_that_is_refused_today_comes_tomorrow(cli, home, account):
    with scripted_imap(folder_of(NOTES, body=odd(3, lambda raw: b"{tag} NO not now\r\n"))) as script:
        account(script)
        assert cli("fetch").status == 1
        script.change(folder_of(NOTES))
        ran = ok(cli("fetch", "--json"))

    assert ran.json[0]["new"] == 1
    assert contents(home) == sorted(NOTES)


def test_a_message_of_which_the_server_says_nothing_else_comes_all_the_same(cli, home, account):
    table = folder_of(NOTES)
    fetch = table["UID FETCH"]

    def forgetful(command):
        told = fetch(command)
        return told if "BODY.PEEK[]" in command else told.replace(b"* 2 FETCH (UID 2 ", b"* 2 FETCH (UID x ")

    with scripted_imap({**table, "UID FETCH": forgetful}) as script:
        account(script)
        ran = cli("fetch", "--json")

    assert ran.status == 1
    assert contents(home) == sorted(NOTES)


def test_a_folder_that_does_not_open_is_passed_over(cli, home, account):
    table = folder_of(NOTES) | {
        "LIST": b'* LIST () "/" Closed\r\n* LIST (\\Noselect) "/" Shelf\r\n* LIST () "/" INBOX\r\n{tag} OK\r\n',
        'EXAMINE "Closed"': b"{tag} NO [NOPERM] not yours\r\n",
        'STATUS "Closed"': b"{tag} NO [NOPERM] not yours\r\n",
    }
    with scripted_imap(table) as script:
        account(script)
        ran = ok(cli("fetch", "--json"))
        asked = cli("fetch", "--folder", "Closed")

    assert (ran.json[0]["folders"], ran.json[0]["skipped"]) == (1, ["Closed"])
    assert "passed over 'Closed'" in ran.err
    assert script.commands('EXAMINE "Shelf"') == []
    assert asked.status == 76


def test_a_list_without_inbox_removes_nothing(cli, home, account):
    with scripted_imap(folder_of(NOTES)) as script:
        account(script)
        ok(cli("fetch"))
        script.change({"LIST": b"{tag} OK nothing\r\n"})
        ok(cli("fetch"))

    assert contents(home) == sorted(NOTES)


def test_a_search_that_finds_nothing_removes_nothing(cli, home, account):
    with scripted_imap(folder_of(NOTES)) as script:
        account(script)
        ok(cli("fetch"))
        script.change(folder_of(NOTES[:3]) | {"UID SEARCH": b"* SEARCH\r\n{tag} OK\r\n"})
        ran = cli("fetch")

    assert ran.status == 76
    assert "names none" in ran.err
    assert contents(home) == sorted(NOTES)


def test_a_server_that_breaks_off_again_and_again_is_given_up(cli, home, account):
    many = [note(number) for number in range(1, 60)]
    with scripted_imap(folder_of(many, body=lambda uid, raw: HANG_UP)) as script:
        account(script)
        ran = cli("fetch")

    assert ran.status == 76
    assert "broke off 21 times" in ran.err


def test_a_server_without_uidvalidity_is_compared_each_time_and_doubles_nothing(cli, home, account):
    table = folder_of(NOTES)
    table["EXAMINE"] = table["EXAMINE"].replace(b"* OK [UIDVALIDITY 7] valid\r\n", b"")
    table["STATUS"] = table["STATUS"].replace(b" UIDVALIDITY 7", b"")
    with scripted_imap(table) as script:
        account(script)
        ok(cli("fetch"))
        again = ok(cli("fetch", "--json"))

    assert again.json[0]["new"] == 0
    assert contents(home) == sorted(NOTES)


def test_without_condstore_flags_and_removals_are_found_by_comparing(cli, home, account):
    with scripted_imap(folder_of(NOTES)) as script:
        account(script)
        ok(cli("fetch"))
        script.change(folder_of(NOTES, flags={2: b"\\Seen", 4: b"Important"}))
        flagged = ok(cli("fetch", "--json")).json[0]
        script.change(folder_of([*NOTES, note(6)], flags={2: b"\\Seen", 4: b"Important"}, gone={1, 4}))
        removed = ok(cli("fetch", "--json")).json[0]
        idle = ok(cli("fetch", "--json")).json[0]

    assert (flagged["new"], flagged["changed"], flagged["removed"]) == (0, 2, 0)
    assert (removed["new"], removed["changed"], removed["removed"]) == (1, 0, 2)
    assert (idle["new"], idle["changed"], idle["removed"]) == (0, 0, 0)
    assert contents(home) == sorted([note(2), note(3), note(5), note(6)])
    assert len(list((home / "data/mail/contact/INBOX/cur").glob("*:2,S"))) == 1


def test_a_flag_answer_that_cannot_be_read_removes_nothing(cli, home, account):
    table = folder_of(NOTES)
    fetch = table["UID FETCH"]
    with scripted_imap(table) as script:
        account(script)
        ok(cli("fetch"))
        script.change({"UID FETCH": lambda command: fetch(command).replace(b"UID 3 FLAGS ()", b"UID 3 FLAGS (")})
        ok(cli("fetch"))

    assert contents(home) == sorted(NOTES)


def test_messages_without_message_id_are_told_apart_by_their_content(cli, home, account):
    plain = [b"Subject: cron\r\n\r\nrun %d\r\n" % number for number in (1, 2, 2, 3)]
    with scripted_imap(folder_of(plain)) as script:
        account(script)
        ok(cli("fetch"))
        renumbered = folder_of(plain)
        script.change({"EXAMINE": renumbered["EXAMINE"].replace(b"UIDVALIDITY 7", b"UIDVALIDITY 8")})
        again = ok(cli("fetch", "--json"))

    assert (again.json[0]["new"], again.json[0]["removed"]) == (0, 0)
    assert contents(home) == sorted(plain)


def test_all_mail_and_its_like_are_left_out_unless_asked_for(cli, home, account):
    listed = (
        b'* LIST () "/" INBOX\r\n* LIST (\\All) "/" "All Mail"\r\n* LIST (\\Flagged) "/" Starred\r\n'
        b'* LIST (\\Junk) "/" Spam\r\n{tag} OK\r\n'
    )
    with scripted_imap(folder_of(NOTES) | {"LIST": listed}) as script:
        account(script)
        ok(cli("fetch"))
        by_default = script.commands("EXAMINE")
        ok(cli("fetch", "--folder", "All Mail"))

    assert by_default == ['EXAMINE "INBOX"', 'EXAMINE "Spam"']
    assert script.commands("EXAMINE")[2:] == ['EXAMINE "All Mail"']


def test_two_folders_with_like_names_do_not_mix(cli, home, account):
    listed = (
        b'* LIST () "/" INBOX\r\n* LIST () "/" "a%2Fb"\r\n* LIST () "/" "cur"\r\n* LIST () "/" ".."\r\n{tag} OK\r\n'
    )
    with scripted_imap(folder_of(NOTES) | {"LIST": listed}) as script:
        account(script)
        result = ok(cli("fetch", "--json")).json[0]

    assert (result["folders"], result["new"]) == (4, 20)
    assert contents(home, folder="a%252Fb") == contents(home, folder="%63ur") == contents(home, folder="%2E.") != []
    assert not list((home / "data").glob("cur"))


# -- several accounts


def test_one_failing_account_stops_no_other(cli, home, account):
    with scripted_imap(folder_of(NOTES)) as good, scripted_imap(greeting=b"* BYE no\r\n" + HANG_UP) as bad:
        account(good, "good")
        account(bad, "bad")
        ran = cli("fetch", "--json")

    results = {one["account"]: one for one in ran.json}
    assert ran.status == 1
    assert (results["good"]["new"], results["good"]["error"]) == (5, None)
    assert results["bad"]["code"] == "server-unreachable"
    assert "could not fetch 1 of 2 accounts: bad" in ran.err


def test_the_only_account_fails_with_its_own_exit_status(cli, home, account):
    table = {"AUTHENTICATE PLAIN": b"{tag} NO [AUTHENTICATIONFAILED] no\r\n"}
    with scripted_imap(folder_of(NOTES)) as good, scripted_imap(table) as bad:
        account(good, "good")
        account(bad, "bad")
        ran = cli("fetch", "-a", "bad")

    assert ran.status == 77
    assert SECRET not in ran.err


def test_a_folder_that_is_not_there_is_told_with_one_that_is(cli, home, account):
    with scripted_imap(folder_of(NOTES)) as script:
        account(script)
        ran = cli("fetch", "--folder", "INBOXX", "-a", "contact")

    assert ran.status == 67
    assert "did you mean 'INBOX'?" in ran.err


def test_without_the_right_no_server_is_asked(cli, home, firm):
    ran = cli("fetch", "-a", "billing")

    assert ran.status == 77
    assert "the right 'read' is missing" in ran.err


def test_a_checker_only_account_is_refused(cli, home, firm):
    assert cli("fetch", "-a", "watch").status == 77


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", ""])
def test_a_day_that_is_none_is_a_usage_error(cli, home, store, day):
    assert cli("fetch", "--since", day).status == 2
