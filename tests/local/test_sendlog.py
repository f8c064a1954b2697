"""The send log's file: whole lines, whoever writes at once; begun anew when large; no mail waits for it."""

import stat
import subprocess
import sys

import pytest

from mailctl.local import sendlog
from mailctl.local.sendlog import SendLog
from support.small_disk import fill, mounted

WRITER = """
import sys
from pathlib import Path
from mailctl.local import sendlog
sendlog.LARGEST = 20_000
log = sendlog.SendLog(Path(sys.argv[1]))
for number in range(300):
    log.add(f"{sys.argv[2]}-{number} " + "x" * 100 + "\\n")
"""


@pytest.fixture
def log(tmp_path):
    return SendLog(tmp_path / "state/send.log")


def test_lines_are_added_for_the_owner_only(log):
    log.add("one\n")
    log.add("two \udcff\n")

    assert log.path.read_text() == "one\ntwo \\udcff\n"
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600


def test_a_large_one_is_begun_anew_and_three_former_ones_stay(log, monkeypatch):
    monkeypatch.setattr(sendlog, "LARGEST", 10)

    for number in range(6):
        log.add(f"line number {number}\n")

    assert log.path.read_text() == "line number 5\n"
    assert [path.read_text() for path in sorted(log.path.parent.glob("send.log.*"))] == [
        f"line number {number}\n" for number in (4, 3, 2)
    ]


def test_two_processes_at_once_lose_and_mix_no_line(log, monkeypatch):
    monkeypatch.setattr(sendlog, "KEPT", 100)
    script = WRITER.replace("LARGEST = 20_000", "LARGEST = 20_000; sendlog.KEPT = 100")
    writers = [subprocess.Popen([sys.executable, "-c", script, log.path, str(who)]) for who in range(3)]
    for writer in writers:
        assert writer.wait(60) == 0

    files = list(log.path.parent.iterdir())
    lines = [line for file in files for line in file.read_text().splitlines()]
    assert len(files) > 3
    assert sorted(lines) == sorted(f"{who}-{number} {'x' * 100}" for who in range(3) for number in range(300))


def test_on_a_full_disk_there_is_no_half_line_and_no_failure(tmp_path):
    with mounted(tmp_path / "small") as disk:
        log = SendLog(disk / "send.log")
        log.add("first\n")
        fill(disk / "rest")
        for _ in range(3):
            log.add("y" * 5000 + "\n")
        (disk / "rest").unlink()
        log.add("last\n")

        assert log.path.read_text() == "first\nlast\n"


def test_where_nothing_can_be_written_nothing_fails(tmp_path):
    (tmp_path / "state").write_text("in the way")

    SendLog(tmp_path / "state/send.log").add("line\n")

    assert (tmp_path / "state").read_text() == "in the way"
