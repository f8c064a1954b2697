"""What scripts rely on in errors: two lines or one JSON document on stderr, and the exit status."""

import json

import pytest

from mailctl.cli.main import main


def test_a_wrong_command_is_two_lines_and_status_2(capfd):
    status = main(["acount", "list"])

    out, err = capfd.readouterr()
    assert status == 2
    assert out == ""
    assert err.startswith("mailctl: error: no such command 'acount'")
    assert err.count("\n") == 2


def test_with_json_even_a_usage_error_is_json(capfd):
    status = main(["--bogus", "--json"])

    out, err = capfd.readouterr()
    assert status == 2
    assert out == ""
    assert json.loads(err)["error"]["code"] == "usage"


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_what_explains_exits_0(words, capfd):
    assert main(words) == 0
    assert "mailctl" in capfd.readouterr().out
