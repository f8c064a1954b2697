"""Links of an affair that was renamed on another workstation meanwhile are told, and moved to what it is called now."""

import pytest

from conftest import ok

OLD, NEW = "2026/014", "2026-15"
LINE = "<{}@x>\tcontact\tbob\t2026-03-02T0{}:00:00Z\n"


@pytest.fixture
def affairs(cli, firm):
    """The folder of affairs as a merge leaves it: two links behind, one of them in the affair as well."""
    ok(cli("affair", "add", NEW, "--title", "Town hall"))
    folder = firm / "affairs"
    for name, text in (("2026%2F014", LINE.format(1, 1) + LINE.format(2, 2)), (NEW, LINE.format(2, 3))):
        (folder / f"{name}.links").write_text(text)
        (folder / f"{name}.links").chmod(0o600)
    return folder


def test_they_are_told_with_what_to_do(cli, affairs):
    ran = cli("store", "check")

    assert (ran.status, f"mailctl affair rename {OLD} REF" in ran.out) == (78, True)
    assert "links of no affair" in ok(cli("affair", "list")).err


def test_they_are_moved_to_what_the_affair_is_called_now(cli, affairs):
    found = ok(cli("affair", "rename", OLD, NEW, "--json")).json

    assert (found["ref"], found["mails"]) == (NEW, 2)
    assert (affairs / f"{NEW}.links").read_text() == LINE.format(1, 1) + LINE.format(2, 2)
    assert not (affairs / "2026%2F014.links").exists()
    assert ok(cli("store", "check")).status == 0


def test_they_stay_where_they_are_while_there_is_no_such_affair(cli, affairs):
    assert cli("affair", "rename", OLD, "2026-16").status == 67
    assert cli("--as", "bob", "affair", "rename", OLD, NEW).status == 77
    assert (affairs / "2026%2F014.links").exists()


def test_an_affair_made_again_has_them_back(cli, affairs):
    assert ok(cli("affair", "add", OLD, "--title", "t", "--json")).json["mails"] == 2
