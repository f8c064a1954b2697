"""Fixture `office`: an account on the real servers."""

import pytest

from conftest import Cli, ok
from support.mailservers import MailServers
from support.office import reach


@pytest.fixture
def office(cli: Cli, store: object, mail: MailServers, monkeypatch: pytest.MonkeyPatch) -> MailServers:
    """The servers, and the account `contact` on them, with an alias."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    ok(cli("account", "add", "contact", "--address", mail.address("contact"), "--display-name", "The Firm",
           "--alias", "billing@mail.test", *reach(mail)))  # fmt: skip
    return mail
