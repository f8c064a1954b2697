"""`mailctl read` and `mailctl save` from the mirror alone; what they do to a server is in tests/live."""

import os
import resource
import stat
import subprocess
import sys

import pytest

from conftest import ok
from support.kept import mirrored
from support.messages import LOGO, PDF, PLAIN, RICH, multipart, part
from support.terminal import on_terminal

PLANS = (
    b"From: =?utf-8?q?Ren=C3=A9e?= <renee@client.example>\nTo: contact@firm.example\nSubject: Plans\n"
    b"Date: Mon, 2 Mar 2026 10:30:00 +0100\nMessage-ID: <1@client.example>\n\nHello\n\n  there\n"
)
FILES = multipart("mixed", PLAIN, PDF, PDF).encode()
READ = {"\\Seen"}


def test_a_message_is_its_header_and_its_text(cli, firm, keep):
    number = keep("contact", PLANS, flags=READ)

    ran = ok(cli("read", number))

    assert ran.out == (
        "From: Renée <renee@client.example>\nTo: contact@firm.example\nSubject: Plans\nDate: 2026-03-02T09:30:00Z\n"
        "\nHello\n\n  there\n"
    )
    assert ran.err == ""


def test_attachments_and_notes_stand_in_the_header(cli, firm, keep):
    signed = multipart("signed", multipart("related", RICH, LOGO, boundary="c"), PDF)
    number = keep("contact", signed.encode(), flags=READ)

    assert ok(cli("read", number)).out.splitlines()[:3] == [
        "Attachment: logo.png (image/png, 1 bytes, inline)",
        "Attachment: plan.pdf (application/pdf, 1 bytes)",
        "Note: signed (S/MIME): the signature is not verified",
    ]


@pytest.mark.parametrize(
    ("size", "shown"), [(0, "0 bytes"), (999, "999 bytes"), (1200, "1.2 kB"), (45_000, "45 kB"), (3_000_000, "3.0 MB")]
)
def test_sizes_are_for_people(cli, firm, keep, size, shown):
    number = keep("contact", multipart("mixed", part("application/pdf", "x" * size)).encode(), flags=READ)

    assert f"(application/pdf, {shown})" in ok(cli("read", number)).out


def test_json_has_the_whole_reading(cli, firm, keep):
    number = keep("contact", PLANS, flags=READ)

    found = ok(cli("read", number, "--json")).json

    assert found == {
        "id": number, "account": "contact", "folder": "INBOX", "sender": "Renée <renee@client.example>",
        "reply_to": "", "to": "contact@firm.example", "cc": "", "subject": "Plans", "date": "2026-03-02T09:30:00Z",
        "message_id": "<1@client.example>", "in_reply_to": None, "references": [], "text": "Hello\n\n  there\n",
        "is_html": False, "attachments": [], "notes": [],
        "headers": [["From", "Renée <renee@client.example>"], ["To", "contact@firm.example"], ["Subject", "Plans"],
                    ["Date", "Mon, 2 Mar 2026 10:30:00 +0100"], ["Message-ID", "<1@client.example>"]],
        "affairs": [],
    }  # fmt: skip


def test_headers_are_all_of_them_decoded(cli, firm, keep):
    number = keep("contact", b"X-Odd: =?utf-8?q?=C3=A9?=\nReceived: a\nReceived: b\n c\n\nText\n")

    ran = ok(cli("read", number, "--headers"))

    assert ran.out == "X-Odd: é\nReceived: a\nReceived: b c\n"


def test_raw_is_what_came_byte_for_byte(firm, keep):
    raw = b"Subject: \x1b[31m\xe9\n\n\x00\xff\n\n"
    number = keep("contact", raw, flags=READ)

    assert program("read", number, "--raw").stdout == raw


def program(*words: object, **more) -> subprocess.CompletedProcess[bytes]:
    """Run mailctl in a process of its own."""
    command = [sys.executable, "-m", "mailctl", *map(str, words)]
    return subprocess.run(command, capture_output=True, check=False, timeout=60, **more)


def test_raw_on_a_terminal_is_without_control_characters(firm, keep):
    number = keep("contact", b"Subject: \x1b[31m\xc2\x9b2J\n\nr\xc3\xa9d\x07\n", flags=READ)

    shown = on_terminal(sys.executable, "-m", "mailctl", "read", str(number), "--raw", answers={}, environ=os.environ)

    assert shown.text.splitlines()[0] == "Subject: �[31m�2J"
    assert not set(shown.text) & {"\x1b", "\x9b", "\x07"}


def test_json_has_control_characters_as_escapes_only(cli, firm, keep):
    number = keep("contact", "Subject: \x9b31m\u202eb\n\n\x1b\x7f\n".encode(), flags=READ)

    ran = ok(cli("read", number, "--json"))

    assert ran.out.isascii()
    assert (ran.json["subject"], ran.json["text"]) == ("\x9b31m\u202eb", "\x1b\x7f\n")


@pytest.mark.parametrize("options", [("--raw", "--json"), ("--raw", "--headers"), ("--raw", "--headers", "--json")])
def test_raw_goes_with_nothing_else(cli, firm, keep, options):
    number = keep("contact", PLANS)

    assert cli("read", number, *options).status == 2


def test_control_characters_stay_away_from_the_terminal(cli, firm, keep):
    raw = "From: a\x1b[2J <a@x.example>\nSubject: \x9b31m\u202eb\n\nx\x1b]0;owned\x07\ty\x08\r\nz\n"
    number = keep("contact", raw.encode(), flags=READ)

    shown = ok(cli("read", number)).out

    assert not set(shown) & {"\x1b", "\x9b", "\u202e", "\x07", "\x08", "\r"}
    assert "x\ufffd]0;owned\ufffd\ty\ufffd\nz\n" in shown


@pytest.mark.parametrize("command", ["read", "save"])
@pytest.mark.parametrize("number", ["4711", "0", "99999999999999999999999"])
def test_an_unknown_number_is_not_found(cli, firm, command, number):
    ran = cli(command, number)

    assert (ran.status, ran.out) == (67, "")
    assert ran.err == f"mailctl: error: no message {number}\nhint: mailctl list\n"


@pytest.mark.parametrize("command", ["read", "save"])
def test_what_is_no_number_is_a_usage_error(cli, firm, command):
    assert cli(command, "first").status == 2


@pytest.mark.parametrize("command", ["read", "save"])
def test_a_message_whose_file_is_gone_says_how_to_get_it_back(cli, firm, home, keep, command):
    number = keep("contact", PLANS)
    for path in mirrored(home, "contact"):
        path.unlink()

    ran = cli(command, number)

    assert (ran.status, ran.out) == (67, "")
    assert ran.err == (f"mailctl: error: the file of message {number} is gone from this machine\nhint: mailctl fetch\n")


@pytest.mark.parametrize("command", ["read", "save"])
def test_without_the_right_nothing_is_opened(cli, firm, home, keep, tmp_path, command):
    number = keep("carol", FILES)
    [path] = mirrored(home, "carol")
    path.unlink()  # a refusal comes before the file is looked for

    ran = cli(command, number)

    assert (ran.status, ran.out) == (77, "")
    assert "'alice' may not read 'carol': the right 'read' is missing" in ran.err


def test_a_message_that_another_program_has_marked_is_still_found(cli, firm, home, keep):
    number = keep("contact", PLANS)
    [path] = mirrored(home, "contact")
    path.rename(path.parent.parent / "cur" / f"{path.name}:2,FS")

    assert "Hello" in ok(cli("--as", "bob", "read", number)).out


@pytest.mark.parametrize("options", [("--no-mark",), ("--headers",)])
def test_what_is_not_to_be_marked_asks_no_server(cli, firm, keep, options):
    number = keep("contact", PLANS, uid=1)

    ran = ok(cli("read", number, *options))

    assert ran.err == ""
    assert ok(cli("list", "--json")).json[0]["unread"] is True


def test_who_may_only_read_marks_nothing_and_asks_no_server(cli, firm, keep):
    number = keep("contact", PLANS, uid=1)

    ran = ok(cli("--as", "bob", "read", number))

    assert ran.err == ""
    assert ok(cli("list", "--json")).json[0]["unread"] is True


def test_a_server_that_cannot_be_reached_is_a_warning(cli, firm, keep):
    number = keep("contact", PLANS, uid=1)

    ran = ok(cli("read", number, FIRM_PASSWORD="secret"))

    assert "Hello" in ran.out
    assert ran.err.startswith(f"mailctl: warning: message {number} stays unread: ")
    assert ok(cli("list", "--json")).json[0]["unread"] is True


# -- save


def test_attachments_are_saved_and_listed(cli, firm, keep, tmp_path):
    number = keep("contact", FILES)

    ran = ok(cli("save", number, tmp_path))

    assert ran.rows == [
        [f"{tmp_path}/plan.pdf", "application/pdf", "1"],
        [f"{tmp_path}/plan-1.pdf", "application/pdf", "1"],
    ]
    assert (tmp_path / "plan.pdf").read_bytes() == b"x"
    assert stat.S_IMODE((tmp_path / "plan.pdf").stat().st_mode) == 0o600


def test_json_lists_what_was_saved(cli, firm, keep, tmp_path):
    number = keep("contact", multipart("mixed", PLAIN, PDF).encode())

    assert ok(cli("save", number, tmp_path, "--json")).json == [
        {"path": f"{tmp_path}/plan.pdf", "filename": "plan.pdf", "content_type": "application/pdf", "size": 1}
    ]


def test_without_a_folder_they_come_here(cli, firm, keep, tmp_path, monkeypatch):
    number = keep("contact", FILES)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    assert [row[0] for row in ok(cli("save", number)).rows] == ["plan.pdf", "plan-1.pdf"]
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == ["plan-1.pdf", "plan.pdf"]


def test_no_file_is_overwritten(cli, firm, keep, tmp_path):
    number = keep("contact", FILES)
    (tmp_path / "plan.pdf").write_text("mine")

    ok(cli("save", number, tmp_path))
    ok(cli("save", number, tmp_path))

    assert (tmp_path / "plan.pdf").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.glob("plan*")) == [
        "plan-1-1.pdf", "plan-1-2.pdf", "plan-1.pdf", "plan-2.pdf", "plan.pdf"
    ]  # fmt: skip


def test_a_link_is_not_followed(cli, firm, keep, tmp_path):
    number = keep("contact", multipart("mixed", PLAIN, PDF).encode())
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "plan.pdf").symlink_to(tmp_path / "outside")

    ran = ok(cli("save", number, folder))

    assert ran.rows[0][0] == f"{folder}/plan-1.pdf"
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "..\\outside", "sub/outside"])
def test_nothing_is_written_outside_the_folder(cli, firm, keep, tmp_path, name):
    odd = part("application/pdf", "x", f'Content-Disposition: attachment; filename="{name}"')
    number = keep("contact", multipart("mixed", PLAIN, odd).encode())
    folder = tmp_path / "folder"
    folder.mkdir()

    ok(cli("save", number, folder))

    assert [path.name for path in folder.iterdir()] == ["outside"]


def test_a_message_without_attachments_says_so(cli, firm, keep, tmp_path):
    number = keep("contact", PLANS)

    ran = ok(cli("save", number, tmp_path))

    assert (ran.out, ran.err) == ("", f"message {number} has no attachments\n")
    assert ok(cli("save", number, tmp_path, "--json")).json == []


def test_a_missing_folder_is_not_made(cli, firm, keep, tmp_path):
    number = keep("contact", FILES)
    folder = tmp_path / "not there"

    ran = cli("save", number, folder)

    assert ran.status == 66
    assert ran.err == (
        f"mailctl: error: cannot save into '{folder}': No such file or directory\nhint: mkdir -p '{folder}'\n"
    )
    assert not folder.exists()


def test_a_file_is_no_folder(cli, firm, keep, tmp_path):
    number = keep("contact", FILES)
    (tmp_path / "file").write_text("x")

    ran = cli("save", number, tmp_path / "file")

    assert ran.status == 66
    assert "is no folder" in ran.err


def test_a_folder_that_takes_no_file_is_an_error_of_input_and_output(cli, firm, keep):
    number = keep("contact", FILES)

    ran = cli("save", number, "/proc")

    assert ran.status == 74
    assert ran.err.startswith("mailctl: error: /proc/plan.pdf: ")


def test_a_file_that_cannot_be_written_whole_is_taken_away_again(firm, keep, tmp_path):
    number = keep("contact", multipart("mixed", PDF, part("application/x-big", "x" * 300_000)).encode())

    ran = program(
        "save", number, tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    )

    assert ran.returncode == 74
    assert b"attachment.bin: File too large" in ran.stderr
    assert [path.name for path in tmp_path.glob("*.*")] == ["plan.pdf"]
