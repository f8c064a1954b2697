"""Fragments stand where they are included, held to the same limits; what a text uses is known before."""

import time

import pytest

from mailctl.domain.jinja import ready, render
from mailctl.errors import TemplateFaultError

VALUES = {"name": "Anna", "affair": {"client": {"name": "Lyon"}}, "rows": ["a", "b"], "x": "x" * 19_999}


def made(source, fragments=None, **more):
    def read(name):
        if name not in (fragments or {}):
            raise LookupError(f"there is no fragment '{name}'")
        return fragments[name]

    return ready(source, where="templates/t.md", fragments=read, **more)


def test_a_fragment_stands_where_it_is_included():
    text = made("Hello\n{% include 'bye' %}\nend", {"bye": "Bye {{ name }}\n"}).text(VALUES)

    assert text.replace("\n\n", "\n") == "Hello\nBye Anna\nend"


def test_a_line_of_nothing_but_an_include_leaves_no_empty_line():
    pieces = made("Hello\n{% include 'bye' %}\nend", {"bye": "Bye {{ name }}\n"}).pieces(VALUES)

    assert "".join(pieces) == "Hello\nBye Anna\nend"
    assert pieces == ("Hello\nBye ", "Anna", "\nend")


def test_a_fragment_may_stand_in_a_loop_and_include_another():
    fragments = {"row": "{{ row }}{% include 'comma' %}", "comma": ","}

    assert made("{% for row in rows %}{% include 'row' %}{% endfor %}", fragments).text(VALUES) == "a,b,"


@pytest.mark.parametrize(
    ("source", "fragments", "place", "said"),
    [
        pytest.param("a\n{% include 'a' %}", {"a": "x\n{% include 'b' %}", "b": "\n\n{% include 'a' %}"},
                     "templates/fragments/b.md:3", "includes itself: a > b > a", id="a circle"),
        pytest.param("a\n{% include 'a' %}", {"a": "{% include 'a' %}"}, "templates/fragments/a.md:1", "a > a",
                     id="itself"),
        pytest.param("a\n{% include 'nope' %}", {}, "templates/t.md:2", "no fragment 'nope'", id="none of that name"),
        pytest.param("{% include 'a' %}", {"a": "x\n\n{{ name"}, "templates/fragments/a.md:3", "unexpected end",
                     id="a faulty one"),
        pytest.param("{% include 'a' %}", {"a": "x\n{% macro f() %}{% endmacro %}"}, "templates/fragments/a.md:2",
                     "'macro' is not allowed", id="one with a macro"),
        pytest.param("\n{% include name %}", {}, "templates/t.md:2", "in quotes", id="a name that a value gives"),
        pytest.param("{% include ['a', 'b'] %}", {"a": ""}, "templates/t.md:1", "in quotes", id="several names"),
        pytest.param("{% include 'a' ignore missing %}", {}, "templates/t.md:1", "in quotes", id="perhaps one"),
        pytest.param("{% extends 'a' %}", {"a": ""}, "templates/t.md:1", "'extends' is not allowed", id="a parent"),
        pytest.param("{% import 'a' as b %}", {"a": ""}, "templates/t.md:1", "'import' is not allowed", id="an import"),
    ],
)  # fmt: skip
def test_a_faulty_include_is_named_with_file_and_line(source, fragments, place, said):
    with pytest.raises(TemplateFaultError) as caught:
        made(source, fragments)

    assert str(caught.value).startswith(f"{place}: ")
    assert said in str(caught.value)


def test_what_fails_within_a_fragment_is_named_with_its_line():
    text = made("a\n{% include 'a' %}", {"a": "x\ny {{ 1 / zero }}"})

    with pytest.raises(TemplateFaultError, match=r"^templates/fragments/a\.md:2: .*(zero|division)"):
        text.text({"zero": 0})


def test_lines_are_counted_from_where_the_text_begins_in_its_file():
    with pytest.raises(TemplateFaultError, match=r"^templates/t\.md:12: "):
        made("a\n{{ 1 / zero }}", first_line=11).text({"zero": 0})


@pytest.mark.parametrize(
    ("source", "fragments"),
    [
        pytest.param("{% include 'a0' %}",
                     {f"a{n}": f"{{% include 'a{n + 1}' %}}" * 20 for n in range(15)} | {"a15": "x" * 1000},
                     id="fragments that multiply"),
        pytest.param("{% include 'a' %}" * 5000, {"a": "x" * 100}, id="one many times"),
        pytest.param("".join(f"{{% include 'a{n}' %}}" for n in range(30)), {f"a{n}": "x" for n in range(30)},
                     id="many of them"),
        pytest.param("{% for i in range(1999) %}" + "x" * 90_000 + "{% endfor %}", {}, id="a long text in a loop"),
        pytest.param("{% for i in range(1999) %}" + "{{ x }}" * 9000 + "{% endfor %}", {}, id="values in a loop"),
        pytest.param("{{ [" + "x," * 8_000 + "] }}", {}, id="a list of long texts"),
        pytest.param("{{ [" + "x," * 8_000 + "] | join }}", {}, id="a list joined"),
        pytest.param("{{ rows | join(x) }}{{ ['a'] * 20000 | join(x) }}", {}, id="joined with much between"),
        pytest.param("{{ {'a': x, 'b': x} }}", {}, id="a table of long texts"),
    ],
)  # fmt: skip
def test_what_would_come_to_a_gigabyte_is_refused_at_once(source, fragments):
    started = time.process_time()

    with pytest.raises(TemplateFaultError):
        made(source, fragments).text(VALUES)

    assert time.process_time() - started < 10


def test_a_signature_includes_nothing():
    with pytest.raises(TemplateFaultError, match="'include' is not allowed"):
        render("{% include 'a' %}", {}, where="sig.txt")


def test_what_a_text_uses_is_known_with_its_lines():
    text = made("{{ name }}\n{% set own = rows %}{{ own }}{{ affair.client['name'] }}")

    assert set(text.names) == {
        (("name",), 1), (("rows",), 2), (("affair",), 2), (("affair", "client"), 2), (("affair", "client", "name"), 2),
    }  # fmt: skip


def test_a_value_that_holds_marks_or_blanks_stays_a_value():
    pieces = made("a {{ name }} b").pieces({"name": "\ufdd2{{ 7 * 7 }}\ufdd1"})

    assert pieces == ("a ", "{{ 7 * 7 }}", " b")


def test_marks_in_the_text_itself_are_left_out():
    assert made("a\ufdd2b {{ name }}").pieces(VALUES) == ("ab ", "Anna", "")


def test_amounts_are_reckoned_exactly():
    from decimal import Decimal

    values = {"ht": Decimal("1234.50")}

    assert made("{{ ht * 1.2 }} {{ ht - 0.1 }} {{ ht / 2 }} {{ 3 + ht }}").text(values) == (
        "1481.400 1234.40 617.25 1237.50"
    )


def test_an_amount_cannot_grow_without_end():
    from decimal import Decimal

    with pytest.raises(TemplateFaultError, match="too large"):
        made("{{ ht * ht * ht }}").text({"ht": Decimal(10**14)})
