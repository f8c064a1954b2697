"""The tour's steps: how they are shown, and what it says when one goes wrong."""

import os

import pytest

from mailctl.demo.step import Step, command_line
from mailctl.demo.story import story
from mailctl.demo.tour import Page, go, staged
from mailctl.errors import AnswerIsNoError


class Written:
    """A page that keeps what is written on it."""

    def __init__(self):
        self.text = ""

    def __call__(self, text):
        self.text += text


@pytest.fixture
def written():
    return Written()


@pytest.fixture
def stage():
    with staged(os.environ, on_terminal=False) as made:
        yield made


# -- how a command is shown


def test_a_command_is_shown_as_one_would_type_it():
    assert command_line(("init", "--firm", "Atelier Durand")) == "mailctl init --firm 'Atelier Durand'"


def test_what_is_typed_into_a_command_is_a_here_document():
    assert command_line(("send", "a@b.example"), typed="Hello\n") == "mailctl send a@b.example <<END\nHello\nEND"


def test_the_demos_folder_is_shown_by_its_variable():
    shown = command_line(("account", "add", "--ca-file", "/tmp/d/ca.pem"), home="/tmp/d")

    assert shown == 'mailctl account add --ca-file "$MAILCTL_HOME/ca.pem"'


def test_a_long_command_goes_on_in_lines_that_a_shell_joins():
    shown = command_line(("send", *(f"colleague{number}@firm.example" for number in range(9)), "-s", "Plans"))

    lines = shown.splitlines()
    assert len(lines) > 1
    assert all(len(line) <= 102 for line in lines)
    assert all(line.endswith(" \\") for line in lines[:-1])
    assert lines[-1].endswith("-s Plans")


# -- what the steps are judged by


def test_a_step_that_ends_as_it_has_to_is_shown_with_its_status(stage, written):
    go(Step(words=("whoami",), status=78, says="There is no store yet."), stage, Page(write=written))

    assert "\n# There is no store yet.\n$ mailctl whoami\nmailctl: error: " in written.text
    assert written.text.endswith("(exit status 78)\n")


def test_a_step_that_ends_with_another_status_stops_the_tour(stage, written):
    with pytest.raises(AnswerIsNoError, match="'mailctl whoami…' ended with 78 and not with 0"):
        go(Step(words=("whoami",)), stage, Page(write=written))


def test_a_step_that_does_not_show_what_it_has_to_stops_the_tour(stage, written):
    with pytest.raises(AnswerIsNoError, match="did not show 'elephant'"):
        go(Step(words=("init",), shows=("elephant",)), stage, Page(write=written))


def test_a_message_that_is_not_there_stops_the_tour(stage, written):
    go(Step(words=("init",)), stage, Page(write=written))

    with pytest.raises(AnswerIsNoError, match="no message in 'contact'"):
        go(Step(words=("read", "{id}"), newest="contact"), stage, Page(write=written))


# -- what it may touch


def test_nothing_of_the_caller_reaches_the_commands(written, monkeypatch, tmp_path):
    monkeypatch.setenv("MAILCTL_STORE", str(tmp_path / "mine"))
    monkeypatch.setenv("MAILCTL_AS", "alice")

    with staged(os.environ, on_terminal=False) as stage:
        go(Step(words=("init",), shows=(str(stage.home / "store"),)), stage, Page(write=written))

    assert not (tmp_path / "mine").exists()


def test_the_folder_is_gone_after_the_tour(written):
    with staged(os.environ, on_terminal=False) as stage:
        assert stage.home.is_dir()

    assert not stage.home.exists()


def test_passwords_are_in_no_file(stage, written):
    for step in story(stage.servers)[:12]:
        go(step, stage, Page(write=written))

    secrets = [secret.encode() for secret in stage.passwords.values()]
    files = [file.read_bytes() for file in stage.home.rglob("*") if file.is_file()]
    assert len(files) > 10
    assert not any(secret in data for data in files for secret in secrets)
    assert not any(secret.decode() in written.text for secret in secrets)
