"""Run inside `dbus-run-session` by test_keyring.py: one question to a real keyring, the answer as JSON."""

import json
import os
import sys
import time
from contextlib import closing

import secretstorage
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from mailctl.domain.account import Auth, SecretPlace, Security, Server
from mailctl.errors import MailctlError
from mailctl.secrets import forget, lookup, store
from mailctl.secrets.keyring import Keyring

SERVER = Server(
    host="imap.firm.example",
    port=993,
    security=Security.TLS,
    login="contact@firm.example",
    auth=Auth(secret=SecretPlace.KEYRING),
)


def get() -> str:
    """The secret."""
    return lookup(SERVER, account="contact", environ=os.environ, interactive=False)


def lock() -> None:
    """Lock the keyring, as a desktop does when its user is away."""
    with closing(secretstorage.dbus_init()) as bus:
        secretstorage.get_default_collection(bus).lock()


def get_from_a_mute_service() -> str | None:
    """Ask a Secret Service that never answers: this process owns the name and reads nothing."""
    with closing(open_dbus_connection("SESSION")) as bus:
        bus.send_and_get_reply(message_bus.RequestName("org.freedesktop.secrets"))
        return Keyring(environ=os.environ, interactive=False, deadline=1).get(SERVER)


def ask(question: str, secret: str) -> str | None:
    """Do what the first argument says."""
    match question:
        case "set":
            return store(SERVER, secret, environ=os.environ)
        case "get":
            return get()
        case "forget":
            return forget(SERVER, environ=os.environ)
        case "lock":
            return lock()
        case "get-from-mute":
            return get_from_a_mute_service()
    raise ValueError(question)


def main() -> None:
    """One answer for each `question=secret` argument."""
    answers = []
    for word in sys.argv[1:]:
        question, _, secret = word.partition("=")
        begun = time.monotonic()
        try:
            answer = {"said": ask(question, secret)}
        except MailctlError as error:
            answer = {"error": error.code, "status": int(error.exit_status), "said": str(error), "hint": error.hint}
        answers.append({**answer, "seconds": time.monotonic() - begun})
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
