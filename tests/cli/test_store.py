"""`init`, `store check`, `store path`: the store is found, strict, and refused when it cannot be trusted."""

import os
import stat
import subprocess
import sys

import pytest

from conftest import ok


def test_init_makes_a_private_store_once(cli, home):
    ok(cli("init", "--firm", "Durand"))

    again = cli("init")
    assert stat.S_IMODE((home / "store").stat().st_mode) == 0o700
    assert again.status == 73
    assert "already" in again.err


def test_without_a_store_the_hint_is_init(cli, home):
    ran = cli("account", "list")

    assert ran.status == 78
    assert ran.err.splitlines()[1] == "hint: mailctl init"


def test_the_option_goes_before_the_environment(cli, tmp_path):
    ok(cli("--store", tmp_path / "other", "init"))

    assert ok(cli("--store", tmp_path / "other", "store", "path")).out == f"{tmp_path / 'other'}\n"


def test_xdg_places_the_four_folders(cli, tmp_path, monkeypatch):
    monkeypatch.delenv("MAILCTL_HOME")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/ignored")

    place = ok(cli("store", "path", "--json")).json

    assert place["store"] == str(tmp_path / "config/mailctl")
    assert place["state"] == str(tmp_path / ".local/state/mailctl")


def test_every_fault_of_every_file_is_listed_with_its_line(cli, firm):
    contact = firm / "accounts/contact.toml"
    contact.write_text(
        'display_name = 3\naddress = "contact@firm.example"\nkidn = "group"\n\n[rights]\nbob = ["fly"]\n'
    )
    watch = firm / "accounts/watch.toml"
    watch.write_text(watch.read_text() + 'bbo = ["read"]\n')
    (firm / "collaborators/bob.toml").write_text('name = "Bob"\n')

    ran = cli("store", "check")

    assert ran.status == 78
    lines = {tuple(row[:3]): row[3] for row in ran.rows}
    assert lines["accounts/contact.toml", "1", "display_name"] == "expected text, got a whole number"
    assert "did you mean 'kind'" in lines["accounts/contact.toml", "3", "kidn"]
    assert "read, organize, send, manage" in lines["accounts/contact.toml", "6", "rights.bob[0]"]
    assert "did you mean 'bob'" in next(text for (_, _, key), text in lines.items() if key == "rights.bbo")
    assert lines["collaborators/bob.toml", "1", "email"] == "is missing"


def test_a_broken_account_breaks_no_other(cli, firm):
    (firm / "accounts/contact.toml").write_text("address = \n")

    listed = ok(cli("account", "list"))
    shown = cli("account", "show", "contact")

    assert [row[0] for row in listed.rows] == ["billing", "carol", "watch"]
    assert "accounts/contact.toml:1" in listed.err
    assert shown.status == 78


@pytest.mark.parametrize("path", ["", "store.toml", "accounts/contact.toml"])
def test_what_others_may_write_is_refused(cli, firm, path):
    (firm / path).chmod(0o777)

    ran = cli("account", "show", "contact")

    assert ran.status == 78
    assert "chmod go-w" in ran.err


def test_a_newer_version_is_refused_before_anything_else(cli, firm):
    (firm / "store.toml").write_text("version = 99\nunheard_of = true\n")

    ran = cli("account", "list")

    assert ran.status == 78
    assert "newer than this program" in ran.err


def test_bytes_that_are_no_text_are_named(cli, firm):
    (firm / "accounts/contact.toml").write_bytes(b'address = "a@b"\nnotes = "\xff"\n')

    assert "accounts/contact.toml:2: not UTF-8" in cli("account", "show", "contact").err


def test_a_store_that_cannot_be_read_is_one_line(cli, firm):
    (firm / "accounts/contact.toml").unlink()
    (firm / "accounts/contact.toml").mkdir()

    ran = cli("account", "show", "contact")

    assert ran.status in (74, 78)
    assert len(ran.err.splitlines()) <= 2


def test_errors_are_one_json_document_where_a_program_asks(cli, firm):
    ran = cli("account", "show", "contcat", "--json")

    assert ran.out == ""
    assert ran.json["error"]["code"] == "account-not-found"
    assert "contact" in ran.json["error"]["hint"]


def test_control_characters_do_not_reach_the_terminal(cli, firm):
    ran = cli("account", "show", "a\x1b[31mb\x07")

    assert not any(letter in ran.err for letter in "\x1b\x07")


def test_a_reader_that_leaves_early_is_no_failure(cli, firm):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "mailctl", "account", "list"], check=False, stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (0, b"")


def test_a_folder_whose_name_is_no_utf8_is_shown_in_json_too(cli, tmp_path):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/\xe9")

    ran = ok(cli("--store", folder, "store", "path", "--json"))

    assert ran.json["store"] == folder
    assert ran.out.isascii()
