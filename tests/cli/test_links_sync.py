"""Links that two workstations make at once meet, whatever the other did to their affair meanwhile."""

import pytest

from conftest import ok
from support.workstation import git, synced

LINE = "<{}@x>\tcontact\tbob\t2026-03-02T0{}:00:00Z\n"
FILE = "affairs/2026-014.links"


@pytest.fixture
def shared(two):
    """Two workstations that have an affair with one link."""
    one, other = two
    ok(one("affair", "add", "2026-014", "--title", "Town hall"))
    linked(one, 1)
    synced(one)
    synced(other)
    return two


def linked(here, *numbers):
    """Let a workstation have these links of the affair, as a change of its own."""
    file = here.root / FILE
    file.write_text("".join(LINE.format(number, number) for number in numbers))
    file.chmod(0o600)
    git(here.root, "add", FILE)
    git(here.root, "commit", "-qm", "link")


def meet(one, other):
    for here in (one, other, one):
        synced(here)


def test_both_add_links_and_have_nothing_but_links(shared):
    one, other = shared
    linked(one, 1, 2)
    linked(other, 1, 3)

    meet(one, other)

    assert one.text(FILE) == other.text(FILE) == "".join(LINE.format(number, number) for number in (1, 2, 3))
    assert ok(one("store", "check")).status == 0


def test_what_is_linked_to_an_affair_that_another_renames_is_kept_and_joins_it(shared):
    one, other = shared
    ok(one("affair", "rename", "2026-014", "2026-15"))
    linked(other, 1, 2)

    meet(one, other)

    assert one.text(FILE) == LINE.format(2, 2)
    ok(one("affair", "rename", "2026-014", "2026-15"))
    assert one.text("affairs/2026-15.links") == LINE.format(1, 1) + LINE.format(2, 2)
