"""Handing over an affair's mail: safe names, an index safe to open, sums that check, and nothing overwritten."""

import csv
import subprocess
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import ok
from mailctl.domain.handover import COLUMNS, Line, lines_of, page, table

REF = "2026-014"
MAIL = (
    "DKIM-Signature: v=1; d=lyon.example; s=a; b=abc\nAuthentication-Results: mx.firm.example; dkim=pass\n"
    "From: {sender}\nTo: contact@firm.example\nSubject: {subject}\nDate: Mon, 02 Mar 2026 10:00:00 +0100\n"
    "Message-ID: <{id}@lyon.example>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    "--b\nContent-Type: text/plain\n\nHello\n--b\nContent-Type: text/plain\n"
    'Content-Disposition: attachment; filename="{file}"\n\nA plan\n--b--\n'
)


def mail(id=1, subject="Plans", sender="Anna <anna@lyon.example>", file="plan.txt"):
    return MAIL.format(id=id, subject=subject, sender=sender, file=file).encode()


@pytest.fixture
def linked(cli, firm, keep):
    ok(cli("affair", "add", REF, "--title", "Town hall"))

    def link(raw, account="contact"):
        number = keep(account, raw)
        ok(cli("affair", "link", REF, number))
        return number

    return link


def sums_check(folder):
    ran = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=False)
    return ran.returncode == 0, ran.stdout + ran.stderr


def listed(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_each_message_is_a_file_as_it_came_and_the_sums_check(cli, linked, tmp_path):
    linked(mail())
    folder = tmp_path / "out"

    done = ok(cli("affair", "export", REF, folder, "--json")).json

    assert (done["messages"], done["added"], done["missing"]) == (1, 1, [])
    name = "2026-03-02_0900_anna@lyon.example_Plans.eml"
    assert listed(folder) == [name, "SHA256SUMS", "index.csv", "index.html"]
    assert (folder / name).read_bytes() == mail().replace(b"\n", b"\r\n")
    assert sums_check(folder) == (True, f"{name}: OK\nindex.csv: OK\nindex.html: OK\n")


def test_the_index_says_who_linked_it_and_what_the_servers_said(cli, linked, tmp_path):
    linked(mail())

    ok(cli("affair", "export", REF, tmp_path / "out"))

    with (tmp_path / "out/index.csv").open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    assert (row["sender"], row["linked_by"], row["date"]) == (
        "Anna <anna@lyon.example>",
        "alice",
        "2026-03-02T09:00:00Z",
    )
    assert row["dkim_signature"] == "v=1; d=lyon.example; s=a; b=abc"
    assert row["authentication_results"] == "mx.firm.example; dkim=pass"
    assert "dkim=pass" in (tmp_path / "out/index.html").read_text()


def test_run_again_it_adds_what_is_new_and_changes_nothing_else(cli, linked, tmp_path):
    linked(mail())
    folder = tmp_path / "out"
    ok(cli("affair", "export", REF, folder))
    before = {name: (folder / name).stat().st_mtime_ns for name in listed(folder)}

    assert ok(cli("affair", "export", REF, folder, "--json")).json["added"] == 0
    assert {name: (folder / name).stat().st_mtime_ns for name in listed(folder)} == before

    linked(mail(2, "Bill"))
    done = ok(cli("affair", "export", REF, folder, "--json")).json
    [old] = [name for name in before if name.endswith(".eml")]
    assert (done["messages"], done["added"]) == (2, 1)
    assert (folder / old).stat().st_mtime_ns == before[old]
    assert sums_check(folder)[0]


def test_attachments_are_written_apart_when_asked_later_too(cli, linked, tmp_path):
    linked(mail())
    folder = tmp_path / "out"
    ok(cli("affair", "export", REF, folder))

    ok(cli("affair", "export", REF, folder, "--attachments"))

    [found] = (folder / "attachments").rglob("*.txt")
    assert (found.name, found.read_bytes()) == ("plan.txt", b"A plan")
    assert "attachments/" in (folder / "index.html").read_text()
    assert sums_check(folder)[0]


@pytest.mark.parametrize(
    "subject",
    ["../../etc/passwd", "a\\b", "=?utf-8?q?a=00b=0Ac?=", ".hidden", "x" * 500, "é" * 300, "CON", "", "a:b*c?d|e<f>"],
)
def test_a_subject_never_leads_out_of_the_folder(cli, linked, tmp_path, subject):
    linked(mail(subject=subject, sender='"/../x" <../../y@z.example>', file="../../../evil.txt"))
    folder = tmp_path / "deep/out"

    ok(cli("affair", "export", REF, folder, "--attachments"))

    assert len(listed(folder)) == 5
    assert listed(tmp_path / "deep") == [f"out/{name}" for name in listed(folder)]
    assert sums_check(folder)[0]


def test_two_messages_of_one_name_are_two_files(cli, linked, tmp_path):
    linked(mail(1))
    linked(mail(2))

    ok(cli("affair", "export", REF, tmp_path / "out"))

    assert len(list((tmp_path / "out").glob("*.eml"))) == 2


def test_a_file_that_was_there_is_not_overwritten(cli, linked, tmp_path):
    linked(mail())
    folder = tmp_path / "out"
    folder.mkdir()
    name = "2026-03-02_0900_anna@lyon.example_Plans.eml"
    (folder / name).write_text("mine")

    ok(cli("affair", "export", REF, folder))

    assert (folder / name).read_text() == "mine"
    assert len(list(folder.glob("*.eml"))) == 2


def test_a_folder_that_holds_something_else_is_refused(cli, linked, tmp_path):
    linked(mail())
    (tmp_path / "index.html").write_text("my page")
    assert cli("affair", "export", REF, tmp_path).status == 73

    ok(cli("affair", "export", REF, tmp_path / "out"))
    ok(cli("affair", "add", "2", "--title", "t"))
    assert cli("affair", "export", "2", tmp_path / "out").status == 73
    (tmp_path / "out/index.csv").write_text("a,b\n1,2\n")
    assert cli("affair", "export", REF, tmp_path / "out").status == 65
    assert (tmp_path / "index.html").read_text() == "my page"


def test_what_is_linked_and_not_here_is_named(cli, linked, tmp_path, firm):
    linked(mail())
    with (firm / f"affairs/{REF}.links").open("a") as file:
        file.write("<away@lyon.example>\tbilling\tbob\t2026-03-02T12:00:00Z\n")

    ran = cli("affair", "export", REF, tmp_path / "out")

    assert ran.status == 1
    assert "<away@lyon.example>, linked by bob" in ran.err
    assert len(list((tmp_path / "out").glob("*.eml"))) == 1


def test_it_takes_read_on_one_account_that_has_the_message(cli, linked, tmp_path, keep):
    linked(mail())

    assert cli("--as", "carol", "affair", "export", REF, tmp_path / "a").status == 1
    keep("carol", mail())
    assert ok(cli("--as", "carol", "affair", "export", REF, tmp_path / "b", "--json")).json["messages"] == 1


def test_the_folder_is_packed(cli, linked, tmp_path):
    linked(mail())

    ok(cli("affair", "export", REF, tmp_path / "out", "--zip"))
    ok(cli("affair", "export", REF, tmp_path / "out", "--zip"))

    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    assert sums_check(tmp_path / "unpacked/out")[0]


def test_a_zip_file_of_something_else_is_left_alone(cli, linked, tmp_path):
    linked(mail())
    (tmp_path / "out.zip").write_text("mine")

    assert cli("affair", "export", REF, tmp_path / "out", "--zip").status == 73
    assert (tmp_path / "out.zip").read_text() == "mine"


def test_what_came_by_mail_is_text_in_the_page_and_no_formula_in_the_table(cli, linked, tmp_path):
    linked(mail(subject="<script>alert(1)</script>", sender='"=cmd|x" <anna@lyon.example>'))

    ok(cli("affair", "export", REF, tmp_path / "out"))

    html = (tmp_path / "out/index.html").read_text()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert all(not row.startswith("=") for row in (tmp_path / "out/index.csv").read_text().split(","))


@given(st.lists(st.text(st.sampled_from("'=;-@ \tx")), min_size=len(COLUMNS), max_size=len(COLUMNS)))
def test_no_cell_is_a_formula_wherever_a_spreadsheet_parts_it(cells):
    line = Line(**dict(zip(COLUMNS, cells, strict=True)))

    assert lines_of(table([line])) == (line,)
    [_, row] = csv.reader(table([line]).splitlines())
    assert not [part for cell in row for part in cell.split(";") if part.lstrip().startswith(("=", "-", "@"))]


def test_a_file_that_was_lost_is_written_again(cli, linked, tmp_path):
    linked(mail())
    out = tmp_path / "out"
    ok(cli("affair", "export", REF, out))
    [file] = out.glob("*.eml")
    file.unlink()

    assert ok(cli("affair", "export", REF, out, "--json")).json["added"] == 1

    assert sums_check(out)[0]


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd"])
def test_a_list_of_files_somebody_wrote_takes_nothing_from_elsewhere(cli, linked, tmp_path, name):
    linked(mail())
    out = tmp_path / "out"
    ok(cli("affair", "export", REF, out))
    (tmp_path / "secret").write_text("x")
    with (out / "SHA256SUMS").open("a") as sums:
        sums.write(f"{'0' * 64}  {name}\n")

    ok(cli("affair", "export", REF, out, "--zip"))

    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert all(one.startswith("out/") for one in archive.namelist())
    text = (out / "index.csv").read_text()
    (out / "index.csv").write_text(text.replace(next(out.glob("*.eml")).name, name))
    assert cli("affair", "export", REF, out, "--attachments").status == 65


def test_what_is_no_folder_or_cannot_be_packed_is_told_before_anything_is_written(cli, linked, tmp_path):
    linked(mail())
    (tmp_path / "file").write_text("mine")

    ran = cli("affair", "export", REF, tmp_path / "file")
    assert (ran.status, "is no folder" in ran.err) == (73, True)
    ran = cli("affair", "export", REF, "/", "--zip")
    assert (ran.status, "cannot be packed" in ran.err) == (2, True)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=len(COLUMNS), max_size=len(COLUMNS)))
def test_any_line_is_read_as_it_was_written(cells):
    cells = [cell.replace("\r", "").replace("\n", "").replace("\0", "") for cell in cells]
    line = Line(**dict(zip(COLUMNS, cells, strict=True)))

    assert lines_of(table([line])) == (line,)
    assert "<script" not in page(cells[0], [line])
