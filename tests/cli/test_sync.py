"""`store sync`: two workstations share one store, and their changes meet key by key."""

import os
import shlex
import shutil
import subprocess

from conftest import ok
from support.workstation import CONTACT, Workstation, commits, contents, git, is_clean, synced, wrapped


def test_changes_go_there_and_back(two):
    one, other = two
    one.set("notes=rented")
    ok(one("account", "add", "new", *CONTACT))

    sent, received = synced(one), synced(other)

    assert (sent["received"], sent["sent"]) == (0, 2)
    assert (received["received"], received["sent"]) == (2, 0)
    assert contents(one.root) == contents(other.root)
    assert is_clean(other.root)
    assert synced(one)["received"] == synced(other)["sent"] == 0


def test_what_comes_is_private_too(two):
    one, other = two
    ok(one("account", "add", "new", *CONTACT))
    synced(one)

    before = os.umask(0o002)
    try:
        synced(other)
    finally:
        os.umask(before)

    assert (other.root / "accounts/new.toml").stat().st_mode & 0o077 == 0
    ok(other("account", "show", "new"))


def test_two_keys_of_one_file_are_merged(two):
    one, other = two
    one.set("display_name=Office", "incoming.port=143")
    other.set("notes=rented", "incoming.ca_file=/etc/ca.pem")

    synced(one)
    synced(other)
    synced(one)

    assert contents(one.root) == contents(other.root)
    shown = one("account", "show", "contact", "--json").json
    assert (shown["display_name"], shown["notes"]) == ("Office", "rented")
    assert (shown["incoming"]["port"], shown["incoming"]["ca_file"]) == (143, "/etc/ca.pem")
    assert is_clean(one.root)
    assert is_clean(other.root)


def test_a_merged_file_has_its_keys_in_the_usual_order(two):
    one, other = two
    one.set("notes=rented")
    other.set("display_name=Office")
    synced(one)
    synced(other)
    merged = other.text()

    other.set("notes=rented")

    assert other.text() == merged


def test_one_key_with_two_values_is_a_conflict_and_changes_nothing(two):
    one, other = two
    one.set("notes=mine", "display_name=Ours", "login=same")
    other.set("notes=yours", "display_name=Yours", "login=same")
    synced(one)
    before, head = contents(other.root), commits(other.root)

    ran = other("store", "sync")

    assert ran.status == 1
    first, *each, hint = ran.err.splitlines()
    assert first == ("mailctl: error: accounts/contact.toml: display_name: 'Yours' here, 'Ours' there (and 1 more)")
    assert [line.strip() for line in each] == [
        "accounts/contact.toml: display_name: 'Yours' here, 'Ours' there",
        "accounts/contact.toml: notes: 'yours' here, 'mine' there",
    ]
    assert hint == "hint: set it here as it is there, then mailctl store sync"
    assert contents(other.root) == before
    assert commits(other.root) == head
    assert is_clean(other.root)
    assert "yours" not in git(one.root, "log", "-p", "--all")
    error = other("store", "sync", "--json").json["error"]
    assert error["code"] == "sync-conflict"
    assert [problem["key"] for problem in error["problems"]] == ["display_name", "notes"]


def test_a_conflict_ends_as_the_hint_says(two):
    one, other = two
    one.set("notes=mine")
    other.set("notes=yours")
    other.set("display_name=Office")
    synced(one)
    assert other("store", "sync").status == 1

    other.set("notes=mine")
    synced(other)
    synced(one)

    assert contents(one.root) == contents(other.root)
    assert 'display_name = "Office"' in one.text()


def test_one_takes_away_what_the_other_changes(two):
    one, other = two
    ok(one("account", "remove", "contact", "--yes"))
    other.set("notes=x")
    synced(one)

    ran = other("store", "sync")

    assert ran.status == 1
    assert "accounts/contact.toml: changed here, removed there" in ran.err
    ok(other("account", "remove", "contact", "--yes"))
    synced(other)
    assert not (other.root / "accounts/contact.toml").exists()


def test_what_one_took_away_and_the_other_changed_comes_back_as_the_hint_says(two):
    one, other = two
    one.set("notes=x")
    ok(other("account", "remove", "contact", "--yes"))
    synced(one)

    ran = other("store", "sync")

    error, hint = ran.err.splitlines()
    assert error == "mailctl: error: accounts/contact.toml: removed here, changed there"
    bring, enter, again = hint.removeprefix("hint: ").split("; ")
    git(other.root, *shlex.split(bring)[3:])
    git(other.root, *shlex.split(enter)[3:], "-m", "bring contact back")
    assert again == "mailctl store sync"
    synced(other)
    assert contents(one.root) == contents(other.root)
    assert "notes" in other.text()


def test_both_take_the_same_away_and_add_the_same(two):
    one, other = two
    for here in two:
        ok(here("account", "remove", "contact", "--yes"))
        ok(here("account", "add", "new", *CONTACT))
    other.set("notes=x", account="new")

    synced(one)
    synced(other)
    synced(one)

    assert contents(one.root) == contents(other.root)
    assert "notes" in one.text("accounts/new.toml")


def test_rights_given_to_two_people_meet(two):
    one, other = two
    for name in ("bob", "carol"):
        ok(one("collaborator", "add", name, "--name", name, "--email", f"{name}@firm.example"))
    synced(one)
    synced(other)
    ok(one("rights", "grant", "contact", "bob", "read"))
    ok(other("rights", "grant", "contact", "carol", "send"))

    synced(one)
    synced(other)

    assert "bob" in other.text()
    assert "carol" in other.text()


def test_comments_survive_a_merge_of_other_lines(two):
    one, other = two
    contact = other.root / "accounts/contact.toml"
    contact.write_text(contact.read_text() + "# who may read\n")
    git(other.root, "commit", "-q", "-a", "-m", "explain")
    one.set("display_name=Office")
    synced(one)

    ran = ok(other("store", "sync"))

    assert "# who may read" in other.text()
    assert "Office" in other.text()
    assert "comments" not in ran.err


def test_comments_that_a_merge_drops_are_told_with_where_they_are(two):
    one, other = two
    contact = other.root / "accounts/contact.toml"
    contact.write_text(contact.read_text().replace("address", "# the old one\nnotes = 'n'\naddress", 1))
    git(other.root, "commit", "-q", "-a", "-m", "explain")
    one.set("display_name=Office")
    synced(one)

    ran = ok(other("store", "sync"))

    [warning] = [line for line in ran.err.splitlines() if "comments are gone" in line]
    command = warning.partition("the former text: ")[2].split()
    assert "# the old one" in subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_what_somebody_commits_by_hand_is_shared_like_any_change(two):
    one, other = two
    store = one.root / "store.toml"
    store.write_text(store.read_text() + "# by hand\n")
    git(one.root, "commit", "-q", "-a", "-m", "explain the store")

    synced(one)
    synced(other)

    assert "# by hand" in other.text("store.toml")
    assert commits(other.root)[0] == "ops@firm.example|explain the store"


def test_edits_by_hand_that_nobody_committed_stop_a_sync(two):
    one, other = two
    one.set("notes=x")
    synced(one)
    contact = other.root / "accounts/contact.toml"
    contact.write_text(contact.read_text() + "# by hand\n")

    ran = other("store", "sync")

    assert ran.status == 78
    assert "edited by hand" in ran.err
    command = ran.err.splitlines()[1].removeprefix("hint: ")
    git(other.root, *command.split()[3:], "-m", "by hand")
    ok(other("store", "sync"))
    assert "# by hand" in other.text()


def test_a_file_made_by_hand_is_not_overwritten(two):
    one, other = two
    ok(one("account", "add", "new", *CONTACT))
    synced(one)
    (other.root / "accounts/new.toml").write_text('address = "mine@firm.example"\n')

    ran = other("store", "sync")

    assert ran.status == 78
    assert "'accounts/new.toml' was made by hand here, and by others too" in ran.err
    assert other.text("accounts/new.toml") == 'address = "mine@firm.example"\n'


def test_two_stores_made_apart_are_joined(cli, tmp_path, home):
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    stores = [Workstation(cli, tmp_path / name) for name in ("one", "other")]
    for here, name in zip(stores, ("a", "b"), strict=True):
        ok(here("init", "--git"))
        ok(here("account", "add", name, *CONTACT))
        git(here.root, "remote", "add", "origin", str(bare))
        synced(here)

    synced(stores[0])

    assert contents(stores[0].root) == contents(stores[1].root)
    assert sorted(path.name for path in (stores[0].root / "accounts").iterdir()) == ["a.toml", "b.toml"]


def test_who_is_faster_at_pushing_costs_nobody_his_changes(two, tmp_path):
    one, other = two
    one.set("notes=x")
    other.set("display_name=Office")
    path = wrapped(
        tmp_path,
        f"""case "$*" in *" push "*) [ -e {tmp_path}/once ] || {{
            touch {tmp_path}/once; {shutil.which("git")} -C {other.root} push -q origin main; }};;
        esac""",
    )

    assert ok(one("store", "sync", "--json", PATH=path)).json["received"] == 1

    synced(other)
    assert contents(one.root) == contents(other.root)
