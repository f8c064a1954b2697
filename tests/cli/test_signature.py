"""Signatures are set, shown as each colleague would send them, and cleared; a faulty one is never kept."""

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from conftest import ok

SIGNATURE = """\
{{ collaborator.name }}
{{ collaborator.title }}
Tel. {{ collaborator.phone }}
{{ firm }} · {{ account.address }}
"""
PNG = b"\x89PNG\r\n\x1a\n"


def kept(firm: Path, account: str = "contact") -> Any:
    return tomllib.loads((firm / f"accounts/{account}.toml").read_text()).get("signature")


@pytest.fixture
def signed(cli, firm):
    """`contact` has a signature in text; alice has a title and a phone, bob has neither and may send."""
    ok(cli("collaborator", "set", "alice", "title=Architecte", "phone=+33 4 00"))
    ok(cli("rights", "grant", "contact", "bob", "send"))
    ok(cli("signature", "set", "contact", "--text", "-", input=SIGNATURE))
    return firm


def test_each_colleague_signs_with_her_own_name_and_no_empty_line(cli, signed):
    own = ok(cli("signature", "show", "contact")).out
    bobs = ok(cli("signature", "show", "contact", "--as", "bob")).out

    assert own == "Alice Martin\nArchitecte\nTel. +33 4 00\n · contact@firm.example\n"
    assert bobs == "Bob Roux\n · contact@firm.example\n"


def test_a_program_gets_all_of_it(cli, signed):
    shown = ok(cli("signature", "show", "contact", "--as", "bob", "--json")).json

    assert shown == {
        "account": "contact",
        "alias": None,
        "collaborator": "bob",
        "text": "Bob Roux\n · contact@firm.example",
        "html": None,
        "images": [],
        "position": "above",
        "source": {"text": SIGNATURE},
    }


def test_acting_for_somebody_shows_hers_too(cli, signed):
    assert ok(cli("--as", "bob", "signature", "show", "contact")).out.startswith("Bob Roux\n")


def test_a_watched_or_unsigned_account_shows_nothing(cli, firm):
    ran = ok(cli("signature", "show", "contact"))

    assert ran.out == ""
    assert "signature set contact" in ran.err
    assert ok(cli("signature", "show", "contact", "--json")).json["text"] is None


def test_the_firm_and_ones_own_fields_can_be_named(cli, firm):
    path = firm / "collaborators/bob.toml"
    path.write_text(path.read_text() + '\n[fields]\nmobile = "06 00"\n')
    store = firm / "store.toml"
    store.write_text('firm = "Durand & Fils"\n' + store.read_text())
    ok(cli("rights", "grant", "contact", "bob", "send"))

    ok(cli("signature", "set", "contact", "--text", "-", input="{{ firm }}\n{{ collaborator.fields.mobile }}\nend"))

    assert ok(cli("signature", "show", "contact", "--as", "bob")).out == "Durand & Fils\n06 00\nend\n"
    assert ok(cli("signature", "show", "contact", "--as", "alice")).out == "Durand & Fils\nend\n"


# -- set


def test_texts_come_from_files_and_leave_each_other_alone(cli, firm, tmp_path):
    (tmp_path / "s.txt").write_text("Firm\r\n")
    (tmp_path / "s.html").write_text("<p>Firm</p>\n")

    ok(cli("signature", "set", "contact", "--text", tmp_path / "s.txt", "--position", "below"))
    ran = ok(cli("signature", "set", "contact", "--html", tmp_path / "s.html", "--json"))

    assert kept(firm) == {"text": "Firm\n", "html": "<p>Firm</p>\n", "position": "below"}
    assert (ran.json["html"], ran.json["position"]) == ("<p>Firm</p>\n", "below")


def test_markdown_takes_the_place_of_html_and_makes_both(cli, firm):
    ok(cli("signature", "set", "contact", "--html", "-", input="<p>old</p>"))
    ok(cli("signature", "set", "contact", "--markdown", "-", input="**{{ collaborator.name }}**\nR&D"))

    shown = ok(cli("signature", "show", "contact", "--json")).json
    assert kept(firm) == {"markdown": "**{{ collaborator.name }}**\nR&D"}
    assert shown["html"] == "<p><strong>Alice Martin</strong><br />\nR&amp;D</p>\n"
    assert shown["text"] == "Alice Martin\nR&D"


def test_values_are_escaped_in_html(cli, firm):
    ok(cli("collaborator", "set", "alice", "title=<script>R&D"))
    ok(cli("signature", "set", "contact", "--html", "-", input="<p>{{ collaborator.title }}</p>"))

    assert ok(cli("signature", "show", "contact", "--json")).json["html"] == "<p>&lt;script&gt;R&amp;D</p>"


def test_an_image_comes_from_the_stores_folder(cli, firm):
    (firm / "signatures/logo.png").write_bytes(PNG)

    ok(cli("signature", "set", "contact", "--html", "-", input='<p>Firm <img src="logo.png"></p>'))

    shown = ok(cli("signature", "show", "contact", "--json")).json
    assert shown["images"] == ["logo.png"]
    assert 'src="cid:logo.png.' in shown["html"]
    assert shown["text"].startswith("Firm")


@pytest.mark.parametrize(
    ("source", "status", "said"),
    [
        pytest.param("nosuch.png", 66, "signatures/nosuch.png: no such file", id="missing"),
        pytest.param("folder.png", 66, "no file", id="a folder"),
        pytest.param("pipe.png", 66, "no file", id="a pipe"),
        pytest.param("../store.toml", 65, "no file of the store's signatures/", id="above"),
        pytest.param("/etc/hostname.png", 65, "no file of the store's signatures/", id="absolute"),
        pytest.param("link.png", 65, "leads out", id="a link that leads out"),
        pytest.param("large.png", 65, "more than 1,000,000 bytes", id="large"),
        pytest.param("logo.exe", 65, "none that mail shows", id="no image"),
    ],
)
def test_an_image_that_cannot_be_sent_is_refused(cli, firm, tmp_path, source, status, said):
    folder = firm / "signatures"
    (tmp_path / "outside.png").write_bytes(PNG)
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    (folder / "large.png").write_bytes(b"x" * 1_000_001)
    (folder / "folder.png").mkdir()
    os.mkfifo(folder / "pipe.png")

    ran = cli("signature", "set", "contact", "--html", "-", input=f'<img src="{source}">')

    assert ran.status == status
    assert said in ran.err
    assert kept(firm) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ok\n{{ colaborator.name }}", "standard input:2: 'colaborator' is undefined"),
        ("ok\n\n{{ collaborator.nmae }}", "standard input:3: there is no 'nmae'"),
        ("{{ collaborator.fields.mobil }}", "standard input:1: there is no 'mobil'"),
        ("{% if firm %}", "standard input:1: unexpected end"),
        ("a\0b", "U+0000"),
        ("x" * 64_001, "more than 64,000"),
    ],
)
def test_what_cannot_be_filled_in_is_refused_with_its_line(cli, signed, text, said):
    ran = cli("signature", "set", "contact", "--text", "-", input=text)

    assert ran.status == 65
    assert said in ran.err
    assert kept(signed) == {"text": SIGNATURE}


def test_a_signature_is_tried_for_all_who_may_send(cli, signed):
    faulty = "{% if collaborator.id == 'bob' %}{{ nosuch }}{% endif %}"

    assert cli("signature", "set", "contact", "--text", "-", input=faulty).status == 65


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["contact"], 2, "nothing to set"),
        (["contact", "--text", "-", "--html", "-"], 2, "once only"),
        (["contact", "--html", "a", "--markdown", "b"], 2, "not from both"),
        (["contact", "--text", "nosuch.txt"], 66, "nosuch.txt"),
        (["contact", "--text", "/"], 66, "/"),
        (["contact", "--text", "-", "--alias", "x@y.example"], 65, "no alias"),
        (["contat", "--text", "-"], 67, "contat"),
        (["contact", "--position", "left", "--text", "-"], 2, "left"),
    ],
)
def test_what_is_unclear_is_refused(cli, firm, words, status, said):
    ran = cli("signature", "set", *words, input="x")

    assert ran.status == status
    assert said in ran.err


def test_a_file_in_another_encoding_is_refused(cli, firm, tmp_path):
    (tmp_path / "s.txt").write_bytes("Société".encode("latin-1"))

    ran = cli("signature", "set", "contact", "--text", tmp_path / "s.txt")

    assert ran.status == 65
    assert "UTF-8" in ran.err


def test_an_alias_can_have_its_own(cli, signed):
    alias = ("--alias", "quotes@firm.example")
    assert ok(cli("signature", "show", "contact", *alias)).out.startswith("Alice Martin")

    ok(cli("signature", "set", "contact", *alias, "--text", "-", input="Quotes · {{ alias.address }}"))

    assert ok(cli("signature", "show", "contact", *alias)).out == "Quotes · quotes@firm.example\n"
    assert kept(signed) == {"text": SIGNATURE}
    ok(cli("signature", "clear", "contact", *alias, "--yes"))
    assert ok(cli("signature", "show", "contact", *alias)).out.startswith("Alice Martin")


def test_the_same_again_changes_nothing(cli, signed):
    ran = ok(cli("signature", "set", "contact", "--text", "-", input=SIGNATURE))

    assert "as it was" in ran.err


def test_setting_nothing_is_no_way_to_clear(cli, signed):
    refused = cli("signature", "set", "contact", "--text", "-", input="")

    assert (refused.status, "mailctl signature clear contact" in refused.err) == (65, True)
    assert ok(cli("signature", "show", "contact")).out


# -- clear, rights, check


def test_clearing_needs_a_yes(cli, signed):
    assert cli("signature", "clear", "contact").status == 2
    assert kept(signed) is not None

    ok(cli("signature", "clear", "contact", "--yes"))

    assert kept(signed) is None


@pytest.mark.parametrize(
    ("who", "words", "status"),
    [
        ("carol", ["show", "contact"], 77),
        ("bob", ["show", "contact"], 0),
        ("bob", ["set", "contact", "--text", "-"], 77),
        ("bob", ["set", "billing", "--text", "-"], 0),
        ("bob", ["edit", "contact"], 77),
        ("bob", ["clear", "contact", "--yes"], 77),
        ("carol", ["set", "carol", "--text", "-"], 0),
    ],
)
def test_who_has_a_right_sees_it_and_who_manages_changes_it(cli, firm, who, words, status):
    assert cli("--as", who, "signature", *words, input="x").status == status


def test_who_may_not_is_told_before_anything_is_read(cli, firm):
    ran = cli("--as", "bob", "signature", "set", "contact", "--text", "nosuch.txt")

    assert ran.status == 77


def test_a_change_is_entered_in_the_history(cli, home, monkeypatch):
    for name, value in {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}.items():
        monkeypatch.setenv(name, value)
    ok(cli("init", "--git"))
    ok(cli("account", "add", "me", "--address", "someone@gmail.com"))

    ok(cli("signature", "set", "me", "--text", "-", input="Me"))

    assert "change the signature of 'me'" in ok(cli("store", "log", "me")).out


def test_in_a_store_of_ones_own_there_is_no_collaborator_to_name(cli, store):
    ok(cli("account", "add", "me", "--address", "someone@gmail.com"))

    ok(cli("signature", "set", "me", "--text", "-", input="{{ collaborator.name }}\n{{ account.address }}"))

    assert ok(cli("signature", "show", "me")).out == "someone@gmail.com\n"


def test_check_finds_a_signature_that_became_faulty(cli, signed):
    ok(cli("signature", "set", "billing", "--html", "-", input="<p>x</p>"))
    path = signed / "accounts/contact.toml"
    path.write_text(path.read_text().replace("{{ firm }}", "{{ frim }}"))
    billing = signed / "accounts/billing.toml"
    billing.write_text(billing.read_text().replace("<p>x</p>", "<img src='gone.png'>"))
    wanted = 1 + path.read_text().splitlines().index("{{ frim }} · {{ account.address }}")

    ran = cli("store", "check")

    assert ran.status == 78
    assert ["accounts/contact.toml", str(wanted), "signature.text", "'frim' is undefined"] in ran.rows
    [other] = [row for row in ran.rows if row[0] == "accounts/billing.toml"]
    assert other[2:] == ["signature.html", "signatures/gone.png: no such file or directory"]


def test_a_good_store_passes_with_signatures(cli, signed):
    assert ok(cli("store", "check")).out == ""


def test_control_characters_do_not_reach_the_terminal(cli, firm):
    path = firm / "collaborators/alice.toml"
    path.write_text(path.read_text().replace("Alice Martin", "Alice\u202eMartin"))
    ok(cli("signature", "set", "contact", "--text", "-", input="{{ collaborator.name }}"))

    assert "\u202e" not in ok(cli("signature", "show", "contact")).out
