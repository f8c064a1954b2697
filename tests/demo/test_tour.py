"""The tour's steps: how they are shown, and what it says when one goes wrong."""

import os
import subprocess

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
def page(written):
    return Page(write=written)


@pytest.fixture
def stage(page):
    with staged(os.environ, page) as made:
        yield made


# -- how a command is shown


def test_a_command_is_shown_as_one_would_type_it():
    assert command_line(("init", "--firm", "Atelier Durand")) == "mailctl init --firm 'Atelier Durand'"


def test_a_line_that_a_command_reads_is_echoed_to_it():
    assert (
        command_line(("send", "a@b.example"), typed="It's me\n") == """echo 'It'"'"'s me' | mailctl send a@b.example"""
    )


def test_several_lines_that_a_command_reads_are_a_here_document():
    assert command_line(("reply", "1"), typed="Yes\n\nBob\n") == "mailctl reply 1 <<END\nYes\n\nBob\nEND"


def test_variables_stay_variables():
    assert command_line(("account", "add", "--test", "$SERVERS")) == "mailctl account add --test $SERVERS"


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


def test_a_shell_reads_the_command_as_it_was_meant():
    words = ("send", "a b", "c'd", "$e", "--to", "", "*", *(f"colleague{number}@firm.example" for number in range(9)))

    shown = command_line(words).removeprefix("mailctl")

    read = subprocess.run(["sh", "-c", f"printf '%s\\n' {shown}"], capture_output=True, text=True, check=True).stdout
    assert tuple(read.splitlines()) == words


# -- what the steps are judged by


def test_a_step_that_ends_as_it_has_to_is_shown_with_its_status(stage, page, written):
    go(Step(words=("whoami",), status=78, says="There is no store yet."), stage, page)

    assert "\n# There is no store yet.\n$ mailctl whoami\nmailctl: error: " in written.text
    assert written.text.endswith("(exit status 78)\n")


def test_a_step_that_ends_with_another_status_stops_the_tour(stage, page):
    with pytest.raises(AnswerIsNoError, match="'mailctl whoami…' ended with 78 and not with 0"):
        go(Step(words=("whoami",)), stage, page)


def test_a_step_that_does_not_show_what_it_has_to_stops_the_tour(stage, page):
    with pytest.raises(AnswerIsNoError, match="did not show 'elephant'"):
        go(Step(words=("init",), shows=("elephant",)), stage, page)


def test_a_message_that_is_not_there_stops_the_tour(stage, page):
    go(Step(words=("init",)), stage, page)

    with pytest.raises(AnswerIsNoError, match="no message in 'contact'"):
        go(Step(words=("read", "{id}"), newest="contact"), stage, page)


# -- what it may touch


def test_nothing_of_the_caller_reaches_the_commands(page, monkeypatch, tmp_path):
    monkeypatch.setenv("MAILCTL_STORE", str(tmp_path / "mine"))
    monkeypatch.setenv("MAILCTL_AS", "alice")

    with staged(os.environ, page) as stage:
        go(Step(words=("init",), shows=(str(stage.home / "store"),)), stage, page)

    assert not (tmp_path / "mine").exists()


def test_the_folder_is_gone_after_the_tour(page):
    with staged(os.environ, page) as stage:
        assert stage.home.is_dir()

    assert not stage.home.exists()


def test_passwords_are_in_no_file(stage, page, written):
    for step in story():
        go(step, stage, page)

    secrets = [secret.encode() for secret in stage.passwords.values()]
    files = [file.read_bytes() for file in stage.home.rglob("*") if file.is_file()]
    assert len(files) > 10
    assert not any(secret in data for data in files for secret in secrets)
    assert not any(secret.decode() in written.text for secret in secrets)
