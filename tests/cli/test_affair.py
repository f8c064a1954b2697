"""Affairs: added, changed, taken away; mail linked to them, listed and found by them."""

import shlex

import pytest

from conftest import ok

MAIL = (
    "From: Anna <anna@lyon.example>\nTo: contact@firm.example\nSubject: {subject}\n"
    "Date: Mon, 02 Mar 2026 10:00:00 +0100\nMessage-ID: <{id}@lyon.example>\n\nHello\n"
)
REF = "2026-014"


def mail(id=1, subject="Plans"):
    return MAIL.format(id=id, subject=subject).encode()


@pytest.fixture
def affair(cli, firm):
    ok(cli("affair", "add", REF, "--title", "Town hall", "--client", "Ville de Lyon", "--client-domain",
           "lyon.example", "--responsible", "bob", "--person", "Paul Roux <p@roux.example> (engineer)"))  # fmt: skip
    return firm / "affairs" / f"{REF}.toml"


def links(affair):
    return affair.with_suffix(".links").read_text().splitlines()


# -- records


def test_an_affair_is_added_and_shown(cli, affair):
    found = ok(cli("affair", "show", REF, "--json")).json

    assert (found["title"], found["client"], found["client_domains"]) == (
        "Town hall",
        "Ville de Lyon",
        ["lyon.example"],
    )
    assert (found["state"], found["responsible"]) == ("open", "bob")
    assert found["people"] == [{"name": "Paul Roux", "role": "engineer", "address": "p@roux.example"}]
    assert found["opened"]
    assert "Person: Paul Roux <p@roux.example> (engineer)" in ok(cli("affair", "show", REF)).out


def test_a_client_without_addresses_stays_a_name(cli, firm):
    ok(cli("affair", "add", "1", "--title", "t", "--client", "Ville de Lyon"))

    assert 'client = "Ville de Lyon"' in (firm / "affairs/1.toml").read_text()
    ok(cli("affair", "set", "1", "client.domains=lyon.example"))
    assert ok(cli("affair", "show", "1", "--json")).json["client"] == "Ville de Lyon"


@pytest.mark.parametrize("ref", ["DUR/Lycée Ampère/3", "../../etc/passwd", "..", "-x", "a b", "CON", "%2F"])
def test_references_are_as_firms_write_them_and_safe_as_names_of_files(cli, firm, ref):
    ok(cli("affair", "add", "--title", "t", "--", ref))

    assert [row[0] for row in ok(cli("affair", "list")).rows] == [ref]
    [file] = (firm / "affairs").iterdir()
    assert file.parent == firm / "affairs"
    ok(cli("affair", "close", "--", ref))


@pytest.mark.parametrize("ref", ["", " ", "a\nb", " a", "x" * 300, "\u202ea", "a\u200bb", "\udcff"])
def test_what_no_reference_is_is_refused(cli, firm, ref):
    ran = cli("affair", "add", "--title", "t", "--", ref)

    assert ran.status == 65
    assert len(ran.err.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "status"),
    [
        pytest.param(["--client-domain", "x.example"], 2, id="a domain of nobody"),
        pytest.param(["--client", "C", "--client-domain", "a b"], 65, id="a bad domain"),
        pytest.param(["--client", "C", "--client-address", "nobody"], 65, id="a bad address"),
        pytest.param(["--person", "<p@x.example>"], 65, id="a person without name"),
        pytest.param(["--match", "form:a@b.example"], 65, id="a bad rule"),
        pytest.param(["--client", "\udcff"], 65, id="no UTF-8"),
        pytest.param(["--responsible", "bbo"], 67, id="nobody responsible"),
    ],
)
def test_a_bad_value_is_refused_and_nothing_is_written(cli, firm, words, status):
    ran = cli("affair", "add", "1", "--title", "t", *words)

    assert ran.status == status, ran.err
    assert ok(cli("affair", "list")).out == ""


def test_an_affair_is_added_once(cli, affair):
    assert cli("affair", "add", REF, "--title", "Other").status == 73


@pytest.mark.parametrize(
    ("ref", "other"), [("dur/x", "DUR/X"), ("it's", "IT'S"), ("-1", "-1"), ("DUR/1", "DUR-1"), ("DUR/1", "dur.1")]
)
def test_two_affairs_that_a_server_could_not_tell_apart_are_refused(cli, firm, ref, other):
    ok(cli("affair", "add", "--title", "t", "--", ref))

    ran = cli("affair", "add", "--title", "t", "--", other)

    assert ran.status == 73
    words = shlex.split(ran.err.splitlines()[1].partition("mailctl ")[2])
    assert f"Affair: {ref}" in ok(cli(*words)).out
    ok(cli("affair", "rename", "--", ref, ref.upper()))


def test_an_affair_that_goes_on_is_open_whatever_day_it_was_closed(cli, affair):
    ok(cli("affair", "set", REF, "closed=2026-01-02"))

    assert "State: open\n" in ok(cli("affair", "show", REF)).out


def test_keys_are_set_and_lists_grow(cli, affair):
    ok(cli("affair", "set", REF, "title=Other", "opened=2026-01-02", "--person", "Max", "--match", "subject:Hall"))
    ok(cli("affair", "unset", REF, "responsible"))

    found = ok(cli("affair", "show", REF, "--json")).json
    assert (found["title"], found["opened"], found["responsible"]) == ("Other", "2026-01-02", None)
    assert [one["name"] for one in found["people"]] == ["Paul Roux", "Max"]
    assert found["match"] == ["subject:Hall"]


def test_a_bad_day_is_told_in_words(cli, affair):
    ran = cli("affair", "set", REF, "opened=soon")

    assert (ran.status, "a day such as" in ran.err) == (65, True)


def test_an_affair_is_closed_and_reopened(cli, affair):
    assert ok(cli("affair", "close", REF, "--json")).json["state"] == "closed"
    assert ok(cli("affair", "list", "--closed", "--json")).json[0]["closed"]
    assert ok(cli("affair", "list", "--open")).out == ""

    assert ok(cli("affair", "reopen", REF, "--json")).json["closed"] is None


def test_who_is_responsible_may_change_an_affair_and_nobody_else(cli, affair):
    ok(cli("--as", "bob", "affair", "set", REF, "notes=x"))

    for words in (["set", REF, "notes=y"], ["close", REF], ["unset", REF, "notes"]):
        assert cli("--as", "carol", "affair", *words).status == 77
    for words in (["add", "2", "--title", "t"], ["rename", REF, "2"], ["remove", REF, "--yes"]):
        assert cli("--as", "bob", "affair", *words).status == 77


# -- links


def test_mail_is_linked_listed_and_taken_out(cli, affair, keep):
    number = keep("contact", mail())

    assert ok(cli("affair", "link", REF, number, "--json")).json[0]["changed"] is True
    [line] = links(affair)
    assert line.split("\t")[:3] == ["<1@lyon.example>", "contact", "alice"]
    [found] = ok(cli("affair", "mails", REF, "--json")).json
    assert (found["id"], found["linked_by"]) == (number, "alice")
    assert ok(cli("list", "--json")).json[0]["affairs"] == [REF]
    assert f"Affair: {REF}" in ok(cli("read", number, "--no-mark")).out
    assert ok(cli("read", number, "--no-mark", "--json")).json["affairs"] == [REF]
    assert ok(cli("affair", "list", "--json")).json[0]["mails"] == 1

    ok(cli("affair", "unlink", REF, number))
    assert ok(cli("affair", "mails", REF)).out == ""
    assert ok(cli("list", "--json")).json[0]["affairs"] == []


def test_mail_that_is_not_here_is_taken_out_by_its_message_id(cli, affair, keep):
    ok(cli("affair", "link", REF, keep("contact", mail(1))))
    lines = affair.with_suffix(".links")
    other = "<2@lyon.example>\tcontact\tbob\t2026-03-02T09:00:00Z\n"
    lines.write_text(lines.read_text() + other + other.replace("contact", "gone").replace("2@", "3@"))

    assert cli("--as", "bob", "affair", "unlink", REF, "<2@lyon.example>").status == 77
    assert cli("--as", "bob", "affair", "unlink", REF, "<3@lyon.example>").status == 77
    found = ok(cli("affair", "unlink", REF, "2@lyon.example", "<3@lyon.example>", "<4@lyon.example>", "--json")).json

    assert [(one["id"], one["key"], one["changed"]) for one in found] == [
        (None, "<2@lyon.example>", True),
        (None, "<3@lyon.example>", True),
        (None, "<4@lyon.example>", False),
    ]
    assert [line[:2] for line in links(affair)] == ["!<", "!<", "<1"]
    assert cli("affair", "unlink", REF, "two").status == 2
    assert cli("affair", "unlink", REF, "9" * 5000).status == 2


def test_linking_twice_is_linking_once(cli, affair, keep):
    number = keep("contact", mail())
    ok(cli("affair", "link", REF, number))

    assert ok(cli("affair", "link", REF, number, "--json")).json[0]["changed"] is False
    assert len(links(affair)) == 1


def test_a_message_in_two_accounts_is_one_link(cli, affair, keep):
    ok(cli("rights", "grant", "billing", "alice", "organize"))
    first, second = keep("contact", mail()), keep("billing", mail())

    ok(cli("affair", "link", REF, first, second))

    assert len(links(affair)) == 1
    [found] = ok(cli("affair", "mails", REF, "--json")).json
    assert [copy["id"] for copy in found["copies"]] == [second]


def test_a_message_without_message_id_is_linked_in_every_account(cli, affair, keep):
    ok(cli("rights", "grant", "billing", "alice", "organize"))
    bare = mail().replace(b"Message-ID: <1@lyon.example>\n", b"")
    first, second = keep("contact", bare), keep("billing", b"Received: x\n" + bare)

    ok(cli("affair", "link", REF, first))

    assert links(affair)[0].startswith("sha256:")
    assert ok(cli("read", second, "--no-mark", "--json")).json["affairs"] == [REF]


def test_linking_takes_organize(cli, affair, keep):
    number = keep("contact", mail())

    ran = cli("--as", "bob", "affair", "link", REF, number)

    assert (ran.status, "organize" in ran.err) == (77, True)
    assert not affair.with_suffix(".links").exists()


def test_who_may_not_read_an_account_does_not_see_its_mail(cli, affair, keep):
    ok(cli("affair", "link", REF, keep("contact", mail())))

    ran = ok(cli("--as", "carol", "affair", "mails", REF))

    assert ran.out == ""
    assert "1 message more" in ran.err


def test_nothing_is_linked_when_one_message_is_unknown(cli, affair, keep):
    assert cli("affair", "link", REF, keep("contact", mail()), 99).status == 67
    assert not affair.with_suffix(".links").exists()


def test_an_unknown_affair_is_guessed(cli, affair, keep):
    ran = cli("affair", "link", "2026-041", keep("contact", mail()))

    assert (ran.status, REF in ran.err) == (67, True)


def test_list_and_search_know_affairs(cli, affair, keep):
    ok(cli("affair", "add", "DUR/Lycée Ampère/3", "--title", "t"))
    first, second = keep("contact", mail(1, "Plans")), keep("contact", mail(2, "Bill"), folder="Sent")
    keep("contact", mail(3, "Other"))
    ok(cli("affair", "link", REF, first, second))
    ok(cli("affair", "link", "DUR/Lycée Ampère/3", first))

    assert [one["id"] for one in ok(cli("list", "--affair", REF, "--json")).json] == [second, first]
    assert [row[0] for row in ok(cli("list", "--affair", REF, "--folder", "Sent")).rows] == [str(second)]
    assert [one["id"] for one in ok(cli("search", f"affair:{REF}", "--json")).json] == [second, first]
    assert [one["id"] for one in ok(cli("search", 'affair:"DUR/Lycée Ampère/3"', "--json")).json] == [first]
    assert [one["id"] for one in ok(cli("search", f"in:INBOX NOT affair:{REF}", "--json")).json] == [3]


def test_no_server_is_asked_for_affairs(cli, affair):
    ran = cli("search", "--live", f"affair:{REF}")

    assert (ran.status, "--live" in ran.err) == (2, True)
    assert cli("list", "--live", "--affair", REF).status == 2
    assert cli("search", "affair:nothing").status == 67


def test_links_follow_a_new_reference(cli, affair, keep):
    number = keep("contact", mail())
    ok(cli("affair", "link", REF, number))

    ok(cli("affair", "rename", REF, "2026/15"))

    assert not affair.exists()
    assert not affair.with_suffix(".links").exists()
    assert ok(cli("list", "--json")).json[0]["affairs"] == ["2026/15"]


def test_removing_says_how_many_links_go(cli, affair, keep):
    ok(cli("affair", "link", REF, keep("contact", mail())))

    assert cli("affair", "remove", REF).status == 2
    assert ok(cli("affair", "remove", REF, "--yes", "--json")).json == {"ref": REF, "title": "Town hall", "links": 1}
    assert list(affair.parent.iterdir()) == []
    assert ok(cli("list", "--json")).json[0]["affairs"] == []


def test_a_file_of_links_damaged_by_hand_is_told_in_one_line_and_the_rest_goes_on(cli, affair, keep):
    number, other = keep("contact", mail()), keep("contact", mail(2))
    ok(cli("affair", "link", REF, number))
    file = affair.with_suffix(".links")
    file.write_text("<<<<<<< HEAD\n" + file.read_text() + "nonsense\n")

    ran = ok(cli("affair", "mails", REF))

    assert [row[0] for row in ran.rows] == [str(number)]
    assert f"affairs/{REF}.links:1: no link in this line (and 1 more)" in ran.err
    ok(cli("affair", "link", REF, other))
    assert "nonsense" in links(affair)


@pytest.mark.parametrize("damage", [b"\xff\xfe\0", "folder"])
def test_a_file_of_links_that_is_no_text_breaks_no_other(cli, affair, keep, damage):
    number = keep("contact", mail())
    ok(cli("affair", "add", "2", "--title", "t"))
    ok(cli("affair", "link", REF, number))
    other = affair.with_name("2.links")
    other.mkdir() if damage == "folder" else other.write_bytes(damage)

    ran = ok(cli("list", "--json"))

    assert ran.json[0]["affairs"] == [REF]
    assert "affairs/2.links" in ran.err


def test_what_a_colleague_linked_is_seen_at_once(cli, affair, keep):
    number = keep("contact", mail())
    assert ok(cli("affair", "mails", REF)).out == ""

    affair.with_suffix(".links").write_text("<1@lyon.example>\tbilling\tbob\t2026-03-02T12:00:00Z\n")
    affair.with_suffix(".links").chmod(0o600)

    [found] = ok(cli("affair", "mails", REF, "--json")).json
    assert (found["id"], found["linked_by"], found["linked_at"]) == (number, "bob", "2026-03-02T12:00:00Z")


def test_the_check_of_the_store_names_file_and_line(cli, affair, keep):
    ok(cli("affair", "link", REF, keep("contact", mail())))
    file = affair.with_suffix(".links")
    file.write_text(file.read_text() + "nonsense\n")

    ran = cli("store", "check", "--json")

    assert ran.status == 78
    assert [(one["file"], one["line"]) for one in ran.json] == [(f"affairs/{REF}.links", 2)]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["affair", "set", "Hall d'Aix"], "mailctl affair set 'Hall d'\"'\"'Aix' title=…"),
        (["affair", "set", "--", "-3"], "mailctl affair set -- -3 title=…"),
        (["list", "--live", "--affair", "Hall d'Aix"], "mailctl affair mails 'Hall d'\"'\"'Aix'"),
    ],
)
def test_a_hint_names_an_odd_reference_as_one_types_it(cli, words, hint):
    ran = cli(*words)

    assert (ran.status, f"hint: {hint}" in ran.err) == (2, True)
