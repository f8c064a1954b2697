"""The send log's lines: one each, in msmtp's words, whatever a server says."""

import re
import shlex
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mailctl.domain.account import Auth, Security, Server
from mailctl.domain.message import Delivery, DeliveryRefusedError
from mailctl.domain.outgoing import Entry
from mailctl.domain.sendlog import line
from mailctl.errors import FateUnknownError, LoginRefusedError, ServerUnreachableError, TemporaryError

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
ENTRY = Entry(account="contact", message_id="<1@firm.example>", subject="the subject", sender="contact@firm.example",
              recipients=("a@x.example", "b@x.example"), size=10, created=NOW)  # fmt: skip
SERVER = Server(host="smtp.firm.example", port=465, security=Security.TLS, login="contact", auth=Auth())


def fields(reply="", error=None, entry=ENTRY):
    text = line(entry, SERVER, reply, error, NOW)
    assert text.count("\n") == 1
    moment, *pairs = shlex.split(text)
    assert moment == "2026-03-01T09:00:00Z"
    return dict(pair.split("=", 1) for pair in pairs)


def test_a_sent_message_has_the_fields_that_msmtps_users_look_for():
    assert fields("250 2.0.0 queued as 1") == {
        "host": "smtp.firm.example", "port": "465", "tls": "on", "auth": "on", "user": "contact",
        "account": "contact", "from": "contact@firm.example", "recipients": "a@x.example,b@x.example",
        "mailsize": "10", "messageid": "<1@firm.example>", "attempt": "1", "smtpstatus": "250",
        "smtpmsg": "250 2.0.0 queued as 1", "exitcode": "EX_OK",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (TemporaryError("smtp.firm.example:465 does not take the message now: 451 later"), "451", "EX_TEMPFAIL"),
        (DeliveryRefusedError("no", delivery=Delivery(accepted=(), refused=(), reply="554 never")), "554",
         "EX_PROTOCOL"),
        (LoginRefusedError("smtp.firm.example:465 refused the login of 'contact': 535 no"), "535", "EX_NOPERM"),
        (ServerUnreachableError("cannot reach smtp.firm.example:465: connection refused"), None, "EX_UNAVAILABLE"),
        (FateUnknownError("smtp.firm.example:465 did not say"), None, "EX_TEMPFAIL"),
    ],
)  # fmt: skip
def test_a_failure_has_its_words_and_code(error, status, code):
    found = fields(error=error)

    assert (found.get("smtpstatus"), found["exitcode"], found["errormsg"]) == (
        status,
        code,
        str(error).replace("'", '"'),
    )


def test_the_null_sender_stands_there_empty():
    assert fields("250 ok", entry=replace(ENTRY, sender=""))["from"] == ""


def test_neither_subject_nor_text_is_told():
    assert "subject" not in line(ENTRY, SERVER, "250 ok", None, NOW)


@given(st.text(max_size=50), st.text(max_size=50))
def test_nothing_that_comes_from_outside_makes_a_second_line_or_field(words, address):
    text = line(replace(ENTRY, sender=address), SERVER, words, TemporaryError(words), NOW)

    assert text.count("\n") == 1
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)
    assert [pair.partition("=")[0] for pair in shlex.split(text)][-1] == "exitcode"
    assert len(shlex.split(text)) <= 17
