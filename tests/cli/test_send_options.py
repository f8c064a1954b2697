"""`mailctl send` with a page, an invitation, a priority, reports, or a message that is ready made: taken or refused."""

from email import message_from_string, policy

import pytest

from conftest import ok
from mailctl.local.outbox import Outbox
from support.scripted_smtp import submission
from support.sending import PASSWORD, add_account

SEND = ("send", "anna@client.example", "-s", "Plans")
RAW = "From: The Firm <contact@firm.example>\nTo: anna@client.example\nSubject: Plans\n{more}\nHello\n"


@pytest.fixture
def server(cli, store, monkeypatch):
    """A scripted submission server, and the account `contact` on it."""
    monkeypatch.setenv("FIRM_PASSWORD", PASSWORD["FIRM_PASSWORD"])
    with submission() as script:
        add_account(cli, script, "--display-name", "The Firm", "--alias", "quotes@firm.example")
        yield script


@pytest.fixture
def outbox(home):
    return Outbox(home / "state/outbox")


def preview(cli, *words, input="Hello"):
    """The message that a dry run prints, as Python reads it."""
    return message_from_string(ok(cli(*SEND, "--dry-run", *words, input=input)).out, policy=policy.default)


# -- a page with images


@pytest.fixture
def page(tmp_path):
    (tmp_path / "img").mkdir()
    (tmp_path / "img/site plan.png").write_bytes(b"\x89PNG")
    path = tmp_path / "page.html"
    path.write_text('<p>é <img src="img/site%20plan.png"><img src="https://x.example/y.png"></p>')
    return path


def test_images_beside_a_page_travel_with_it(cli, server, page):
    message = preview(cli, "--html", page)

    [image] = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert (image.get_filename(), image.get_content()) == ("site plan.png", b"\x89PNG")
    html = message.get_body(("html",)).get_content()
    assert f"cid:{image['Content-ID'][1:-1]}" in html
    assert "https://x.example/y.png" in html


@pytest.mark.parametrize(
    ("source", "status", "said"),
    [
        pytest.param("missing.png", 66, "missing.png", id="missing"),
        pytest.param("../secret.png", 65, "is no file of the page's own folder", id="outside its folder"),
        pytest.param("/etc/secret.png", 65, "is no file of the page's own folder", id="anywhere"),
        pytest.param("plan.svg", 65, "is none that mail shows", id="of a kind no program shows"),
    ],
)
def test_an_image_that_cannot_travel_is_told(cli, server, page, source, status, said):
    page.write_text(f'<img src="{source}">')

    ran = cli(*SEND, "--html", page, input="x")

    assert ran.status == status
    assert said in ran.err
    assert server.taken == []


# -- an invitation, a priority


def test_a_calendar_file_that_asks_is_sent_as_an_invitation(cli, server, tmp_path):
    path = tmp_path / "visit.ics"
    path.write_text("BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR\n")

    message = preview(cli, "--attach", path)

    methods = [part["Content-Type"].params.get("method") for part in message.walk()]
    assert methods == [None, None, None, "REQUEST", "REQUEST"]


def test_a_priority_is_one_of_two(cli, server):
    assert preview(cli, "--priority", "low")["Importance"] == "low"
    assert cli(*SEND, "--priority", "urgent", input="x").status == 2


# -- reports


def test_reports_are_asked_for_where_the_server_knows_them(cli, server):
    server.at["ehlo"] = "250-scripted\r\n250-DSN\r\n250 AUTH PLAIN"

    ran = ok(cli(*SEND, "--dsn", "failure,delay", "--json", input="Hello"))

    identity = ran.json["message_id"].strip("<>")
    assert f"MAIL FROM:<contact@firm.example> RET=HDRS ENVID={identity}" in server.heard
    assert "RCPT TO:<anna@client.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;anna@client.example" in server.heard
    assert ran.json["warnings"] == []


def test_elsewhere_it_goes_and_that_is_said(cli, server):
    ran = ok(cli(*SEND, "--dsn", "success", "--json", input="Hello"))

    assert (ran.json["sent"], len(server.taken)) == (True, 1)
    assert "offers no DSN" in ran.json["warnings"][0]


def test_what_waits_in_the_outbox_still_asks_for_reports(cli, server, outbox):
    ok(cli(*SEND, "--dsn", "never", "--queue", input="Hello"))

    [entry] = outbox.entries()
    assert str(entry.dsn) == "never"


def test_other_words_for_reports_are_refused(cli, server):
    ran = cli(*SEND, "--dsn", "always", input="x")

    assert ran.status == 65
    assert "--dsn never, or some of failure,delay,success" in ran.err


# -- ready made


@pytest.mark.parametrize(
    ("raw", "status", "said"),
    [
        pytest.param("no header at all\n", 65, "that is no message", id="no message"),
        pytest.param("", 65, "that is no message", id="nothing"),
        pytest.param("From: ceo@x.example\nTo: a@x.example\n\n", 65, "is no address of 'contact'", id="a stranger"),
        pytest.param(RAW.format(more="Sender: ceo@bank.example\n"), 65, "ceo@bank.example", id="a strange Sender"),
        pytest.param(RAW.format(more="From: ceo@bank.example\n"), 65, "not one From", id="a second From"),
        pytest.param("To: anna@client.example\n\nHi\n", 65, "not one From", id="no From"),
        pytest.param("From: contact@firm.example\n\nHi\n", 2, "nobody to send it to", id="no recipient"),
        pytest.param(RAW.format(more="Cc: nonsense\n"), 65, "bad address 'nonsense'", id="a recipient that is none"),
        pytest.param(RAW.format(more="") + "a\rb\n", 65, "a lone CR", id="a lone CR"),
        pytest.param(RAW.format(more="") + "a\0b\n", 65, "a NUL", id="NUL"),
        pytest.param(RAW.format(more="Content-Type: multipart/signed; boundary=b\n") + "x" * 999 + "\n", 65,
                     "line 7 is longer than 998 bytes", id="signed, and too wide"),
    ],
)  # fmt: skip
def test_what_would_not_arrive_as_it_is_or_is_not_ours_is_refused(cli, server, outbox, raw, status, said):
    ran = cli("send", "--raw", "-", input=raw)

    assert ran.status == status, ran.err
    assert said in ran.err
    assert (server.taken, outbox.entries()) == ([], ())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"caf\xe9 \xff\r\n", id="bytes in no charset"),
        pytest.param(b"trailing  \t\r\n\r\n \r\n\r\n", id="white space that ends lines and text"),
        pytest.param(b".\r\n..\r\n.x\r\nFrom here\r\n", id="dots, and From"),
        pytest.param(b"Bcc: x@y.example\r\nDate: never\r\n", id="what looks like a header"),
        pytest.param(b"--b\r\nContent-Type: text/plain\r\n\r\n\x1b$B\x7f\r\n--b--\r\n", id="parts and controls"),
    ],
)
def test_a_body_passes_byte_for_byte(cli, server, body):
    header = b"From: contact@firm.example\r\nTO: anna@client.example\r\nX-Odd:  a \r\n\tb\r\n"
    fixed = b"Date: Sun, 1 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@firm.example>\r\n\r\n"

    ok(cli("send", "--raw", "-", input=header + b"bcc: ben@x.example\r\n" + fixed + body))

    [taken] = server.taken
    assert taken.data == header + fixed + body
    assert taken.recipients == ("anna@client.example", "ben@x.example")


@pytest.mark.parametrize(
    ("more", "warning"),
    [
        pytest.param("X-Wide: " + "x" * 999 + "\n", "line 4 is longer than 998 bytes: servers may cut it", id="wide"),
        pytest.param("X-Own: é\n", "letters beyond ASCII", id="letters in clear"),
    ],
)
def test_what_may_suffer_on_its_way_goes_with_a_warning(cli, server, more, warning):
    ran = ok(cli("send", "--raw", "-", input=RAW.format(more=more)))

    assert warning in ran.err
    assert len(server.taken) == 1


@pytest.mark.parametrize(
    "words",
    [("-s", "Other"), ("--body", "x"), ("--from", "quotes@firm.example"), ("--draft",), ("--markdown",),
     ("--priority", "high"), ("--no-signature",)],
)  # fmt: skip
def test_what_would_change_it_does_not_go_with_it(cli, server, words):
    assert cli("send", "--raw", "-", *words, input=RAW.format(more="")).status == 2


def test_its_account_is_found_by_its_from(cli, server):
    add_account(cli, server, name="billing")
    ok(cli("account", "set", "contact", "notes=x"))

    ran = ok(
        cli("send", "--raw", "-", "--dry-run", "--json", input=RAW.format(more="").replace("contact@", "billing@"))
    )

    assert (ran.json["account"], ran.json["sender"]) == ("billing", "billing@firm.example")


def test_an_alias_may_be_its_from(cli, server):
    ok(cli("send", "--raw", "-", "--dsn", "never", input=RAW.format(more="").replace("contact@", "quotes@")))

    assert len(server.taken) == 1


def test_a_file_that_is_missing_is_66(cli, server):
    assert cli("send", "--raw", "nowhere.eml").status == 66


# -- options that contradict each other


@pytest.mark.parametrize("pair", [("--draft", "--queue"), ("--draft", "--dry-run"), ("--queue", "--dry-run")])
def test_a_mail_goes_one_way(cli, server, pair):
    ran = cli(*SEND, *pair, input="x")

    assert ran.status == 2
    assert f"{pair[0]} and {pair[1]} contradict each other" in ran.err
