"""A template's variables have types, defaults and choices, and what is given has to fit them."""

from datetime import date
from decimal import Decimal

import pytest

from mailctl.domain.template import Kind, Template, Variable, faults_of, missing, unknown, value_of
from mailctl.errors import BadDataError


def variable(kind="text", **more):
    return Variable(name="v", kind=Kind(kind), **more)


def template(**variables):
    return Template(name="t", body="", variables=variables)


@pytest.mark.parametrize(
    ("one", "text", "value"),
    [
        pytest.param(variable(), "a\r\nb", "a\nb", id="text"),
        pytest.param(variable(), "", "", id="an empty text"),
        pytest.param(variable("number"), "1,5", Decimal("1.5"), id="a number"),
        pytest.param(variable("amount"), "1 234,50 €", Decimal("1234.50"), id="an amount"),
        pytest.param(variable("date"), "24/11/2026", date(2026, 11, 24), id="a day"),
        pytest.param(variable("date", default=""), "", "", id="no day, where that may be"),
        pytest.param(variable("address"), " Anna <anna@x.example> ", "Anna <anna@x.example>", id="an address"),
        pytest.param(variable("bool"), "oui", True, id="yes"),
        pytest.param(variable("choice", choices=("a", "b")), "b", "b", id="a choice"),
    ],
)
def test_what_is_given_becomes_a_value(one, text, value):
    assert value_of(one, text, "fr") == value


@pytest.mark.parametrize(
    ("one", "text", "said"),
    [
        pytest.param(variable("number"), "x", "'v': 'x' is no number", id="a number"),
        pytest.param(variable("date"), "", "'v': '' is no day", id="no day"),
        pytest.param(variable("address"), "anna", "'v': bad address 'anna': there is no @ in it", id="an address"),
        pytest.param(variable("address"), "a@x.example, b@x.example", "'v': bad address", id="two addresses"),
        pytest.param(variable("address"), "a@x.example\r\nBcc: b@x.example", "control character", id="a header"),
        pytest.param(variable("bool"), "perhaps", "'v': 'perhaps' is neither yes nor no", id="yes or no"),
        pytest.param(variable("choice", choices=("mail", "post")), "mial", "did you mean 'mail'?", id="a choice"),
        pytest.param(variable(), "x" * 20_001, "more than 20000 characters", id="a long text"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(one, text, said):
    with pytest.raises(BadDataError) as caught:
        value_of(one, text, "fr")

    assert said in str(caught.value)
    assert caught.value.hint == f"v: {one.expected}"


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        pytest.param({"a-b": Variable()}, (("variables", "a-b"), "letters, digits and _"), id="a name"),
        pytest.param({"_a": Variable()}, (("variables", "_a"), "letters, digits and _"), id="a name that is ours"),
        pytest.param({"affair": Variable()}, (("variables", "affair"), "something else"), id="a name that is taken"),
        pytest.param({"a": Variable(kind=Kind.CHOICE)}, (("variables", "a", "choices"), "missing"), id="no choices"),
        pytest.param({"a": Variable(choices=("x",))}, (("variables", "a", "choices"), "choice"), id="choices for text"),
        pytest.param(
            {"a": Variable(kind=Kind.DATE, default="soon")},
            (("variables", "a", "default"), "'soon' is no day"),
            id="a default of another kind",
        ),
        pytest.param(
            {"a": Variable(kind=Kind.CHOICE, choices=("x",), default="y")},
            (("variables", "a", "default"), "'y' is none of its choices"),
            id="a default that is no choice",
        ),
    ],
)
def test_a_faulty_variable_is_named_by_its_key(variables, fault):
    [(path, what)] = faults_of(template(**variables))

    assert path == fault[0]
    assert fault[1] in what


def test_defaults_of_any_kind_are_good_ones():
    assert faults_of(
        template(
            a=Variable(kind=Kind.NUMBER, default=12.5),
            b=Variable(kind=Kind.BOOL, default=False),
            c=Variable(kind=Kind.AMOUNT, default=3),
            d=Variable(kind=Kind.DATE, default=""),
        )
    ) == []  # fmt: skip


def test_missing_is_what_has_no_default_and_was_not_said():
    made = template(
        a=Variable(name="a"),
        b=Variable(name="b", kind=Kind.DATE),
        c=Variable(name="c", default=""),
        d=Variable(name="d", kind=Kind.BOOL, default=False),
    )

    assert [one.name for one in missing(made, {})] == ["a", "b"]
    assert [one.name for one in missing(made, {"a": "", "b": ""})] == ["b"]
    assert missing(made, {"a": "x", "b": "2026-01-01"}) == ()


def test_a_name_that_is_no_variable_is_told_with_the_nearest():
    assert (
        unknown(template(montant=Variable()), {"mnotant": "1"})
        == "'mnotant' is no variable of it (did you mean 'montant'?)"
    )
    assert unknown(template(montant=Variable()), {"montant": "1"}) is None
