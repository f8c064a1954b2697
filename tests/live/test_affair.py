"""Affairs with real servers: mail linked, answered and sent under an affair, and handed over."""

import subprocess

import pytest

from conftest import ok

pytestmark = pytest.mark.live

REF = "2026-014"
NOTE = (
    "From: Alice Martin <alice@mail.test>\r\nTo: contact@mail.test\r\nSubject: Visit\r\n"
    "Date: Sun, 1 Mar 2026 09:00:00 +0000\r\nMessage-ID: <2@client.example>\r\n\r\nWhen do you come?\r\n"
)


@pytest.fixture
def linked(cli, store, mail, monkeypatch):
    """A note that came to `contact` and is linked to an affair: its number."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    ok(cli("account", "add", "contact", "--address", mail.address("contact"), "--imap-host", mail.host,
           "--imap-port", str(mail.imaps_port), "--imap-security", "tls", "--smtp-host", mail.host,
           "--smtp-port", str(mail.smtps_port), "--smtp-security", "tls", "--ca-file", str(mail.ca_file),
           "--password-env", "CONTACT_PASSWORD", "--no-discover"))  # fmt: skip
    mail.deliver("contact", NOTE.encode())
    ok(cli("fetch", "-a", "contact"))
    ok(cli("affair", "add", REF, "--title", "Town hall"))
    [found] = ok(cli("list", "--json")).json
    ok(cli("affair", "link", REF, found["id"]))
    return found["id"]


def keys(store):
    return [line.split("\t")[0] for line in (store / f"affairs/{REF}.links").read_text().splitlines()]


def test_an_answer_to_linked_mail_is_linked_and_both_are_handed_over(cli, store, mail, linked, tmp_path):
    sent = ok(cli("reply", linked, "--json", input="On Monday.\n")).json

    assert sorted(keys(store)) == sorted(["<2@client.example>", sent["message_id"]])
    ok(cli("fetch", "-a", "contact"))
    subjects = [one["subject"] for one in ok(cli("list", "--affair", REF, "--json")).json]
    assert sorted(subjects) == ["Re: Visit", "Visit"]
    assert ok(cli("read", linked, "--json")).json["affairs"] == [REF]
    done = ok(cli("affair", "export", REF, tmp_path / "out", "--zip", "--json")).json
    assert (done["messages"], done["missing"]) == (2, [])
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path / "out", check=True)


def test_what_is_passed_on_is_linked_too(cli, store, mail, linked):
    sent = ok(cli("forward", linked, "bob@mail.test", "--json", input="See below.\n")).json

    assert sent["message_id"] in keys(store)


def test_a_draft_keeps_its_affair_and_nobody_sees_it(cli, store, mail, linked):
    kept = ok(cli("send", "bob@mail.test", "-s", "Plans", "--affair", REF, "--draft", "--json", input="Hi\n")).json

    assert kept["message_id"] not in keys(store)
    ok(cli("draft", "send", kept["id"], "-a", "contact"))

    assert kept["message_id"] in keys(store)
    assert b"X-Mailctl" not in mail.await_messages("bob")[-1]
