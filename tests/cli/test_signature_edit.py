"""A signature is written in the user's editor; what fails there changes nothing, and loses nothing."""

import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from conftest import ok

SIGNATURE = "{{ collaborator.name }}\nTel. {{ collaborator.phone }}\n"


def kept(firm: Path) -> Any:
    return tomllib.loads((firm / "accounts/contact.toml").read_text()).get("signature")


@pytest.fixture
def signed(cli, firm):
    ok(cli("signature", "set", "contact", "--text", "-", input=SIGNATURE))
    return firm


@pytest.fixture
def editor(tmp_path, monkeypatch):
    """An editor that does what a shell script says with the file `$1`."""

    def use(script: str, variable: str = "EDITOR") -> None:
        program = tmp_path / "editor"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o700)
        monkeypatch.setenv(variable, f"{program}")

    return use


def test_an_edited_signature_is_kept(cli, signed, editor, tmp_path):
    editor(f'stat -c %a "$1" > {tmp_path}/mode; sed -i "s/Tel/Phone/" "$1"')

    ok(cli("signature", "edit", "contact"))

    assert kept(signed)["text"] == SIGNATURE.replace("Tel", "Phone")
    assert (tmp_path / "mode").read_text() == "600\n"


def test_the_part_there_is_is_edited_or_the_one_that_is_named(cli, firm, editor):
    ok(cli("signature", "set", "contact", "--markdown", "-", input="**Firm**\n"))

    editor('echo more >> "$1"')
    ok(cli("signature", "edit", "contact"))
    ok(cli("signature", "edit", "contact", "--part", "text"))

    assert kept(firm) == {"text": "more\n", "markdown": "**Firm**\nmore\n"}


def test_visual_comes_before_editor(cli, signed, editor, monkeypatch):
    editor('echo visual > "$1"', "VISUAL")
    monkeypatch.setenv("EDITOR", "false")

    ok(cli("signature", "edit", "contact"))

    assert kept(signed) == {"text": "visual\n"}


@pytest.mark.parametrize("script", ["exit 1", 'echo new > "$1"; exit 1', "kill -9 $$", 'rm "$1"; exit 1'])
def test_an_editor_that_fails_changes_nothing(cli, signed, editor, script):
    editor(script)

    ran = cli("signature", "edit", "contact")

    assert ran.status == 66
    assert kept(signed) == {"text": SIGNATURE}


def test_an_editor_there_is_not_is_named(cli, signed, monkeypatch):
    monkeypatch.setenv("EDITOR", "nosuch-editor --wait")

    ran = cli("signature", "edit", "contact")

    assert ran.status == 66
    assert "nosuch-editor" in ran.err


def test_without_terminal_and_editor_the_other_way_is_named(cli, signed):
    ran = cli("signature", "edit", "contact")

    assert ran.status == 2
    assert "--text FILE" in ran.err


def test_a_text_left_as_it_was_changes_nothing(cli, signed, editor):
    editor("true")
    before = (signed / "accounts/contact.toml").stat().st_mtime_ns

    ran = ok(cli("signature", "edit", "contact"))

    assert "as it was" in ran.err
    assert (signed / "accounts/contact.toml").stat().st_mtime_ns == before


def test_a_text_that_is_refused_is_not_lost(cli, signed, editor, home):
    editor('echo "{{ nosuch }}" > "$1"')

    ran = cli("signature", "edit", "contact")

    [left] = (home / "state/abandoned").iterdir()
    assert ran.status == 65
    assert str(left) in ran.err
    assert left.read_text() == "{{ nosuch }}\n"
    assert stat.S_IMODE(left.stat().st_mode) == 0o600


def test_nothing_else_is_left_behind(cli, signed, editor, home):
    editor('echo new > "$1"')

    ok(cli("signature", "edit", "contact"))

    assert list((home / "state/abandoned").iterdir()) == []
