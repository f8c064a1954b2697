"""The systemd unit: understood without a warning, run by a real systemd, and its command line works."""

import os
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

import mailctl
from mailctl import __version__

pytestmark = pytest.mark.live

FOLDER = Path(mailctl.__file__).parent / "units"


@pytest.mark.parametrize("unit", sorted(path.name for path in FOLDER.iterdir()))
def test_systemd_understands_the_unit_without_a_warning(unit: str, tmp_path: Path):
    words = ["systemd-analyze", "verify", "--user", "--man=no", str(FOLDER / unit)]
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}

    ran = subprocess.run(words, env=environ, capture_output=True, text=True, timeout=60, check=False)

    # an unknown key is only a line of output: the status stays 0
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")


def test_the_service_finds_a_program_in_the_users_own_folder(tmp_path: Path):
    unit = RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(FOLDER / "mailctl-checker.service")
    own = tmp_path / ".local" / "bin"
    own.mkdir(parents=True)
    (own / "mailctl-checker").symlink_to(Path(sys.executable).with_name("mailctl-checker"))
    path = unit["Service"]["Environment"].removeprefix("PATH=").replace("%h", str(tmp_path))

    ran = subprocess.run(
        [*unit["Service"]["ExecStart"].split(), "--version"],
        env={"PATH": path, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert ran.stdout == f"mailctl-checker {__version__}\n"
