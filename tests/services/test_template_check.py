"""What is looked at before anybody writes from a template: all that no value decides."""

import pytest

from conftest import ok

FAULTY = [
    pytest.param('unsubscribe = "javascript:x"', "is no https: or mailto: address", id="where one unsubscribes"),
    pytest.param('attachments = ["../store.toml"]', "is no file within", id="a file elsewhere"),
    pytest.param('to = "nobody"', "to: bad address", id="an address"),
]


@pytest.mark.parametrize(("key", "said"), FAULTY)
def test_what_is_always_the_same_is_tried(cli, store, key, said):
    ran = cli("template", "new", "relance", "--file", "-", input=f'+++\nsubject = "x"\n{key}\n+++\nBonjour\n')
    assert ran.status == 65
    assert said in ran.err


def test_what_a_value_decides_is_tried_with_that_value_only(cli, store):
    text = '+++\nsubject = "x"\nunsubscribe = "https://firm.example/{{ code }}"\n[variables.code]\n+++\nBonjour\n'
    ok(cli("template", "new", "relance", "--file", "-", input=text))
    assert ok(cli("template", "check")).err == "no fault found\n"


def test_without_an_editor_one_is_told_how_else_a_template_is_written(cli, store):
    ok(cli("template", "new", "relance"))
    ran = cli("template", "edit", "relance")
    assert ran.status == 2
    assert "mailctl template new T --file FILE" in ran.err
