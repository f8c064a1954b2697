"""A draft becomes a message that says what its writer said, is signed once, and tells nobody of Bcc."""

import email
import email.policy
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailctl.domain.address import Address, parse
from mailctl.domain.compose import compose
from mailctl.domain.identity import new_message_id
from mailctl.domain.inline import cid_of
from mailctl.domain.message import Attachment, Draft, Quoted
from mailctl.domain.signature import Position, Rendered
from mailctl.errors import BadDataError

BOB = parse("Bob <bob@client.example>")
ALICE = Rendered(text="Alice Martin\nArchitecte")
LOGO = Attachment(filename="logo.png", content=b"\x89PNG\r\n", content_type="image/png")
RICH = Rendered(text="Alice", html=f'<p>Alice <img src="cid:{cid_of("logo.png")}"></p>', images=(LOGO,))
QUOTED = Quoted(
    message_id="<q2@client.example>",
    references=("<q1@client.example>",),
    attribution="On 3 November, Bob wrote:",
    text="Where are the plans?\n> earlier\n\nBob",
)
QUOTATION = "On 3 November, Bob wrote:\n> Where are the plans?\n>> earlier\n>\n> Bob\n"
NOW = datetime(2026, 11, 24, 12, 30, tzinfo=timezone(timedelta(hours=1)))
LETTERS = st.characters(blacklist_categories=["Cs"])


def raw_of(draft: Draft, signature: Rendered | None = None, sender: Address | None = None) -> bytes:
    return compose(
        draft,
        sender=sender or parse("Firm <contact@firm.example>"),
        date=NOW,
        message_id="<20261124.ab12@firm.example>",
        signature=signature,
    )


def message_of(signature: Rendered | None = None, **said: Any) -> EmailMessage:
    said.setdefault("to", (BOB,))
    return email.message_from_bytes(raw_of(Draft(**said), signature), policy=email.policy.default)


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return part.get_payload(decode=True).decode().replace("\r\n", "\n")


def types_of(message: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in message.walk()]


def test_the_header_says_who_whom_what_and_when():
    message = message_of(cc=(parse("carl@client.example"),), subject="Plans", body="Here they are.\n")

    assert message.items() == [
        ("Date", "Tue, 24 Nov 2026 12:30:00 +0100"),
        ("From", "Firm <contact@firm.example>"),
        ("To", "Bob <bob@client.example>"),
        ("Cc", "carl@client.example"),
        ("Subject", "Plans"),
        ("Message-ID", "<20261124.ab12@firm.example>"),
        ("MIME-Version", "1.0"),
        ("Content-Type", 'text/plain; charset="utf-8"'),
        ("Content-Transfer-Encoding", "7bit"),
    ]
    assert not message.defects


def test_bcc_is_nowhere_in_it():
    raw = raw_of(Draft(to=(BOB,), bcc=(parse("Carol <carol@secret.example>"),), body="hello"))

    assert b"bcc" not in raw.lower()
    assert b"carol" not in raw.lower()


def test_one_to_nobody_but_bcc_says_so():
    assert message_of(to=(), bcc=(BOB,))["To"] == "undisclosed-recipients:;"


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.text(LETTERS), st.text("ab \n\r\t.>-é\x00", max_size=300), st.text("漢字 \n", max_size=900),
        st.lists(st.sampled_from(["From me", ".", "..", "-- ", "a" * 1500, "=20", "é" * 90, ""])).map("\n".join),
    )
)  # fmt: skip
def test_a_body_is_read_as_it_was_written(body):
    raw = raw_of(Draft(to=(BOB,), body=body))

    lines = raw.split(b"\r\n")
    message = email.message_from_bytes(raw, policy=email.policy.default)
    plain = body.replace("\r\n", "\n").replace("\r", "\n")
    assert max(map(len, lines)) <= 998
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert not any(line.startswith((b"From ", b".")) for line in lines)
    if message["Content-Type"].params.get("format") != "flowed":
        assert text_of(message) == (plain if plain.endswith("\n") or not plain else plain + "\n")


def test_a_long_paragraph_is_flowed():
    message = message_of(body="word " * 60)

    assert message["Content-Type"].params["format"] == "flowed"
    assert text_of(message).split() == ["word"] * 60


def test_plain_ascii_needs_no_encoding():
    assert message_of(body="Bonjour,\n\nmerci.\n")["Content-Transfer-Encoding"] == "7bit"


@pytest.mark.parametrize("body", ["caf\udce9", "a\ud83d"])
def test_half_letters_are_refused(body):
    with pytest.raises(BadDataError, match="UTF-8"):
        message_of(body=body)


# -- signed


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param("Hello\n", "Hello\n\n-- \nAlice Martin\nArchitecte\n", id="below the text"),
        pytest.param("Hello\n\n\n", "Hello\n\n-- \nAlice Martin\nArchitecte\n", id="one empty line between"),
        pytest.param("", "-- \nAlice Martin\nArchitecte\n", id="alone"),
        pytest.param("Hi\n\n-- \nAlice Martin\nArchitecte\n", "Hi\n\n-- \nAlice Martin\nArchitecte\n", id="not twice"),
        pytest.param("Hi\n--\nAlice Martin  \r\nArchitecte", "Hi\n--\nAlice Martin  \nArchitecte\n", id="nor nearly"),
    ],
)
def test_a_text_is_signed_once(body, text):
    assert text_of(message_of(ALICE, body=body)) == text


def test_a_draft_that_wants_no_signature_has_none():
    assert text_of(message_of(ALICE, body="Hello\n", signed=False)) == "Hello\n"


def test_a_page_is_signed_in_html_and_its_text_in_text():
    message = message_of(RICH, body="**Hello**", markdown=True)

    assert text_of(message) == "**Hello**\n\n-- \nAlice\n"
    assert "<p><strong>Hello</strong></p>" in text_of(message, "html")
    assert text_of(message, "html").count('<div class="signature">') == 1


def test_a_signature_without_html_is_text_in_a_page():
    page = text_of(message_of(Rendered(text="Alice\nR&D"), body="Hello", markdown=True), "html")

    assert "-- <br>\nAlice<br>\nR&amp;D\n" in page


def test_images_of_the_signature_travel_beside_the_page_that_shows_them():
    message = message_of(RICH, body="Hello", markdown=True)

    assert types_of(message) == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"
    ]  # fmt: skip
    image = list(message.walk())[-1]
    assert f"cid:{image['Content-ID'][1:-1]}" in text_of(message, "html")
    assert image.get_content_disposition() == "inline"
    assert image.get_content() == LOGO.content


def test_a_mail_in_text_brings_no_images():
    assert types_of(message_of(RICH, body="Hello")) == ["text/plain"]


def test_a_page_of_ones_own_is_signed_within_it_and_not_twice():
    page = "<html><body><h1>Plans</h1></body></html>"
    first = text_of(message_of(RICH, html=page, body="Plans"), "html")
    again = text_of(message_of(RICH, html=first, body="Plans\n\n-- \nAlice\n"), "html")

    assert first.index("Alice") < first.index("</body>")
    assert again == first


def test_a_page_without_text_has_its_text_made():
    message = message_of(ALICE, html="<h1>Plans</h1><p>They are <b>ready</b>.</p>")

    assert "They are" in text_of(message)
    assert "<" not in text_of(message)
    assert text_of(message).endswith("-- \nAlice Martin\nArchitecte\n")


# -- replies


def test_a_reply_is_signed_above_the_quotation():
    text = text_of(message_of(ALICE, body="Here.\n", quoted=QUOTED))

    assert text == f"Here.\n\n-- \nAlice Martin\nArchitecte\n\n{QUOTATION}"


def test_or_below_it_where_the_signature_says_so():
    below = Rendered(text="Alice", position=Position.BELOW)

    assert text_of(message_of(below, body="Here.\n", quoted=QUOTED)) == f"Here.\n\n{QUOTATION}\n-- \nAlice\n"


def test_what_is_quoted_is_only_text_in_a_page():
    hostile = Quoted(message_id=None, attribution="<b>Eve</b> wrote:", text="<script>alert(1)</script>")

    page = text_of(message_of(ALICE, body="Hm.", markdown=True, quoted=hostile), "html")

    assert "<script" not in page
    assert "<b>Eve" not in page
    assert page.index("Alice") < page.index("&lt;b&gt;Eve")


def test_a_reply_belongs_to_its_thread():
    message = message_of(quoted=QUOTED)

    assert message["In-Reply-To"] == "<q2@client.example>"
    assert message["References"] == "<q1@client.example> <q2@client.example>"


def test_a_long_thread_keeps_its_beginning_and_its_end():
    ids = tuple(f"<{number}@list.example>" for number in range(1000))

    references = message_of(quoted=Quoted(message_id="<last@list.example>", references=ids))["References"].split()

    assert references[0] == ids[0]
    assert references[-2:] == [ids[-1], "<last@list.example>"]
    assert len(references) < 60


def test_ids_that_are_none_do_not_reach_the_header():
    hostile = Quoted(message_id="<a@b>\r\nBcc: x@y.example", references=("no id", "<ok@b>"))

    message = message_of(quoted=hostile)

    assert message["In-Reply-To"] is None
    assert message["References"] == "<ok@b>"
    assert message["Bcc"] is None


# -- what else is in it


def test_attachments_stand_behind_all_that_is_read():
    plan = Attachment(filename="plan d’étage.pdf", content=bytes(range(256)) * 40, content_type="application/pdf")

    message = message_of(RICH, body="Hello", markdown=True, attachments=(plan, plan))

    assert types_of(message)[:2] == ["multipart/mixed", "multipart/alternative"]
    [first, second] = message.iter_attachments()
    assert (first.get_filename(), first.get_content()) == (plan.filename, plan.content)
    assert second.get_content() == plan.content


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"subject": "a\nBcc: x@y.example"}, id="subject"),
        pytest.param({"to": (Address("b", "c.example", "B\r\n"),)}, id="name"),
        pytest.param({"reply_to": (Address("b\n", "c.example"),)}, id="address"),
        pytest.param({"headers": (("X-K", "v\0"),)}, id="header"),
        pytest.param({"headers": (("X-K\n", "v"),)}, id="header name"),
        pytest.param({"headers": (("Bcc", "x@y.example"),)}, id="Bcc as a header"),
        pytest.param({"attachments": (Attachment(filename="a\nb", content=b""),)}, id="file name"),
    ],
)
def test_a_header_cannot_be_broken_open(said):
    with pytest.raises(BadDataError) as caught:
        message_of(**said)

    assert caught.value.exit_status == 65


def test_a_sender_who_is_no_line_is_refused():
    with pytest.raises(BadDataError):
        raw_of(Draft(to=(BOB,)), sender=Address("a", "b.example", "Firm\r\nBcc: x@y.example"))


def test_headers_of_ones_own_are_there():
    assert message_of(headers=(("X-Project", "Lycée Ampère"),))["X-Project"] == "Lycée Ampère"


def test_only_an_address_that_cannot_be_ascii_makes_a_header_utf8():
    plain = raw_of(Draft(to=(parse("Zoé <z@bücher.example>"),), subject="été", body="été"))
    utf8 = raw_of(Draft(to=(parse("zoé@bücher.example"),), body="été"))

    assert plain.isascii()
    assert "To: zoé@bücher.example\r\n".encode() in utf8


def test_the_same_draft_gives_the_same_bytes():
    draft = Draft(to=(BOB,), body="Hello", markdown=True, attachments=(LOGO,))

    assert raw_of(draft, RICH) == raw_of(draft, RICH)


def test_a_message_id_is_on_the_domain_in_ascii():
    made = new_message_id("bücher.example", now=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), token="ab12")

    assert made == "<20260102030405.ab12@xn--bcher-kva.example>"
