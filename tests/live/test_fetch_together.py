"""How often a fetch waits for a real Dovecot: what can go together does."""

import re

import pytest

from conftest import ok
from support.mirror import accounts, fetch, note

pytestmark = pytest.mark.live


@pytest.fixture
def account(cli, store, mail, monkeypatch):
    """Add an account of alice's, its password in the environment."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    return accounts(cli, mail)


def turns(path):
    """What is said in a trace before each waiting for the server; the greeting and what comes before are left out."""
    found, waited = [], True
    for line in path.read_text().splitlines():
        said = re.match(r" [~-]> (?:[A-Z]+[0-9]+ )?(.*)", line)
        if said:
            if waited:
                found.append([])
            found[-1].append(said[1])
            waited = False
        elif line[:1] == "<":
            waited = True
    return found


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_nothing_new_takes_one_question(cli, mail, account, tmp_path, security):
    account(security=security, port=mail.imaps_port if security == "tls" else mail.imap_port)
    mail.deliver("alice", note(1))
    fetch(cli)

    trace = tmp_path / "trace"
    ok(cli("--trace", trace, "fetch"))

    *before, together, leave = turns(trace)
    assert [one.split()[0] for one in together] == ["AUTHENTICATE", "LIST"]
    assert leave == ["LOGOUT"]
    assert before == ([] if security == "tls" else [["STARTTLS"], ["CAPABILITY"]])
    assert mail.password not in trace.read_text()


def test_what_changed_is_asked_along_with_the_opening_and_what_is_new_too(cli, mail, account, tmp_path):
    account()
    for number in (1, 2, 3):
        mail.deliver("alice", note(number))
    fetch(cli)
    with mail.imap("alice") as box:
        box.select("INBOX")
        box.store("1", "+FLAGS", "\\Flagged")
        box.store("2", "+FLAGS", "\\Deleted")
        box.expunge()
    flags, new = tmp_path / "flags", tmp_path / "new"

    [changed] = ok(cli("--trace", flags, "fetch", "--json")).json
    mail.deliver("alice", note(4))
    [came] = ok(cli("--trace", new, "fetch", "--json")).json

    assert (changed["new"], changed["changed"], changed["removed"], came["new"]) == (0, 1, 1, 1)
    opening = ["ENABLE", "EXAMINE", "UID"]
    assert [[one.split()[0] for one in turn] for turn in turns(flags)[1:]] == [opening, ["LOGOUT"]]
    assert [[one.split()[0] for one in turn] for turn in turns(new)[1:]] == [opening, ["UID"], ["LOGOUT"]]
