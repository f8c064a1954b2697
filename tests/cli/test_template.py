"""Templates on the command line: listed, shown, tried, written; filled for a mail that is looked at or sent."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ok
from support.scripted_smtp import submission
from support.sending import PASSWORD, add_account
from support.terminal import on_terminal

RELANCE = """+++
description = "a reminder"
subject = "Facture {{ facture }}"
to = "{{ adresse }}"

[variables.facture]
description = "the invoice's number"
[variables.adresse]
type = "address"
[variables.echeance]
type = "date"
default = 2026-12-01
+++
Bonjour,

la facture **{{ facture }}** était due le {{ echeance }}.

{% include "politesse" %}
"""
AFFAIR = """+++
affair = "needed"
subject = "{{ affair.ref }} {{ affair.title }}"
+++
{{ affair.client }}, {{ affair.responsible.name }}, {{ collaborator.name }}
"""
GIVEN = ("--var", "facture=F-104", "--var", "adresse=anna@client.example")


@pytest.fixture
def templates(firm):
    """A firm with two templates and a fragment, and an affair."""
    place = firm / "templates"
    (place / "fragments").mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, text in (("relance", RELANCE), ("affaire", AFFAIR), ("fragments/politesse", "Cordialement,\n")):
        (place / f"{name}.md").write_text(text)
    affair = firm / "affairs/2026-014.toml"
    affair.write_text('title = "Lycée Ampère"\nclient = "Ville de Lyon"\nresponsible = "bob"\n')
    return place


@pytest.fixture
def server(cli, store, monkeypatch):
    """A scripted submission server, the account `contact` on it, and a template."""
    monkeypatch.setenv("FIRM_PASSWORD", PASSWORD["FIRM_PASSWORD"])
    (store / "templates").mkdir(exist_ok=True, mode=0o700)
    (store / "templates/relance.md").write_text(RELANCE.replace('{% include "politesse" %}', "Bye"))
    with submission() as script:
        add_account(cli, script)
        yield script


def test_templates_are_listed_and_a_broken_one_is_told(cli, templates):
    (templates / "broken.md").write_text("Dear,\n")

    ran = ok(cli("template", "list"))

    assert ran.out == "affaire\tneeded\t\t\nrelance\toptional\tfacture,adresse,echeance\ta reminder\n"
    assert "templates/broken.md:1: the first line is not +++" in ran.err


def test_a_template_is_shown_with_its_variables(cli, templates):
    shown = ok(cli("template", "show", "relance", "--json")).json

    assert shown["to"] == ["{{ adresse }}"]
    assert shown["variables"][2] == {
        "name": "echeance", "type": "date", "default": "2026-12-01", "choices": [], "description": "",
    }  # fmt: skip
    assert shown["body"].startswith("Bonjour,\n")


def test_a_template_shows_where_its_attachments_lie(cli, templates):
    (templates / "facture.md").write_text('+++\nfolder = "/srv/invoices"\n+++\nBonjour,\n')

    assert ok(cli("template", "show", "facture", "--json")).json["folder"] == "/srv/invoices"
    assert ok(cli("template", "show", "relance", "--json")).json["folder"] is None


def test_a_template_that_is_not_there_has_a_near_name(cli, templates):
    for words in (("show", "relanec"), ("check", "relanec"), ("render", "relanec", "-a", "contact"),
                  ("edit", "relanec"), ("remove", "relanec", "--yes")):  # fmt: skip
        ran = cli("template", *words)

        assert ran.status == 67, ran.err
        assert "no template 'relanec'\nhint: did you mean 'relance'?" in ran.err


@pytest.mark.parametrize("name", ["../relance", "a/b", "fragments/politesse", ""])
def test_a_name_with_a_slash_is_none(cli, templates, name):
    assert cli("template", "show", name).status == 67
    assert cli("template", "new", name).status == 65
    assert cli("send", "-a", "contact", "--template", name, "--dry-run").status == 67


def test_a_template_is_filled_in_and_shown(cli, templates):
    ran = ok(cli("template", "render", "relance", "-a", "contact", *GIVEN))

    assert ran.out == (
        "To: anna@client.example\nSubject: Facture F-104\n\n"
        "Bonjour,\n\nla facture **F-104** était due le 1er décembre 2026.\n\nCordialement,\n"
    )


def test_an_affair_is_named_and_filled_in(cli, templates):
    ran = ok(cli("template", "render", "affaire", "-a", "contact", "--affair", "2026-014", "--json"))

    assert ran.json["subject"] == "2026-014 Lycée Ampère"
    assert ran.json["text"] == "Ville de Lyon, Bob Roux, Alice Martin\n"
    assert "<p>Ville de Lyon, Bob Roux, Alice Martin</p>" in ran.json["html"]


def test_an_affair_that_is_needed_has_to_be_named(cli, templates):
    ran = cli("template", "render", "affaire", "-a", "contact")

    assert ran.status == 2
    assert "is about an affair, and none is named\nhint: --affair REF" in ran.err
    assert cli("template", "render", "affaire", "-a", "contact", "--affair", "2026-015").status == 67


def test_the_page_is_the_signed_mail_as_its_reader_sees_it(cli, templates):
    ok(cli("signature", "set", "contact", "--text", "-", input="Firm & Co\n"))

    page = ok(
        cli("template", "render", "relance", "-a", "contact", *GIVEN[2:], "--var", "facture=<b>1</b>", "--html")
    ).out

    assert "<strong>&lt;b&gt;1&lt;/b&gt;</strong>" in page
    assert "Firm &amp; Co" in page
    assert "Content-Security-Policy" in page


def test_the_browser_gets_the_page(cli, templates, tmp_path, monkeypatch):
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(browser))

    subprocess.run(
        [sys.executable, "-m", "mailctl", "template", "render", "relance", "-a", "contact", *GIVEN, "--open"],
        check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip

    assert opened.read_text().startswith("file://")


def test_missing_variables_are_all_named_where_nobody_can_be_asked(cli, templates):
    ran = cli("template", "render", "relance", "-a", "contact")

    assert ran.status == 65
    assert ran.err == (
        "mailctl: error: template 'relance' needs 'facture', 'adresse'\nhint: --var facture=… --var adresse=…\n"
    )


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        (("--var", "facure=1"), 65, "'facure' is no variable of it (did you mean 'facture'?)"),
        (("--var", "facture"), 2, "'facture' is no variable and its value"),
        (("--var", "=1"), 2, "'=1' is no variable and its value"),
        (("--var", "facture=1", "--var", "facture=2"), 2, "--var facture is given twice"),
        ((*GIVEN, "--var", "echeance=soon"), 65, "'echeance': 'soon' is no day"),
        ((*GIVEN[:2], "--var", "adresse=anna"), 65, "'adresse': bad address 'anna'"),
        ((*GIVEN[2:], "--var", "facture=1\nBcc: e@x.example"), 65, "relance.md:3: subject: it comes to more"),
        ((*GIVEN[2:], "--var", "facture=@nowhere.txt"), 66, "nowhere.txt"),
        ((*GIVEN, "--html", "--open"), 2, "one of --html, --open and --json"),
    ],
)  # fmt: skip
def test_what_is_given_wrongly_is_refused(cli, templates, given, status, said):
    ran = cli("template", "render", "relance", "-a", "contact", *given)

    assert ran.status == status
    assert said in ran.err


def test_a_variable_may_be_the_text_of_a_file(cli, templates, tmp_path):
    (tmp_path / "number.txt").write_text("F-105\n")

    ran = ok(
        cli("template", "render", "relance", "-a", "contact", *GIVEN[2:], "--var", f"facture=@{tmp_path}/number.txt")
    )

    assert "Subject: Facture F-105\n" in ran.out


def test_check_names_each_fault_with_file_and_line(cli, templates):
    (templates / "a.md").write_text("+++\n[variables.x]\n+++\nHello\n{% if x == 'never' %}{{ y }}{% endif %}\n")
    (templates / "b.md").write_text("+++\nsubjcet = 'x'\n+++\n")
    (templates / "c.md").write_text('+++\n+++\n{% include "odd" %}\n')
    (templates / "d.md").write_text("+++\nattachments = 'cgv.pdf'\n+++\n")
    (templates / "fragments/odd.md").write_text("x\n{{ 1 / 0 }}\n")

    ran = cli("template", "check")

    assert ran.status == 78
    assert ran.out.splitlines() == [
        "templates/a.md\t5\t\t'y' is undefined",
        "templates/b.md\t2\tsubjcet\tunknown key (did you mean 'subject'?)",
        "templates/fragments/odd.md\t2\t\tdivision by zero",
        f"templates/d.md\t0\t\t{templates}/cgv.pdf: no such file or directory",
    ]
    assert cli("store", "check").out == ran.out
    assert ok(cli("template", "check", "relance")).err == "no fault found\n"


def test_check_tries_a_template_with_and_without_an_affair(cli, templates):
    (templates / "a.md").write_text("+++\n+++\n{% if affair %}{{ 1 / 0 }}{% endif %}\n")
    (templates / "b.md").write_text("+++\n+++\n{% if not affair %}{{ 1 / 0 }}{% endif %}\n")
    (templates / "c.md").write_text("+++\naffair = false\n+++\n{{ affair.ref }}\n")
    (templates / "d.md").write_text("+++\naffair = true\n+++\n{% if not affair %}{{ 1 / 0 }}{% endif %}\n")

    found = cli("template", "check", "--json").json

    assert [(one["file"], one["line"]) for one in found] == [
        ("templates/a.md", 3), ("templates/b.md", 3), ("templates/c.md", 4)
    ]  # fmt: skip


def test_what_may_be_read_may_be_read_by_who_may_send(cli, templates):
    assert cli("--as", "bob", "template", "list").status == 0  # bob may send through `billing`
    ok(cli("collaborator", "add", "dave", "--name", "Dave", "--email", "dave@firm.example"))
    ok(cli("rights", "grant", "contact", "dave", "read"))

    for words in (("list",), ("show", "relance"), ("check",), ("render", "relance", "-a", "contact", *GIVEN)):
        assert cli("--as", "dave", "template", *words).status == 77


def test_only_administrators_write_templates(cli, templates):
    for words in (("new", "other"), ("edit", "relance"), ("remove", "relance", "--yes")):
        ran = cli("--as", "bob", "template", *words)

        assert ran.status == 77
        assert "that is an administrator's" in ran.err
    assert (templates / "relance.md").read_text() == RELANCE
    assert not (templates / "other.md").exists()


def test_a_new_template_can_be_filled_at_once(cli, templates):
    ok(cli("template", "new", "other"))

    assert ok(cli("template", "check", "other")).err == "no fault found\n"
    text = ok(
        cli("template", "render", "other", "-a", "contact", "--var", "objet=Plans", "--var", "echeance=1/12/2026")
    ).out
    assert text == (
        "Subject: Plans\n\nBonjour,\n\nNous attendons votre réponse avant le 1er décembre 2026.\n\nCordialement,\n"
    )
    assert (templates / "other.md").stat().st_mode & 0o777 == 0o600
    assert cli("template", "new", "other").status == 73


def test_a_new_template_may_come_from_a_file_and_a_faulty_one_is_not_kept(cli, templates):
    ok(cli("template", "new", "other", "--file", "-", input=RELANCE))
    faulty = cli("template", "new", "third", "--file", "-", input=RELANCE.replace("{{ echeance }}", "{{ echance }}"))

    assert (templates / "other.md").read_text() == RELANCE
    assert faulty.status == 65
    assert "templates/third.md:16: 'echance' is undefined (did you mean 'echeance'?)" in faulty.err
    assert not (templates / "third.md").exists()


def test_a_template_is_edited_and_what_is_faulty_is_kept_apart(cli, templates, home, monkeypatch):
    monkeypatch.setenv("EDITOR", "sed -i s/Bonjour/Salut/")
    ok(cli("template", "edit", "relance"))
    monkeypatch.setenv("EDITOR", "sed -i s/facture/fracture/")
    faulty = cli("template", "edit", "relance")

    assert "Salut," in (templates / "relance.md").read_text()
    assert "fracture" not in (templates / "relance.md").read_text()
    assert faulty.status in (65, 78)
    [kept] = (home / "state/abandoned").iterdir()
    assert "fracture" in kept.read_text()


def test_a_template_is_taken_away(cli, templates):
    assert cli("template", "remove", "relance").status == 2
    ok(cli("template", "remove", "relance", "--yes"))

    assert not (templates / "relance.md").exists()


def test_the_history_of_a_store_knows_its_templates(cli, home):
    ok(cli("init", "--git"))
    ok(cli("template", "new", "relance"))
    ok(cli("template", "remove", "relance", "--yes"))

    said = [event["what"] for event in ok(cli("store", "log", "--json")).json]
    assert said[:2] == ["remove the template 'relance'", "add the template 'relance'"]
    assert len(ok(cli("store", "log", "relance", "--json")).json) == 2


def test_a_mail_is_sent_from_a_template_and_nothing_is_read(cli, server):
    ran = ok(cli("send", "-a", "contact", "--template", "relance", *GIVEN, input="not this"))

    [sent] = server.taken
    assert ran.err == "sent to anna@client.example\n"
    assert sent.recipients == ("anna@client.example",)
    assert b"Subject: Facture F-104\r\n" in sent.data
    assert b"not this" not in sent.data
    assert b"multipart/alternative" in sent.data
    assert b"<strong>F-104</strong>" in sent.data


def test_options_go_before_what_the_template_says(cli, server):
    words = ("send", "bob@client.example", "-a", "contact", "--template", "relance", *GIVEN, "-s", "Mine", "--dry-run")

    message = ok(cli(*words)).out

    assert "To: bob@client.example\n" in message
    assert "Subject: Mine\n" in message
    assert "anna@" not in message


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--var", "a=1", "x@y.example"), "--var says something of a template, and none is named"),
        (("--template", "relance", "--body", "x"), "the template is the text"),
        (("--template", "relance", "--markdown"), "the template is the text"),
        (("--template", "relance", "--raw", "x.eml"), "--raw sends a message as it is"),
    ],
)
def test_what_contradicts_a_template_is_refused(cli, server, words, said):
    ran = cli("send", "-a", "contact", *words)

    assert ran.status == 2
    assert said in ran.err
    assert server.connections == 0


def test_a_template_without_a_recipient_needs_one(cli, server, store):
    (store / "templates/note.md").write_text("+++\nsubject = 'x'\n+++\nHello\n")

    assert cli("send", "-a", "contact", "--template", "note").status == 2
    ok(cli("send", "bob@client.example", "-a", "contact", "--template", "note"))


def test_on_a_terminal_what_was_not_said_is_asked_for(cli, templates):
    shown = on_terminal(
        sys.executable, "-m", "mailctl", "template", "render", "relance", "-a", "contact", "--var", "facture=F-1",
        answers={"adresse (an address": "anna", "there is no @ in it": "anna@client.example", "[2026-12-01]": ""},
        environ={**os.environ, "TERM": "xterm"},
    )  # fmt: skip

    assert shown.status == 0, shown.text
    assert "To: anna@client.example" in shown.text
    assert "1er décembre 2026" in shown.text
    assert "the invoice's number" not in shown.text


def test_the_letter_of_the_documentation_is_one(cli, firm, home):
    page = (Path(__file__).parents[2] / "docs/templates.md").read_text()
    letter, fragment = re.findall(r"^```\n(\+\+\+\n.*?|Veuillez.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (firm / "templates/fragments").mkdir(mode=0o700)
    (firm / "templates/fragments/politesse.md").write_text(fragment)
    (firm / "templates/rib.pdf").write_bytes(b"%PDF")
    (firm / "affairs/2026-014.toml").write_text('title = "Lycée Ampère"\nresponsible = "bob"\n')
    ok(cli("template", "new", "relance", "--file", "-", input=letter))

    mail = ok(cli("template", "render", "relance", "-a", "contact", "--affair", "2026-014", "--var", "facture=F-104",
                  "--var", "destinataire=Mme Roux", "--var", "adresse=roux@lyon.example", "--var", "montant=1234,50",
                  "--var", "echeance=24/11/2026", "--json")).json  # fmt: skip

    assert mail["to"] == ["Mme Roux <roux@lyon.example>"]
    assert mail["subject"] == "2026-014 : facture F-104 échue"
    assert mail["attachments"] == ["rib.pdf"]
    assert "| 1\u202f234,50\xa0€ | 1\u202f481,40\xa0€ |" in mail["text"]
    assert "<td>1\u202f481,40\xa0€</td>" in mail["html"]
    assert "dans les meilleurs délais.\n\nVeuillez agréer" in mail["text"]
    assert mail["text"].endswith(", Bob Roux\n")


def test_starting_without_a_template_loads_none_of_it(firm):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "mailctl", "send", "a@x.example", "-a", "contact", "--dry-run"],
        input="Hello\n", capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert not [name for name in ("babel", "jinja2", "mailctl.services.filling") if f" {name}\n" in done.stderr]
