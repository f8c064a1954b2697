"""A template names an affair by plain mappings and texts; where there is none, all of it is empty."""

from datetime import date

from mailctl.domain.affair import Affair, Client, Person
from mailctl.domain.affair_values import affair_values, no_affair
from mailctl.domain.collaborator import Collaborator
from mailctl.domain.jinja import render

ALICE = Collaborator(id="alice", name="Alice Martin", email="alice@firm.example", title="Architecte", phone="04")
AFFAIR = Affair(
    ref="2026-014",
    title="Lycée Ampère",
    client="Ville de Lyon",
    responsible="alice",
    address="31 rue X",
    people=(Person(name="Paul Roux", role="contrôle", address="p@c.example"), Person(name="Eve")),
)


def filled(source, values):
    return render(source, {"affair": values}, where="t")


def test_each_part_of_an_affair_has_its_name():
    text = (
        "{{ affair.ref }} {{ affair.title }} {{ affair.state }} {{ affair.client }} {{ affair.client.name }} "
        "{{ affair.address }} {{ affair.responsible }} {{ affair.responsible.title }} {{ affair.responsible.email }}"
    )

    assert filled(text, affair_values(AFFAIR, ALICE)) == (
        "2026-014 Lycée Ampère open Ville de Lyon Ville de Lyon 31 rue X Alice Martin Architecte alice@firm.example"
    )


def test_a_client_may_have_addresses_and_an_affair_its_days():
    affair = Affair(
        ref="1", title="x", client=Client(name="Lyon", addresses=("a@lyon.example",)), opened=date(2026, 1, 2)
    )

    text = filled(
        "{{ affair.client }} {{ affair.client.addresses | join }} {{ affair.opened }}{{ affair.closed }}",
        affair_values(affair, None),
    )

    assert text == "Lyon a@lyon.example 2026-01-02"


def test_the_people_of_an_affair_are_a_list():
    text = "{% for one in affair.people %}{{ one.name }} ({{ one.role }}) {{ one.address }};{% endfor %}"

    assert filled(text, affair_values(AFFAIR, ALICE)) == "Paul Roux (contrôle) p@c.example;Eve () ;"


def test_without_an_affair_all_is_empty_and_nothing_undefined():
    text = (
        "{% if affair %}yes{% endif %}{{ 1 }}[{{ affair.ref }}{{ affair.client.name }}{{ affair.responsible.phone }}]"
    )

    assert filled(text, no_affair()) == "1[]"
    assert set(no_affair()) == set(affair_values(AFFAIR, None))
