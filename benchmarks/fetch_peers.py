"""Other programs that fetch, for `benchmarks/fetch.py`: getmail6 and offlineimap3, where they are installed."""

import atexit
import hashlib
import os
import shutil
import ssl
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fetch_measure import Program


class Server(NamedTuple):
    """Where the mail is, and a folder for settings and mirrors."""

    root: Path
    port: int
    ca_file: Path
    user: str
    password: str


def peers(server: Server) -> Iterator[Program]:
    """Those that are installed; what is missing is said."""
    for program, make in (("getmail", getmail), ("offlineimap", offlineimap)):
        if shutil.which(program):
            yield make(server)
        else:
            print(f"{program} is not installed: apt-get install {program}{6 if program == 'getmail' else 3}")


def getmail(server: Server) -> Program:
    """getmail6, which remembers what it has seen and fetches one message at a time; root is another user to it.

    A child delivers each message. It listens for a child's end only after it began it, so that on a busy machine one
    that ends at once is waited for in vain, `timeout` long, and then it gives up: it is begun again, ten times at most.
    """
    place = Path(tempfile.mkdtemp(prefix="mctl-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    place.chmod(0o755)
    box, file = place / "getmail", settings(place, "getmailrc")
    file.write_text(
        f"[retriever]\ntype = SimpleIMAPSSLRetriever\nserver = localhost\nport = {server.port}\n"
        f"username = {server.user}\npassword = {server.password}\nmailboxes = ('INBOX',)\nuse_peek = true\n"
        "timeout = 5\n"
        f"\n[destination]\ntype = Maildir\npath = {box}/mail/\n\n"
        "[options]\nread_all = false\ndelete = false\nverbose = 0\ndelivered_to = false\nreceived = false\n"
    )
    fresh = f"mkdir -p {box}/state {box}/mail/cur {box}/mail/new {box}/mail/tmp"
    as_other = ""
    if os.geteuid() == 0:
        shutil.chown(file, "mail")
        fresh += f" && chown -R mail: {box}"
        as_other = "runuser -u mail --"
    run = f"{as_other} getmail --quiet --getmaildir {box}/state --rcfile {file}"
    again = f"for turn in 1 2 3 4 5 6 7 8 9 10; do {run} && exit 0; echo begun again >&2; done; exit 1"
    return Program("getmail6", ["timeout", "600", "sh", "-c", f"{fresh} && {again}"], box)


def offlineimap(server: Server) -> Program:
    """offlineimap3, reading only, so one-way too; of certificates it verifies only those that have a commonName."""
    box, file = server.root / "offlineimap", settings(server.root, "offlineimaprc")
    file.write_text(
        f"[general]\naccounts = all\nmetadata = {box}/state\n\n"
        "[Account all]\nlocalrepository = near\nremoterepository = far\n\n"
        f"[Repository near]\ntype = Maildir\nlocalfolders = {box}/mail\n\n"
        f"[Repository far]\ntype = IMAP\nremotehost = localhost\nremoteport = {server.port}\nssl = yes\n"
        f"cert_fingerprint = {fingerprint(server)}\nremoteuser = {server.user}\nremotepass = {server.password}\n"
        "readonly = true\nfolderfilter = lambda name: name == 'INBOX'\n"
    )
    return Program("offlineimap3", ["offlineimap", "-o", "-u", "quiet", "-c", str(file)], box)


def fingerprint(server: Server) -> str:
    """Of the server's certificate."""
    certificate = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("localhost", server.port)))
    return hashlib.sha512(certificate).hexdigest()


def settings(folder: Path, name: str) -> Path:
    """A file for settings with a password in them."""
    file = folder / name
    file.touch(mode=0o600)
    file.chmod(0o600)
    return file


if __name__ == "__main__":
    sys.exit("this is a part of benchmarks/fetch.py")
