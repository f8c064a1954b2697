"""Templates are files with a front matter, whose every fault is named with file, line and key."""

import os

import pytest

from mailctl.domain.template import Kind, Language, Need
from mailctl.errors import BadDataError, InputMissingError, StoreError, TemplateNotFoundError
from mailctl.store import templates
from mailctl.store.files import Store

WHOLE = """+++
description = "a reminder"
subject = "Facture {{ numero }}"
to = "{{ adresse }}"
cc = ["a@firm.example", "b@firm.example"]
affair = true
language = "en"

[variables.numero]
description = "the number"

[variables.echeance]
type = "date"
default = 2026-12-01
+++

Dear,
"""


@pytest.fixture
def folder(store):
    place = store / "templates"
    place.mkdir(exist_ok=True, mode=0o700)
    return place


def faults(text):
    with pytest.raises(StoreError) as caught:
        templates.template_in("t", text)
    assert caught.value.exit_status == 78
    return [str(problem) for problem in caught.value.problems]


def test_a_template_is_its_front_matter_and_what_stands_below():
    found, source = templates.template_in("relance", WHOLE)

    assert (found.name, found.subject, found.to) == ("relance", "Facture {{ numero }}", ("{{ adresse }}",))
    assert found.cc == ("a@firm.example", "b@firm.example")
    assert (found.affair, found.language) == (Need.NEEDED, Language.EN)
    assert found.variables["echeance"].kind is Kind.DATE
    assert found.variables["echeance"].default == "2026-12-01"
    assert found.variables["numero"].name == "numero"
    assert found.body == "\nDear,\n"
    assert WHOLE.split("\n")[templates.first_line(source) - 1 :] == ["", "Dear,", ""]


@pytest.mark.parametrize(("said", "need"), [("true", "needed"), ("false", "none"), ('"optional"', "optional")])
def test_an_affair_may_be_asked_for_by_a_word_or_yes_or_no(said, need):
    assert templates.template_in("t", f"+++\naffair = {said}\n+++\n")[0].affair == need


def test_line_ends_and_a_mark_at_the_beginning_make_no_difference():
    crlf = "\ufeff" + WHOLE.replace("\n", "\r\n")

    assert templates.template_in("relance", crlf)[0] == templates.template_in("relance", WHOLE)[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("Dear,\n", ["templates/t.md:1: the first line is not +++"], id="none"),
        pytest.param("", ["templates/t.md:1: the first line is not +++"], id="nothing"),
        pytest.param("+++\nsubject = 'x'\n", ["templates/t.md:1: no second line of +++ behind the front matter"],
                     id="no end"),
        pytest.param("+++\na = 1\nsubject = \n+++\n", ["templates/t.md:3: no valid TOML: invalid value"], id="no TOML"),
        pytest.param("+++\n\nsubjcet = 'x'\n+++",
                     ["templates/t.md:3: subjcet: unknown key (did you mean 'subject'?)"],
                     id="an unknown key"),
        pytest.param("+++\nname = 'x'\n+++\n", ["templates/t.md:2: name: unknown key"], id="a name of its own"),
        pytest.param("+++\nbody = 'x'\n+++\n", ["templates/t.md:2: body: unknown key"],
                     id="a body in the wrong place"),
        pytest.param("+++\nlanguage = 'de'\n+++\n",
                     ["templates/t.md:2: language: invalid enum value 'de' (one of fr, en)"], id="another language"),
        pytest.param("+++\naffair = 'yes'\n+++\n",
                     ["templates/t.md:2: affair: invalid enum value 'yes' (one of needed, optional, none)"],
                     id="another word"),
        pytest.param("+++\nsubject = \"a\\nb\"\n+++\n",
                     ["templates/t.md:2: subject: expected text without control characters"], id="two lines"),
        pytest.param("+++\nto = 5\nvariables = 3\n+++\n",
                     ["templates/t.md:2: to: expected a list, got a whole number",
                      "templates/t.md:3: variables: expected a table, got a whole number"], id="wrong types"),
        pytest.param("+++\n[variables.a]\ntyp = 'date'\n[variables.b]\ntype = 'day'\n+++\n",
                     ["templates/t.md:3: variables.a.typ: unknown key (did you mean 'type'?)",
                      "templates/t.md:5: variables.b.type: invalid enum value 'day' "
                      "(one of text, number, amount, date, address, bool, choice)"], id="two faulty variables"),
        pytest.param("+++\n[variables.a]\nname = 'x'\n+++\n", ["templates/t.md:3: variables.a.name: unknown key"],
                     id="a variable with a name of its own"),
        pytest.param("+++\n[variables.a]\ntype = 'date'\ndefault = 'soon'\n+++\n",
                     ["templates/t.md:4: variables.a.default: 'soon' is no day"], id="a default of another kind"),
    ],
)  # fmt: skip
def test_a_broken_front_matter_is_named_by_file_line_and_key(text, told):
    assert faults(text) == told


def test_names_are_listed_without_fragments_and_strangers(store, folder):
    (folder / "fragments").mkdir(mode=0o700)
    for name in ("b.md", "a.md", ".hidden.md", "_x.md", "notes.txt", "fragments/f.md", "a b.md"):
        (folder / name).write_text(WHOLE)

    assert templates.names(Store(store)) == ("a", "b")


def test_a_store_of_before_has_no_templates(store):
    (store / "templates").rmdir()

    assert templates.names(Store(store)) == ()


@pytest.mark.parametrize("name", ["relanec", "../store", "a/b", "", ".", "a\n", "/etc/passwd", "x" * 300])
def test_what_is_no_template_is_not_found(store, folder, name):
    (folder / "relance.md").write_text(WHOLE)

    with pytest.raises(TemplateNotFoundError) as caught:
        templates.read(Store(store), name)

    assert caught.value.exit_status == 67
    assert ("did you mean 'relance'?" in caught.value.hint) is (name == "relanec")


@pytest.mark.parametrize("name", ["../relance", "../../store", "nope", ""])
def test_a_fragment_is_a_file_of_its_folder(store, folder, name):
    (folder / "relance.md").write_text(WHOLE)

    with pytest.raises(LookupError, match="no fragment"):
        templates.fragment(Store(store), name)


def test_a_template_of_ten_megabytes_is_refused(store, folder):
    (folder / "big.md").write_text(WHOLE + "x" * 10_000_000)

    with pytest.raises(StoreError, match=r"templates/big\.md: larger than 1000000 bytes"):
        templates.read(Store(store), "big")


def test_a_template_that_others_may_write_is_refused(store, folder):
    (folder / "relance.md").write_text(WHOLE)
    (folder / "relance.md").chmod(0o666)

    with pytest.raises(StoreError, match="others may write it"):
        templates.read(Store(store), "relance")


def test_an_attachment_is_read_from_its_folder(tmp_path):
    (tmp_path / "2026").mkdir()
    (tmp_path / "2026/plan.pdf").write_bytes(b"%PDF")

    assert templates.attached(tmp_path, "2026/plan.pdf") == b"%PDF"


@pytest.mark.parametrize(
    "name", ["../secret", "2026/../../secret", "/etc/passwd", ".hidden", "a\nb", "a\0b", "..", "C:\\x"]
)
def test_an_attachment_cannot_lead_out_of_its_folder(tmp_path, name):
    (tmp_path / "files").mkdir()
    (tmp_path / "secret").write_bytes(b"x")

    with pytest.raises(BadDataError, match="is no file within"):
        templates.attached(tmp_path / "files", name)


@pytest.mark.parametrize("kind", ["a link to a file", "a link on the way", "a folder", "a pipe", "nothing"])
def test_an_attachment_is_a_file_and_no_link(tmp_path, kind):
    files = tmp_path / "files"
    (files / "sub").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"x")
    (files / "link").symlink_to(tmp_path / "secret")
    (files / "way").symlink_to(tmp_path)
    os.mkfifo(files / "pipe")
    name = {"a link to a file": "link", "a link on the way": "way/secret", "a folder": "sub", "a pipe": "pipe",
            "nothing": "x.pdf"}[kind]  # fmt: skip

    with pytest.raises(InputMissingError) as caught:
        templates.attached(files, name)

    assert name in str(caught.value)
