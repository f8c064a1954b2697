"""Rights as ACLs of a real Dovecot: after a push, a collaborator's own IMAP login does exactly what the store says."""

import imaplib

import pytest

from conftest import LOGIN, ok
from support.mailservers import expect_ok, quoted

pytestmark = pytest.mark.live

NOTE = b"From: anna@client.example\r\nTo: contact@mail.test\r\nSubject: Plans\r\n\r\nHello\r\n"
LETTERS = {"read": "lr", "organize": "lrswikte", "manage": "lrswipkxtea", "none": ""}
SHARED = "shared/contact"


@pytest.fixture
def shop(cli, store, mail, monkeypatch):
    """The group account `contact`, managed by who runs the tests; each collaborator has a mailbox of her own."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    ok(cli("collaborator", "add", "ops", "--name", "Ops", "--email", "ops@mail.test", "--login", LOGIN))
    for name in ("alice", "bob", "billing", "u1"):
        ok(cli("collaborator", "add", name, "--name", name, "--email", f"{name}@mail.test"))
        ok(cli("collaborator", "set", name, f"imap_identifier={name}"))
    ok(cli("account", "add", "contact", "--address", mail.address("contact"), "--imap-host", mail.host, "--imap-port",
           str(mail.imaps_port), "--smtp-host", mail.host, "--ca-file", str(mail.ca_file), "--password-env",
           "CONTACT_PASSWORD", "--no-discover", "--grant", "ops:manage", "--grant", "alice:organize,send",
           "--grant", "bob:read", "--grant", "billing:send"))  # fmt: skip
    mail.deliver("contact", NOTE)
    mail.deliver("contact", NOTE, folder="Projects/2026")
    return mail


def acl(mail, folder: str = "INBOX") -> dict[str, set[str]]:
    with mail.imap("contact") as box:
        [line] = expect_ok(box.getacl(quoted(folder)))
    words = line.decode().replace(quoted(folder), folder).split()[1:]
    return {who: set(letters) - set("cd") for who, letters in zip(words[::2], words[1::2], strict=True)}


def seen_by(mail, user: str) -> set[str]:
    """The folders of `contact` that a colleague's own login is shown and can open."""
    with mail.imap(user) as box:
        lines = expect_ok(box.list('""', quoted(f"{SHARED}*")))
        names = [line.decode().rpartition('"/" ')[2].strip('"') for line in lines if line]
        return {name for name in names if box.status(quoted(name), "(MESSAGES)")[0] == "OK"}


def tried(mail, user: str, *, folder: str = SHARED) -> set[str]:
    """What a colleague's own login can do with one message of `contact`."""
    done = set()
    with mail.imap(user) as box:
        if box.status(quoted(folder), "(MESSAGES)")[0] != "OK":
            return done
        try:
            box.select(quoted(folder))
        except imaplib.IMAP4.readonly:
            box.select(quoted(folder), readonly=True)
        if b"Hello" in expect_ok(box.fetch("1", "(BODY.PEEK[])"))[0][1]:
            done.add("read")
        for what, command in (
            ("mark", lambda: box.store("1", "+FLAGS", "(\\Seen)")),
            ("copy", lambda: box.copy("1", quoted(f"{SHARED}/Projects/2026"))),
            ("administer", lambda: box.getacl(quoted(folder))),
        ):
            try:
                if command()[0] == "OK" and (what != "mark" or is_seen(box)):
                    done.add(what)
            except imaplib.IMAP4.error:
                continue
    return done


def is_seen(box) -> bool:
    return b"\\Seen" in expect_ok(box.fetch("1", "(FLAGS)"))[0]


def test_each_login_does_what_the_store_says_and_no_more(cli, shop):
    ok(cli("rights", "push", "contact"))

    everything = {SHARED, *(f"{SHARED}/{name}" for name in ("Drafts", "Sent", "Trash", "Junk", "Projects/2026"))}
    assert seen_by(shop, "bob") >= everything
    assert tried(shop, "bob") == {"read"}
    assert tried(shop, "alice") == {"read", "mark", "copy"}
    assert tried(shop, "billing") == set()
    assert tried(shop, "u1") == set()


def test_who_organizes_makes_folders_and_takes_none_away(cli, shop):
    ok(cli("rights", "push", "contact"))

    with shop.imap("alice") as alice, shop.imap("bob") as bob:
        expect_ok(alice.create(quoted(f"{SHARED}/Projects/2026/Plans")))
        assert bob.create(quoted(f"{SHARED}/Projects/2026/Mine"))[0] == "NO"
        assert alice.delete(quoted(f"{SHARED}/Projects/2026"))[0] == "NO"


@pytest.mark.parametrize("right", LETTERS)
def test_a_right_is_its_letters_on_every_folder(cli, shop, right):
    if right != "none":
        ok(cli("rights", "grant", "contact", "u1", right))

    ok(cli("rights", "push", "contact"))

    for folder in ("INBOX", "Sent", "Projects/2026"):
        assert acl(shop, folder).get("u1", set()) == set(LETTERS[right])


def test_a_second_push_does_nothing_and_a_diff_is_silent(cli, shop):
    before = cli("rights", "diff", "contact", "--json")
    first = ok(cli("rights", "push", "contact", "--json")).json
    second = ok(cli("rights", "push", "contact", "--json")).json
    after = cli("rights", "diff", "contact")

    assert (before.status, before.json["differences"]) == (1, first["differences"])
    assert (first["applied"], len(first["differences"])) == (True, 3 * first["folders"])
    assert (second["applied"], second["differences"]) == (False, [])
    assert (after.status, after.out) == (0, "")


def test_a_dry_run_says_it_and_does_nothing(cli, shop):
    ran = cli("rights", "push", "contact", "--dry-run")

    assert ran.status == 1
    assert ["INBOX", "bob", "", "lr"] in ran.rows
    assert set(acl(shop)) == {"contact"}


def test_who_loses_a_right_loses_it_there(cli, shop):
    ok(cli("rights", "push", "contact"))
    ok(cli("rights", "revoke", "contact", "alice", "organize"))
    ok(cli("rights", "revoke", "contact", "bob"))

    ran = ok(cli("rights", "push", "contact"))

    assert ["INBOX", "bob", "lr", ""] in ran.rows
    assert tried(shop, "bob") == set()
    assert tried(shop, "alice") == {"read"}


def test_strangers_are_told_and_left_alone_until_they_are_named(cli, shop):
    with shop.imap("contact") as box:
        expect_ok(box.setacl("INBOX", "anyone", "l"))
        expect_ok(box.setacl("INBOX", "u9", "lr"))
        expect_ok(box.setacl("Sent", "u9", "lr"))

    pushed = ok(cli("rights", "push", "contact"))
    kept = acl(shop)
    removed = ok(cli("rights", "push", "contact", "--remove", "u9", "--json")).json

    assert "left alone: 'u9' has 'lr' on 'Sent' and 1 more folders" in pushed.err
    assert "left alone: 'anyone' has 'l' on 'INBOX'" in pushed.err
    assert (kept["anyone"], kept["u9"]) == ({"l"}, {"l", "r"})
    assert {one["folder"] for one in removed["differences"]} == {"INBOX", "Sent"}
    assert [one["identifier"] for one in removed["foreign"]] == ["anyone"]
    assert set(acl(shop)) == {"anyone", "alice", "bob", "ops@mail.test", "contact"}


def test_negative_rights_of_a_collaborator_go(cli, shop):
    with shop.imap("contact") as box:
        expect_ok(box.setacl("INBOX", "-bob", "r"))

    ok(cli("rights", "push", "contact"))

    assert "-bob" not in acl(shop)
    assert tried(shop, "bob") == {"read"}


def test_the_mailboxs_own_login_and_what_others_share_with_it_are_never_touched(cli, shop):
    ok(cli("collaborator", "add", "contact", "--name", "C", "--email", "contact@mail.test"))
    with shop.imap("u1") as box:
        expect_ok(box.setacl("INBOX", "contact", "lra"))

    ran = ok(cli("rights", "push", "contact", "--json")).json

    assert acl(shop)["contact"] == set("lrswipkxtea")
    assert not [one for one in ran["differences"] if one["folder"].startswith("shared/")]
    assert not [one for one in ran["differences"] if one["identifier"].startswith("contact")]
    with shop.imap("u1") as box:
        assert b"bob" not in expect_ok(box.getacl("INBOX"))[0]
