"""A template becomes a draft: what is given is in its place, and nowhere else."""

from datetime import date

import pytest

from mailctl.domain.address import parse
from mailctl.domain.message import Attachment, Draft
from mailctl.errors import BadDataError, InputMissingError, TemplateFaultError
from mailctl.services.filling import Filler
from mailctl.store import templates

HEAD = """subject = "Facture {{ numero }}"
to = "{{ contact }} <{{ adresse }}>"

[variables.numero]
[variables.contact]
default = "Anna"
[variables.adresse]
type = "address"
default = "anna@x.example"
"""
BODY = "Bonjour {{ contact }},\n\nla facture **{{ numero }}**.\n"
FIXED = {"today": date(2026, 11, 24), "firm": {"name": "Durand"}, "account": {"address": "contact@firm.example"}}


@pytest.fixture
def filler(tmp_path):
    """What makes a filler of a front matter and a body."""

    def made(head=HEAD, body=BODY, **fragments):
        text = f"+++\n{head}+++\n{body}"
        return Filler(
            *templates.template_in("t", text), FIXED, fragments=lambda name: fragments[name], folder=tmp_path
        )  # fmt: skip

    return made


def test_text_and_page_come_of_one_source(filler):
    draft = filler().draft({"numero": "F-104"})

    assert draft.subject == "Facture F-104"
    assert [str(one) for one in draft.to] == ["Anna <anna@x.example>"]
    assert draft.body == "Bonjour Anna,\n\nla facture **F-104**.\n"
    assert "<p>Bonjour Anna,</p>\n<p>la facture <strong>F-104</strong>.</p>" in (draft.html or "")


def test_the_second_mail_is_filled_like_the_first(filler):
    made = filler()

    both = [made.draft({"numero": number, "contact": contact}) for number, contact in (("1", "A"), ("2", "<B>"))]

    assert [one.subject for one in both] == ["Facture 1", "Facture 2"]
    assert "<p>Bonjour A,</p>" in both[0].html
    assert "<p>Bonjour &lt;B&gt;,</p>" in both[1].html
    assert len(made.frames) == 1


def test_what_was_said_beside_goes_before_the_template(filler):
    start = Draft(
        to=(parse("bob@x.example"),),
        subject="Mine",
        attachments=(Attachment(filename="a.txt", content=b"x"),),
        headers=(("X-K", "v"),),
        signed=False,
    )

    draft = filler(HEAD.replace("to =", 'cc = "c@x.example"\nunsubscribe = "mailto:stop@x.example"\nto =')).draft(
        {"numero": "1"}, start=start
    )

    assert (draft.to, draft.subject, draft.signed) == (start.to, "Mine", False)
    assert [str(one) for one in draft.cc] == ["c@x.example"]
    assert draft.attachments == start.attachments
    assert draft.headers == (("X-K", "v"), ("List-Unsubscribe", "<mailto:stop@x.example>"))


def test_all_missing_variables_are_named_at_once(filler):
    made = filler(
        "[variables.a]\n[variables.b]\ntype = 'date'\n[variables.c]\ndefault = 'x'\n", "{{ a }}{{ b }}{{ c }}"
    )

    assert [one.name for one in made.missing({})] == ["a", "b"]
    with pytest.raises(BadDataError, match="template 't' needs 'a', 'b'") as caught:
        made.draft({})
    assert caught.value.hint == "--var a=… --var b=…"


def test_columns_that_are_no_variables_are_left_alone_unless_one_asks(filler):
    made = filler()

    assert made.draft({"numero": "1", "town": "Lyon"}).subject == "Facture 1"
    with pytest.raises(BadDataError, match=r"'nmuero' is no variable of it \(did you mean 'numero'\?\)"):
        made.refuse_unknown({"nmuero": "1"})


def test_variables_have_two_names_and_their_types(filler):
    made = filler(
        "language = 'fr'\n[variables.montant]\ntype = 'amount'\n[variables.jour]\ntype = 'date'\n"
        "[variables.paye]\ntype = 'bool'\ndefault = false\n",
        "{{ variables.montant | amount }} {{ jour }} {{ jour | date('short') }} {{ paye }}"
        "{% if not paye and jour < today %} retard{% endif %}{{ (montant * 1.2) | number(2) }}",
    )

    text = made.draft({"montant": "1234,5", "jour": "01/11/2026"}).body

    assert text == "1\u202f234,50\xa0€ 1er novembre 2026 01/11/2026 non retard1\u202f481,40"


@pytest.mark.parametrize(
    ("head", "body", "place", "said"),
    [
        pytest.param(HEAD, "a\n\n{{ nmuero }}", "templates/t.md:14", "'nmuero' is undefined (did you mean 'numero'?)",
                     id="in the body"),
        pytest.param(HEAD, "{% if numero == 'never' %}\n{{ nmuero }}{% endif %}", "templates/t.md:13", "'nmuero'",
                     id="where nobody comes by"),
        pytest.param(HEAD, "{{ variables.nmuero }}", "templates/t.md:12", "no 'nmuero' in 'variables'",
                     id="among the variables"),
        pytest.param(HEAD, "{{ account.adress }}", "templates/t.md:12",
                     "no 'adress' in 'account' (did you mean 'address'?)", id="of the account"),
        pytest.param(HEAD, "{{ affair.ref }}", "templates/t.md:12", "'affair' is undefined", id="no affair"),
        pytest.param(HEAD.replace("{{ numero }}", "{{ n }}"), "", "templates/t.md:2", "'n' is undefined",
                     id="in the subject"),
        pytest.param(HEAD, "x {{ numero.__class__ }}", "templates/t.md:12", "no '__class__'", id="into Python"),
        pytest.param(HEAD, "\n{{ ''.__class__.__mro__ }}", "templates/t.md:13", "no '__class__'", id="through a text"),
        pytest.param(HEAD, "{{ numero | attr('__class__') }}", "templates/t.md:12", "no filter named 'attr'",
                     id="by a filter"),
        pytest.param(HEAD, "{{ today.replace(year=1) }}", "templates/t.md:12", "no 'replace'", id="by a method"),
        pytest.param(HEAD, "{{ numero | date }}", "templates/t.md:12", "'x' is no day", id="a text that is no day"),
    ],
)  # fmt: skip
def test_a_name_that_leads_nowhere_is_told_with_file_and_line(filler, head, body, place, said):
    with pytest.raises(TemplateFaultError) as caught:
        filler(head, body).draft({"numero": "x"})

    assert str(caught.value).startswith(f"{place}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize("value", ["a\r\nBcc: evil@x.example", "a\nb", "a\rb", "a\0b", "a\x1bb"])
@pytest.mark.parametrize("key", ["subject", "to", "reply_to", "unsubscribe", "attachments"])
def test_no_value_adds_a_line_to_a_header(filler, key, value):
    texts = {"to": "{{ x }} <a@x.example>", "unsubscribe": "https://x.example/{{ x }}"}
    made = filler(f'{key} = "{texts.get(key, "{{ x }}")}"\n[variables.x]\n', "text")

    with pytest.raises(BadDataError) as caught:
        made.draft({"x": value})

    assert caught.value.exit_status == 65
    assert str(caught.value).startswith(f"templates/t.md:2: {key}: it comes to ")


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        ("Durand, Fils", '"Durand, Fils" <anna@x.example>'),
        ("evil@y.example, Bob", '"evil@y.example, Bob" <anna@x.example>'),
        ("<evil@y.example>", '"<evil@y.example>" <anna@x.example>'),
        ('"A" <evil@y.example>, B', '"A\\" <evil@y.example>, B" <anna@x.example>'),
    ],
)
def test_a_name_adds_no_recipient(filler, contact, shown):
    draft = filler().draft({"numero": "1", "contact": contact})

    assert [one.spec for one in draft.recipients] == ["anna@x.example"]
    assert str(draft.to[0]) == shown


@pytest.mark.parametrize("value", ["a@x.example, b@x.example", "a@x.example b@x.example", "nobody", "@", "<>"])
def test_a_recipient_is_one_address(filler, value):
    made = filler('to = "{{ x }}"\n[variables.x]\n', "text")

    with pytest.raises(TemplateFaultError, match=r"^templates/t\.md:2: to: bad address"):
        made.draft({"x": value})


def test_a_recipient_that_comes_to_nothing_is_none(filler):
    assert filler('cc = ["{{ x }}", "b@x.example"]\n[variables.x]\ndefault = ""\n', "text").draft({}).cc == (
        parse("b@x.example"),
    )


@pytest.mark.parametrize(
    ("said", "headers"),
    [
        ("https://x.example/{{ x | urlencode }}", {"List-Unsubscribe": "<https://x.example/a%40b%3Ec>",
                                                   "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}),
        ("http://x.example/", {"List-Unsubscribe": "<http://x.example/>"}),
        ("mailto:stop@x.example?subject=stop", {"List-Unsubscribe": "<mailto:stop@x.example?subject=stop>"}),
    ],
)  # fmt: skip
def test_unsubscribing_is_offered_by_header(filler, said, headers):
    draft = filler(f'unsubscribe = "{said}"\n[variables.x]\n', "text").draft({"x": "a@b>c"})

    assert dict(draft.headers) == headers


@pytest.mark.parametrize("said", ["javascript:x", "stop@x.example", "https://x.example/> <mailto:y", "https://x y"])
def test_what_one_cannot_unsubscribe_at_is_refused(filler, said):
    made = filler('unsubscribe = "{{ x }}"\n[variables.x]\n', "text")

    with pytest.raises(TemplateFaultError, match=r"^templates/t\.md:2: unsubscribe: "):
        made.draft({"x": said})


def test_attachments_come_from_the_folder_of_the_templates(filler, tmp_path):
    (tmp_path / "cgv.pdf").write_bytes(b"%PDF")
    made = filler('attachments = ["cgv.pdf", "{{ plan }}"]\n[variables.plan]\ndefault = ""\n', "text")

    (one,) = made.draft({}).attachments

    assert (one.filename, one.content, one.content_type) == ("cgv.pdf", b"%PDF", "application/pdf")
    assert made.draft({"plan": "cgv.pdf"}).attachments == (one, one)


def test_attachments_may_come_from_a_folder_of_their_own(filler, tmp_path):
    (tmp_path / "invoices").mkdir()
    (tmp_path / "invoices/1.pdf").write_bytes(b"one")
    made = filler(f'folder = "{tmp_path}/invoices"\nattachments = "{{{{ n }}}}.pdf"\n[variables.n]\n', "text")

    assert made.draft({"n": "1"}).attachments[0].content == b"one"
    with pytest.raises(BadDataError, match="is no file within"):
        made.draft({"n": "../1"})
    with pytest.raises(InputMissingError, match=r"2\.pdf: no such file"):
        made.draft({"n": "2"})


def test_an_image_of_the_text_travels_with_it(filler, tmp_path):
    (tmp_path / "logo.png").write_bytes(b"\x89PNG")

    draft = filler(HEAD, "![Logo](logo.png) {{ numero }}\n").draft({"numero": "1"})

    [image] = draft.images
    assert (image.filename, image.content) == ("logo.png", b"\x89PNG")
    assert f'src="cid:{image.cid}"' in (draft.html or "")


def test_an_image_outside_the_folder_does_not_travel(filler, tmp_path):
    (tmp_path / "link.png").symlink_to("/etc/passwd")

    with pytest.raises(BadDataError, match=r"is no file of the store's templates/"):
        filler(HEAD, "![x](../x.png)\n").draft({"numero": "1"})
    with pytest.raises(InputMissingError, match="a link"):
        filler(HEAD, "![x](link.png)\n").draft({"numero": "1"})


def test_what_a_value_cannot_be_in_the_page_is_told_with_the_template(filler):
    with pytest.raises(TemplateFaultError, match=r"^templates/t\.md:12: 'javascript:x' is no link"):
        filler(HEAD, "[pay]({{ numero }})\n").draft({"numero": "javascript:x"})
