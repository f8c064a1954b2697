"""An address is read as people and programs write it, and what is none is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailctl.domain.address import Address, parse, parse_all, same, split
from mailctl.errors import BadDataError


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("anna@firm.example", Address("anna", "firm.example")),
        (" anna@firm.example ", Address("anna", "firm.example")),
        ("<anna@firm.example>", Address("anna", "firm.example")),
        ("Anna Martin <anna@firm.example>", Address("anna", "firm.example", "Anna Martin")),
        ('"Martin, Anna" <anna@firm.example>', Address("anna", "firm.example", "Martin, Anna")),
        (r'"A \"B\" \\ C" <anna@firm.example>', Address("anna", "firm.example", 'A "B" \\ C')),
        ("Zoé <zoé@bücher.example>", Address("zoé", "bücher.example", "Zoé")),
        ('"a b"@firm.example', Address('"a b"', "firm.example")),
        ("a+b.c-d_e@firm.example", Address("a+b.c-d_e", "firm.example")),
        ("root@localhost", Address("root", "localhost")),
        ("a@[192.0.2.1]", Address("a", "[192.0.2.1]")),
    ],
)
def test_an_address_is_understood(text, found):
    assert parse(text) == found


@pytest.mark.parametrize(
    "text",
    ["", "anna", "@firm.example", "anna@", "a b@firm.example", "anna@firm..example", "anna@-firm.example",
     "a@b@c.example",
     ".a@firm.example", "a.@firm.example", "a..b@firm.example", "a,b@firm.example", "a@firm.example, b@firm.example",
     "anna@firm.example\r\nBcc: x@y.example", "anna@firm.example\0", "x" * 65 + "@firm.example",
     "a@" + "x" * 64 + ".example", "a@" + "x." * 130 + "example", "Anna <anna@firm.example", "a@firm example"],
)  # fmt: skip
def test_what_is_none_is_refused(text):
    with pytest.raises(BadDataError) as caught:
        parse(text)

    assert "\n" not in str(caught.value)
    assert "\r" not in str(caught.value)


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=40).map(str.strip))
def test_what_is_shown_is_understood_again(name):
    address = Address("anna", "firm.example", name)

    assert parse(str(address)) == address


@given(st.text(max_size=60))
def test_whatever_is_typed_is_an_address_or_refused(text):
    try:
        found = parse(text)
    except BadDataError:
        return
    assert "@" in found.spec


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a@b.example, c@d.example", ("a@b.example", "c@d.example")),
        ('"Martin, Anna" <a@b.example>,c@d.example', ('"Martin, Anna" <a@b.example>', "c@d.example")),
        (r'"a\", b" <a@b.example>, c@d.example', (r'"a\", b" <a@b.example>', "c@d.example")),
        (" , a@b.example,, ", ("a@b.example",)),
        ("", ()),
    ],
)
def test_a_list_is_split_at_its_commas_and_at_no_other(text, parts):
    assert split(text) == parts


@given(st.text(alphabet='ab ,,<>"\\\n', max_size=40))
def test_a_list_is_split_as_if_read_letter_by_letter(text):
    assert split(text) == letter_by_letter(text)


def letter_by_letter(text):
    parts, depth, quoted, escaped = [""], 0, False, False
    for letter in text:
        if escaped or (letter == "\\" and quoted):
            escaped = not escaped
        elif letter == '"':
            quoted = not quoted
        elif not quoted:
            depth += (letter == "<") - (letter == ">")
            if letter == "," and depth <= 0:
                parts.append("")
                continue
        parts[-1] += letter
    return tuple(part.strip() for part in parts if part.strip())


def test_several_lists_are_one():
    found = parse_all(("a@b.example, Anna <c@d.example>", "e@f.example"))

    assert [one.spec for one in found] == ["a@b.example", "c@d.example", "e@f.example"]


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        (Address("a", "bücher.example"), "a@xn--bcher-kva.example"),
        (Address("a", "BÜCHER.example"), "a@xn--bcher-kva.example"),
        (Address("zoé", "bücher.example"), "zoé@bücher.example"),
        (Address("a", "firm.example"), "a@firm.example"),
    ],
)
def test_a_domain_is_ascii_on_the_wire_where_the_local_part_is(address, wire):
    assert address.wire == wire


def test_a_domain_that_idna_does_not_know_is_refused():
    with pytest.raises(BadDataError, match="bad address"):
        _ = Address("a", "a\u200b☃\u0378.example").wire


def test_case_makes_no_difference():
    assert same("Anna@Firm.example", "anna@firm.EXAMPLE")
    assert not same("anna@firm.example", "ana@firm.example")
