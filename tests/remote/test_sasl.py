"""Which way to log in, and its bytes, checked against the RFCs' own examples."""

import pytest

from mailctl.domain.account import Auth, AuthMethod, Security, Server
from mailctl.errors import LoginRefusedError
from mailctl.remote.sasl import answers, encoded, mechanism, oauthbearer, plain, xoauth2


def server(method=AuthMethod.PASSWORD, login="tim", security=Security.TLS):
    return Server(host="server.example.com", port=143, security=security, login=login, auth=Auth(method=method))


def test_plain_is_rfc_4616s_example():
    assert plain("tim", "tanstaaftanstaaf") == b"\0tim\0tanstaaftanstaaf"


def test_oauthbearer_is_rfc_7628s_example():
    made = oauthbearer(
        "user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", host="server.example.com", port=143
    )

    assert encoded(made) == (
        "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRj"
        "Mk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
    )


def test_oauthbearer_escapes_what_separates():
    assert oauthbearer("a=b,c", "t", host="h", port=1).startswith(b"n,a=a=3Db=2Cc,\x01")


def test_xoauth2_is_googles_example():
    made = xoauth2("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg")

    assert encoded(made) == (
        "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZ"
        "Mjl0Q2cBAQ=="
    )


def test_letters_beyond_ascii_are_utf_8():
    assert plain("zoë", "pässwörd") == "\0zoë\0pässwörd".encode()
    assert answers("LOGIN", server(login="zoë"), "ü") == ("zoë".encode(), "ü".encode())


def test_a_secret_that_is_not_utf_8_goes_as_it_came():
    assert plain("a", b"\xe9t\xe9".decode("utf-8", "surrogateescape")) == b"\0a\0\xe9t\xe9"
    assert answers("LOGIN", server(), "\udcff")[1] == b"\xff"


@pytest.mark.parametrize(
    ("method", "offered", "chosen"),
    [
        (AuthMethod.PASSWORD, "LOGIN PLAIN", "PLAIN"),
        (AuthMethod.PASSWORD, "login", "LOGIN"),
        (AuthMethod.PASSWORD, "CRAM-MD5 XOAUTH2 LOGIN", "LOGIN"),
        (None, "PLAIN", "PLAIN"),
        (AuthMethod.OAUTH2, "PLAIN XOAUTH2", "XOAUTH2"),
        (AuthMethod.OAUTH2, "XOAUTH2 OAUTHBEARER", "OAUTHBEARER"),
    ],
)
def test_the_way_that_both_know_is_taken(method, offered, chosen):
    assert mechanism(server(method), offered.split()) == chosen


@pytest.mark.parametrize(
    ("method", "offered", "said"),
    [
        (AuthMethod.PASSWORD, "XOAUTH2 CRAM-MD5", "no login with a password, only CRAM-MD5, XOAUTH2"),
        (AuthMethod.OAUTH2, "PLAIN LOGIN", "no login with an OAuth2 token, only LOGIN, PLAIN"),
        (AuthMethod.PASSWORD, "", "no login with a password, none at all"),
    ],
)
def test_a_token_is_never_given_as_a_password_nor_a_password_as_a_token(method, offered, said):
    with pytest.raises(LoginRefusedError, match=said) as caught:
        mechanism(server(method), offered.split())

    assert "auth.method" in caught.value.hint


def test_without_tls_a_missing_login_hints_at_tls():
    with pytest.raises(LoginRefusedError) as caught:
        mechanism(server(security=Security.NONE), ())

    assert "security=starttls" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "number", "last"),
    [("PLAIN", 1, b"\0tim\0s"), ("LOGIN", 2, b"s"), ("XOAUTH2", 2, b""), ("OAUTHBEARER", 2, b"\x01")],
)
def test_each_question_has_its_answer(name, number, last):
    said = answers(name, server(), "s")

    assert (len(said), said[-1]) == (number, last)
    assert encoded(b"") == ""
