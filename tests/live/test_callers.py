"""Programs that call sendmail(8) are run for real on `mailctl-sendmail`; with the network off nothing is lost."""

import os
import pwd
import shlex
import subprocess
import sys
import time
from email import message_from_bytes, policy

import pytest

from conftest import ok
from mailctl.local.outbox import Outbox
from support.small_disk import AS_ROOT

pytestmark = pytest.mark.live

BARE = {"PATH": "/usr/bin:/bin"}  # what cron's own mail has: neither HOME nor a user's settings


@pytest.fixture
def sendmail(cli, store, mail, home, monkeypatch, tmp_path):
    """The program as callers know it: a path that sets all that is not in their environment; and an account."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    ok(cli("account", "add", "contact", "--address", mail.address("contact"), "--display-name", "The Firm",
           "--imap-host", mail.host, "--imap-port", str(mail.imaps_port), "--imap-security", "tls",
           "--smtp-host", mail.host, "--smtp-port", str(mail.submission_port), "--smtp-security", "starttls",
           "--ca-file", str(mail.ca_file), "--password-env", "CONTACT_PASSWORD", "--no-discover"))  # fmt: skip
    file = store / "store.toml"
    login = pwd.getpwuid(os.getuid()).pw_name
    file.write_text(file.read_text() + f'[sendmail]\naliases = {{ {login} = "alice@mail.test" }}\n')
    program = tmp_path / "sbin/sendmail"
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\nexport MAILCTL_HOME={shlex.quote(str(home))} CONTACT_PASSWORD={shlex.quote(mail.password)}\n"
        f'exec {shlex.quote(sys.executable)} -m mailctl.sendmail "$@"\n'
    )
    program.chmod(0o755)
    return program


@pytest.fixture
def outbox(home):
    return Outbox(home / "state/outbox")


def parsed(raw):
    return message_from_bytes(raw, policy=policy.default)


def by_neomutt(sendmail):
    words = ["neomutt", "-n", "-F", "/dev/null", "-e", f'set sendmail="{sendmail} -oem -oi"',
             "-e", 'set from="contact@mail.test" use_envelope_from=yes copy=no record="" dsn_notify="failure"',
             "-s", "By neomutt é", "--", "alice@mail.test"]  # fmt: skip
    home = str(sendmail.parent)
    return subprocess.run(
        words,
        input="Hello é\n",
        text=True,
        capture_output=True,
        check=False,
        env={**BARE, "HOME": home, "LANG": "C.UTF-8"},
    )


def by_php(sendmail):
    script = """
        exit(mail("alice@mail.test", "By PHP", "Hello\\n.\\nthere", "From: contact@mail.test", "-fcontact@mail.test")
             ? 0 : 1);
    """
    words = ["php", "-n", "-d", f"sendmail_path={sendmail} -t -i", "-r", script]
    return subprocess.run(words, capture_output=True, text=True, check=False, env=BARE)


def by_debians_cron(sendmail):
    login = pwd.getpwuid(os.getuid()).pw_name
    note = f"From: {login} (Cron Daemon)\nTo: {login}\nSubject: Cron <{login}@host> By cron\n\ndisk full\n"
    words = [sendmail, "-FCronDaemon", "-i", "-B8BITMIME", "-oem", login]
    return subprocess.run(words, input=note, capture_output=True, text=True, check=False, env=BARE)


def by_cronie(sendmail):
    login = pwd.getpwuid(os.getuid()).pw_name
    note = f'From: "(Cron Daemon)" <{login}>\nTo: {login}\nSubject: Cron <{login}@host> By cronie\n\ndisk full\n'
    words = [sendmail, "-FCronDaemon", "-i", "-odi", "-oem", "-oi", "-t", "-f", login]
    return subprocess.run(words, input=note, capture_output=True, text=True, check=False, env=BARE)


def by_git(sendmail):
    place = sendmail.parent / "repository"
    environ = {**BARE, "HOME": str(sendmail.parent), "GIT_CONFIG_GLOBAL": os.devnull}
    own = ("-c", "user.name=The Firm", "-c", "user.email=contact@mail.test")
    for words in (
        ("init", "-q", str(place)),
        ("-C", str(place), *own, "commit", "-q", "--allow-empty", "-m", "First"),
        ("-C", str(place), *own, "commit", "-q", "--allow-empty", "-m", "By git"),
    ):
        subprocess.run(["git", *words], check=True, env=environ)
    subprocess.run(["git", "-C", place, "format-patch", "-q", "-1", "--always"], check=True, env=environ)
    [patch] = place.glob("*.patch")
    return subprocess.run(
        ["git", "-C", place, *own, "send-email", "--quiet", "--confirm=never", "--suppress-cc=all",
         "--from=contact@mail.test", "--to=alice@mail.test", f"--sendmail-cmd={sendmail}", patch],
        capture_output=True, text=True, check=False, env=environ,
    )  # fmt: skip


def by_symfony(sendmail):
    script = """
        require "Symfony/Component/Mailer/autoload.php";
        $mail = (new Symfony\\Component\\Mime\\Email())->from("contact@mail.test")->to("alice@mail.test")
            ->subject("By Symfony é")->text("Hello\\n.\\nthere");
        (new Symfony\\Component\\Mailer\\Transport\\SendmailTransport($argv[1] . " -bs"))->send($mail);
    """
    words = ["php", "-d", "include_path=/usr/share/php", "-r", script, "--", str(sendmail)]
    return subprocess.run(words, capture_output=True, text=True, check=False, env=BARE)


def by_rails(sendmail):
    script = """
        require "mail"
        Mail.defaults { delivery_method :sendmail, location: ARGV[0] }
        Mail.deliver do
          from "contact@mail.test"
          to "alice@mail.test"
          subject "By Rails é"
          body "Hello"
        end
    """
    words = ["ruby", "-W0", "-e", script, str(sendmail)]
    return subprocess.run(words, capture_output=True, text=True, check=False, env={**BARE, "LANG": "C.UTF-8"})


CALLERS = {"neomutt": by_neomutt, "PHP": by_php, "cron": by_debians_cron, "cronie": by_cronie, "git": by_git,
           "Symfony": by_symfony, "Rails": by_rails}  # fmt: skip


@pytest.mark.parametrize("name", CALLERS)
def test_its_mail_arrives(mail, sendmail, outbox, name):
    ran = CALLERS[name](sendmail)

    assert (ran.returncode, ran.stderr) == (0, "")
    [arrived] = mail.await_messages("alice")
    assert f"By {name}" in parsed(arrived)["Subject"]
    assert outbox.entries() == ()


def test_with_the_network_off_all_is_queued_and_with_it_on_each_goes_once(cli, mail, sendmail, outbox):
    ok(cli("account", "set", "contact", "outgoing.port=1"))
    for call in CALLERS.values():
        ran = call(sendmail)
        assert (ran.returncode, ran.stderr) == (0, "")
    assert len(outbox.entries()) == len(CALLERS)

    ok(cli("account", "set", "contact", f"outgoing.port={mail.submission_port}"))
    ok(cli("outbox", "flush"))
    ok(cli("outbox", "flush"))

    mail.await_messages("alice", len(CALLERS))
    mail.drain()
    subjects = " ".join(parsed(raw)["Subject"] for raw in mail.messages("alice"))
    assert all(subjects.count(f"By {name}") == 1 for name in CALLERS if name != "cron")
    assert len(mail.messages("alice")) == len(CALLERS)
    assert outbox.entries() == ()


def test_php_hears_of_a_refusal(sendmail):
    script = 'exit(mail("x@refused.test", "s", "Hello", "From: contact@mail.test") ? 0 : 1);'
    words = ["php", "-n", "-d", f"sendmail_path={sendmail} -t -i", "-r", script]

    ran = subprocess.run(words, capture_output=True, text=True, check=False, env=BARE)

    assert ran.returncode == 1
    assert "550" in ran.stderr


def test_neomutt_hears_of_a_refusal(sendmail):
    words = ["neomutt", "-n", "-F", "/dev/null", "-e", f'set sendmail="{sendmail} -oem -oi" from="contact@mail.test"',
             "-e", 'set copy=no record=""', "-s", "x", "--", "x@refused.test"]  # fmt: skip

    ran = subprocess.run(
        words, input="Hello\n", text=True, capture_output=True, check=False, env={**BARE, "HOME": str(sendmail.parent)}
    )

    assert ran.returncode != 0


CRON = """
mount --bind {folder}/crontabs /var/spool/cron/crontabs
mount --bind {folder}/empty /etc/cron.d
mount --bind {folder}/nothing /etc/crontab
mount --bind {program} /usr/sbin/sendmail
mount -t tmpfs tmpfs /run
exec /usr/sbin/cron -f
"""


@pytest.fixture
def cron(tmp_path, sendmail):
    """The real cron, in a mount name space of its own: it sees one crontab, and our program as sendmail."""
    for name in ("crontabs", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "nothing").touch()
    tmp_path.chmod(0o755)
    crontab = tmp_path / "crontabs/root"
    crontab.write_text("MAILTO=alice@mail.test\n@reboot echo the disk is nearly full\n")
    crontab.chmod(0o600)
    for command in (["chown", "root", str(crontab)], ["chown", "root", str(tmp_path / "nothing")]):
        subprocess.run([*AS_ROOT, *command], check=True)
    script = CRON.format(folder=shlex.quote(str(tmp_path)), program=shlex.quote(str(sendmail)))
    process = subprocess.Popen(
        [*AS_ROOT, "unshare", "-m", "sh", "-ec", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=BARE
    )
    yield process
    subprocess.run([*AS_ROOT, "kill", str(process.pid)], check=False)
    process.communicate(timeout=20)


def test_what_a_job_of_the_real_cron_says_arrives(mail, cron):
    deadline = time.monotonic() + 60
    while not mail.messages("alice") and time.monotonic() < deadline:
        assert cron.poll() is None, cron.stderr.read()
        time.sleep(0.2)

    [arrived] = mail.messages("alice")
    assert "echo the disk is nearly full" in parsed(arrived)["Subject"]
    assert parsed(arrived).get_content().strip() == "the disk is nearly full"
