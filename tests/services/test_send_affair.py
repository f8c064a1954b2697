"""Mail sent under an affair: linked once somebody has it, and not before; what failed is made up for by a flush."""

import subprocess

import pytest

from conftest import ok

REF = "2026-014"


@pytest.fixture
def links(cli, store):
    ok(cli("affair", "add", REF, "--title", "Town hall"))

    def read():
        file = store / f"affairs/{REF}.links"
        return [line.split("\t")[0] for line in file.read_text().splitlines()] if file.exists() else []

    return read


def send(cli, *words, ref=REF):
    return cli("send", "bob@client.example", "-s", "Plans", "--affair", ref, *words, input="Hello\n")


def test_what_was_sent_is_linked(cli, server, links):

    sent = ok(send(cli, "--json")).json

    assert links() == [sent["message_id"]]
    assert ok(cli("outbox", "list")).out == ""


def test_what_is_queued_is_linked_by_the_flush(cli, server, links):
    queued = ok(send(cli, "--queue", "--json")).json
    assert links() == []

    ok(cli("outbox", "flush"))

    assert links() == [queued["message_id"]]


def test_an_unknown_affair_is_told_before_anything_is_sent(cli, server, links):

    ran = send(cli, ref="2026-041")

    assert (ran.status, REF in ran.err) == (67, True)
    assert ok(cli("outbox", "list")).out == ""


def test_an_affair_that_is_gone_meanwhile_is_a_warning(cli, server, links):
    ok(send(cli, "--queue"))
    ok(cli("affair", "remove", REF, "--yes"))

    ran = ok(cli("outbox", "flush"))

    assert "not linked" in ran.err
    assert ok(cli("outbox", "list")).out == ""


def test_what_cannot_be_linked_now_is_sent_and_linked_later(cli, server, links, store):
    file = store / f"affairs/{REF}.links"
    file.mkdir()

    ran = send(cli, "--json")

    assert (ran.status, ran.json["sent"]) == (0, True)
    assert "not linked to 2026-014 yet" in ran.err
    file.rmdir()
    ok(cli("outbox", "retry", ran.json["outbox"]))

    assert links() == [ran.json["message_id"]]
    assert ok(cli("outbox", "list")).out == ""


def test_what_is_queued_follows_an_affair_to_its_new_reference(cli, server, links, store):
    queued = ok(send(cli, "--queue", "--json")).json
    ok(cli("affair", "rename", REF, "2026/15"))

    ran = ok(cli("outbox", "flush"))

    assert "not linked" not in ran.err
    assert (store / "affairs/2026%2F15.links").read_text().startswith(queued["message_id"])


@pytest.mark.parametrize("is_broken", [False, True])
def test_many_of_an_affair_are_one_change_of_the_store_and_each_affair_is_its_own(cli, server, links, store, is_broken):
    ok(cli("affair", "add", "2026-015", "--title", "School"))
    for ref in (REF, "2026-015", REF, "2026-015", REF):
        ok(send(cli, "--queue", ref=ref))
    if is_broken:
        (store / "affairs/2026-015.links").mkdir()
    subprocess.run(["git", "init", "-q", str(store)], check=True)

    ran = cli("outbox", "flush")

    assert len(links()) == 3
    assert len(server.taken) == 5
    told = [line for line in ran.err.splitlines() if "not linked to" in line]
    assert (len(told), len(ok(cli("outbox", "list")).rows)) == ((2, 2) if is_broken else (0, 0))
    said = subprocess.run(["git", "-C", str(store), "log", "--format=%s"], check=True, capture_output=True, text=True)
    assert f"link 3 messages to affair '{REF}'" in said.stdout
