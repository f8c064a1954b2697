"""The systemd unit: understood without a warning, run by a real systemd, and its command line works."""

import os
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

import mailctl
from mailctl import __version__
from support.watching import watch

pytestmark = pytest.mark.live

FOLDER = Path(mailctl.__file__).parents[2] / "systemd"


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


LIFE = """
set -e
mailctl checker install
for _ in $(seq 100); do
    mailctl checker status 2>/dev/null | grep -q waiting && break
    sleep .1
done
systemctl --user show mailctl-checker -p ActiveState -p StatusText
mailctl -q account add backups --address b@firm.example --checker-only --imap-host localhost --imap-port 1 \
    --password-env X --no-discover
systemctl --user reload mailctl-checker
for _ in $(seq 100); do
    [ "$(mailctl checker status 2>/dev/null | wc -l)" = 2 ] && break
    sleep .1
done
mailctl checker status 2>/dev/null | wc -l
begun=$(date +%s%N)
systemctl --user stop mailctl-checker
echo "stopped in $(( ($(date +%s%N) - begun) / 1000000 )) ms"
systemctl --user show mailctl-checker -p Result -p NRestarts -p ActiveState
mailctl -q store path >/dev/null
mv "$MAILCTL_HOME/store/store.toml" "$MAILCTL_HOME/store/away.toml"
systemctl --user start mailctl-checker || echo "does not start"
systemctl --user show mailctl-checker -p NRestarts -p ExecMainStatus
mv "$MAILCTL_HOME/store/away.toml" "$MAILCTL_HOME/store/store.toml"
mailctl checker uninstall
"""


def test_a_real_systemd_starts_reloads_and_stops_what_install_wrote(store: Path, home: Path, tmp_path: Path, cli):
    """Type=notify, SIGHUP, hardening and all."""
    watch(cli, "alarms", host="localhost", port=1)
    house = tmp_path / "house"
    (house / "run").mkdir(parents=True, mode=0o700)
    tools = Path(sys.executable).parent
    environ = {"PATH": f"{tools}:{os.environ['PATH']}", "MAILCTL_HOME": str(home)}
    script = Path(__file__).parents[1] / "support" / "user_manager.sh"

    ran = subprocess.run(
        [script, house, "bash", "-c", LIFE], env=environ, capture_output=True, text=True, timeout=90, check=False
    )

    said = ran.stdout.splitlines()
    log = (house / "systemd.log").read_text()
    assert set(said[:2]) == {"ActiveState=active", "StatusText=1 accounts: 1 waiting-for-secret"}, (ran, log)
    assert said[2].strip() == "2", (ran, log)
    assert int(said[3].split()[2]) < 2000
    assert set(said[4:7]) == {"Result=success", "NRestarts=0", "ActiveState=inactive"}
    assert said[7] == "does not start"
    assert set(said[8:10]) == {"NRestarts=0", "ExecMainStatus=78"}
    assert "removed" in ran.stderr
