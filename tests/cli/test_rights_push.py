"""Rights as ACLs on servers that cannot, will not, or do it as of old; what Dovecot does is in tests/live."""

import re
from contextlib import contextmanager

import pytest

from conftest import LOGIN, ok
from support.scripted_imap import scripted_imap

ALL = "lrswipkxtea"


class Acls:
    """A server's ACLs: what MYRIGHTS, GETACL, SETACL and DELETEACL do with them; `keep` is what it makes of letters."""

    def __init__(self, folders=("INBOX",), mine=ALL, keep=lambda letters: letters):
        self.acls = {name: {} for name in folders}
        self.mine = mine if isinstance(mine, dict) else dict.fromkeys(folders, mine)
        self.keep = keep

    def table(self, capabilities="ACL RIGHTS=texk"):
        listed = "".join(f'* LIST () "/" "{name}"\r\n' for name in self.acls)
        return {
            "AUTHENTICATE PLAIN": f"{{tag}} OK [CAPABILITY IMAP4rev1 {capabilities}] logged in\r\n".encode(),
            "LIST": f"{listed}{{tag}} OK listed\r\n".encode(),
            "MYRIGHTS": lambda said: self.told("MYRIGHTS", said, lambda name: self.mine[name]),
            "GETACL": lambda said: self.told("ACL", said, self.pairs),
            "SETACL": self.set,
            "DELETEACL": self.delete,
        }

    def told(self, kind, said, what):
        [name] = re.findall(r'"([^"]*)"', said)
        return f'* {kind} "{name}" {what(name)}\r\n{{tag}} OK\r\n'.encode()

    def pairs(self, name):
        return " ".join(f'"{who}" {letters}' for who, letters in self.acls[name].items())

    def set(self, said):
        name, who, letters = re.findall(r'"([^"]*)"', said)
        if self.keep(letters) is None:
            return b"{tag} NO [NOPERM] not for you\r\n"
        self.acls[name][who] = self.keep(letters)
        return b"{tag} OK\r\n"

    def delete(self, said):
        name, who = re.findall(r'"([^"]*)"', said)
        self.acls[name].pop(who, None)
        return b"{tag} OK\r\n"


@contextmanager
def contact_at(cli, acls, **more):
    """The account `contact` on a server with these ACLs, managed by who runs the tests; bob may read."""
    ok(cli("collaborator", "add", "ops", "--name", "Ops", "--email", "contact@firm.example", "--login", LOGIN))
    ok(cli("collaborator", "add", "bob", "--name", "Bob", "--email", "bob@firm.example"))
    with scripted_imap(acls.table(**more)) as server:
        ok(cli("account", "add", "contact", "--address", "contact@firm.example", "--imap-host", "127.0.0.1",
               "--imap-port", str(server.port), "--imap-security", "none", "--smtp-host", "127.0.0.1",
               "--password-env", "PASSWORD", "--no-discover", "--grant", "ops:manage",
               "--grant", "bob:organize"))  # fmt: skip
        yield server


@pytest.fixture(autouse=True)
def password(monkeypatch):
    monkeypatch.setenv("PASSWORD", "secret")


@pytest.mark.parametrize("command", ["push", "diff"])
def test_a_server_without_acls_is_told_clearly(cli, store, command):
    with contact_at(cli, Acls(), capabilities="IDLE"):
        ran = cli("rights", command, "contact")

    assert ran.status == 76
    assert "offers no ACLs" in ran.err


def test_without_the_right_to_administer_nothing_is_asked_to_change(cli, store):
    with contact_at(cli, Acls(mine="lrs")) as server:
        ran = cli("rights", "push", "contact", "--json")

    assert (ran.status, ran.json["error"]["code"]) == (76, "acl-unavailable")
    assert "it has 'lrs', and 'a' is missing" in ran.json["error"]["message"]
    assert not server.commands("SETACL")


def test_a_folder_that_cannot_be_administered_is_named_and_the_others_done(cli, store):
    acls = Acls(("INBOX", "Archive"), mine={"INBOX": ALL, "Archive": "lr"})
    with contact_at(cli, acls):
        ran = cli("rights", "push", "contact", "--json")

    assert ran.status == 1
    assert ran.json["skipped"] == ["Archive"]
    assert acls.acls == {"INBOX": {"bob@firm.example": "lrswikte"}, "Archive": {}}
    assert "'Archive': the server does not let one change its ACL" in ran.err


def test_an_older_server_gets_its_own_letters(cli, store):
    acls = Acls()
    with contact_at(cli, acls, capabilities="ACL"):
        ok(cli("rights", "push", "contact"))
        again = ok(cli("rights", "push", "contact", "--json"))

    assert acls.acls["INBOX"] == {"bob@firm.example": "lrswicd"}
    assert again.json["differences"] == []


def test_virtual_letters_of_a_newer_server_make_no_difference(cli, store):
    acls = Acls(keep=lambda letters: f"{letters}cd")
    with contact_at(cli, acls):
        ok(cli("rights", "push", "contact"))

        assert cli("rights", "diff", "contact").status == 0


def test_a_server_that_refuses_a_change_is_told_with_its_words(cli, store):
    with contact_at(cli, Acls(keep=lambda _: None)):
        ran = cli("rights", "push", "contact")

    assert ran.status == 76
    assert "change what 'bob@firm.example' may do with 'INBOX': [NOPERM] not for you" in ran.err


def test_a_server_that_makes_something_else_of_it_is_found_out(cli, store):
    with contact_at(cli, Acls(keep=lambda _: "l")):
        ran = cli("rights", "push", "contact")

    assert ran.status == 1
    assert "made 'l' of 'lrswikte' for 'bob@firm.example' on 'INBOX'" in ran.err


def test_folders_that_others_share_are_not_the_accounts(cli, store):
    acls = Acls(("INBOX", "INBOX.Sent", "user.bob", "Board"))
    names = b'* NAMESPACE (("INBOX." ".")) (("user." ".")) (("" "."))\r\n{tag} OK\r\n'
    with contact_at(cli, acls, capabilities="ACL RIGHTS=texk NAMESPACE") as server:
        server.change({"NAMESPACE": names})
        ok(cli("rights", "push", "contact"))

    assert {name for name, acl in acls.acls.items() if acl} == {"INBOX", "INBOX.Sent"}


def test_many_folders_are_asked_at_once(cli, store):
    acls = Acls(("INBOX", *(f"Projects {number}" for number in range(120))))
    with contact_at(cli, acls):
        done = ok(cli("rights", "push", "contact", "--json")).json

    assert (done["folders"], len(done["differences"])) == (121, 121)
    assert {str(acl) for acl in acls.acls.values()} == {"{'bob@firm.example': 'lrswikte'}"}


def test_it_takes_manage_and_no_secret_is_read_before(cli, store, tmp_path):
    with contact_at(cli, Acls()) as server:
        ok(cli("account", "set", "contact", "auth.secret=command", f"auth.command=touch,{tmp_path}/read"))
        ran = cli("--as", "bob", "rights", "push", "contact")

    assert ran.status == 77
    assert not (tmp_path / "read").exists()
    assert not server.said


@pytest.mark.parametrize(
    ("identifier", "said"),
    [("anyone", "the server's word for many"), ("-carl", "the server's word for many"), ("$staff", "for many")],
)
def test_an_identifier_that_stands_for_many_is_refused(cli, store, identifier, said):
    with contact_at(cli, Acls()) as server:
        ok(cli("collaborator", "set", "bob", f"imap_identifier={identifier}"))
        ran = cli("rights", "push", "contact")

    assert ran.status == 65
    assert said in ran.err
    assert not server.said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bob@firm.example", "is the collaborator 'bob'"),
        ("contact", "is the mailbox itself"),
        ('x"\r\nA LOGOUT', "no IMAP identifier"),
        ("", "no IMAP identifier"),
    ],
)
def test_only_strangers_are_removed_by_name(cli, store, name, said):
    with contact_at(cli, Acls()) as server:
        ran = cli("rights", "push", "contact", "--remove", name)

    assert ran.status == 65
    assert said in ran.err
    assert not server.said


def test_two_who_share_an_identifier_have_what_either_may(cli, store):
    acls = Acls()
    with contact_at(cli, acls):
        ok(cli("collaborator", "add", "dan", "--name", "Dan", "--email", "bob@firm.example"))
        ok(cli("rights", "grant", "contact", "dan", "manage"))
        done = ok(cli("rights", "push", "contact", "--json")).json

    assert [one["collaborators"] for one in done["differences"]] == [["bob", "dan"]]
    assert acls.acls["INBOX"] == {"bob@firm.example": ALL}


def test_without_a_collaborators_file_it_is_not_known_who_she_is(cli, store):
    with contact_at(cli, Acls()) as server:
        (store / "collaborators/bob.toml").write_text("name = 3\n")
        ran = cli("rights", "push", "contact")

    assert ran.status == 78
    assert not server.said
