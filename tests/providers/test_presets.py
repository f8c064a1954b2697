"""Every preset file, and how a preset is found."""

import ipaddress
import tomllib
from collections import Counter

import pytest

from mailctl.domain.account import Account, Security
from mailctl.domain.address import parse
from mailctl.domain.provider import MOST_CONNECTIONS, connections_of
from mailctl.errors import ProviderNotFoundError
from mailctl.providers import FOLDER, names, provider, provider_for, providers

PORTS = {
    "incoming": {(993, Security.TLS), (143, Security.STARTTLS)},
    "outgoing": {(465, Security.TLS), (587, Security.STARTTLS)},
}
WITHOUT_SERVERS = {"cpanel", "generic"}
ON_THIS_MACHINE = {"proton-bridge"}


@pytest.mark.parametrize("name", names())
def test_a_preset_says_its_name_and_its_source(name):
    preset = provider(name)

    assert preset.id == name
    assert preset.name
    assert preset.source == "unverified" or preset.source.startswith("ispdb/")


@pytest.mark.parametrize("name", sorted(set(names()) - WITHOUT_SERVERS - ON_THIS_MACHINE))
@pytest.mark.parametrize("side", ["incoming", "outgoing"])
def test_a_preset_is_encrypted_on_a_standard_port(name, side):
    server = getattr(provider(name), side)

    assert (server.port, server.security) in PORTS[side]
    assert "." in server.host
    assert server.host == server.host.lower()


@pytest.mark.parametrize("name", sorted(WITHOUT_SERVERS))
def test_a_preset_for_any_host_names_none(name):
    assert (provider(name).incoming, provider(name).outgoing) == (None, None)


@pytest.mark.parametrize("name", sorted(ON_THIS_MACHINE))
def test_a_preset_for_this_machine_stays_on_it(name):
    preset = provider(name)

    assert preset.incoming is not None
    assert ipaddress.ip_address(preset.incoming.host).is_loopback


def test_no_domain_belongs_to_two_presets():
    counts = Counter(domain for preset in providers() for domain in preset.domains)

    assert [domain for domain, count in counts.items() if count > 1] == []


def test_every_domain_is_one_that_an_address_can_have():
    domains = [domain.removeprefix("*.") for preset in providers() for domain in preset.domains]

    assert [domain for domain in domains if parse(f"a@{domain}").domain != domain] == []


def test_every_file_is_plain_toml_that_says_nothing_twice():
    for path in FOLDER.glob("*.toml"):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        assert "id" not in table, path.name


@pytest.mark.parametrize(
    ("address", "name"),
    [
        pytest.param("someone@free.fr", "free", id="a domain of a preset"),
        pytest.param("Someone@Free.FR", "free", id="in another case"),
        pytest.param("someone@free.fr.", "free", id="with the root's dot"),
        pytest.param("x@firm.onmicrosoft.com", "microsoft365", id="a label before a wildcard"),
        pytest.param("x@a.firm.onmicrosoft.com", None, id="two labels before a wildcard"),
        pytest.param("x@notfree.fr", None, id="a longer label"),
        pytest.param("x@sub.free.fr", None, id="a subdomain"),
        pytest.param("contact@firm.example", None, id="a firm's own domain"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_the_preset_of_an_address(address, name):
    found = provider_for(address)

    assert (found.id if found else None) == name


def test_a_misspelt_name_is_guessed():
    with pytest.raises(ProviderNotFoundError, match="no provider 'gmial'") as caught:
        provider("gmial")

    assert caught.value.hint.startswith("did you mean 'gmail'?")


@pytest.mark.parametrize("name", ["../secrets/x", "", ".", "gmail.toml", "GMAIL"])
def test_a_name_is_no_path(name):
    with pytest.raises(ProviderNotFoundError):
        provider(name)


@pytest.mark.parametrize(
    ("written", "preset", "most"),
    [
        pytest.param(None, None, MOST_CONNECTIONS, id="a few where nobody says otherwise"),
        pytest.param(None, "gmail", MOST_CONNECTIONS, id="a few where the provider allows many"),
        pytest.param(None, "icloud", 2, id="the provider's where it allows few"),
        pytest.param(1, "icloud", 1, id="the account's before all"),
        pytest.param(6, None, 6, id="the account's, more than a few"),
    ],
)
def test_how_many_connections_fetching_opens(written, preset, most):
    account = Account(name="contact", address="contact@firm.example", connections=written)

    assert connections_of(account, provider(preset) if preset else None) == most
