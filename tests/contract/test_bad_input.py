"""Bad input: one line, one hint, the right exit status, one JSON document where asked, and nothing half-done.

The table is (command, exit status, words of the message). What the command is tried on is the firm of the fixtures,
after what the situation does to it.
"""

import json
import os
import socket
from contextlib import contextmanager

import pytest

from conftest import ok
from remote.conftest import Certificates
from support.scripted import serving

SEND = ("send", "anna@client.example", "-a", "contact", "-s", "Plans")
PASSWORD = "hunter2-s3cret"
NO_JSON = {"remove", "export"}  # they report nothing, or TOML

LOCAL = [
    # unknown account
    (("account", "show", "contcat"), 67, "no account 'contcat'"),
    (("account", "set", "contcat", "notes=x"), 67, "no account 'contcat'"),
    (("account", "rename", "contcat", "x"), 67, "no account 'contcat'"),
    (("account", "remove", "contcat", "--yes"), 67, "no account 'contcat'"),
    (("rights", "grant", "contcat", "bob", "read"), 67, "no account 'contcat'"),
    (("rights", "check", "contcat", "read"), 67, "no account 'contcat'"),
    (("signature", "show", "contcat"), 67, "no account 'contcat'"),
    (("password", "set", "contcat"), 67, "no account 'contcat'"),
    (("password", "check", "contcat"), 67, "no account 'contcat'"),
    (("export", "contcat"), 67, "no account 'contcat'"),
    (("send", "anna@client.example", "-a", "contcat"), 67, "no account 'contcat'"),
    (("fetch", "-a", "contcat"), 67, "no account 'contcat'"),
    (("list", "-a", "contcat"), 67, "no account 'contcat'"),
    # unknown collaborator, right, key, provider, message
    (("collaborator", "show", "bbo"), 67, "no collaborator 'bbo'"),
    (("--as", "bbo", "whoami"), 67, "no collaborator 'bbo'"),
    (("rights", "grant", "contact", "bbo", "read"), 67, "no collaborator 'bbo'"),
    (("account", "set", "contact", "rights.bbo=read"), 67, "no collaborator 'bbo'"),
    (("account", "set", "contact", "kind=personal", "owner=bbo"), 67, "no collaborator 'bbo'"),
    (("rights", "grant", "contact", "bob", "fly"), 65, "no right 'fly'"),
    (("rights", "check", "contact", "fly"), 65, "no right 'fly'"),
    (("account", "set", "contact", "rights.bob=fly"), 65, "'fly' (one of read, organize, send, manage)"),
    (("account", "set", "contact", "incoming.prot=1"), 65, "incoming.prot: unknown key (did you mean 'port'?)"),
    (("account", "set", "contact", "incoming.port=x"), 65, "incoming.port: expected a whole number"),
    (("account", "set", "contact", "rights=[[["), 65, "no valid TOML"),
    (("account", "unset", "contact", "address"), 65, "address: is missing"),
    (("account", "unset", "contact", "adress"), 65, "unknown key (did you mean 'address'?)"),
    (("account", "set", "contact", "notes"), 2, "'notes' is no KEY=VALUE"),
    (("account", "set", "contact", "provider=ovhh"), 67, "no provider 'ovhh'"),
    (("account", "add", "new", "--address", "n@firm.example", "--provider", "ovhh"), 67, "no provider 'ovhh'"),
    (("provider", "show", "ovhh"), 67, "no provider 'ovhh'"),
    (("read", "99"), 67, "no message 99"),
    (("save", "99"), 67, "no message 99"),
    (("reply", "99"), 67, "no message 99"),
    (("outbox", "show", "99"), 67, "no 99 in the outbox"),
    (("read", "one"), 2, "'one' is not a valid int"),
    (("acount", "list"), 2, "no such command 'acount'"),
    (("account", "show", "contact", "--jsno"), 2, "no such option: --jsno"),
    # already there, and names that are none
    (("account", "add", "contact", "--address", "c@gmail.com"), 73, "account 'contact' already"),
    (("account", "rename", "contact", "billing"), 73, "an account 'billing' already"),
    (("account", "rename", "contact", "../x"), 65, "name: "),
    (("account", "add", "a b", "--address", "c@firm.example", "--provider", "ovh"), 65, "name: "),
    (("collaborator", "add", "bob", "--name", "B", "--email", "b@firm.example"), 73, "'bob' already"),
    (("init",), 73, "there is a store in"),
    # addresses
    (("account", "add", "new", "--address", "n", "--provider", "ovh"), 65, "bad address 'n': there is no @ in it"),
    (("account", "set", "contact", "address=a b@firm.example"), 65, "bad address 'a b@firm.example'"),
    (("collaborator", "set", "bob", "email=bob@"), 65, "bad address 'bob@'"),
    (("send", "anna", "-a", "contact", "-s", "x"), 65, "bad address 'anna': there is no @ in it"),
    (("send", "-a", "contact", "-s", "x"), 2, "nobody to send it to"),
    ((*SEND, "--cc", "a@b@c"), 65, "bad address 'a@b@c'"),
    ((*SEND, "--from", "boss@elsewhere.example"), 65, "'boss@elsewhere.example' is no address of 'contact'"),
    # CR, LF and NUL wherever a header could be made of it
    *(
        (words, 65, "")
        for mark in ("\r", "\n", "\r\n", "\0")
        for words in (
            ("send", f"a@client.example{mark}Bcc: x@y.example", "-a", "contact", "-s", "x"),
            (*SEND, "--cc", f"c@client.example{mark}X: y"),
            (*SEND, "--bcc", f"c@client.example{mark}X: y"),
            (*SEND, "--reply-to", f"c@client.example{mark}X: y"),
            (*SEND, "--to", f"Anna{mark}X: y <a@client.example>"),
            (*SEND, "--from", f"contact@firm.example{mark}X: y"),
            ("send", "a@client.example", "-a", "contact", "-s", f"Plans{mark}Bcc: x@y.example"),
            (*SEND, "--header", f"X-Project: a{mark}Bcc: x@y.example"),
            (*SEND, "--header", f"X-A{mark}Bcc: x"),
            ("account", "set", "contact", f"display_name=Firm{mark}Bcc: x@y.example"),
            ("account", "set", "contact", f"address=a@firm.example{mark}X: y"),
            ("collaborator", "set", "bob", f"name=Bob{mark}X: y"),
            ("account", "add", "new", "--address", f"n@firm.example{mark}X: y", "--provider", "ovh"),
        )
    ),
    ((*SEND, "--header", "no colon"), 65, "bad header 'no colon'"),
    # attachments and files
    ((*SEND, "--attach", "/no/such/file"), 66, "/no/such/file: No such file or directory"),
    ((*SEND, "--attach", "/tmp"), 66, "/tmp: not a file"),
    ((*SEND, "--attach", "/dev/null"), 66, "/dev/null: not a file"),
    ((*SEND, "--body", "/no/such/file"), 66, "/no/such/file"),
    ((*SEND, "--html", "/no/such/file"), 66, "/no/such/file"),
    (("signature", "set", "contact", "--text", "/no/such/file"), 66, "/no/such/file"),
    (("apply", "/no/such/file"), 66, "/no/such/file"),
    (("apply", "/dev/null/x"), 66, "/dev/null/x"),
    # rights
    (("--as", "bob", *SEND), 77, "'bob' may not send with 'contact': the right 'send' is missing"),
    (("--as", "bob", "fetch", "-a", "carol"), 77, "'bob' may not read 'carol': the right 'read' is missing"),
    (("--as", "bob", "account", "set", "contact", "notes=x"), 77, "the right 'manage' is missing"),
    (("--as", "bob", "apply", "-"), 77, "an administrator's"),
    (("fetch", "-a", "watch"), 77, "checker-only"),
    # what cannot be undone
    (("account", "remove", "contact"), 2, "nobody can be asked here"),
]  # fmt: skip


def named(row):
    words, status, _ = row
    return " ".join(words).encode("unicode_escape").decode()[:90] + f" -> {status}"


def contents(home):
    """Every byte under the home, but SQLite's own and git's."""
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and not path.name.startswith("index.sqlite") and path.stat().st_size
    }


def refused(cli, words, status, said, **environ):
    """Run it twice, for people and for programs; both must refuse it in the contract's form."""
    ran = cli(*words, input="text\n", **environ)
    assert ran.status == status, ran.err
    assert ran.out == ""
    error, hint = ran.err.splitlines()
    assert error.startswith("mailctl: error: ")
    assert said in error
    assert hint.startswith("hint: ")
    assert len(hint) > len("hint: ")
    assert "Traceback" not in ran.err
    assert PASSWORD not in ran.err
    return ran


def refused_in_json(cli, words, status, said, **environ):
    """The same for a program: one document on stderr, nothing on stdout."""
    ran = cli(*words, "--json", input="text\n", **environ)
    assert ran.status == status, ran.err
    if ran.out:  # a mail that waits in the outbox is reported, too
        assert (words, json.loads(ran.out)["state"]) == (SEND, "queued")
    error = json.loads(ran.err)["error"]
    assert {"code", "message", "hint"} <= set(error)
    assert said in error["message"]
    assert error["hint"]
    assert PASSWORD not in ran.err
    return error


@pytest.mark.parametrize(("words", "status", "said"), LOCAL, ids=map(named, LOCAL))
def test_bad_input_is_one_line_and_a_hint_and_nothing_half_done(cli, firm, home, words, status, said):
    before = contents(home)

    refused(cli, words, status, said)
    if not NO_JSON & set(words[:2]):
        refused_in_json(cli, words, status, said)

    assert contents(home) == before


# -- a store that cannot be used


def writable(firm):
    firm.chmod(0o777)


def writable_account(firm):
    (firm / "accounts/contact.toml").chmod(0o666)


def newer(firm):
    (firm / "store.toml").write_text("version = 99\n")


def pipe(firm):
    (firm / "accounts/contact.toml").unlink()
    os.mkfifo(firm / "accounts/contact.toml", 0o600)


def loop(firm):
    (firm / "store.toml").unlink()
    (firm / "store.toml").symlink_to("store.toml")


def broken(firm):
    (firm / "accounts/contact.toml").write_text('address = "contact@firm.example"\n\n[rights]\nbob = "read"\n')


def stray(firm):
    (firm / "accounts/contact.toml").write_bytes(b'address = "a@b.example"\nnotes = "\xff"\n')


def gone(firm):
    (firm / "store.toml").unlink()


def no_folder(firm):
    firm.rename(firm.with_name("elsewhere"))
    firm.write_text("x")


STORES = [
    (writable, ": others may write it"),
    (writable_account, "accounts/contact.toml: others may write it"),
    (newer, "store.toml: version 99 is newer than this program knows (1)"),
    (pipe, "accounts/contact.toml: is no file"),
    (loop, "store.toml: cannot be read: too many levels of symbolic links"),
    (broken, "accounts/contact.toml:4: rights.bob: expected a list, got text"),
    (stray, "accounts/contact.toml:2: not UTF-8"),
    (gone, "no store in "),
    (no_folder, " is no folder"),
]


@pytest.mark.parametrize(
    "words", [("account", "show", "contact"), SEND, ("fetch", "-a", "contact")], ids=lambda words: words[0]
)
@pytest.mark.parametrize(("spoil", "said"), STORES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_store_that_cannot_be_used_is_exit_78(cli, firm, home, spoil, said, words):
    spoil(firm)
    before = contents(home) if firm.is_dir() and spoil is not pipe and spoil is not loop else None

    refused(cli, words, 78, said)
    refused_in_json(cli, words, 78, said)

    assert before is None or contents(home) == before


# -- servers


def silent(peer):
    peer.wait()


def plain(peer):
    peer.say("220 ready" if "smtp" in peer.served.host else "* OK ready")
    peer.wait()


def wrong_password(kind):
    def script(peer):
        if kind == "smtp":
            peer.say("220 ready")
            peer.hear()
            peer.say("250-hello", "250 AUTH PLAIN LOGIN")
            peer.hear()
            peer.say("535 5.7.8 authentication failed")
        else:
            peer.say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready")
            while line := peer.hear():
                tag, verb, *_ = line.split(" ")
                if verb.upper() == "CAPABILITY":
                    peer.say("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR", f"{tag} OK done")
                elif verb.upper() == "LOGOUT":
                    peer.say("* BYE", f"{tag} OK done")
                else:
                    peer.say(f"{tag} NO [AUTHENTICATIONFAILED] authentication failed")
        peer.wait()

    return script


@contextmanager
def refusing_port(_):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    yield port


def at(script, which=None):
    """A situation: a scripted server, with a certificate of that kind."""

    @contextmanager
    def situation(certificates):
        with serving(script, tls=getattr(certificates, which)() if which else None) as served:
            yield served.port

    return situation


SERVERS = {
    "refused port": (refusing_port, "tls", 69, "connection refused"),
    "silent port": (at(silent), "tls", 69, "no answer within 0.5 seconds"),
    "plain text on a TLS port": (at(plain), "tls", 69, "does not speak TLS on that port"),
    "no STARTTLS": (None, "starttls", 69, "offers no STARTTLS"),
    "expired certificate": (at(silent, "expired"), "tls", 69, "has expired"),
    "certificate for another name": (at(silent, "for_another_name"), "tls", 69, "is for another name than 'localhost'"),
    "self-signed certificate": (at(silent, "self_signed"), "tls", 69, "is signed by itself"),
    "unknown authority": (at(silent, "from_strangers"), "tls", 69, "comes from an authority that is not known here"),
    "wrong password": (None, "tls", 77, "refused the login of 'contact@firm.example'"),
}


def no_starttls(kind):
    def script(peer):
        if kind == "smtp":
            peer.say("220 ready")
            peer.hear()
            peer.say("250-hello", "250 AUTH PLAIN LOGIN")
        else:
            peer.say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready")
            while line := peer.hear():
                tag = line.split(" ")[0]
                peer.say("* CAPABILITY IMAP4rev1 AUTH=PLAIN", f"{tag} OK done")
        peer.wait()

    return script


def situation_of(name, kind):
    make, security, status, said = SERVERS[name]
    if name == "wrong password":
        make = at(wrong_password(kind), "good")
    elif name == "no STARTTLS":
        make = at(no_starttls(kind))
    return make, security, status, said


@pytest.mark.parametrize("kind", ["imap", "smtp"])
@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_cannot_be_used_is_told_with_what_to_type(cli, firm, home, tmp_path, monkeypatch, name, kind):
    for module in ("wire", "smtp", "imap"):
        monkeypatch.setattr(f"mailctl.remote.{module}.CONNECT_SECONDS", 0.5, raising=False)
    side, words = ("incoming", ("fetch", "-a", "contact")) if kind == "imap" else ("outgoing", SEND)
    make, security, status, said = situation_of(name, kind)
    certificates = Certificates(tmp_path)
    with make(certificates) as port:
        ok(cli("account", "set", "contact", f"{side}.port={port}", f"{side}.security={security}",
               f"{side}.ca_file={certificates.ca_file}"))  # fmt: skip
        before = contents(firm)

        ran = refused(cli, words, expected(kind, status, said), said, FIRM_PASSWORD=PASSWORD)
        refused_in_json(cli, words, expected(kind, status, said), said, FIRM_PASSWORD=PASSWORD)

    assert contents(firm) == before
    assert "ACCOUNT" not in ran.err
    assert ("outgoing" if side == "incoming" else "incoming") not in ran.err
    waiting = ok(cli("outbox", "list", "--json")).json
    assert len(waiting) == (2 if kind == "smtp" else 0)
    assert {entry["state"] for entry in waiting} <= {"queued"}


def expected(kind, status, said):
    """Where mail waits safely in the outbox, a network that is down is a temporary failure."""
    return 75 if kind == "smtp" and status == 69 and ("connection refused" in said or "no answer" in said) else status
