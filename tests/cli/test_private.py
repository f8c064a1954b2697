"""What the program makes is its owner's only, also where the caller's umask lets everybody in."""

import stat
import subprocess
import sys

MAKE = f"""
set -e
umask 000
mailctl() {{ {sys.executable} -m mailctl "$@"; }}
mailctl init --git
mailctl account add contact --address contact@firm.example --imap-host 127.0.0.1 --smtp-host 127.0.0.1 \
  --smtp-port 1 --password-env FIRM_PASSWORD --no-discover
mailctl --trace "$MAILCTL_HOME/trace" send bob@client.example -s Plans --queue < /dev/null
mailctl list
mailctl fetch || true
"""


def test_every_file_is_0600_and_every_folder_0700(home, monkeypatch):
    monkeypatch.setenv("FIRM_PASSWORD", "hunter2")

    done = subprocess.run(["sh", "-c", MAKE], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    open_to_others = [path for path in home.rglob("*") if stat.S_IMODE(path.lstat().st_mode) & 0o077]
    assert [path for path in open_to_others if not path.is_symlink()] == []
    assert (home / "store/.schemas/account.json").exists()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
