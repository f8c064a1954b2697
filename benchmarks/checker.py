"""What mailctl-checker costs with 1, 100 and 1,000 accounts in IDLE under TLS, beside a bare thread each and mailnag.

`python benchmarks/checker.py` also measures how long mail takes from its delivery to Dovecot until a notification
service is asked to show it, and until a real dunst says that it is on the screen, beside Dovecot's own push seen by a
bare socket. It prints tables and never fails; with `latency` behind it, only that one.
"""

import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import trustme
from jeepney import DBusAddress, HeaderFields, new_method_call
from jeepney.io.blocking import open_dbus_connection

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
CHECKER = Path(sys.executable).with_name("mailctl-checker")
MAILCTL = Path(sys.executable).with_name("mailctl")
NUMBERS = (1, 100, 1000)
MONITORING = DBusAddress(
    "/org/freedesktop/DBus", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus.Monitoring"
)
IDLE_SECONDS = 20.0
DELIVERIES = 100
USERS = tuple(f"u{number}" for number in range(1, 11))
PAUSE = 0.56  # so that each of ten accounts has mail every 5.6 s: nothing is grouped, which takes 5 s
ACCOUNT = """address = "a@x.example"
login = "{login}"
checker_only = true
auth = {{ secret = "env", env = "PASSWORD" }}
incoming = {{ host = "localhost", port = {port}, ca_file = "{authority}" }}
"""


def make_store(home: Path, names: dict[str, str], *, port: int, authority: Path, way: str) -> None:
    """A store of watched accounts: their names and logins."""
    environ = {**os.environ, "MAILCTL_HOME": str(home)}
    subprocess.run([MAILCTL, "-q", "init"], env=environ, check=True)
    for name, login in names.items():
        path = home / "store" / "accounts" / f"{name}.toml"
        path.write_text(ACCOUNT.format(login=login, port=port, authority=authority))
        path.chmod(0o600)
    with (home / "store" / "store.toml").open("a") as file:
        file.write(f'\n[checker]\nnotify = "{way}"\n')


@contextlib.contextmanager
def running(*words: object, **environ: str) -> Iterator["subprocess.Popen[str]"]:
    """A program, ended at the end."""
    program = subprocess.Popen(
        [str(word) for word in words], env={**os.environ, **environ}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        yield program
    finally:
        program.terminate()
        program.communicate()


def costs(pid: int) -> str:
    """Memory, threads and descriptors of a process now, and the CPU it takes while nothing happens."""
    said = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    before = cpu(pid)
    time.sleep(IDLE_SECONDS)
    share = (cpu(pid) - before) / IDLE_SECONDS * 100
    return f"{int(said['VmRSS'].split()[0]) / 1024:8.1f} {int(said['Threads']):8} {files:8} {share:9.2f}"


def cpu(pid: int) -> float:
    """Seconds of CPU a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle_costs(work: Path) -> None:
    """The first table."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(work / "ca.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(work / "server.pem")
    print(f"{'accounts':>8} {'':12} {'ready s':>8} {'MB':>8} {'threads':>8} {'files':>8} {'% of core':>9}")
    for number in NUMBERS:
        with running(sys.executable, HERE / "idle_server.py", work / "server.pem") as server:
            assert server.stdout
            port = int(server.stdout.readline())
            checker_costs(work / str(number), number, port, work / "ca.pem")
            begun = time.monotonic()
            with running(sys.executable, HERE / "bare_watch.py", port, work / "ca.pem", number) as bare:
                assert bare.stdout
                bare.stdout.readline()
                print(f"{number:8} {'bare':12} {time.monotonic() - begun:8.2f} {costs(bare.pid)}", flush=True)
            mailnag_costs(work / f"mailnag{number}", number, port, work / "ca.pem")


def mailnag_costs(home: Path, number: int, port: int, authority: Path) -> None:
    """One row for mailnag, where it is installed."""
    import mailnag_watch

    begun = time.monotonic()
    with mailnag_watch.watching(home, number, port, authority) as mailnag:
        if mailnag is None:
            print(f"{number:8} {'mailnag':12}  is not installed, or did not get so far", flush=True)
        else:
            print(f"{number:8} {'mailnag':12} {time.monotonic() - begun:8.2f} {costs(mailnag.pid)}", flush=True)


def checker_costs(home: Path, number: int, port: int, authority: Path) -> None:
    """One row of it."""
    make_store(home, {f"a{one}": "x" for one in range(number)}, port=port, authority=authority, way="log")
    begun = time.monotonic()
    with running(CHECKER, MAILCTL_HOME=str(home), PASSWORD="y") as checker:
        await_idle(home, number)
        print(f"{number:8} {'mailctl':12} {time.monotonic() - begun:8.2f} {costs(checker.pid)}", flush=True)


def await_idle(home: Path, number: int) -> None:
    """Come back once so many accounts wait for what their servers say."""
    place = home / "run" / "checker.sock"
    while True:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(place))
            with sock.makefile("rb") as answer:
                if answer.read().count(b'"idling"') == number:
                    return
        time.sleep(0.05)


def latency(work: Path) -> None:
    """The second table."""
    from support import rig
    from support.mailservers import MailServers

    home = rig.make_home()
    keeper = rig.keeper(home)
    bus = work / "bus"
    try:
        ports = rig.start(home)
        mail = MailServers(
            host="localhost", imap_port=ports["IMAP"], imaps_port=ports["IMAPS"], submission_port=0, smtps_port=0,
            plain_smtp_port=0, lmtp_port=0, ca_file=home / "tls/ca.pem", domain=rig.DOMAIN, password=rig.PASSWORD,
            users=rig.USERS, home=home,
        )  # fmt: skip
        make_store(
            work / "firm", dict(zip(USERS, USERS, strict=True)), port=ports["IMAPS"], authority=mail.ca_file, way="dbus"
        )
        address = f"unix:path={bus}"
        with running("dbus-daemon", "--session", "--nofork", f"--address={address}"):
            while not bus.exists():
                time.sleep(0.02)
            with dunst(address), Monitor(address) as monitor:
                report(*deliver_all(mail, monitor, work / "firm", address))
    finally:
        keeper.communicate(timeout=60)


@contextlib.contextmanager
def dunst(address: str) -> Iterator[None]:
    """A real dunst on a hidden screen, ready."""
    read, write = os.pipe()
    words = ["Xvfb", "-displayfd", str(write), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    with subprocess.Popen(words, pass_fds=[write], stderr=subprocess.DEVNULL) as screen:
        os.close(write)
        with os.fdopen(read) as numbers:
            shown = f":{numbers.readline().strip()}"
        environ = {"DBUS_SESSION_BUS_ADDRESS": address, "DISPLAY": shown}
        with running("dunst", **environ):
            while subprocess.run(
                ["dunstctl", "is-paused"], env={**os.environ, **environ}, capture_output=True, check=False
            ).returncode:
                time.sleep(0.05)
            yield
        screen.terminate()


class Monitor:
    """What is said on a bus: when notifications were asked for, and when dunst answered that they are on the screen."""

    def __init__(self, address: str) -> None:
        self.bus = open_dbus_connection(address)
        self.asked: list[float] = []
        self.shown: list[float] = []
        self.calls: set[tuple[str, int]] = set()
        become = new_method_call(MONITORING, "BecomeMonitor", "asu", ([], 0))
        self.bus.send_and_get_reply(become)
        threading.Thread(target=self.listen, daemon=True).start()

    def __enter__(self) -> "Monitor":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing: it ends with the process."""

    def listen(self) -> None:
        """Note the moments, until the bus is gone."""
        while True:
            try:
                message = self.bus.receive()
            except OSError:
                return
            fields = message.header.fields
            if fields.get(HeaderFields.member) == "Notify":
                self.asked.append(time.monotonic())
                self.calls.add((fields[HeaderFields.sender], message.header.serial))
            elif (fields.get(HeaderFields.destination), fields.get(HeaderFields.reply_serial)) in self.calls:
                self.shown.append(time.monotonic())


Figures = tuple[list[float], list[float], list[float]]


def deliver_all(mail: object, monitor: Monitor, firm: Path, address: str) -> Figures:
    """How long each delivery took to be pushed, to be asked for, and to be shown; in milliseconds."""
    pushes: dict[str, list[float]] = {user: [] for user in USERS}
    for user in USERS:
        threading.Thread(target=bare_idle, args=(mail, user, pushes[user]), daemon=True).start()
    pushed, asked, shown = [], [], []
    environ = {"MAILCTL_HOME": str(firm), "PASSWORD": mail.password, "DBUS_SESSION_BUS_ADDRESS": address}
    with running(CHECKER, **environ):
        await_idle(firm, len(USERS))
        time.sleep(1)
        for number in range(DELIVERIES):
            user = USERS[number % len(USERS)]
            before, calls = len(pushes[user]), len(monitor.shown)
            begun = time.monotonic()
            mail.deliver(user, b"From: b@x.example\r\nMessage-ID: <%d@x>\r\nSubject: x\r\n\r\nx\r\n" % number)
            while len(monitor.shown) == calls:
                time.sleep(0.001)
            asked.append((monitor.asked[calls] - begun) * 1000)
            shown.append((monitor.shown[calls] - begun) * 1000)
            while len(pushes[user]) == before:
                time.sleep(0.001)
            pushed.append((pushes[user][-1] - begun) * 1000)
            time.sleep(max(0.0, PAUSE - (time.monotonic() - begun)))
    return pushed, asked, shown


def bare_idle(mail: object, user: str, pushes: list[float]) -> None:
    """Wait for EXISTS over a bare socket, and note when it comes."""
    with socket.create_connection(("127.0.0.1", mail.imap_port)) as sock, sock.makefile("rb") as lines:
        for command, end in (
            (f'a LOGIN {user} "{mail.password}"', b"a OK"),
            ("b EXAMINE INBOX", b"b OK"),
            ("c IDLE", b"+"),
        ):
            sock.sendall(f"{command}\r\n".encode())
            while not (line := lines.readline()).startswith(end):
                assert line, f"the server left after {command}"
        for line in lines:
            if b"EXISTS" in line:
                pushes.append(time.monotonic())


def report(pushed: list[float], asked: list[float], shown: list[float]) -> None:
    """Print what it took."""
    print(f"\n{DELIVERIES} deliveries to Dovecot, in ms      p50      p95")
    rows = (("EXISTS seen by a bare socket", pushed), ("notification asked for", asked), ("shown, says dunst", shown))
    for name, values in rows:
        ranks = statistics.quantiles(values, n=20)
        print(f"{name:34} {statistics.median(values):8.0f} {ranks[18]:8.0f}")


def main() -> None:
    """Both tables."""
    os.environ.pop("MAILCTL_STORE", None)
    with tempfile.TemporaryDirectory() as folder:
        if sys.argv[1:] != ["latency"]:
            idle_costs(Path(folder))
        latency(Path(folder))


if __name__ == "__main__":
    main()
