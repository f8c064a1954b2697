"""Mail is filed under affairs by the rules: all that waits, or what a fetch brought; never what is not one's own."""

from datetime import UTC, datetime, timedelta

import pytest

from conftest import LOGIN, ok
from mailctl.domain.affair import Affair, Person
from mailctl.errors import MessageNotFoundError, RightMissingError
from mailctl.services import filing, filing_new
from mailctl.services.links import affairs_of, link, unlink
from mailctl.services.opening import opened
from support.workstation import commits

WHEN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LYON = Affair(ref="2026-014", title="Lycée", match=("domain:lyon.example", "list:chantier.lyon.example"))
HALL = Affair(ref="DUR/Hall/3", title="Hall", people=(Person(name="Paul", address="paul@nantes.example"),))


@pytest.fixture
def told():
    return []


@pytest.fixture
def ctx(firm, home, told):
    import os

    ctx = opened(os.environ, login=LOGIN, tell=lambda kind, line: told.append(line))
    put(ctx, LYON, HALL)
    return ctx


def put(ctx, *affairs):
    with ctx.change("affairs") as change:
        for affair in affairs:
            change.put(affair)


def mail(number, *fields, sender="x@nowhere.example", to="contact@firm.example", subject="Plans", body="Text"):
    date = (WHEN + timedelta(minutes=number)).strftime("%a, %d %b %Y %H:%M:%S +0000")
    head = [
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject}",
        f"Date: {date}",
        f"Message-ID: <{number}@x>",
        *fields,
    ]
    return "\n".join([*head, "", body, ""]).encode()


def by_rule(ctx, **more):
    return {one.id: (one.ref, one.step) for one in filing.auto(ctx, **more)}


def refs(ctx, number):
    return affairs_of(ctx, [f"<{number}@x>"]).get(f"<{number}@x>", ())


def test_mail_is_filed_by_contact_subject_and_text(ctx, keep):
    lyon = keep("contact", mail(1, sender="Anna <anna@lyon.example>"))
    hall = keep("contact", mail(2, subject="Re: dur/hall/3 plans"))
    text = keep("contact", mail(3, body="It is about\nDUR/Hall/3, I think."))
    other = keep("contact", mail(4, body="It is about DUR Hall 3, I think."))

    assert by_rule(ctx) == {
        lyon: ("2026-014", "contact"),
        hall: ("DUR/Hall/3", "subject"),
        text: ("DUR/Hall/3", "body"),
    }
    assert refs(ctx, 1) == ("2026-014",)
    assert filing.explain(ctx, other).ref is None


def test_who_it_was_sent_or_copied_to_counts(ctx, keep):
    number = keep("contact", mail(1, "Cc: Paul <paul@nantes.example>", sender="contact@firm.example", to="x@y.example"),
                  folder="Sent")  # fmt: skip

    assert by_rule(ctx) == {number: ("DUR/Hall/3", "contact")}


def test_its_list_counts(ctx, keep):
    number = keep("contact", mail(1, "List-Id: Site <chantier.lyon.example>"))

    assert by_rule(ctx) == {number: ("2026-014", "contact")}


def test_a_conversation_is_filed_together_whichever_message_is_known(ctx, keep):
    first = keep("contact", mail(1))
    second = keep("contact", mail(2, "In-Reply-To: <1@x>", "References: <1@x>", sender="anna@lyon.example"))
    third = keep("contact", mail(3, "In-Reply-To: <2@x>", "References: <1@x> <2@x>"))

    assert by_rule(ctx) == {
        first: ("2026-014", "thread"), second: ("2026-014", "contact"), third: ("2026-014", "thread")
    }  # fmt: skip


def test_a_second_run_files_nothing(ctx, keep):
    keep("contact", mail(1, sender="anna@lyon.example"))

    assert len(by_rule(ctx)) == 1
    assert by_rule(ctx) == {}


def test_a_dry_run_changes_nothing(ctx, keep):
    keep("contact", mail(1, sender="anna@lyon.example"))

    assert len(by_rule(ctx, dry_run=True)) == 1
    assert refs(ctx, 1) == ()


def test_a_message_in_two_accounts_is_filed_once(ctx, keep):
    keep("contact", mail(1, sender="anna@lyon.example"))
    keep("contact", mail(1, sender="anna@lyon.example"), folder="Archive")

    assert len(by_rule(ctx)) == 1


def test_a_message_without_message_id_is_filed(ctx, keep):
    number = keep("contact", mail(1, sender="anna@lyon.example").replace(b"Message-ID: <1@x>\n", b""))

    assert by_rule(ctx) == {number: ("2026-014", "contact")}
    assert by_rule(ctx) == {}


@pytest.mark.parametrize("folder", ["Junk", "Corbeille", "Drafts", "Affaires/2026-014"])
def test_what_is_unwanted_unfinished_or_a_copy_is_not_filed(ctx, keep, folder):
    keep("contact", mail(1, sender="anna@lyon.example"), folder=folder)

    assert by_rule(ctx) == {}


def test_mail_that_one_may_not_organize_is_not_filed(ctx, keep):
    number = keep("billing", mail(1, sender="anna@lyon.example"))

    assert by_rule(ctx) == {}
    with pytest.raises(RightMissingError):
        filing.explain(ctx, number)


def test_mail_of_two_affairs_waits_in_the_inbox(ctx, keep):
    put(ctx, Affair(ref="2026-099", title="Other", match=("domain:lyon.example",)))
    older = keep("contact", mail(1, sender="anna@lyon.example", subject="older"))
    newer = keep("contact", mail(2, sender="anna@lyon.example", subject="newer"))
    keep("contact", mail(3, sender="anna@lyon.example", subject="2026-099"))

    assert len(by_rule(ctx)) == 1
    assert [one.id for one in filing.inbox(ctx)] == [newer, older]
    assert {(one.ref, one.why) for one in filing.inbox(ctx)[0].candidates} == {
        ("2026-014", "anna@lyon.example, of lyon.example"), ("2026-099", "anna@lyon.example, of lyon.example")
    }  # fmt: skip


def test_what_was_linked_by_hand_leaves_the_inbox(ctx, keep):
    put(ctx, Affair(ref="2026-099", title="Other", match=("domain:lyon.example",)))
    number = keep("contact", mail(1, sender="anna@lyon.example"))

    link(ctx, [("2026-099", ctx.index.message(number))])

    assert filing.inbox(ctx) == ()


def test_what_was_taken_out_is_not_filed_there_again(ctx, keep):
    number = keep("contact", mail(1, sender="anna@lyon.example"))
    by_rule(ctx)

    unlink(ctx, "2026-014", [ctx.index.message(number)])

    assert by_rule(ctx) == {}
    link(ctx, [("2026-014", ctx.index.message(number))])
    assert refs(ctx, 1) == ("2026-014",)


def test_a_message_is_explained_as_if_it_were_not_filed(ctx, keep):
    number = keep("contact", mail(1, sender="anna@lyon.example"))
    by_rule(ctx)

    found = filing.explain(ctx, number)

    assert (found.filed, found.ref) == (("2026-014",), "2026-014")
    assert [(one.step, one.why) for one in found.reasons] == [("contact", "anna@lyon.example, of lyon.example")]


def test_a_number_that_is_none_is_not_explained(ctx):
    with pytest.raises(MessageNotFoundError):
        filing.explain(ctx, 99)


def test_the_firms_own_domain_is_nobodys_contact(ctx, keep):
    put(ctx, Affair(ref="2026-099", title="Odd", match=("domain:firm.example", "from:bob@firm.example")))
    keep("contact", mail(1, sender="bob@firm.example"))

    assert by_rule(ctx) == {}


def test_a_fetch_files_only_what_is_new(ctx, keep):
    old = keep("contact", mail(1, sender="anna@later.example"))
    assert len(filing.auto(ctx)) == 0
    put(ctx, Affair(ref="2026-099", title="Later", match=("domain:later.example",)))
    keep("contact", mail(2, sender="anna@later.example"))
    filing.whole_desk(ctx)

    assert filing_new.after_fetch(ctx, ["contact"]) == {"contact": 1}
    assert filing_new.after_fetch(ctx, ["contact"]) == {}
    assert by_rule(ctx) == {old: ("2026-099", "contact")}


def test_a_fetch_files_nothing_where_the_store_does_not_want_it(ctx, cli, keep):
    from msgspec.structs import replace

    put(ctx, replace(ctx.settings, affairs=replace(ctx.settings.affairs, auto=False)))
    del ctx.settings
    keep("contact", mail(1, sender="anna@lyon.example"))
    filing.whole_desk(ctx)

    assert filing_new.after_fetch(ctx, ["contact"]) == {}
    assert len(by_rule(ctx)) == 1


def test_a_fetch_goes_on_where_filing_fails(ctx, home, keep, told):
    keep("contact", mail(1, sender="anna@lyon.example"))
    filing.whole_desk(ctx)
    (home / "store/affairs/2026-014.links").mkdir()

    assert filing_new.after_fetch(ctx, ["contact"]) == {}
    assert any("nothing was filed" in line for line in told)


def test_a_broken_affair_breaks_no_other(ctx, home, keep, told):
    (home / "store/affairs/2026-014.toml").write_text("title = ")
    number = keep("contact", mail(1, sender="paul@nantes.example"))

    assert by_rule(ctx) == {number: ("DUR/Hall/3", "contact")}
    assert any("2026-014" in line for line in told)


def test_one_run_is_one_commit(ctx, cli, home, keep):
    ok(cli("init", "--git"))
    keep("contact", mail(1, sender="anna@lyon.example"))
    keep("contact", mail(2, sender="paul@nantes.example"))
    before = len(commits(home / "store"))

    by_rule(ctx)

    assert len(commits(home / "store")) == before + 1


@pytest.mark.parametrize(
    ("trial", "fault"),
    [
        pytest.param('from = "a@lyon.example"\nmatches = true', "", id="as it should"),
        pytest.param('from = "a@nowhere.example"\nmatches = true', "the rules do not take it", id="not taken"),
        pytest.param('from = "a@firm.example"\nmatches = true', "the rules do not take it", id="one's own"),
        pytest.param('from = "paul@roux.example"\nmatches = true', "", id="somebody involved"),
        pytest.param('subject = "2026-014"\nmatches = true', "", id="the reference"),
        pytest.param('from = "noreply@lyon.example"\nmatches = true', "the rules do not take it", id="excluded"),
        pytest.param('list = "chantier.lyon.example"\nmatches = false', "the rules take it", id="taken"),
    ],
)
def test_an_affairs_tests_go_through_the_same_rules(ctx, cli, home, trial, fault):
    (home / "store/affairs/2026-014.toml").write_text(
        'title = "x"\nmatch = ["domain:lyon.example", "domain:firm.example", "list:chantier.lyon.example"]\n'
        'except = ["from:noreply@lyon.example"]\n[[people]]\nname = "Paul"\naddress = "paul@roux.example"\n'
        f"[[tests]]\n{trial}\n"
    )

    found = [one["text"] for one in cli("store", "check", "--json").json if one["file"].endswith("2026-014.toml")]

    assert found == ([fault] if fault else [])
