"""`mailctl send`: what it takes, asks, warns of and refuses, before anything leaves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ok
from mailctl.local.outbox import Outbox
from support.scripted_smtp import submission
from support.sending import PASSWORD, add_account
from support.terminal import on_terminal

SEND = ("send", "anna@client.example", "-s", "Plans")


@pytest.fixture
def server(cli, store, monkeypatch):
    """A scripted submission server, and the account `contact` on it."""
    monkeypatch.setenv("FIRM_PASSWORD", PASSWORD["FIRM_PASSWORD"])
    with submission() as script:
        add_account(cli, script, "--display-name", "The Firm", "--alias", "quotes@firm.example")
        yield script


@pytest.fixture
def outbox(home):
    return Outbox(home / "state/outbox")


def message(cli, *words, input="Hello"):
    """The message that a dry run prints."""
    return ok(cli(*SEND, "--dry-run", *words, input=input)).out


def test_without_json_nothing_is_on_stdout(cli, server):
    ran = ok(cli(*SEND, input="Hello"))

    assert (ran.out, ran.err) == ("", "sent to anna@client.example\n")


def test_recipients_may_stand_anywhere_and_be_lists(cli, server):
    ok(cli("send", "a@x.example, B <b@x.example>", "--to", "c@x.example", "-c", "d@x.example", "-s", "x", input="Hi"))

    assert server.taken[0].recipients == ("a@x.example", "b@x.example", "c@x.example", "d@x.example")


def test_a_dry_run_prints_the_message_and_reaches_nothing(cli, server, outbox):
    ran = ok(cli(*SEND, "-b", "carl@firm.example", "--dry-run", input="Hello"))

    assert "Subject: Plans\n" in ran.out
    assert ran.out.endswith("\n\nHello\n")
    assert "carl" not in ran.out
    assert ran.err == "not sent; from contact@firm.example to anna@client.example, carl@firm.example\n"
    assert server.connections == 0
    assert outbox.entries() == ()


def test_a_dry_run_in_json_has_envelope_and_message(cli, server):
    shown = ok(cli(*SEND, "--dry-run", "--json", input="Hello")).json

    assert (shown["sender"], shown["recipients"]) == ("contact@firm.example", ["anna@client.example"])
    assert shown["message"].startswith("Date: ")


def test_a_dry_run_loads_neither_network_nor_keyring(server):
    script = """
import sys
from mailctl.cli.main import main
status = main(["send", "anna@client.example", "-s", "Plans", "--dry-run"])
assert status == 0
print(sorted({"ssl", "imapclient", "imaplib", "smtplib", "keyring", "sqlite3", "jinja2", "rich"}
             & set(sys.modules)), file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", script], input=b"Hello", capture_output=True, check=True)

    assert ran.stderr.decode().splitlines()[-1] == "[]"


def test_the_body_may_come_from_a_file(cli, server, tmp_path):
    (tmp_path / "body.txt").write_text("Written before\n")

    assert "\nWritten before\n" in message(cli, "--body", str(tmp_path / "body.txt"), input="not this")


def test_html_is_sent_beside_its_text(cli, server, tmp_path):
    (tmp_path / "page.html").write_text("<p>Hello <b>Anna</b></p>")

    shown = message(cli, "--html", str(tmp_path / "page.html"), input=None)

    assert "multipart/alternative" in shown
    assert "<b>Anna</b>" in shown


def test_markdown_is_sent_as_text_and_html(cli, server):
    shown = message(cli, "--markdown", input="Hello **Anna**")

    assert "Hello **Anna**" in shown
    assert "<strong>Anna</strong>" in shown


def test_headers_and_reply_to_are_set(cli, server):
    shown = message(cli, "--header", "X-Project: Ampère", "--reply-to", "office@firm.example")

    assert "Reply-To: office@firm.example\n" in shown
    assert "X-Project: =?utf-8?" in shown


@pytest.mark.parametrize("address", ["quotes@firm.example", "Quotes@FIRM.example"])
def test_an_alias_that_may_send_stands_in_from(cli, server, address):
    assert "From: The Firm <quotes@firm.example>\n" in message(cli, "--from", address)


@pytest.mark.parametrize(
    ("address", "why"),
    [("boss@firm.example", "is no address of 'contact'"), ("in@firm.example", "receives only")],
)
def test_another_address_may_not_stand_in_from(cli, server, address, why):
    ok(
        cli(
            "account",
            "set",
            "contact",
            'aliases=[{address="quotes@firm.example"},{address="in@firm.example",send=false}]',
        )
    )

    ran = cli(*SEND, "--from", address, input="Hello")

    assert ran.status == 65
    assert f"'{address}' {why}" in ran.err
    assert "hint: 'contact' may send as contact@firm.example, quotes@firm.example" in ran.err
    assert server.connections == 0


def test_the_name_in_from_may_be_the_collaborators(cli, firm):
    ok(cli("account", "set", "contact", "from_name=both"))

    assert 'From: "Alice Martin, Firm" <contact@firm.example>\n' in message(cli, "-a", "contact")


def test_the_signature_is_that_of_the_account_unless_it_is_left_out(cli, server):
    ok(cli("signature", "set", "contact", "--text", "-", input="The Firm, Lyon\n"))

    assert "-- \nThe Firm, Lyon" in message(cli)
    assert "Lyon" not in message(cli, "--no-signature")


# -- refused before anything leaves


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        pytest.param(("send", "-s", "x"), 2, "nobody to send it to", id="no recipient"),
        pytest.param(("send", "anna", "-s", "x"), 65, "bad address 'anna': there is no @ in it", id="no address"),
        pytest.param((*SEND, "-c", "a@x.example\r\nBcc: b@x.example"), 65, "control character", id="CR and LF in Cc"),
        pytest.param(("send", "a@x.example", "-s", "x\nBcc: b@x.example"), 65, "Subject", id="LF in the subject"),
        pytest.param((*SEND, "--header", "X-A: b\nBcc: c@x.example"), 65, "X-A", id="LF in a header"),
        pytest.param((*SEND, "--header", "no colon"), 65, "there is no name and colon", id="a header without a colon"),
        pytest.param((*SEND, "--header", "Bcc: b@x.example"), 65, "Bcc", id="a header that is ours to set"),
        pytest.param((*SEND, "--attach", "missing.pdf"), 66, "missing.pdf: No such file", id="no such attachment"),
        pytest.param((*SEND, "--attach", "/tmp"), 66, "/tmp: not a file", id="a folder"),
        pytest.param((*SEND, "--attach", "/dev/zero"), 66, "/dev/zero: not a file", id="a device"),
        pytest.param((*SEND, "--body", "missing.txt"), 66, "missing.txt: No such file", id="no such body"),
        pytest.param((*SEND, "--html", "missing.html"), 66, "missing.html: No such file", id="no such page"),
        pytest.param((*SEND, "-a", "contcat"), 67, "no account 'contcat'", id="no such account"),
    ],
)
def test_what_cannot_be_sent_is_told_in_one_line_and_nothing_leaves(cli, server, outbox, words, status, said):
    ran = cli(*words, input="Hello")

    assert (ran.status, ran.out) == (status, "")
    assert said in ran.err
    assert ran.err.count("\n") <= 2
    assert outbox.entries() == ()
    assert server.connections == 0


def test_an_unreadable_body_is_told(cli, server):
    ran = cli(*SEND, input=b"caf\xe9")

    assert ran.status == 65
    assert "standard input is not in UTF-8" in ran.err


def test_dash_a_with_a_files_name_hints_at_attach(cli, server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("plan.pdf").write_bytes(b"%PDF")

    ran = cli(*SEND, "-a", "plan.pdf", input="Hello")

    assert ran.status == 67
    assert "hint: -a is the account; --attach plan.pdf" in ran.err


def test_an_account_without_a_server_is_told_before_anything_is_kept(cli, server, outbox, store):
    file = store / "accounts/bare.toml"
    file.write_text('address = "bare@firm.example"\n[incoming]\nhost = "localhost"\n')
    file.chmod(0o600)

    ran = cli(*SEND, "-a", "bare", input="Hello")

    assert ran.status == 78
    assert "accounts/bare.toml: outgoing.host is missing" in ran.err
    assert outbox.entries() == ()


# -- asked, or warned of


@pytest.mark.parametrize(
    ("words", "body", "said"),
    [
        (("send", "a@x.example"), "Hello", "the subject is empty"),
        (SEND, "Vous trouverez ci-joint le plan", "it says 'ci-joint', and nothing is attached"),
    ],
)
def test_what_may_be_forgotten_is_a_warning_where_nobody_can_be_asked(cli, server, words, body, said):
    ran = ok(cli(*words, input=body))

    assert f"mailctl: warning: {said}\n" in ran.err
    assert len(server.taken) == 1


def on_a_terminal(*words, answers, editor):
    return on_terminal(
        sys.executable, "-m", "mailctl", *words, answers=answers, environ={**os.environ, "EDITOR": editor}
    )


@pytest.fixture
def editor(tmp_path):
    """A program that writes a text as an editor does, and ends with a status."""

    def make(text, status=0):
        script = tmp_path / "editor"
        script.write_text(f"#!/bin/sh\nprintf '%s' '{text}' > \"$1\"\nexit {status}\n")
        script.chmod(0o755)
        return str(script)

    return make


def kept_texts(home):
    return [path.read_text() for path in (home / "state/abandoned").glob("*")]


def test_on_a_terminal_the_body_comes_from_the_editor(server, editor, home):
    shown = on_a_terminal(*SEND, answers={}, editor=editor("Written by hand"))

    assert shown.status == 0, shown.text
    assert server.taken[0].data.endswith(b"Written by hand\r\n")
    assert kept_texts(home) == []


def test_who_answers_no_sends_nothing_and_the_text_is_kept(server, editor, home):
    shown = on_a_terminal(*SEND, answers={"send anyway?": "n"}, editor=editor("The plan is attached"))

    assert shown.status == 130
    assert f"your text is kept in {home}/state/abandoned/mail-" in shown.text
    assert kept_texts(home) == ["The plan is attached"]
    assert server.connections == 0


def test_who_answers_yes_sends(server, editor):
    shown = on_a_terminal("send", "a@x.example", answers={"send anyway?": "y"}, editor=editor("Hello"))

    assert shown.status == 0, shown.text
    assert "the subject is empty: send anyway?" in shown.text
    assert len(server.taken) == 1


def test_an_editor_that_fails_sends_nothing_and_the_text_is_kept(server, editor, home):
    shown = on_a_terminal(*SEND, answers={}, editor=editor("Half a sen", status=1))

    assert shown.status == 66
    assert kept_texts(home) == ["Half a sen"]
    assert server.connections == 0


def test_nothing_written_is_nothing_sent(server, editor, home):
    shown = on_a_terminal(*SEND, answers={}, editor=editor(""))

    assert shown.status == 66
    assert "nothing was written, so nothing is sent" in shown.text
    assert kept_texts(home) == []
