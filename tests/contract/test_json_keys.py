"""A key that a command once printed with `--json` is there for ever, and what is documented is what is printed."""

import json

import msgspec
import pytest

from docgen import json_keys
from docgen.results import results
from docgen.walk import leaves

RECORDED = json_keys.recorded()
WITHOUT_ARGUMENTS = ["account list", "collaborator list", "rights list", "provider list", "store check", "store path",
                     "whoami"]  # fmt: skip


@pytest.mark.parametrize("name", RECORDED)
def test_no_key_is_taken_away(name):
    assert set(RECORDED[name]) - json_keys.current().get(name, set()) == set()


def test_every_command_that_answers_in_json_is_recorded():
    with_json = {one.name for one in leaves() if any("--json" in option.flags for option in one.options)}

    assert with_json == set(RECORDED), "make docs"


@pytest.mark.parametrize("command", [pytest.param(one, id=one.name) for one in leaves() if results(one)])
def test_keys_are_in_snake_case(command):
    for key in json_keys.current()[command.name]:
        assert key.replace("NAME", "").replace(".", "").replace("[]", "").replace("_", "").isalnum()
        assert key.replace("NAME", "") == key.replace("NAME", "").lower()


@pytest.mark.parametrize("name", WITHOUT_ARGUMENTS)
def test_what_is_printed_has_the_keys_that_are_recorded(cli, firm, name):
    [command] = [one for one in leaves() if one.name == name]
    [shown] = results(command)

    printed = json.loads(cli(*name.split(), "--json").out)

    assert isinstance(printed, list) is shown.is_array
    for one in printed if shown.is_array else [printed]:
        assert set(one) == {field.encode_name for field in msgspec.structs.fields(shown.type)}
