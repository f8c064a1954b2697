"""Drafts in a real mailbox: kept with all that was said of them, sent from there, and out of there only once safe."""

import pytest

from conftest import ok
from mailctl.local.outbox import Outbox
from support.office import fetched, parsed

pytestmark = pytest.mark.live

WRITE = ("send", "alice@mail.test", "-a", "contact", "-s", "Plans d’été", "--draft")


@pytest.fixture
def outbox(home):
    return Outbox(home / "state/outbox")


def kept(cli, *words, input="Hello\n"):
    return ok(cli(*WRITE, *words, "--json", input=input)).json


def test_a_draft_lies_read_and_marked_in_the_folder_for_drafts(cli, office):
    draft = kept(cli)

    assert (draft["folder"], draft["id"], draft["recipients"]) == ("Drafts", 1, ["alice@mail.test"])
    assert office.flags("contact", "Drafts") == [{"\\Draft", "\\Seen"}]
    assert office.messages("alice") == []
    [row] = ok(cli("draft", "list", "-a", "contact", "--json")).json
    assert (row["id"], row["subject"], row["to"]) == (1, "Plans d’été", "alice@mail.test")


def test_a_draft_needs_neither_recipient_nor_subject_nor_text(cli, office):
    ok(cli("send", "-a", "contact", "--draft", input=""))

    ran = cli("draft", "send", "1", "-a", "contact")
    assert ran.status == 2
    assert "nobody to send it to" in ran.err
    assert len(office.messages("contact", "Drafts")) == 1


def test_what_was_said_of_it_is_still_so_when_it_goes(cli, office, tmp_path):
    plan = tmp_path / "plan.pdf"
    plan.write_bytes(b"%PDF")
    draft = kept(cli, "-b", "bob@mail.test", "--from", "billing@mail.test", "--attach", str(plan), "--priority", "high",
                 "--dsn", "success", "--header", "X-Project: 2026-014")  # fmt: skip

    sent = ok(cli("draft", "send", str(draft["id"]), "-a", "contact", "--json")).json

    assert (sent["sent"], sent["message_id"]) == (True, draft["message_id"])
    for user in ("alice", "bob"):
        [raw] = office.await_messages(user)
        message = parsed(raw)
        assert (message["From"], message["X-Project"]) == ("The Firm <billing@mail.test>", "2026-014")
        assert (message["Importance"], message["X-Mailctl-Dsn"], message["Bcc"]) == ("high", None, None)
        assert [one.get_filename() for one in message.iter_attachments()] == ["plan.pdf"]
    [report] = office.await_messages("contact")
    assert b"Original-Envelope-Id: " + draft["message_id"].strip("<>").encode() in report
    assert b"bob@mail.test" not in office.messages("contact", "Sent")[0]
    assert office.messages("contact", "Drafts") == []


def test_with_the_network_off_it_leaves_the_folder_for_the_outbox(cli, office, outbox):
    draft = kept(cli)
    ok(cli("account", "set", "contact", "outgoing.port=1"))

    ran = cli("draft", "send", str(draft["id"]), "-a", "contact")

    assert ran.status == 75
    assert office.messages("contact", "Drafts") == []
    ok(cli("account", "set", "contact", f"outgoing.port={office.smtps_port}"))
    ok(cli("outbox", "retry", str(outbox.entries()[0].id)))
    assert len(office.await_messages("alice")) == 1


def test_what_the_outbox_cannot_keep_stays_a_draft(cli, office, home):
    draft = kept(cli)
    (home / "state").mkdir(exist_ok=True)
    (home / "state/outbox").write_text("in the way")

    ran = cli("draft", "send", str(draft["id"]), "-a", "contact")

    assert ran.status == 74
    assert len(office.messages("contact", "Drafts")) == 1


@pytest.mark.parametrize("queued", [True, False])
def test_one_that_a_crash_left_behind_does_not_go_twice(cli, office, queued):
    draft = kept(cli)
    [raw] = office.messages("contact", "Drafts")
    ok(cli("draft", "send", str(draft["id"]), "-a", "contact", *(["--queue"] if queued else [])))
    office.deliver("contact", raw, folder="Drafts", flags=("\\Draft",))  # as if it had not been taken away

    ran = cli("draft", "send", "2", "-a", "contact")

    assert ran.status == 73
    assert ("in the outbox already" if queued else "it lies in 'Sent'") in ran.err
    assert "mailctl draft drop 2 -a contact" in ran.err
    assert len(office.await_messages("alice", 0 if queued else 1)) == (0 if queued else 1)


def test_a_draft_of_another_program_goes_without_its_notes_and_is_dated_anew(cli, office):
    raw = (b"X-Mozilla-Draft-Info: internal/draft; vcard=0\r\nX-Identity-Key: id1\r\nFCC: imap://contact/Sent\r\n"
           b"From: contact@mail.test\r\nTo: alice@mail.test\r\nBcc: bob@mail.test\r\nSubject: Hi\r\n"
           b"Date: Sun, 1 Mar 2020 09:00:00 +0000\r\n\r\nHello\r\n")  # fmt: skip
    office.deliver("contact", raw, folder="Drafts", flags=("\\Draft",))

    ok(cli("draft", "send", "1", "-a", "contact"))

    message = parsed(office.await_messages("alice")[0])
    assert not [name for name in message if name.lower().startswith(("x-mozilla", "x-identity", "fcc", "bcc"))]
    assert "2020" not in message["Date"]
    assert len(office.await_messages("bob")) == 1


def test_a_draft_of_somebody_else_is_not_sent(cli, office):
    office.deliver("contact", b"From: ceo@bank.example\r\nTo: alice@mail.test\r\n\r\nPay\r\n", folder="Drafts")

    ran = cli("draft", "send", "1", "-a", "contact")

    assert ran.status == 65
    assert "ceo@bank.example" in ran.err
    assert len(office.messages("contact", "Drafts")) == 1


def test_an_answer_kept_as_a_draft_goes_in_its_thread(cli, office):
    number = fetched(cli, office, b"From: alice@mail.test\r\nTo: contact@mail.test\r\nSubject: Visit\r\n"
                                  b"Message-ID: <2@client.example>\r\n\r\nWhen?\r\n")  # fmt: skip
    draft = ok(cli("reply", number, "--draft", "--json", input="On Monday.\n")).json

    ok(cli("draft", "send", str(draft["id"]), "-a", "contact"))

    message = parsed(office.await_messages("alice")[0])
    assert (message["Subject"], message["In-Reply-To"]) == ("Re: Visit", "<2@client.example>")
    assert "> When?" in message.get_content()


VISIT = (b"From: alice@mail.test\r\nTo: contact@mail.test\r\nSubject: Visit\r\n"
         b"Message-ID: <2@client.example>\r\n\r\nWhen?\r\n")  # fmt: skip


@pytest.mark.parametrize(
    ("words", "mark"),
    [(("reply",), "\\Answered"), (("forward", "bob@mail.test"), "$Forwarded")],
    ids=["answered", "passed on"],
)
def test_what_it_answers_or_passes_on_is_marked_once_it_goes(cli, office, words, mark):
    number = fetched(cli, office, VISIT)
    verb, *more = words
    draft = ok(cli(verb, number, *more, "--draft", "--json", input="On Monday.\n")).json
    assert mark not in office.flags("contact")[0]

    ok(cli("draft", "send", str(draft["id"]), "-a", "contact"))

    assert mark in office.flags("contact")[0]
    [sent] = office.messages("contact", "Sent")
    assert b"X-Forwarded-Message-Id" not in sent


def test_it_goes_at_the_time_that_is_named(cli, office, outbox):
    draft = kept(cli)

    sent = ok(cli("draft", "send", str(draft["id"]), "-a", "contact", "--at", "+2h", "--json")).json

    assert (sent["sent"], sent["due"] is not None) == (False, True)
    assert office.messages("contact", "Drafts") == []
    [entry] = outbox.entries()
    assert entry.next_attempt is not None
    assert (entry.next_attempt - entry.created).total_seconds() > 7000


def test_the_folder_that_the_account_names_is_taken(cli, office):
    ok(cli("account", "set", "contact", "folders.drafts=Scratch"))
    office.deliver("contact", b"From: contact@mail.test\r\nSubject: Old\r\n\r\n", folder="Scratch")

    assert kept(cli)["folder"] == "Scratch"
    assert [row[2] for row in ok(cli("draft", "list", "-a", "contact")).rows] == ["Old", "Plans d’été"]


def test_dropping_throws_that_one_away(cli, office):
    first, second = kept(cli), kept(cli)

    ok(cli("draft", "drop", str(first["id"]), "-a", "contact", "--yes"))

    assert [row[0] for row in ok(cli("draft", "list", "-a", "contact")).rows] == [str(second["id"])]
    assert cli("draft", "drop", str(second["id"]), "-a", "contact").status == 2  # nobody to ask
    assert cli("draft", "drop", "99", "-a", "contact", "--yes").status == 67


def test_a_mailbox_without_drafts_has_none(cli, office):
    assert ok(cli("draft", "list", "-a", "contact", "--json")).json == []
    assert cli("draft", "send", "1", "-a", "contact").status == 67


def test_who_may_only_read_keeps_and_sends_no_draft(cli, office):
    draft = kept(cli)
    ok(cli("collaborator", "add", "ben", "--name", "Ben", "--email", "ben@mail.test"))
    ok(cli("rights", "grant", "contact", "ben", "organize"))

    for words in (WRITE, ("draft", "list", "-a", "contact"), ("draft", "send", str(draft["id"]), "-a", "contact")):
        assert cli("--as", "ben", *words, input="Hello\n").status == 77
