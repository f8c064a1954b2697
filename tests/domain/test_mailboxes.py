"""Address headers as text that can be taken apart again, however they were written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.domain.mailboxes import mailboxes


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("Anna <a@x.example>", "Anna <a@x.example>", id="a name"),
        pytest.param('"Martin, Anna" <a@x.example>', '"Martin, Anna" <a@x.example>', id="a comma in quotes"),
        pytest.param("=?utf-8?q?Martin=2C_Anna?= <a@x.example>", '"Martin, Anna" <a@x.example>', id="an encoded comma"),
        pytest.param('"=?utf-8?q?=C3=89lo?=" <a@x.example>', "Élo <a@x.example>", id="an encoded word in quotes"),
        pytest.param("=?utf-8?q?b=40y_=3Cb=40y=3E?= <a@x.example>", '"b@y <b@y>" <a@x.example>',
                     id="an address in a name stays a name"),
        pytest.param("a@x.example (Anna)", "Anna <a@x.example>", id="the name in a comment"),
        pytest.param("a@x.example; b@x.example", "a@x.example, b@x.example", id="Outlook's semicolons"),
        pytest.param("Team: a@x.example, B <b@x.example>;", "a@x.example, B <b@x.example>", id="a group"),
        pytest.param("undisclosed-recipients:;", "", id="an empty group"),
        pytest.param("<a@x.example>", "a@x.example", id="brackets only"),
        pytest.param("a@[IPv6:::1]", "a@[IPv6:::1]", id="an address literal"),
        pytest.param('"a b"@x.example', '"a b"@x.example', id="a quoted local part"),
        pytest.param("Nobody", "Nobody", id="no address"),
        pytest.param("Daemon <>", "Daemon", id="an empty address"),
        pytest.param("a@x.example,,", "a@x.example", id="commas too many"),
        pytest.param('"Anna <a@x.example>', '"\\"Anna" <a@x.example>', id="a quote not closed"),
    ],
)  # fmt: skip
def test_addresses_can_be_taken_apart_again(value, text):
    assert mailboxes(value) == text


@given(st.text(alphabet='ab@.<>()[]",;:\\ =?utf-8q\udcff', max_size=200))
def test_any_header_becomes_text(value):
    mailboxes(value).encode("utf-8", "replace")
