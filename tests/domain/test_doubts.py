"""What one is asked before a mail goes out."""

import pytest

from mailctl.domain.doubts import doubts
from mailctl.domain.message import Attachment, Draft

PLAN = Attachment(filename="plan.pdf", content=b"%PDF")


@pytest.mark.parametrize(
    "body",
    [
        "The plan is attached.",
        "See the attachment",
        "Please find ENCLOSED our quote",
        "Vous trouverez ci-joint le plan",
        "les plans ci-joints",
        "Voir la pièce jointe",
        "Deux pièces jointes.",
        "Voir la piece jointe",
    ],
)
def test_a_promised_attachment_that_is_not_there_is_noticed(body):
    assert [text.startswith("it says '") for text in doubts(Draft(subject="Plans", body=body))] == [True]


@pytest.mark.parametrize(
    "draft",
    [
        pytest.param(Draft(subject="Plans", body="The plan is attached", attachments=(PLAN,)), id="it is attached"),
        pytest.param(Draft(subject="Plans", body="Thanks\n> The plan is attached\n"), id="only the quotation says so"),
        pytest.param(Draft(subject="Plans", body="He has a strong attachmentship"), id="another word"),
        pytest.param(Draft(subject="Plans", body="Hello"), id="nothing is promised"),
    ],
)
def test_nothing_is_noticed_where_nothing_is_wrong(draft):
    assert doubts(draft) == ()


@pytest.mark.parametrize("subject", ["", " \t"])
def test_an_empty_subject_is_noticed(subject):
    assert doubts(Draft(subject=subject, body="Hello")) == ("the subject is empty",)


def test_a_promise_in_html_counts_too():
    assert len(doubts(Draft(subject="Plans", html="<p>The plan is <b>attached</b></p>"))) == 1
