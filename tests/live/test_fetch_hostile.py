"""Hostile mail at a real Dovecot, through fetch, list, read, search, save and export: what it holds leads nowhere."""

import base64
import re
import subprocess
import time

import pytest

from conftest import ok
from support.mirror import accounts, fetch, files, mbsync, note, start

pytestmark = pytest.mark.live
FILES = {  # what an attachment is called by its sender, and what is saved
    "../../x": "x",
    "/etc/passwd": "passwd",
    "C:\\plans\\y.doc": "y.doc",
    "..": "attachment.pdf",
    ".bashrc": "bashrc",
    "CON": "_CON",
    "aux.txt": "_aux.txt",
    "x" * 4096 + ".pdf": "x" * 251 + ".pdf",
    "a/" * 2000: "attachment-1.pdf",
    "gpj.\u202efdp.exe": "gpj.fdp.exe",
    "a\x1b[31mb.txt": "a[31mb.txt",
    "a\tb.txt": "a b.txt",
    "plan.pdf": "plan.pdf",
    "PLAN.pdf": "PLAN-1.pdf",
    "sub/plan.pdf": "plan-2.pdf",
    "-rf": "_-rf",
    "": "attachment-2.pdf",
}
NAMES, SAVED = list(FILES), list(FILES.values())
# Control characters, and the marks that turn a text's direction (UAX 9).
MISLEADING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def account(cli, store, mail, monkeypatch):
    """An account of alice's, its password in the environment."""
    monkeypatch.setenv("CONTACT_PASSWORD", mail.password)
    return accounts(cli, mail)()


def content(place: int) -> bytes:
    """What is in the attachment of that place."""
    return b"content %d" % place


def carrying(names) -> bytes:
    """A message with attachments called so."""
    parts = "".join(
        f'--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="{quoted(name)}"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{base64.b64encode(content(place)).decode()}\r\n"
        for place, name in enumerate(names)
    )
    return (
        "From: Bob <bob@mail.test>\r\nSubject: files\r\nMessage-ID: <files@mail.test>\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nzebra\r\n{parts}--b--\r\n"
    ).encode()


def quoted(name: str) -> str:
    return name.replace("\\", "\\\\")


def within(folder) -> dict[str, bytes]:
    """The files in a folder, by name."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def numbers(cli, *words) -> list[int]:
    """The numbers of what a command lists, in its order."""
    return [one["id"] for one in ok(cli(*words, "--json")).json]


def shown(cli, *words) -> str:
    """What a command prints, which must mislead nobody."""
    ran = ok(cli(*words))
    assert not MISLEADING.search(ran.out + ran.err)
    return ran.out


# -- attachments


def test_attachments_of_hostile_names_are_saved_under_harmless_ones_and_nowhere_else(
    cli, home, mail, account, tmp_path
):
    mail.deliver("alice", carrying(NAMES))
    fetch(cli)
    [number] = numbers(cli, "list")
    folder = tmp_path / "a/b/saved"
    folder.mkdir(parents=True)
    before = sorted(path for path in tmp_path.rglob("*") if folder not in path.parents)

    shown(cli, "save", number, folder)
    told = shown(cli, "read", number, "--no-mark")

    assert within(folder) == {name: content(place) for place, name in enumerate(SAVED)}
    assert sorted(path for path in tmp_path.rglob("*") if folder not in path.parents) == before
    assert re.findall(r"^Attachment: (.*) \(", told, re.MULTILINE) == SAVED


def test_attachments_of_hostile_names_are_listed_found_and_handed_over(cli, home, mail, account, tmp_path):
    mail.deliver("alice", carrying(NAMES))
    fetch(cli)
    [number] = numbers(cli, "list")
    ok(cli("affair", "add", "2026-014", "--title", "Town hall"))
    ok(cli("affair", "link", "2026-014", number))

    shown(cli, "list")
    ok(cli("affair", "export", "2026-014", tmp_path / "out", "--attachments"))

    assert numbers(cli, "search", "has:attachment passwd") == numbers(cli, "search", "bashrc") == [number]
    [folder] = (tmp_path / "out/attachments").iterdir()
    assert sorted(within(folder).values()) == sorted(content(place) for place in range(len(NAMES)))
    assert {name for name in within(folder) if MISLEADING.search(name) or name.startswith((".", "-"))} == set()
    subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=tmp_path / "out", check=True)


# -- messages


def nested(levels: int) -> bytes:
    """A text in multiparts in multiparts."""
    raw = b"Content-Type: text/plain\r\n\r\nzebra\r\n"
    for level in range(levels):
        boundary = b"b%d" % level
        raw = b"Content-Type: multipart/mixed; boundary=%b\r\n\r\n--%b\r\n%b--%b--\r\n" % (
            boundary,
            boundary,
            raw,
            boundary,
        )
    return b"Subject: deep\r\n" + raw


BODY = b"\r\n\r\nzebra\r\n"
ODD = {
    "50 levels of MIME": nested(50),
    "100,000 fields": b"X-A: b\r\n" * 100_000 + b"Subject: many" + BODY,
    "100,000 recipients": b"Subject: many\r\nTo: " + b"a@b.example,\r\n " * 100_000 + b"c@d.example" + BODY,
    "100,000 references": b"Subject: many\r\nReferences:" + b" <a@b>\r\n" * 100_000 + b"\r\nzebra\r\n",
    "a subject of 2 MB": b"Subject: " + b"x" * 2_000_000 + BODY,
    "a Message-ID of 10 KB": b"Subject: long\r\nMessage-ID: <" + b"m" * 10_000 + b"@x>" + BODY,
    "the Message-ID of another": b"Subject: twin\r\nMessage-ID: <1@mail.test>" + BODY,
    "NUL": b"Subject: a\0b\r\n\r\nzebra \0\0\r\n",
    "escapes": b"From: \x1b]0;x\x07 <a@b.c>\r\nSubject: \x1b[31m \xe2\x80\xae =?utf-8?q?=1B[2J=E2=80=AE?=\r\n\r\n"
    b"zebra \x1b[2J \xc2\x9b31m \xe2\x80\xae\r\n",
    "of 1970": b"Subject: old\r\nDate: Thu, 01 Jan 1970 00:00:00 +0000" + BODY,
    "of 2099": b"Subject: new\r\nDate: Fri, 01 Jan 2099 00:00:00 +0000" + BODY,
    "no header": b"zebra, and no line end",
    "bare CR and LF": b"Subject: bare\r\n\r\nlone\rCR, lone\nLF\r\nzebra\r\n\r",
    "HTML 20,000 deep": b"Subject: page\r\nContent-Type: text/html\r\n\r\n" + b"<div>" * 20_000 + b"zebra\r\n",
    "3,000 attachments": b"Subject: many\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nzebra\r\n"
    + b"--x\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\na\r\n" * 3000
    + b"--x--\r\n",
}


@pytest.mark.parametrize("raw", [pytest.param(raw, id=name) for name, raw in ODD.items()])
def test_an_odd_message_is_fetched_listed_read_and_found_and_so_are_the_others(cli, home, mail, account, raw, tmp_path):
    for one in (note(1), raw, note(2)):
        mail.deliver("alice", one)

    assert fetch(cli)["new"] == 3
    assert fetch(cli)["new"] == 0

    [number] = numbers(cli, "search", "zebra")
    assert sorted(numbers(cli, "list")) == sorted([number, *numbers(cli, "search", "plans")])
    assert "zebra" in shown(cli, "read", number)
    assert "zebra" in ok(cli("read", number, "--json")).json["text"]
    assert ok(cli("read", number, "--html")).out
    for words in (("list",), ("list", "--thread"), ("read", number, "--headers"), ("save", number, tmp_path)):
        shown(cli, *words)
    assert sorted(file.read_bytes() for file in files(home)) == sorted(as_mirrored(mail))


def as_mirrored(mail) -> list[bytes]:
    """What Dovecot gives, as a Maildir has it."""
    return [raw.replace(b"\r\n", b"\n") for raw in mail.messages("alice")]


AS_THEY_LIE = [  # files as they are found at a server, which nothing has cleaned
    b"Subject: mixed\r\nX-A: b\n\nlone\rCR\nCRLF\r\nCR CR LF\r\r\nLF CR\n\rend",
    b"Subject: NUL \0 and \xff\xfe 8 bits\n\n\0\0 \x80\x81 \xc3\xa9\n",
    b"no header, no line end",
    b"\n",
    b"\n\n\n",
    b"Subject: CR at its end\n\nx\r",
    b"From nobody Mon Mar  2 10:00:00 2026\nSubject: as in an mbox\n\n>From here\n.\n..\n",
    b"Subject: a long line\n\n" + b"y" * 200_000,
]


def test_files_hold_byte_for_byte_what_mbsync_fetches(cli, home, mail, account, tmp_path):
    for raw in ODD.values():
        mail.deliver("alice", raw)
    for number, raw in enumerate(AS_THEY_LIE):
        (mail.home / f"mail/alice/Maildir/new/{1767600000 + number}.M1P1.x").write_bytes(raw)

    result = fetch(cli)

    ours = sorted(file.read_bytes() for file in files(home))
    assert result["new"] == len(ours) == len(ODD) + len(AS_THEY_LIE)
    assert ours == sorted(as_mirrored(mail))
    # mbsync 1.4 drops each CR, those that end no line too, and leaves out what ends within its header
    theirs = mbsync(mail, tmp_path, ["INBOX"])["INBOX"]
    assert sorted(raw.replace(b"\r", b"") for raw in ours if ends_its_header(raw)) == theirs


def ends_its_header(raw: bytes) -> bool:
    return raw.startswith(b"\n") or b"\n\n" in raw


def test_a_file_of_no_bytes_at_the_server_stops_no_other(cli, home, mail, account):
    mail.deliver("alice", note(1))
    (mail.home / "mail/alice/Maildir/new/1767600000.M1P1.x").touch()
    mail.deliver("alice", note(2))

    result = fetch(cli)

    assert result["new"] - result["odd"] >= 2
    assert {note(1).replace(b"\r\n", b"\n"), note(2).replace(b"\r\n", b"\n")} <= {
        file.read_bytes() for file in files(home)
    }
    assert len(numbers(cli, "search", "plans")) == 2


def test_two_mails_that_share_a_message_id_are_two_for_every_command(cli, mail, account):
    for word in ("zebra", "giraffe"):
        mail.deliver("alice", f"From: bob@mail.test\r\nSubject: {word}\r\nMessage-ID: <1@x>\r\n\r\n{word}\r\n".encode())
    fetch(cli)
    [zebra], [giraffe] = numbers(cli, "search", "zebra"), numbers(cli, "search", "giraffe")

    ok(cli("flag", zebra, "--flagged"))
    ok(cli("delete", giraffe))

    assert numbers(cli, "list") == [zebra]
    assert "giraffe" in ok(cli("read", giraffe, "--no-mark")).out
    assert mail.flags("alice") == [frozenset({"\\Flagged"})]
    assert [b"giraffe" in raw for raw in mail.messages("alice", "Trash")] == [True]
    assert fetch(cli)["new"] == 0


@pytest.mark.parametrize("more", [(), ("--reindex",)], ids=["as fetched", "from the Maildir"])
def test_days_far_off_are_searched_for_as_they_are_listed(cli, mail, account, more):
    for year in (1971, 1985, 2099):
        mail.deliver("alice", f"Subject: of {year}\r\nDate: Sun, 01 Jun {year} 10:00:00 +0000\r\n\r\nx\r\n".encode())
    fetch(cli)
    fetch(cli, *more)

    assert [row[-1] for row in ok(cli("search", "before:1986")).rows] == ["of 1985", "of 1971"]
    assert ok(cli("search", "after:2090")).rows == []  # nobody has sent it yet: it counts by its arrival
    assert ok(cli("list")).rows[0][-1] == "of 2099"


# -- on the way


def test_what_is_expunged_while_it_is_fetched_costs_no_other(cli, home, mail, account):
    with mail.imap("alice") as box:
        for number in range(60):
            box.append("INBOX", "", None, note(number, body="x" * 200_000))

    run = start("fetch")
    deadline = time.monotonic() + 30
    while not files(home) and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    with mail.imap("alice") as box:
        box.select("INBOX")
        box.store("1:10,31:60", "+FLAGS.SILENT", "(\\Deleted)")
        box.expunge()
    run.wait(timeout=60)
    fetch(cli)

    assert sorted(file.read_bytes() for file in files(home)) == sorted(as_mirrored(mail))
    assert len(numbers(cli, "list")) == 20


# -- folders


@pytest.mark.parametrize(
    ("written", "name"),
    [
        pytest.param("n" * 230, "n" * 230, id="of 230 bytes"),
        pytest.param("cur", "cur", id="a Maildir's own name"),
        pytest.param("A/tmp/new", "A/tmp/new", id="below one"),
        pytest.param("&IC4-gpj", "\u202egpj", id="of right-to-left override"),
        pytest.param("back\\slash", "back\\slash", id="with a backslash"),
        pytest.param(" lead", " lead", id="of a space in front"),
        pytest.param("CON", "CON", id="a device"),
        pytest.param("-dash", "-dash", id="like an option"),
        pytest.param("/".join("d" * 40), "/".join("d" * 40), id="40 levels"),
    ],
)
def test_a_folder_of_an_odd_name_is_fetched_listed_searched_and_moved_into(cli, home, mail, account, written, name):
    mail.deliver("alice", note(1), folder=written)
    mail.deliver("alice", note(2))
    fetch(cli)
    [first] = numbers(cli, "list", f"--folder={name}")
    [second] = numbers(cli, "list")

    ok(cli("move", second, "--", name))

    assert sorted(numbers(cli, "search", f'in:"{name}" plans')) == [first, second]
    assert len(mail.messages("alice", written)) == 2
    assert (fetch(cli)["new"], numbers(cli, "list")) == (0, [])
    for words in (("folders",), ("list", f"--folder={name}"), ("search", "plans")):
        shown(cli, *words)


def test_folders_that_differ_by_case_stay_apart_and_are_asked_for_as_they_are_written(cli, mail, account):
    for number, folder in enumerate(("Plans", "PLANS", "plans")):
        mail.deliver("alice", note(number), folder=folder)

    fetch(cli)

    assert [ok(cli("list", "--folder", folder)).rows[0][-1] for folder in ("Plans", "PLANS", "plans")] == [
        "Plans 0",
        "Plans 1",
        "Plans 2",
    ]
