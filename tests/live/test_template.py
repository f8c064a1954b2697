"""Mail from templates on real servers: sent with an affair, answered with the one that the question is filed under."""

import pytest

from conftest import ok
from support.office import fetched, parsed

pytestmark = pytest.mark.live

QUESTION = (
    b"From: Alice Martin <alice@mail.test>\r\nTo: contact@mail.test\r\nSubject: Visit\r\n"
    b"Date: Sun, 1 Mar 2026 09:00:00 +0000\r\nMessage-ID: <2@client.example>\r\n\r\nWhen do you come?\r\n"
)
ANSWER = """+++
subject = "not this"
to = "not-this@mail.test"
attachments = "plan.pdf"
unsubscribe = "mailto:stop@mail.test"

[variables.jour]
type = "date"
+++
Nous venons le **{{ jour }}**{% if affair %} pour {{ affair.title }}{% endif %}.
"""


@pytest.fixture
def written(store):
    """A template that answers, and an affair."""
    (store / "templates").mkdir(exist_ok=True, mode=0o700)
    (store / "templates/visite.md").write_text(ANSWER)
    (store / "templates/plan.pdf").write_bytes(b"%PDF-1.7")
    (store / "affairs/2026-014.toml").write_text('title = "Lycée <Ampère>"\n')


def test_an_answer_is_written_from_a_template(cli, office, written):
    number = fetched(cli, office, QUESTION)

    ok(cli("reply", number, "--template", "visite", "--var", "jour=2/3/2026"))

    message = parsed(office.await_messages("alice")[0])
    assert (message["Subject"], message["To"]) == ("Re: Visit", "Alice Martin <alice@mail.test>")
    assert message["In-Reply-To"] == "<2@client.example>"
    assert message["List-Unsubscribe"] == "<mailto:stop@mail.test>"
    text = message.get_body(("plain",)).get_content()
    assert text.startswith("Nous venons le **2 mars 2026**.")
    assert "> When do you come?" in text
    page = message.get_body(("html",)).get_content()
    assert "<p>Nous venons le <strong>2 mars 2026</strong>.</p>" in page
    assert "When do you come?" in page
    assert [part.get_filename() for part in message.iter_attachments()] == ["plan.pdf"]


def test_an_answer_to_filed_mail_knows_its_affair(cli, office, written):
    number = fetched(cli, office, QUESTION)
    ok(cli("affair", "link", "2026-014", number))

    ok(cli("reply", number, "--template", "visite", "--var", "jour=2026-03-02"))

    page = parsed(office.await_messages("alice")[0]).get_body(("html",)).get_content()
    assert "pour Lycée &lt;Ampère&gt;." in page


def test_a_mail_is_passed_on_with_a_note_from_a_template(cli, office, written):
    number = fetched(cli, office, QUESTION)

    ok(cli("forward", number, "bob@mail.test", "--template", "visite", "--var", "jour=2026-03-02"))

    message = parsed(office.await_messages("bob")[0])
    assert message["Subject"] == "Fwd: Visit"
    text = message.get_body(("plain",)).get_content()
    assert text.startswith("Nous venons le")
    assert "When do you come?" in text
