"""The files of affairs: one each, whatever the reference; checked like all others."""

import pytest

from mailctl.domain.affair import Affair, Person, State, Trial
from mailctl.domain.collaborator import Collaborator
from mailctl.errors import AffairNotFoundError, StoreError
from mailctl.store.files import Store, fresh_settings

SCHOOL = Affair(
    ref="DUR/Lycée Ampère/3",
    title="Lycée Ampère, extension",
    state=State.CLOSED,
    client="Ville de Lyon",
    responsible="ann",
    address="31 rue de la Bourse, Lyon",
    people=(Person(name="Paul Roux", role="bureau de contrôle", address="p.roux@controle.example"),),
    match=("domain:lyon.example", "subject:Ampère"),
    tests=(Trial(sender="x@lyon.example", subject="Devis", matches=True),),
)


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "store")
    made.create(fresh_settings(firm="", administrator="ops"))
    with made.change() as change:
        change.put(Collaborator(id="ann", name="Ann", email="ann@firm.example"))
    return made


def put(store, *affairs):
    with store.change() as change:
        for affair in affairs:
            change.put(affair)


def test_an_affair_is_read_as_it_was_written(store):
    put(store, SCHOOL)

    assert store.affair(SCHOOL.ref) == SCHOOL
    assert store.affairs() == ((SCHOOL,), ())
    assert [path.name for path in (store.root / "affairs").iterdir()] == ["DUR%2FLycée%20Ampère%2F3.toml"]


def test_the_keys_stand_in_the_order_of_the_documentation(store):
    put(store, SCHOOL)

    text = (store.root / "affairs/DUR%2FLycée%20Ampère%2F3.toml").read_text()
    places = [text.index(key) for key in ("title", "state", "client", "responsible", "address =", "match =", "people")]
    assert places[:5] == sorted(places[:5])
    assert 'from = "x@lyon.example"' in text


def test_two_references_that_differ_in_case_are_two_affairs(store):
    put(store, Affair(ref="abc", title="one"), Affair(ref="ABC", title="two"))

    assert store.affair_names() == ("ABC", "abc")
    assert store.affair("ABC").title == "two"


def test_an_unknown_reference_is_guessed(store):
    put(store, Affair(ref="2026-014", title="t"))

    with pytest.raises(AffairNotFoundError, match="no affair '2026-041'") as caught:
        store.affair("2026-041")

    assert "'2026-014'" in caught.value.hint


@pytest.mark.parametrize("ref", ["", "../store", "x" * 300, "é" * 200, "\0"])
def test_what_no_affair_is_called_is_not_found(store, ref):
    with pytest.raises(AffairNotFoundError):
        store.affair(ref)


def test_an_affair_is_taken_away(store):
    put(store, SCHOOL)

    with store.change() as change:
        change.remove_affair(SCHOOL.ref)

    assert store.affair_names() == ()


def test_a_responsible_who_is_nobody_is_refused(store):
    with pytest.raises(
        StoreError, match=r"affairs/1.toml:2: responsible: no such collaborator 'an' \(did you mean 'ann'"
    ):
        put(store, Affair(ref="1", title="t", responsible="an"))

    assert store.affair_names() == ()


def test_who_is_responsible_does_not_go(store):
    put(store, SCHOOL)

    with pytest.raises(StoreError, match="responsible"), store.change() as change:
        change.remove_collaborator("ann")

    assert store.collaborator_names() == ("ann",)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        pytest.param('title = "t"\nstat = "open"\n', 2, "stat: unknown key (did you mean 'state'?)", id="key"),
        pytest.param('title = "t"\nref = "x"\n', 2, "ref: unknown key", id="the file's name"),
        pytest.param('state = "open"\n', 1, "title: is missing", id="missing"),
        pytest.param('title = "t"\nstate = "done"\n', 2, "one of open, closed", id="state"),
        pytest.param('title = "t"\n\nmatch = ["domian:x"]\n', 3, "match[0]", id="no rule"),
        pytest.param('title = "t"\nmatch = ["from:x"]\n', 2, "match[0]: 'from:x': there is no @", id="rule's address"),
        pytest.param('title = "t"\n[[tests]]\nform = "x"\nmatches = true\n', 3, "did you mean 'from'?", id="trial"),
        pytest.param('title = "t"\n[[people]]\nname = "P"\naddress = "x"\n', 4, "people[0].address: bad", id="person"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_file_line_and_key(store, text, line, said):
    (store.root / "affairs/1.toml").write_text(text)

    with pytest.raises(StoreError) as caught:
        store.affair("1")

    assert f"affairs/1.toml:{line}:" in str(caught.value)
    assert said in str(caught.value)


def test_a_file_that_no_reference_is_named_like_is_a_fault(store):
    (store.root / "affairs/my affair.toml").write_text('title = "t"\n')

    assert [(problem.file, problem.text) for problem in store.problems()] == [
        ("affairs/my affair.toml", "no affair's name")
    ]


def test_a_broken_affair_breaks_no_other(store):
    put(store, SCHOOL)
    (store.root / "affairs/1.toml").write_text("title = 3\n")

    found, errors = store.affairs()

    assert found == (SCHOOL,)
    assert len(errors) == 1
