"""Templates go from workstation to workstation with the store; two changes of one are told, and neither is lost."""

from conftest import ok
from support.workstation import synced

TEXT = "+++\nsubject = 'x'\n+++\nBonjour\n"


def test_a_template_goes_there_and_back(two):
    one, other = two
    ok(one("template", "new", "relance", "--file", "-", input=TEXT))
    synced(one)
    synced(other)

    assert (other.root / "templates/relance.md").read_text() == TEXT

    ok(other("template", "remove", "relance", "--yes"))
    synced(other)
    synced(one)

    assert not (one.root / "templates/relance.md").exists()


def test_two_changes_of_one_template_are_told_and_both_kept(two):
    one, other = two
    ok(one("template", "new", "relance", "--file", "-", input=TEXT))
    ok(other("template", "new", "relance", "--file", "-", input=TEXT.replace("Bonjour", "Salut")))
    synced(one)

    ran = other("store", "sync")

    assert ran.status == 1
    assert "templates/relance.md" in ran.err
    assert (one.root / "templates/relance.md").read_text() == TEXT
    assert "Salut" in (other.root / "templates/relance.md").read_text()
