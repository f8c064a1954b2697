"""The spreadsheet an administrator has is understood, whatever its language, encoding and separator."""

import codecs
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailctl.errors import BadDataError
from mailctl.importers.csv import read
from mailctl.importers.headings import HEADINGS, is_password, keys_of, plain

FRENCH = (
    "Courriel;Compte;Nom affiché;Titulaire;Droits\ncontact@f.example;contact;Société Durand;;Alice: lire, envoyer\n"
)


def tables(data, file="firm.csv"):
    found = read(data if isinstance(data, bytes) else data.encode(), file=file)
    assert not found.problems
    return [(one.line, one.name, one.table) for one in found.candidates]


def keys(text):
    return {column.heading: column.key for column in read(text.encode(), file="f").columns}


CONTACT = {
    "address": "contact@f.example",
    "display_name": "Société Durand",
    "rights": {"Alice": ["read", "send"]},
}


@pytest.mark.parametrize(
    ("data", "read_as"),
    [
        pytest.param(FRENCH.encode(), "UTF-8", id="UTF-8"),
        pytest.param(codecs.BOM_UTF8 + FRENCH.encode(), "UTF-8", id="UTF-8 with a BOM"),
        pytest.param(FRENCH.encode("utf-16"), "UTF-16", id="UTF-16 with a BOM"),
        pytest.param(codecs.BOM_UTF16_BE + FRENCH.encode("utf-16-be"), "UTF-16", id="big-endian"),
        pytest.param(FRENCH.encode("utf-16-le"), "UTF-16", id="UTF-16 without one"),
        pytest.param(FRENCH.encode("utf-16-be"), "UTF-16", id="big-endian without one"),
        pytest.param(FRENCH.encode("cp1252"), "Windows-1252", id="Windows-1252"),
    ],
)
def test_any_encoding(data, read_as):
    assert tables(data) == [(2, "contact", CONTACT)]
    assert read(data, file="f").read_as == f"{read_as}, separated by semicolons"


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        pytest.param("address;name\na@f.example;a\n", "semicolons", id="semicolons"),
        pytest.param("address,name\na@f.example,a\n", "commas", id="commas"),
        pytest.param("address\tname\na@f.example\ta\n", "tabs", id="tabs"),
        pytest.param("sep=;\naddress;name\na@f.example;a\n", "semicolons", id="as Excel says"),
        pytest.param('"sep=|"\r\naddress|name\r\na@f.example|a\r\n', "'|'", id="whatever Excel says"),
        pytest.param('"x;y",address,name\n,a@f.example,a\n', "commas", id="semicolons in a heading"),
        pytest.param("address\na@f.example\n", "semicolons", id="one column needs none"),
    ],
)
def test_any_separator(text, separator):
    found = read(text.encode(), file="f")

    assert found.read_as.endswith(f"separated by {separator}")
    assert found.candidates[0].table == {"address": "a@f.example"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_the_file(end):
    text = end.join(["", "address;notes", "a@f.example;one", "", 'b@f.example;"two', 'lines"', "c@f.example;", ""])

    assert [(line, table["address"]) for line, _, table in tables(text)] == [
        (3, "a@f.example"),
        (5, "b@f.example"),
        (7, "c@f.example"),
    ]


def test_the_line_that_is_excels_counts():
    assert tables("sep=,\naddress\na@f.example\n")[0][0] == 3


def test_rows_of_empty_cells_are_none():
    assert tables("address;name\n;;\n  ; \na@f.example;a\n;\n") == [(4, "a", {"address": "a@f.example"})]


@pytest.mark.parametrize("heading", [heading for headings in HEADINGS.values() for heading in headings])
def test_every_heading_of_the_table_is_written_as_it_is_compared(heading):
    assert plain(heading) == heading


@pytest.mark.parametrize(
    ("heading", "key"),
    [
        ("E-mail", "address"), ("Adresse e-mail", "address"), ("EMAIL ADDRESS [Required]", "address"),
        ("PrimarySmtpAddress", "address"), ("Account", "name"), ("Nom affiché", "display_name"),
        ("Propriétaire", "owner"), ("droits d’accès", "rights"), ("Alias", "aliases"), ("Fournisseur", "provider"),
        ("Identifiant", "login"), ("checker_only", "checker_only"), ("Type", "kind"), ("Serveur IMAP", "incoming.host"),
        ("incoming.port", "incoming.port"), ("smtp_security", "outgoing.security"), ("auth.env", "auth.env"),
        ("Téléphone", None), ("Prénom", "display_name"), ("", None),
    ],
)  # fmt: skip
def test_headings_in_english_and_french(heading, key):
    assert keys_of([heading], [[]]) == (key,)


def test_a_column_nom_of_short_names_names_the_accounts():
    assert keys("Nom;Adresse\ncontact;c@f.example\nSAV Lyon;s@f.example\ndevis;d@f.example\n")["Nom"] == "name"


def test_a_column_nom_of_other_names_is_what_others_read():
    assert keys("Nom;Adresse\nAtelier Durand;c@f.example\nService devis;d@f.example\n")["Nom"] == "display_name"


def test_beside_a_column_of_accounts_nom_is_what_others_read():
    assert keys("Compte;Nom;Adresse\nc;Durand;c@f.example\n")["Nom"] == "display_name"


def test_beside_given_names_nom_is_the_family():
    rows = tables("Nom;Prénom;Adresse\nMartin;Alice;a@f.example\n;Bob;b@f.example\nRoux;;c@f.example\n")

    assert [table["display_name"] for _, _, table in rows] == ["Alice Martin", "Bob", "Roux"]


def test_first_and_last_names_as_google_exports_them():
    [(_, _, table)] = tables(
        "First Name [Required],Last Name [Required],Email Address [Required]\nAlice,Martin,a@f.example\n"
    )

    assert table == {"address": "a@f.example", "display_name": "Alice Martin"}


def test_beside_what_others_read_given_names_are_ignored():
    assert keys("Prénom;Nom affiché;Adresse\nA;Alice;a@f.example\n")["Prénom"] is None


@pytest.mark.parametrize("data", [b"PK\x03\x04\x14\0", b"\xd0\xcf\x11\xe0\xa1\xb1"], ids=["xlsx", "xls"])
def test_a_workbook_is_told_from_a_spreadsheet_in_text(data):
    with pytest.raises(BadDataError, match="a workbook, not CSV"):
        read(data, file="firm.xlsx")


def test_what_means_nothing_is_ignored_by_name():
    assert keys("Adresse;Bureau\nc@f.example;2\n") == {"Adresse": "address", "Bureau": None}


@pytest.mark.parametrize(
    "heading", ["Password", "Mot de passe", "mdp", "IMAP password", "Secret", "Mot-de-passe (IMAP)"]
)
def test_passwords_are_refused_and_not_repeated(heading):
    with pytest.raises(BadDataError) as caught:
        read(f"address;{heading}\na@f.example;hunter2\n".encode(), file="f.csv")

    assert str(caught.value) == f"f.csv:1: {heading}: passwords are not imported; take the column out"
    assert "mailctl password set --from-json" in caught.value.hint
    assert "hunter2" not in repr(caught.value.problems)


def test_where_a_password_is_kept_is_none():
    assert not is_password("auth.secret")
    assert tables("address;auth.secret;auth.env\na@f.example;env;A\n")[0][2]["auth"] == {"secret": "env", "env": "A"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "it is empty", id="nothing"),
        pytest.param("\n\n", "it is empty", id="blank lines"),
        pytest.param(
            "a@f.example;a\nb@f.example;b\n", "no column of addresses among 'a@f.example', 'a'", id="no headings"
        ),
        pytest.param(
            "E-mail;Courriel\na@f.example;b@f.example\n", "'E-mail', 'Courriel' both say it", id="one key twice"
        ),
    ],
)
def test_what_cannot_be_understood_is_refused(text, said):
    with pytest.raises(BadDataError) as caught:
        read(text.encode(), file="f.csv")

    assert said in str(caught.value)


def test_bytes_of_no_encoding_are_refused_with_their_line():
    with pytest.raises(BadDataError, match=r"f\.csv:2: neither UTF-8, UTF-16 nor Windows-1252"):
        read(b"address\n\xff\x81\n", file="f.csv")


@pytest.mark.parametrize(
    ("header", "cell", "heading", "said"),
    [
        ("Port IMAP", "99x", "Port IMAP", "no whole number"),
        ("Port IMAP", "٣", "Port IMAP", "no whole number"),
        ("Checker", "peut-être", "Checker", "neither yes nor no"),
        ("Type", "équipe", "Type", "none of group, personal"),
        ("Sécurité SMTP", "très", "Sécurité SMTP", "none of none, starttls, tls"),
        ("Droits", "alice", "Droits", "'alice' is no grant"),
        ("Droits", "alice: voler", "Droits", "no right 'voler'"),
        ("Droits", "alice: lire, bob: lire", "Droits", "is no grant"),
        ("Droits", "alice:lire; alice:envoyer", "Droits", "named twice"),
        ("Droits", "alice: ,", "Droits", "no right is named"),
        ("auth.command", "pass 'x", "auth.command", "no command"),
    ],
)
def test_a_cell_that_says_nothing_its_key_can_hold_is_a_problem_of_its_line(header, cell, heading, said):
    found = read(f'address;{header}\nok@f.example;\nbad@f.example;"{cell}"\n'.encode(), file="f.csv")

    [problem] = found.problems
    assert (problem.file, problem.line, problem.key) == ("f.csv", 3, heading)
    assert said in problem.text
    assert [one.line for one in found.candidates] == [2]


def test_every_bad_cell_is_told():
    found = read(b"address;port imap;checker\na@f.example;x;y?\nb@f.example;z;\n", file="f")

    assert [(problem.line, problem.key) for problem in found.problems] == [(2, "port imap"), (3, "port imap")]


def test_more_cells_than_headings_are_a_problem():
    [problem] = read(b"address,rights\na@f.example,alice:read,send\n", file="f").problems

    assert (problem.line, problem.text) == (2, "3 cells, and 2 columns have a name")


def test_a_quotation_mark_that_is_never_closed_is_a_problem():
    found = read(b'address;notes\na@f.example;x\nb@f.example;"never\nc@f.example;\n', file="f")

    assert [(problem.line, problem.text) for problem in found.problems] == [(3, "a quotation mark is not closed")]


@pytest.mark.parametrize(
    ("cell", "rights"),
    [
        ("alice:read,send;bob:lire", {"alice": ["read", "send"], "bob": ["read"]}),
        ("Alice Martin = Gérer", {"Alice Martin": ["manage"]}),
        ("alice: lire + organiser et envoyer", {"alice": ["read", "organize", "send"]}),
        ("alice: tous\nbob: lecture/envoi", {"alice": ["manage"], "bob": ["read", "send"]}),
        ("alice@f.example: read;", {"alice@f.example": ["read"]}),
    ],
)
def test_rights_as_people_write_them(cell, rights):
    assert tables(f'address;droits\na@f.example;"{cell}"\n')[0][2]["rights"] == rights


def test_aliases_with_anything_between_them():
    assert tables('address;alias\na@f.example;"b@f.example, c@f.example\nd@f.example"\n')[0][2]["aliases"] == [
        {"address": "b@f.example"},
        {"address": "c@f.example"},
        {"address": "d@f.example"},
    ]


def test_what_a_web_page_left_in_a_cell_is_gone():
    assert tables("address;nom affiché\n\u200ba@f.example\u00a0;Atelier\u00a0 Durand\n")[0][2] == {
        "address": "a@f.example",
        "display_name": "Atelier Durand",
    }


@given(st.binary())
def test_no_bytes_are_a_bug(data):
    with suppress(BadDataError):
        read(data, file="f")


@given(st.text())
def test_no_text_behind_good_headings_is_a_bug(text):
    read(f"address;rights;aliases;port imap;checker;auth.command\n{text}".encode("utf-8", "replace"), file="f")
