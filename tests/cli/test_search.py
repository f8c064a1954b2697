"""`mailctl search`: fetched mail by its words, at once, of the accounts one may read."""

from datetime import UTC, datetime, timedelta

import pytest

from conftest import ok
from mailctl.local.index import Index
from mailctl.local.words import enter_words, without_words
from mailctl.services.indexing import searchable
from support.messages import PDF, PLAIN, multipart

WHEN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HTML = (
    "Subject: Offer\nContent-Type: text/html; charset=utf-8\n\n<style>.red{}</style><p>Gr&uuml;&szlig;e<br>von "
    "<b>Z&ouml;e</b></p><script>evil()</script>"
)


def mail(subject="Plans", *, sender="Anna Martin <anna@client.example>", to="contact@firm.example", text="Hello", day=0,
         cc="x@firm.example"):  # fmt: skip
    date = (WHEN + timedelta(days=day)).strftime("%a, %d %b %Y %H:%M:%S +0000")
    return f"From: {sender}\nTo: {to}\nCc: {cc}\nSubject: {subject}\nDate: {date}\n\n{text}\n".encode()


@pytest.fixture
def lay(keep, home):
    """Lay a message down as fetched and enter its words: `lay("contact", raw)` gives its number."""
    index = Index(home / "data" / "index.sqlite")

    def laid(account, raw, **more):
        number = keep(account, raw, **more)
        waiting = without_words(index, account, limit=10)
        enter_words(index, [(one.id, searchable(raw)) for one in waiting if one.id == number])
        return number

    yield laid
    index.close()


def found(cli, *words, more=()):
    ran = cli("search", "--json", *more, "--", *words)
    assert ran.status == 0, ran.err
    return [one["subject"] for one in ran.json]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("devis", id="a word of the subject, without its accent"),
        pytest.param("DÉVIS", id="in capitals"),
        pytest.param("dev*", id="its beginning"),
        pytest.param("subject:dévis", id="in the subject"),
        pytest.param("from:anna", id="a name of the sender"),
        pytest.param("from:anna@client.example", id="the sender's address"),
        pytest.param("from:client.example", id="the sender's domain"),
        pytest.param("to:contact", id="a recipient"),
        pytest.param("to:x@firm.example", id="one who had a copy"),
        pytest.param('"site plans"', id="words that follow each other"),
        pytest.param("body:plans", id="a word of the text"),
        pytest.param("devis plans", id="words at different places"),
        pytest.param("nothing OR devis", id="one of two"),
        pytest.param("devis -nothing", id="without another"),
        pytest.param("devis NOT (nothing OR from:bob)", id="without others"),
        pytest.param("is:unread", id="unread"),
        pytest.param("before:2026-03-04 after:2026-03-02", id="between two days"),
        pytest.param("after:2026-03 devis", id="from a month on"),
        pytest.param("larger:50 smaller:1k", id="of a size"),
        pytest.param("in:INBOX devis", id="in a folder"),
        pytest.param("account:contact devis", id="of an account"),
    ],
)
def test_a_message_is_found_by(cli, firm, lay, query):
    lay("contact", mail("Dévis", text="The site plans"))

    assert found(cli, query) == ["Dévis"]


@pytest.mark.parametrize(
    "query",
    ["evis", '"plans site"', "from:contact", "subject:plans", "-devis", "is:read", "is:flagged", "has:attachment",
     "before:2026-03-02", "after:2026-03-03", "larger:1k", "in:Sent", "devis nothing", "is:answered", "NOT in:inbox"],
)  # fmt: skip
def test_a_message_is_not_found_by(cli, firm, lay, query):
    lay("contact", mail("Dévis", text="The site plans"))
    lay("contact", mail("Other", sender="x@y.example", text="", day=-100), folder="Sent", flags={"\\Seen"})

    assert "Dévis" not in found(cli, query)


def test_the_newest_comes_first_and_only_so_many(cli, firm, lay):
    for day in (-1, 1, 0):
        lay("contact", mail(f"day {day}", day=day))

    assert found(cli, "day", more=("-n", "2")) == ["day 1", "day 0"]


def test_several_words_are_one_query(cli, firm, lay):
    lay("contact", mail("Plans"))
    lay("contact", mail("Invoice"))

    assert found(cli, "from:anna", "invoice") == ["Invoice"]


def test_html_is_found_by_its_words_not_by_its_markup(cli, firm, lay):
    lay("contact", HTML.encode())

    assert found(cli, "grüße zoe") == ["Offer"]
    assert found(cli, "evil") == found(cli, "red") == found(cli, "style") == []


def test_attachments_are_found_by_their_names(cli, firm, lay):
    lay("contact", b"Subject: Drawings\n" + multipart("mixed", PLAIN, PDF).encode())

    assert found(cli, "plan.pdf") == found(cli, "has:attachment") == ["Drawings"]
    assert found(cli, "body:pdf") == []


def test_all_folders_are_searched(cli, firm, lay):
    lay("contact", mail("One"))
    lay("contact", mail("Two", day=-1), folder="Clients/Lyon")

    assert found(cli, "hello") == ["One", "Two"]
    assert found(cli, "in:Lyon") == found(cli, "in:clients/lyon") == ["Two"]
    assert found(cli, "-in:inbox") == ["Two"]


def test_a_folder_is_meant_by_its_use_in_whatever_language(cli, firm, lay):
    lay("contact", mail("One"), folder="Éléments envoyés")
    lay("contact", mail("Two", day=-1), folder="Mails/Corbeille")

    assert found(cli, "in:sent") == ["One"]
    assert found(cli, "in:Trash") == ["Two"]
    assert cli("search", "in:drafts").status == 67


def test_a_line_has_number_flags_date_account_folder_uid_sender_and_subject(cli, firm, lay):
    number = lay("contact", mail(), uid=7)

    [row] = ok(cli("search", "plans")).rows

    assert row == [str(number), "N", "2026-03-02T12:00:00Z", "contact", "INBOX", "7",
                   "Anna Martin <anna@client.example>", "Plans"]  # fmt: skip


def test_only_what_one_may_read_is_searched(cli, firm, lay):
    lay("contact", mail("for both"))
    lay("billing", mail("for bob"))
    lay("carol", mail("for carol"))

    assert found(cli, "for") == ["for both"]
    assert sorted(one["subject"] for one in ok(cli("--as", "bob", "search", "for", "--json")).json) == [
        "for bob", "for both"]  # fmt: skip
    assert cli("search", "for", "-a", "carol").status == 77
    assert cli("search", "account:carol").status == 67


def test_an_unknown_folder_is_an_error_that_names_the_near_one(cli, firm, lay):
    lay("contact", mail(), folder="Sent")

    ran = cli("search", "in:Snet")

    assert ran.status == 67
    assert "did you mean in:'Sent'?" in ran.err


def test_what_was_not_looked_at_yet_is_said(cli, firm, keep):
    keep("contact", mail())

    ran = ok(cli("search", "plans"))

    assert (ran.out, "1 message is not searchable yet: mailctl fetch" in ran.err) == ("", True)


@pytest.mark.parametrize("query", ['"', "(", "a OR", "from:", "is:odd", "* *", "--", "'", ";", "\\"])
def test_what_is_no_query_is_a_usage_error(cli, firm, query):
    assert cli("search", "--", query).status == 2


@pytest.mark.parametrize(
    "word", ["a' OR 1=1 --", 'w\\" OR zz', "{subject}:a", "NEAR(a b)", "a^b", "a+b", "rowid:1", "a\tb", "ﬁn", "a;DROP"]
)
def test_no_word_is_a_command(cli, firm, lay, word):
    lay("contact", mail("Plans"))

    ran = cli("search", "--json", "--", word)

    assert ran.status in (0, 2), ran.err
    assert ran.status == 2 or ran.json == []
