"""The variable, the credential and the command: what they give, and how they fail."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from mailctl.domain.account import Auth, SecretPlace, Server
from mailctl.errors import SecretUnavailableError
from mailctl.secrets.command import Command
from mailctl.secrets.credential import Credential
from mailctl.secrets.env import Env
from suites.secret_backend import SecretBackendSuite, server_with

SECRET = "pä55 wörd"


def said_by(*words: str) -> Server:
    """A server whose secret a command prints."""
    return server_with(Auth(secret=SecretPlace.COMMAND, command=words))


def python(code: str) -> Server:
    """A server whose secret a line of Python prints."""
    return said_by(sys.executable, "-X", "utf8", "-c", code)


def command(**options: float) -> Command:
    """The backend, with nobody there."""
    return Command(environ=os.environ, interactive=False, **options)


class TestEnv(SecretBackendSuite):
    @pytest.fixture
    def backend(self) -> Env:
        return Env(environ={"CONTACT_PASSWORD": SECRET}, interactive=False)

    @pytest.fixture
    def server(self) -> Server:
        return server_with(Auth(secret=SecretPlace.ENV, env="CONTACT_PASSWORD"))

    @pytest.fixture
    def bare(self) -> Server:
        return server_with(Auth(secret=SecretPlace.ENV, env="OTHER"))


class TestCredential(SecretBackendSuite):
    @pytest.fixture
    def backend(self, tmp_path: Path) -> Credential:
        (tmp_path / "contact").write_text(f"{SECRET}\n", encoding="utf-8")
        return Credential(environ={"CREDENTIALS_DIRECTORY": str(tmp_path)}, interactive=False)

    @pytest.fixture
    def server(self) -> Server:
        return server_with(Auth(secret=SecretPlace.CREDENTIAL, credential="contact"))

    @pytest.fixture
    def bare(self) -> Server:
        return server_with(Auth(secret=SecretPlace.CREDENTIAL, credential="other"))

    @pytest.mark.parametrize("name", ["../contact", "..", ".", "", "/etc/hostname"])
    def test_a_name_never_leaves_the_folder(self, backend: Credential, name: str):
        with pytest.raises(SecretUnavailableError, match="bad credential name"):
            backend.get(server_with(Auth(secret=SecretPlace.CREDENTIAL, credential=name)))

    def test_outside_a_service_it_says_what_to_write_in_the_unit(self, server: Server):
        with pytest.raises(SecretUnavailableError, match="only there in a systemd service") as caught:
            Credential(environ={}, interactive=False).get(server)

        assert caught.value.hint == "LoadCredential=contact:FILE"

    def test_a_folder_of_that_name_is_no_secret(self, backend: Credential, tmp_path: Path):
        (tmp_path / "folder").mkdir()

        with pytest.raises(SecretUnavailableError, match="cannot read the credential 'folder'"):
            backend.get(server_with(Auth(secret=SecretPlace.CREDENTIAL, credential="folder")))

    def test_bytes_that_are_no_text_are_refused(self, backend: Credential, tmp_path: Path):
        (tmp_path / "key").write_bytes(b"\xff\xfe")

        with pytest.raises(SecretUnavailableError, match="not UTF-8"):
            backend.get(server_with(Auth(secret=SecretPlace.CREDENTIAL, credential="key")))


class TestCommand:
    def test_gives_the_first_line_as_it_is(self):
        assert command().get(python(f"print('{SECRET}'); print('url: imap')")) == SECRET

    def test_a_line_may_end_as_on_windows(self):
        assert command().get(python(r"print('secret\r')")) == "secret"

    def test_nothing_printed_is_an_empty_secret(self):
        assert command().get(python("pass")) == ""

    def test_no_shell_reads_the_arguments(self):
        assert command().get(said_by("echo", "$(id)", ";", "*")) == "$(id) ; *"

    def test_it_sees_the_callers_environment(self):
        backend = Command(environ={**os.environ, "CONTACT": "from there"}, interactive=False)

        assert backend.get(said_by("printenv", "CONTACT")) == "from there"

    def test_a_missing_program_is_named(self):
        with pytest.raises(SecretUnavailableError, match="cannot run the password command 'no-such': No such file"):
            command().get(said_by("no-such"))

    def test_a_file_that_is_no_program_is_named(self, tmp_path: Path):
        (tmp_path / "plain").write_text("secret")

        with pytest.raises(SecretUnavailableError, match="Permission denied"):
            command().get(said_by(str(tmp_path / "plain")))

    def test_a_failure_shows_its_last_line_on_stderr(self):
        server = python("import sys; print('first\\ngpg: no key', file=sys.stderr); sys.exit(2)")

        with pytest.raises(SecretUnavailableError, match="failed with status 2: gpg: no key"):
            command().get(server)

    def test_a_failure_does_not_show_the_secret_it_printed(self):
        server = python("import sys; print('hunter2'); print('got hunter2', file=sys.stderr); sys.exit(1)")

        with pytest.raises(SecretUnavailableError) as caught:
            command().get(server)

        assert str(caught.value).endswith("failed with status 1")

    def test_a_program_killed_by_a_signal_is_a_failure(self):
        with pytest.raises(SecretUnavailableError, match=f"failed with status -{int(signal.SIGTERM)}"):
            command().get(python("import os; os.kill(os.getpid(), 15)"))

    def test_output_that_is_no_text_is_refused(self):
        with pytest.raises(SecretUnavailableError, match="no UTF-8"):
            command().get(python(r"import sys; sys.stdout.buffer.write(b'\xff\n')"))

    def test_it_reads_nothing_where_nobody_sits(self):
        assert command().get(python("import sys; print(repr(sys.stdin.read()))")) == "''"

    def test_past_the_deadline_it_is_killed_with_its_children(self, tmp_path: Path):
        marks = tmp_path / "child"
        server = said_by("sh", "-c", f'sleep 600 & echo $! > "{marks}"; wait')
        begun = time.monotonic()

        with pytest.raises(SecretUnavailableError, match="did not end within 2 s"):
            command(deadline=2).get(server)

        assert time.monotonic() - begun < 10
        assert not is_alive(int(marks.read_text()))


def is_alive(number: int) -> bool:
    """Whether a process still runs; a killed one that nobody waits for does not."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False
        if state == "Z":
            return False
    return True
