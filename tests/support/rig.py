"""The folder, ports, certificates and processes of the private Dovecot and Postfix that the live tests talk to."""

import base64
import grp
import os
import pwd
import random
import re
import secrets
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import trustme

TEMPLATES = Path(__file__).parent / "servers"
DOMAIN = "mail.test"
PASSWORD = "correct horse"
USERS = ("alice", "bob", "contact", "billing", "watch", *(f"u{number}" for number in range(1, 21)))
PORTS = ("IMAP", "IMAPS", "LMTP", "AUTH", "SUBMISSION", "SMTPS", "PLAIN_SMTP")
TOKEN_KEY = "dovecot/keys/default/HS256/default"
START_SECONDS = 30.0
IS_ROOT = os.geteuid() == 0


class RigError(Exception):
    """A server could not be had; the tests that need it fail, they are never skipped."""


def as_root(*command: str) -> list[str]:
    """The command, through sudo where one is not root: Postfix changes its users and cannot do without."""
    return list(command) if IS_ROOT else ["sudo", "-n", *command]


def make_home() -> Path:
    """A folder with a short path (a socket's may have 107 bytes) that the servers' own users can enter."""
    home = Path(tempfile.mkdtemp(prefix="mctl-", dir="/tmp"))
    home.chmod(0o755)
    for name in ("dovecot/run", "dovecot/state", "log", "tls", "postfix", "mail", "shared", "gone"):
        (home / name).mkdir(parents=True)
    return home


def free_ports() -> dict[str, int]:
    """Free loopback ports below those the system gives to clients, which could be taken before the servers start."""
    ports: dict[str, int] = {}
    for port in random.sample(range(20000, 32000), 500):
        if len(ports) == len(PORTS):
            break
        if is_free(port):
            ports[PORTS[len(ports)]] = port
    return ports


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def make_certificates(tls: Path) -> None:
    """An authority of our own, and a certificate for localhost signed by it."""
    authority = trustme.CA(organization_name="mailctl tests")
    server = authority.issue_cert("localhost", "127.0.0.1", f"mail.{DOMAIN}")
    authority.cert_pem.write_to_path(tls / "ca.pem")
    server.private_key_pem.write_to_path(tls / "server.key")
    for part in server.cert_chain_pems:
        part.write_to_path(tls / "server.pem", append=True)


def make_token_key(home: Path) -> None:
    """The key with which access tokens are signed (JWT, HS256), where Dovecot looks for it."""
    path = home / TOKEN_KEY
    path.parent.mkdir(parents=True)
    path.write_text(base64.b64encode(secrets.token_bytes(32)).decode())


def start(home: Path) -> dict[str, int]:
    """Write the configurations and start both servers; gives the ports once they answer.

    Raises:
        RigError: a server is not installed, does not start, or does not answer.
    """
    ports = free_ports()
    make_certificates(home / "tls")
    values = {"DIR": str(home), "DOMAIN": DOMAIN, "DOMAIN_RE": re.escape(DOMAIN), "USERS": "|".join(USERS)}
    values |= {f"{name}_PORT": str(port) for name, port in ports.items()} | identity(home)
    values["ROOTLESS"] = "" if IS_ROOT else fill("rootless.conf.in", values)
    make_token_key(home)
    targets = {"dovecot.conf": "dovecot", "oauth2.conf.ext": "dovecot", "main.cf": "postfix", "master.cf": "postfix"}
    for name, folder in {**targets, "recipients": "postfix", "answers": "postfix"}.items():
        (home / folder / name).write_text(fill(f"{name}.in", values))
    (home / "dovecot/users").write_text("".join(f"{user}:{{PLAIN}}{PASSWORD}::::::\n" for user in USERS))

    run(home, ["dovecot", "-c", str(home / "dovecot/dovecot.conf")])
    start_postfix(home)
    for port in ports.values():
        await_port(port, home)
    return ports


def identity(home: Path) -> dict[str, str]:
    """Who owns the mail: the user `mail` where root can give it away, else oneself."""
    user = pwd.getpwnam("mail") if IS_ROOT else pwd.getpwuid(os.getuid())
    if IS_ROOT:
        for folder in ("mail", "shared"):
            os.chown(home / folder, user.pw_uid, user.pw_gid)
    group = grp.getgrgid(user.pw_gid).gr_name
    return {"MAIL_UID": str(user.pw_uid), "MAIL_GID": str(user.pw_gid), "USER": user.pw_name, "GROUP": group}


def fill(template: str, values: dict[str, str]) -> str:
    """A template with its words between @ replaced."""
    return re.sub(r"@([A-Z][A-Z_]*)@", lambda found: values[found[1]], (TEMPLATES / template).read_text())


def start_postfix(home: Path) -> None:
    """Give root and postfix what must be theirs, let Postfix make its queue, start it."""
    run(home, as_root("chown", "-R", "root", f"{home}/postfix", f"{home}/tls"))
    run(home, as_root("install", "-d", "-o", "root", f"{home}/queue"))
    run(home, as_root("install", "-d", "-o", "postfix", f"{home}/queue-data"))
    for verb in ("check", "start"):
        run(home, as_root("postfix", "-c", f"{home}/postfix", verb))


def run(home: Path, command: list[str]) -> None:
    """Run a command to its end. Its output goes to a file, since the servers it leaves behind keep it open."""
    if not shutil.which(command[0], path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"):
        raise RigError(f"{command[0]} is missing: sh tests/install")
    environ = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
    with (home / "log/start.log").open("a") as output:
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environ,
            start_new_session=True,
        )
    if done.returncode:
        raise RigError(f"{shlex.join(command)} failed with {done.returncode}:\n{logs(home)}")


def await_port(port: int, home: Path) -> None:
    """Come back once somebody listens."""
    deadline = time.monotonic() + START_SECONDS
    while is_free(port):
        if time.monotonic() > deadline:
            raise RigError(f"nothing answers on port {port}:\n{logs(home)}")
        time.sleep(0.02)


def logs(home: Path) -> str:
    """The last words of every log."""
    parts = []
    for log in sorted((home / "log").iterdir()):
        text = log.read_text(errors="replace") if os.access(log, os.R_OK) else "(not readable)"
        parts.append(f"--- {log.name}\n{text[-2000:]}")
    return "\n".join(parts)


def keeper(home: Path) -> subprocess.Popen[bytes]:
    """A process that stops both servers and removes the folder as soon as its stdin closes.

    So the servers end with the tests even when those are killed: the system closes the pipe for them.
    """
    stop = (
        shlex.join(as_root("postfix", "-c", f"{home}/postfix", "stop")),
        shlex.join(["dovecot", "-c", f"{home}/dovecot/dovecot.conf", "stop"]),
        shlex.join(as_root("rm", "-rf", "--", str(home))),
    )
    script = f"PATH=$PATH:/usr/sbin:/sbin; cat; {'; '.join(stop)}"
    return subprocess.Popen(
        ["sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
