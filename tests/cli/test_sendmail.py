"""`mailctl-sendmail` is called as other programs call sendmail(8), and ends as they expect."""

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import Ran, ok
from mailctl import sendmail
from mailctl.errors import UsageError
from mailctl.local.outbox import Outbox
from mailctl.sendmail import parsed
from support.scripted_smtp import CLOSE, submission
from support.sending import PASSWORD, add_account

NOTE = "From: contact@firm.example\nTo: anna@client.example\nSubject: x\n\nHello\n"


@pytest.fixture
def server(cli, store, monkeypatch):
    """A scripted submission server, and the accounts `contact`, the default one, and `system` on it."""
    monkeypatch.setenv("FIRM_PASSWORD", PASSWORD["FIRM_PASSWORD"])
    with submission() as script:
        add_account(cli, script, "--display-name", "The Firm", "--alias", "quotes@firm.example")
        add_account(cli, script, name="system")
        file = store / "store.toml"
        file.write_text(
            file.read_text() + 'default_account = "contact"\n[sendmail]\naccount = "system"\n'
            'aliases = { root = "admin@firm.example" }\n'
        )
        yield script


@pytest.fixture
def outbox(home):
    return Outbox(home / "state/outbox")


@pytest.fixture
def run(capfd, monkeypatch):
    """Call the program in this process."""

    def call(*words, input=NOTE):
        data = input if isinstance(input, bytes) else input.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        capfd.readouterr()
        status = sendmail.main(list(words))
        return Ran(status, *capfd.readouterr())

    return call


def silent(ran):
    assert tuple(ran) == (0, "", "")


# -- as its callers call it


@pytest.mark.parametrize(
    ("words", "recipients", "sender"),
    [
        pytest.param(("-f", "contact@firm.example", "-i", "anna@client.example"), ["anna@client.example"],
                     "contact@firm.example", id="git send-email"),
        pytest.param(("-oem", "-oi", "-B8BITMIME", "-f", "quotes@firm.example", "-N", "failure,delay", "-R", "hdrs",
                      "--", "anna@client.example", "ben@client.example"),
                     ["anna@client.example", "ben@client.example"], "quotes@firm.example", id="neomutt"),
        pytest.param(("-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root"), ["admin@firm.example"],
                     "contact@firm.example", id="Debian cron"),
        pytest.param(("-FCronDaemon", "-i", "-odi", "-oem", "-oi", "-t", "-f", "root"), ["anna@client.example"],
                     "contact@firm.example", id="cronie"),
        pytest.param(("-FAnacron", "-odi", "root"), ["admin@firm.example"], "contact@firm.example", id="anacron"),
        pytest.param(("-i", "-B", "8BITMIME", "anna@client.example"), ["anna@client.example"],
                     "contact@firm.example", id="systemd-cron"),
        pytest.param(("-t",), ["anna@client.example"], "contact@firm.example", id="mdadm"),
        pytest.param(("-oi", "-t"), ["anna@client.example"], "contact@firm.example", id="unattended-upgrades"),
        pytest.param(("-f", "root@host", "anna@client.example"), ["anna@client.example"], "contact@firm.example",
                     id="fail2ban"),
        pytest.param(("-t", "-i", "-fquotes@firm.example"), ["anna@client.example"], "quotes@firm.example",
                     id="PHP mail()"),
        pytest.param(("-i", "-f", "quotes@firm.example", "--", "anna@client.example"), ["anna@client.example"],
                     "quotes@firm.example", id="Rails"),
        pytest.param(("-ti", "-f", ""), ["anna@client.example"], "", id="the null sender"),
        pytest.param(("-ti", "-f<>"), ["anna@client.example"], "", id="the null sender, glued"),
        pytest.param(("-bm", "-em", "-v", "-G", "-U", "-n", "-m", "-h", "3", "-L", "tag", "-X/dev/null", "-Ac",
                      "-C", "x", "-d0.1", "-V", "id", "-O", "Timeout=1", "anna@client.example"),
                     ["anna@client.example"], "contact@firm.example", id="what is accepted and ignored"),
    ],
)  # fmt: skip
def test_each_caller_gets_its_mail_sent_in_silence(run, server, words, recipients, sender):
    silent(run(*words))

    [taken] = server.taken
    assert list(taken.recipients) == recipients
    assert taken.sender == sender


def test_the_message_passes_byte_for_byte(run, server):
    note = b"From: contact@firm.example\nDate: today\nMessage-Id: <1@x>\nSubject: =?x?q?\xff\n\n.\n..\nFrom \xc3\xa9\n"

    silent(run("-i", "anna@client.example", input=note))

    assert server.taken[0].data == note.replace(b"\n", b"\r\n")


def test_without_i_a_lone_dot_ends_the_message(run, server):
    silent(run("anna@client.example", input=f"{NOTE}.\nnot this\n"))

    assert server.taken[0].data.endswith(b"\r\n\r\nHello\r\n")


def test_with_t_the_recipients_are_those_of_the_header_and_those_given_and_bcc_goes(run, server):
    silent(run("-t", "dan@x.example", input=f"Bcc: carl@x.example,\n  Eve <eve@x.example>\nCc: root (Admin)\n{NOTE}"))

    assert set(server.taken[0].recipients) == {
        "dan@x.example", "anna@client.example", "admin@firm.example", "carl@x.example", "eve@x.example"
    }  # fmt: skip
    assert b"carl" not in server.taken[0].data
    assert b"eve" not in server.taken[0].data


def test_bcc_never_goes_out_even_without_t(run, server):
    silent(run("anna@client.example", input=f"Bcc: carl@x.example\n{NOTE}"))

    assert server.taken[0].recipients == ("anna@client.example",)
    assert b"carl" not in server.taken[0].data


def test_what_lacks_is_added(run, server):
    silent(run("-F", "Cron Daemon", "anna@client.example", input="Subject: x\n\nHello\n"))

    head = server.taken[0].data.partition(b"\r\n\r\n")[0].decode()
    assert "From: Cron Daemon <system@firm.example>" in head
    assert "\nDate: " in head
    assert "\nMessage-ID: <" in head


def test_a_text_without_any_header_is_a_body(run, server):
    silent(run("anna@client.example", input="disk full\n"))

    assert server.taken[0].data.endswith(b"\r\n\r\ndisk full\r\n")


# -- whose account sends


@pytest.mark.parametrize(
    ("words", "header", "account"),
    [
        pytest.param(("-a", "system"), "From: contact@firm.example\n", "system", id="the one named"),
        pytest.param(("-f", "contact@firm.example"), "From: system@firm.example\n", "contact", id="that of -f"),
        pytest.param((), "From: The Firm <quotes@firm.example>\n", "contact", id="that of From, an alias"),
        pytest.param((), "From: root@host\n", "system", id="that for local mail"),
        pytest.param((), "", "system", id="that for local mail, without From"),
    ],
)
def test_the_account_is(run, server, outbox, words, header, account):
    silent(run(*words, "-odq", "anna@client.example", input=f"{header}Subject: x\n\nHello\n"))

    assert outbox.entries()[0].account == account


def test_without_an_account_for_local_mail_it_is_the_default_one(run, server, store, outbox):
    file = store / "store.toml"
    file.write_text(file.read_text().replace('account = "system"\n', ""))

    silent(run("-odq", "anna@client.example", input="Subject: x\n\nHello\n"))

    assert outbox.entries()[0].account == "contact"


def test_an_alias_that_only_receives_sends_nothing(run, cli, server, outbox):
    ok(cli("account", "set", "contact", 'aliases=[{address="quotes@firm.example",send=false}]'))

    ran = run("anna@client.example", input=NOTE.replace("contact@", "quotes@"))

    assert ran.status == 77
    assert outbox.entries() == ()


# -- how it ends


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        pytest.param((), 64, "no recipient", id="no recipient"),
        pytest.param(("-bv", "anna@client.example"), 64, "-bv is not supported", id="checking addresses"),
        pytest.param(("-bd",), 64, "-bd is not supported", id="a daemon"),
        pytest.param(("-Z", "anna@client.example"), 64, "no such option '-Z'", id="no such option"),
        pytest.param(("anna@client.example", "-f"), 64, "-f wants a value", id="no value"),
        pytest.param(("anna@",), 65, "bad address", id="a bad address"),
        pytest.param(("postgres",), 65, "'postgres' is a local name", id="a local name without an alias"),
        pytest.param(("-a", "nobody", "anna@client.example"), 78, "no account 'nobody'", id="no such account"),
    ],
)
def test_what_is_wrong_with_the_call_is_told(run, server, outbox, words, status, said):
    ran = run(*words)

    assert (ran.status, ran.out) == (status, "")
    assert ran.err.startswith(f"mailctl-sendmail: error: {said}")
    assert ran.err.count("\n") <= 2
    assert outbox.entries() == ()
    assert server.connections == 0


@pytest.mark.parametrize("at", [{"greeting": CLOSE}, {"auth": "535 no"}, {"mail": "451 later"}, {"dot": CLOSE}])
def test_what_cannot_go_now_is_safe_and_no_failure(run, server, outbox, at):
    server.at.update(at)

    silent(run("anna@client.example"))

    assert len(outbox.entries()) == 1


def test_refused_for_good_is_69_with_the_servers_words_and_nothing_is_kept(run, server, outbox):
    server.at["dot"] = "554 we do not like it"

    ran = run("anna@client.example")

    assert ran.status == 69
    assert "554 we do not like it" in ran.err
    assert "outbox" not in ran.err
    assert outbox.entries() == ()


def test_some_refused_is_no_failure_for_the_others_would_get_it_twice(run, server, outbox):
    server.refused["ben@client.example"] = "550 no such user"

    ran = run("anna@client.example", "ben@client.example")

    assert (ran.status, ran.out) == (0, "")
    assert "refused for 'ben@client.example': 550 no such user; kept in the outbox as 1" in ran.err
    assert len(server.taken) == 1


def test_what_cannot_be_stored_is_75(run, server, home):
    (home / "state").write_text("in the way")

    assert run("anna@client.example").status == 75
    assert server.taken == []


def test_a_store_that_is_not_there_is_78(run, monkeypatch, tmp_path):
    monkeypatch.setenv("MAILCTL_HOME", str(tmp_path / "other"))

    assert run("anna@client.example").status == 78


# -- rights


@pytest.fixture
def stranger(cli, server, store):
    """A store with people in it, of whom who runs the tests is none; `www` may be allowed by a test."""
    ok(cli("collaborator", "add", "bob", "--name", "Bob", "--email", "bob@firm.example"))

    def allow(*logins):
        file = store / "store.toml"
        names = ", ".join(f'"{login}"' for login in logins)
        file.write_text(file.read_text().replace("[sendmail]\n", f"[sendmail]\nlogins = [{names}]\n"))

    return allow


def test_who_is_nobody_may_not_send(run, stranger, outbox):
    ran = run("anna@client.example", input="Subject: x\n\nHello\n")

    assert ran.status == 77
    assert outbox.entries() == ()


@pytest.mark.parametrize("login", ["*", None])
def test_a_login_that_the_store_names_may_send_through_the_account_for_local_mail(run, stranger, server, login):
    from mailctl.login import login_name

    stranger(login or login_name())

    silent(run("anna@client.example", input="Subject: x\n\nHello\n"))

    assert server.taken[0].sender == "system@firm.example"


def test_and_through_no_other(run, cli, stranger, outbox):
    stranger("*")

    assert run("-a", "contact", "anna@client.example").status == 77
    assert run("anna@client.example").status == 77  # From is an address of `contact`
    assert run("-a", "system", "anna@client.example").status == 77
    assert cli("send", "anna@client.example", "-a", "system", "-s", "x", input="Hello").status == 77
    assert outbox.entries() == ()


# -- the queue


def test_the_outbox_is_listed_and_flushed(run, server, outbox):
    silent(run("-odq", "anna@client.example"))

    listed = run("-bp")
    assert listed.status == 0
    assert listed.out.startswith("1\tqueued\t")
    assert listed.out.endswith("\tanna@client.example\n")
    silent(run("-q"))
    assert len(server.taken) == 1
    assert run("-bp").out == "Mail queue is empty\n"


def test_as_mailq_it_lists(run, server, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/mailq"])

    assert run().out == "Mail queue is empty\n"


# -- the options


@pytest.mark.parametrize("words", [("--help",), ("--version",)])
def test_it_explains_itself(run, words):
    ran = run(*words)

    assert ran.status == 0
    assert "mailctl-sendmail" in ran.out


@given(st.lists(st.text(max_size=8)))
def test_whatever_the_options_are_they_are_taken_or_refused(words):
    try:
        options = parsed(words)
    except UsageError:
        return
    assert set(options.recipients) <= set(words)


@given(st.lists(st.text(max_size=8)))
def test_behind_two_dashes_all_is_recipients(words):
    assert parsed(["-i", "--", *words]).recipients == tuple(words)


def test_typer_is_not_loaded(server):
    import subprocess

    script = "import sys; from mailctl.sendmail import main; main(['-bp']); print({'typer', 'rich'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert ran.stdout.splitlines()[-1] == "set()"
