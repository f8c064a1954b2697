"""Mail is filed by its thread, else its contact, else a reference; what may belong to two affairs is not guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.affair import Affair, Person, State
from mailctl.domain.filing import NOWHERE, Filing, Letter, Step, would_take

LYON = Affair(
    ref="2026-014",
    title="Lycée",
    match=("domain:lyon.example", "subject:lycée ampère", "list:chantier.lyon.example"),
    people=(Person(name="Paul Roux", address="paul@roux.example"), Person(name="Nobody")),
    exceptions=("subject:newsletter", "from:noreply@lyon.example"),
)
HALL = Affair(ref="2026-015", title="Hall", match=("from:paul@roux.example", "domain:nantes.example"))
POOL = Affair(ref="2026-016", title="Pool", match=("domain:brest.lyon.example",))
OLD = Affair(ref="2019-001", title="Old", state=State.CLOSED, match=("domain:old.example",))
AFFAIRS = (LYON, HALL, POOL, OLD)


def filing(**more):
    return Filing(AFFAIRS, own_addresses=("contact@firm.example",), own_domains=("firm.example",), **more)


def verdict(links=None, threads=None, **letter):
    return filing(links=links, threads=threads).verdict(Letter(**letter))


@pytest.mark.parametrize(
    ("letter", "ref", "step"),
    [
        pytest.param({"sender": "anna@lyon.example"}, "2026-014", Step.CONTACT, id="its sender's domain"),
        pytest.param({"sender": "Anna@LYON.example"}, "2026-014", Step.CONTACT, id="in another case"),
        pytest.param({"sender": "a@mail.lyon.example"}, "2026-014", Step.CONTACT, id="a domain below it"),
        pytest.param({"sender": "a@brest.lyon.example"}, "2026-016", Step.CONTACT, id="the nearest domain"),
        pytest.param({"sender": "a@notlyon.example"}, None, None, id="a longer domain"),
        pytest.param({"sender": "contact@firm.example", "recipients": ("x@nantes.example",)},
                     "2026-015", Step.CONTACT, id="whom it went to"),
        pytest.param({"sender": "x@nantes.example", "recipients": ("a@lyon.example",)},
                     "2026-015", Step.CONTACT, id="its sender before whom it went to"),
        pytest.param({"sender": "contact@firm.example", "recipients": ("bob@firm.example",)}, None, None,
                     id="oneself is nobody's contact"),
        pytest.param({"list_id": "<chantier.lyon.example>", "sender": "x@nantes.example"},
                     "2026-014", Step.CONTACT, id="its list"),
        pytest.param({"sender": "x@y.example", "subject": "Re: 2026-015"}, "2026-015", Step.SUBJECT, id="a reference"),
        pytest.param({"subject": "Plans du LYCÉE AMPÈRE"}, "2026-014", Step.SUBJECT, id="words of its subject"),
        pytest.param({"subject": "2026-0145"}, None, None, id="a longer reference"),
        pytest.param({"body": lambda: "about\n2026-016, as said"}, "2026-016", Step.BODY, id="a reference in its text"),
        pytest.param({"subject": "2026-015", "body": lambda: "2026-016"}, "2026-015", Step.SUBJECT,
                     id="the subject before the text"),
        pytest.param({"sender": "a@lyon.example", "subject": "2026-015"}, "2026-014", Step.CONTACT,
                     id="the contact before the subject"),
        pytest.param({"sender": "noreply@lyon.example"}, None, None, id="an excluded sender"),
        pytest.param({"sender": "a@lyon.example", "subject": "Newsletter 2026-014"}, None, None,
                     id="an excluded subject"),
        pytest.param({"sender": "a@old.example", "subject": "2019-001"}, None, None, id="no new mail for a closed one"),
        pytest.param({}, None, None, id="nothing at all"),
        pytest.param({"sender": "no address"}, None, None, id="no address"),
    ],
)  # fmt: skip
def test_a_message_is_filed(letter, ref, step):
    found = verdict(**letter)

    assert found.affair == ref
    assert [one.step for one in found.reasons] == ([step] if step else [])
    assert not found.is_unsure


@pytest.mark.parametrize(
    ("letter", "ref"),
    [
        pytest.param({"ancestors": ("<a@x>",)}, "2026-016", id="an answer"),
        pytest.param({"ancestors": ("<a@x>",), "sender": "a@nantes.example"}, "2026-016", id="the thread first"),
        pytest.param({"ancestors": ("<a@x>", "<b@x>")}, "2026-015", id="the nearest that it answers"),
        pytest.param({"ancestors": ("<b@x>", "<unknown@x>")}, "2026-015", id="one further up"),
        pytest.param({"thread": "<root@x>"}, "2026-014", id="another of its conversation"),
        pytest.param({"ancestors": ("<old@x>",)}, "2019-001", id="a closed affair takes answers"),
        pytest.param({"ancestors": ("<gone@x>",)}, None, id="an affair that is no more takes none"),
        pytest.param({"ancestors": ("<lyon@x>",), "subject": "newsletter"}, None, id="an exception holds there too"),
    ],
)  # fmt: skip
def test_a_message_follows_its_thread(letter, ref):
    links = {"<a@x>": ["2026-016"], "<b@x>": ["2026-015"], "<old@x>": ["2019-001"], "<gone@x>": ["1999-1"],
             "<lyon@x>": ["2026-014"]}  # fmt: skip

    assert verdict(links=links, threads={"<root@x>": ["2026-014"]}, **letter).affair == ref


def test_two_affairs_of_one_contact_are_candidates():
    found = verdict(sender="paul@roux.example")

    assert found.is_unsure
    assert {one.affair for one in found.reasons} == {"2026-014", "2026-015"}
    assert {one.why for one in found.reasons} == {"paul@roux.example"}


def test_a_reference_chooses_among_the_candidates():
    found = verdict(sender="paul@roux.example", subject="Re: 2026-015")

    assert (found.affair, [one.step for one in found.reasons]) == ("2026-015", [Step.SUBJECT])


def test_a_contact_chooses_among_the_affairs_of_what_it_answers():
    found = verdict(links={"<a@x>": ["2026-014", "2026-015"]}, ancestors=("<a@x>",), sender="x@nantes.example")

    assert found.affair == "2026-015"


def test_two_references_in_a_subject_are_candidates():
    found = verdict(subject="2026-014 / 2026-015")

    assert [one.affair for one in found.reasons] == ["2026-014", "2026-015"]
    assert found.affair is None


def test_an_exception_may_leave_one_of_two():
    assert verdict(sender="paul@roux.example", subject="newsletter").affair == "2026-015"


@pytest.mark.parametrize("state", [*State])
def test_an_affair_alone_takes_what_any_of_its_rules_fits(state):
    affair = Affair(ref="1", title="t", state=state, match=("domain:a.example", "subject:plans"))

    def takes(**letter):
        return would_take(affair, Letter(**letter), own_addresses=(), own_domains=())

    assert takes(subject="Plans")
    assert takes(sender="x@a.example")
    assert not takes(sender="x@b.example", subject="bill")


def test_what_answers_a_message_just_filed_follows_it():
    book = filing()
    book.take(Letter(key="<new@x>", thread="<new@x>"), "2026-015")

    assert book.verdict(Letter(ancestors=("<new@x>",))).affair == "2026-015"
    assert book.verdict(Letter(thread="<new@x>")).affair == "2026-015"


def test_the_text_is_not_asked_for_where_the_subject_says_it():
    def body():
        raise AssertionError("nobody needs it")

    assert verdict(subject="2026-015", body=body).affair == "2026-015"


text = st.text(max_size=40)


@given(text, st.lists(text, max_size=3), text, text, st.lists(text, max_size=3), text)
def test_any_message_has_a_verdict(sender, recipients, subject, list_id, ancestors, body):
    found = verdict(sender=sender, recipients=tuple(recipients), subject=subject, list_id=list_id,
                    ancestors=tuple(ancestors), body=lambda: body)  # fmt: skip

    assert found == NOWHERE or found.affair in {None, *(one.affair for one in found.reasons)}
