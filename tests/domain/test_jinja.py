"""Blanks are filled in a sandbox: what is missing is said with its line, and nothing else can be reached or used up."""

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailctl.domain.jinja import render
from mailctl.errors import TemplateFaultError

VALUES = {
    "collaborator": {"name": "Alice", "title": "", "phone": "", "fields": {"items": "R&D", "mobile": ""}},
    "firm": "Durand & <Fils>",
    "rows": ["a", "b", "c"],
    "lines": "one\n\ntwo",
    "nothing": None,
    "amount": 1234.5,
}


def filled(source: str, *, html: bool = False) -> str:
    return render(source, VALUES, where="sig.txt", html=html)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ collaborator.name }}\nFirm\n", "Alice\nFirm\n"),
        ("a\nTel. {{ collaborator.phone }}\nb", "a\nb"),
        ("{{ collaborator.title }} {{ collaborator.phone }}\nb", "b"),
        ("{{ collaborator.title }} {{ collaborator.name }}\nb", " Alice\nb"),
        ("{% if collaborator.phone %}Tel. {{ collaborator.phone }}{% endif %}\nb", "b"),
        ("{% if rows %}\nfull\n{% endif %}\nb", "full\nb"),
        ("a\n\nb", "a\n\nb"),
        ("{{ lines }}\nb", "one\n\ntwo\nb"),
        ("{{ nothing }}\nb", "b"),
        ("{% for row in rows %}{{ loop.index }}{{ row }}{% if not loop.last %}, {% endif %}{% endfor %}", "1a, 2b, 3c"),
        ("{{ collaborator.fields.items }}", "R&D"),
        ("{{ collaborator['name'] | upper }}{{ rows[0] }}", "ALICEa"),
        ("{{ '-' * 5 }}{{ rows | join('/') }}{{ 'abc' | replace('b', 'x') }}", "-----a/b/caxc"),
        ("{{ amount | round(1) }} {{ 2 + 3 * 4 }} {{ collaborator.name ~ '!' }}", "1234.5 14 Alice!"),
        ("{% set x = 'y' %}\n{{ x }}", "y"),
    ],
)
def test_blanks_are_filled_and_empty_lines_of_blanks_vanish(source, text):
    assert filled(source) == text


def test_values_are_escaped_in_html_and_the_text_around_them_is_not():
    assert filled("<b>{{ firm }}</b>{{ firm ~ '<' }}", html=True) == (
        "<b>Durand &amp; &lt;Fils&gt;</b>Durand &amp; &lt;Fils&gt;&lt;"
    )


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("a\n{{ colaborator.name }}", 2, "'colaborator' is undefined"),
        ("a\n\n{{ collaborator.nmae }}", 3, "there is no 'nmae'"),
        ("{{ collaborator.name", 1, "unexpected end"),
        ("a\n{% if x %}", 2, "'endif'"),
        ("a\n{{ 1 / 0 }}", 2, "division by zero"),
        ("a\n{{ 'x' | nosuch }}", 2, "no filter named 'nosuch'"),
        ("{{ collaborator.name.upper() }}", 1, "there is no 'upper'"),
        ("{{ collaborator.__class__ }}", 1, "there is no '__class__'"),
        ("{{ ''['__class__'] }}", 1, "there is no '__class__'"),
        ("{{ rows | map(attribute='__class__') | join }}", 1, "__class__"),
        ("{{ lipsum() }}", 1, "'lipsum' is undefined"),
        ("{% include '/etc/passwd' %}", 1, "'include' is not allowed"),
        ("{% import 'x' as y %}", 1, "'import' is not allowed"),
        ("{% macro f() %}{% endmacro %}", 1, "'macro' is not allowed"),
        ("{% for row in rows recursive %}{% endfor %}", 1, "recursive loop"),
        ("{% set _rounds = rows %}", 1, "'_rounds' is not allowed"),
        ("{{ 'x' | truncate(1, True, 'yyyy') }}", 1, "expected length"),
    ],
)
def test_what_cannot_be_filled_is_named_with_its_line(source, line, said):
    with pytest.raises(TemplateFaultError) as caught:
        filled(source)

    assert str(caught.value).startswith(f"sig.txt:{line}: ")
    assert said in str(caught.value)
    assert (caught.value.line, caught.value.exit_status) == (line, 65)


DOUBLED = "{% set a = a ~ a %}"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("{% for i in range(10 ** 9) %}{% endfor %}", id="a power"),
        pytest.param("{% for i in range(1000000000) %}{% endfor %}", id="a range"),
        pytest.param("{% for i in range(999) %}{% for j in range(999) %}{% endfor %}{% endfor %}", id="loops in loops"),
        pytest.param(
            "{% set r = range(999) %}{% for i in r %}{% for j in r %}{% endfor %}{% endfor %}", id="one twice"
        ),
        pytest.param("{{ 'a' * 1000000000 }}", id="a repetition"),
        pytest.param("{{ 1000000000 * rows }}", id="a repetition of a list"),
        pytest.param("{% set a = 'ab' %}" + DOUBLED * 40 + "{{ a }}", id="doubling"),
        pytest.param("{% set a = 'ab' %}" + DOUBLED.replace("~", "+") * 40 + "{{ a }}", id="adding"),
        pytest.param("{% set a = 99 %}" + DOUBLED.replace("~", "*") * 40 + "{{ a }}", id="squaring"),
        pytest.param("{% set a = 'a' * 9999 %}{{ a | replace('a', a) }}", id="replacing"),
        pytest.param("{{ '%1000000000d' % 1 }}", id="a format"),
        pytest.param("{{ 'x' | center(1000000000) }}", id="a width"),
        pytest.param("{{ 'x' * 19999 }}" * 9, id="much of everything"),
        pytest.param("x" * 200_000 + "{{ firm }}", id="a long source"),
        pytest.param("{{ " + "(" * 5000, id="depth"),
        pytest.param("{% if rows %}" * 200 + "{% endif %}" * 200, id="depth of blocks"),
    ],
)
def test_what_would_take_too_much_is_refused_at_once(source):
    started = time.monotonic()

    with pytest.raises(TemplateFaultError):
        filled(source)

    assert time.monotonic() - started < 5


def test_one_text_does_not_use_up_what_the_next_may():
    source = "{% for i in range(1500) %}{% endfor %}ok"

    assert [filled(source), filled(source)] == ["ok", "ok"]


WORDS = ["{{", "}}", "{%", "%}", "{#", "#}", " ", "\n", "if", "for x in rows", "endfor", "endif", "set", "firm",
         "rows", "collaborator", ".", "|", "upper", "join", "map", "range", "(", ")", "[", "]", "'", "1", "-", "*", "~",
         "=", "%", "first", "sort", "truncate", "with", "else", "not", "is", "defined", ":", "raw", "endraw",
         "é", "<"]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=25).map("".join))
def test_whatever_stands_there_is_filled_or_refused(source):
    with suppress(TemplateFaultError):
        assert isinstance(filled(source), str)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(blacklist_categories=["Cs", "Cn"]), max_size=80))
def test_a_value_is_never_a_text_with_blanks(value):
    source = "x{{ value }}x"

    assert render(source, {"value": value}, where="sig.txt") == f"x{value}x" or not value.strip()
