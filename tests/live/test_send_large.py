"""A file of 25 MB goes through real servers in little memory, and arrives whole."""

import os
import subprocess
import sys
from email import message_from_bytes, policy

import pytest

from conftest import ok

pytestmark = pytest.mark.live

SIZE = 25 << 20
MOST = 3 * 25  # MiB; the interpreter and its modules take about 30
# What a process was before it became another program counts as its memory: a small one starts it, not the tests
MEASURED = """
import os, subprocess, sys
with open(sys.argv[1], "rb") as given, subprocess.Popen(sys.argv[2:], stdin=given) as process:
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
print(used.ru_maxrss // 1024, file=sys.stderr)
sys.exit(process.returncode)
"""


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / "plan.pdf"
    path.write_bytes(os.urandom(SIZE))
    return path


def used_by(*words, given):
    """The mebibytes that a program took at most, once it has ended well."""
    ran = subprocess.run([sys.executable, "-c", MEASURED, str(given), sys.executable, "-m", *words],
                         capture_output=True, check=False)  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return int(ran.stderr.split()[-1])


def file_in(raw):
    [file] = message_from_bytes(raw, policy=policy.default).iter_attachments()
    return file.get_content()


def test_sending_it_takes_little_memory_and_it_arrives_as_does_its_copy(office, plan, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(b"Hello\n")

    used = used_by("mailctl", "send", "alice@mail.test", "-a", "contact", "-s", "Plan", "--attach", str(plan),
                   given=body)  # fmt: skip

    assert used <= MOST
    [arrived] = office.await_messages("alice")
    assert file_in(arrived) == plan.read_bytes()
    [copy] = office.messages("contact", "Sent")
    assert file_in(copy) == plan.read_bytes()


@pytest.mark.parametrize(
    "words", [("mailctl.sendmail", "-i", "-t"), ("mailctl.sendmail", "-t"), ("mailctl", "send", "--raw", "-")]
)
def test_handing_it_in_takes_little_memory_and_it_arrives(cli, office, plan, tmp_path, words):
    message = tmp_path / "message.eml"
    made = ok(cli("send", "alice@mail.test", "-a", "contact", "-s", "Plan", "--attach", str(plan), "--dry-run",
                  input="Hello"))  # fmt: skip
    message.write_text(made.out.replace("\r\n", "\n"))

    used = used_by(*words, given=message)

    assert used <= MOST
    [arrived] = office.await_messages("alice")
    assert file_in(arrived) == plan.read_bytes()


def test_handing_it_in_by_smtp_takes_little_memory_and_it_arrives(cli, office, plan, tmp_path):
    talk = tmp_path / "talk"
    made = ok(cli("send", "alice@mail.test", "-a", "contact", "-s", "Plan", "--attach", str(plan), "--dry-run",
                  input="Hello"))  # fmt: skip
    begin = "EHLO x\nMAIL FROM:<contact@mail.test>\nRCPT TO:<alice@mail.test>\nDATA\n"
    text = f"{begin}{made.out}.\nQUIT\n".replace("\r\n", "\n").replace("\n", "\r\n")
    talk.write_text(text, newline="")

    used = used_by("mailctl.sendmail", "-bs", given=talk)

    assert used <= MOST
    [arrived] = office.await_messages("alice")
    assert file_in(arrived) == plan.read_bytes()


def test_keeping_it_as_a_draft_and_sending_that_takes_little_memory(cli, office, plan, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(b"Hello\n")

    used = used_by("mailctl", "send", "alice@mail.test", "-a", "contact", "-s", "Plan", "--attach", str(plan), "--bcc",
                   "bob@mail.test", "--draft", given=body)  # fmt: skip

    assert used <= MOST
    [kept] = office.messages("contact", "Drafts")
    assert file_in(kept) == plan.read_bytes()
    assert b"Bcc: bob@mail.test" in kept

    number = ok(cli("draft", "list", "--json")).json[0]["id"]
    used = used_by("mailctl", "draft", "send", str(number), given=body)

    assert used <= MOST
    [arrived] = office.await_messages("alice")
    assert file_in(arrived) == plan.read_bytes()
