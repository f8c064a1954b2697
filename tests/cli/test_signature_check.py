"""`signature check` finds what no fault is and yet is not meant: empty fields, heavy images, images elsewhere."""

import pytest

from conftest import ok

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def check(cli):
    """What there is to look at, without the account: alias, collaborator, kind, text."""

    def run(*words: str, status: int = 1) -> list[tuple[str, ...]]:
        ran = cli("signature", "check", *(words or ("contact",)))
        assert ran.status == status, ran.err
        return [tuple(row[1:]) for row in ran.rows]

    return run


def sign(cli, text: str, *words: str, part: str = "text") -> None:
    ok(cli("signature", "set", "contact", f"--{part}", "-", *words, input=text))


def test_a_field_that_a_sender_has_not_filled_in_is_named_with_what_to_type(cli, firm, check):
    ok(cli("collaborator", "set", "alice", "title=Architecte"))
    ok(cli("rights", "grant", "contact", "bob", "send"))
    ok(cli("rights", "grant", "contact", "carol", "read"))
    sign(cli, "{{ collaborator.name }}\n{{ collaborator.title }}\n{{ account.display_name }}")

    assert check() == [("", "bob", "empty-field", "'bob' has no title: mailctl collaborator set bob title=…")]


def test_own_fields_that_others_have_count_too(cli, firm, check):
    ok(cli("rights", "grant", "contact", "bob", "send"))
    ok(cli("collaborator", "set", "bob", "fields.mobile=06"))
    sign(cli, "{% if collaborator.fields.mobile %}Mobile {{ collaborator.fields.mobile }}{% endif %}\n{{ firm }}")

    assert check() == [
        ("", "alice", "empty-field", "'alice' has no fields.mobile: mailctl collaborator set alice fields.mobile=…"),
        ("", "", "empty-field", "firm.name: empty"),
    ]


def test_each_is_told_once_for_all_texts_and_apart_for_each_alias(cli, firm, check):
    sign(cli, "{{ collaborator.title }}\nFirm")
    sign(cli, "<p>{{ collaborator.title }} {{ collaborator.phone }}</p>", part="html")
    sign(cli, "{{ collaborator.phone }}\nQuotes", "--alias", "quotes@firm.example")

    assert [row[:3] for row in check()] == [
        ("", "alice", "empty-field"), ("quotes@firm.example", "alice", "empty-field"),
    ]  # fmt: skip
    assert "no title, phone" in check()[0][3]


def test_a_heavy_image_and_one_elsewhere_are_found(cli, firm, check):
    (firm / "signatures/logo.png").write_bytes(PNG + bytes(100_000))
    (firm / "signatures/small.png").write_bytes(PNG)
    html = '<img src="logo.png"><img src=small.png><img src="https://cdn.example/x.png?a=1&amp;b=2">'
    sign(cli, html, part="html")

    assert check() == [
        ("", "", "heavy-image", "'logo.png' has 100,008 bytes, and goes along with every mail"),
        ("", "", "external-image", "'https://cdn.example/x.png?a=1&b=2' lies on a web server: many mail programs will "
                                   "not show it, and it tells who reads"),
    ]  # fmt: skip


def test_images_of_markdown_count_too(cli, firm, check):
    sign(cli, "![logo](https://cdn.example/x.png)", part="markdown")

    assert [row[2] for row in check()] == ["external-image"]


def test_a_fault_made_by_hand_is_told_with_its_line(cli, firm, check):
    file = firm / "accounts/contact.toml"
    file.write_text(file.read_text() + '\n[signature]\ntext = "{{ nosuch }}"\nhtml = "<img src=gone.png>"\n')
    line = file.read_text().splitlines().index('text = "{{ nosuch }}"') + 1

    found = check()

    assert [row[2] for row in found] == ["fault", "fault"]
    assert found[0][3].startswith(f"accounts/contact.toml:{line}: signature.text: 'nosuch' is undefined")
    assert "gone.png" in found[1][3]


def test_without_an_account_all_are_looked_through(cli, firm):
    for account in ("contact", "billing"):
        ok(cli("signature", "set", account, "--text", "-", input="{{ collaborator.phone }}\nend"))

    found = cli("signature", "check", "--json")

    assert found.status == 1
    assert [(one["account"], one["collaborator"]) for one in found.json] == [("billing", "bob"), ("contact", "alice")]
    assert {one["account"] for one in cli("--as", "bob", "signature", "check", "--json").json} == {"billing", "contact"}


def test_nothing_to_look_at_is_silent(cli, firm):
    sign(cli, "{{ collaborator.name }}")

    ran = ok(cli("signature", "check"))

    assert (ran.out, ran.err) == ("", "nothing to look at\n")
    assert ok(cli("signature", "check", "--json")).json == []


def test_it_takes_a_right_on_the_account(cli, firm):
    assert cli("--as", "carol", "signature", "check", "contact").status == 77
    assert cli("signature", "check", "contcat").status == 67


def test_a_store_of_one_person_has_nobody_whose_fields_are_empty(cli, store):
    ok(cli("account", "add", "me", "--address", "someone@gmail.com"))
    ok(cli("signature", "set", "me", "--text", "-", input="{{ collaborator.name }}\n{{ account.address }}"))

    assert ok(cli("signature", "check", "me")).out == ""
