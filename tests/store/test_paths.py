"""Where the four folders lie, for any environment."""

from pathlib import Path

import pytest

from mailctl.store.paths import paths

HOME = {"HOME": "/home/anna"}


def test_without_variables_they_lie_where_xdg_says():
    found = paths(HOME)

    assert found.store == Path("/home/anna/.config/mailctl")
    assert found.data == Path("/home/anna/.local/share/mailctl")
    assert found.state == Path("/home/anna/.local/state/mailctl")
    assert found.runtime == Path("/home/anna/.local/state/mailctl/run/mailctl")


def test_each_xdg_variable_places_its_folder():
    found = paths(
        {"XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s", "XDG_RUNTIME_DIR": "/r", **HOME}
    )

    assert (found.store, found.data, found.state, found.runtime) == tuple(
        Path(f"/{letter}/mailctl") for letter in "cdsr"
    )


@pytest.mark.parametrize("value", ["", "relative", "./x", "~/x"])
def test_what_is_not_absolute_is_ignored_as_xdg_says(value):
    assert paths({"XDG_CONFIG_HOME": value, **HOME}).store == Path("/home/anna/.config/mailctl")


def test_mailctl_home_puts_all_four_under_one_folder_and_goes_before_xdg():
    found = paths({"MAILCTL_HOME": "/firm", "XDG_CONFIG_HOME": "/c", **HOME})

    assert [found.store, found.data, found.state, found.runtime] == [
        Path("/firm/store"), Path("/firm/data"), Path("/firm/state"), Path("/firm/run"),
    ]  # fmt: skip


def test_a_chosen_store_goes_before_all_and_moves_nothing_else(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/anna")

    assert paths({"MAILCTL_HOME": "/firm"}, store=Path("here")).store == tmp_path / "here"
    assert paths({"MAILCTL_HOME": "/firm"}, store=Path("~/x")).store == Path("/home/anna/x")
    assert paths({"MAILCTL_HOME": "/firm"}, store=Path("here")).data == Path("/firm/data")


def test_without_a_home_the_systems_own_is_taken(monkeypatch):
    monkeypatch.delenv("HOME")

    assert paths({}).store.is_absolute()
