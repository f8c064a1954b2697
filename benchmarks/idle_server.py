"""An IMAP server of empty mailboxes that says nothing of itself: what a thousand idle connections are measured against.

`python benchmarks/idle_server.py CERTIFICATE` prints its port and serves until its input ends; a thread a client.
"""

import socket
import ssl
import sys
import threading

CAN = b"IMAP4rev1 IDLE SASL-IR AUTH=PLAIN"
STATUS = b"* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\r\n"
OPENED = b"* FLAGS (\\Seen)\r\n* 0 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 1] next\r\n"
ANSWERS = {
    b"STATUS": STATUS,
    b"EXAMINE": OPENED,
    b"UID": b"* SEARCH\r\n",
    b"CAPABILITY": b"* CAPABILITY " + CAN + b"\r\n",
}


def serve(plain: socket.socket, context: ssl.SSLContext) -> None:
    """Talk with one client until it goes."""
    try:
        with context.wrap_socket(plain, server_side=True) as client, client.makefile("rb") as lines:
            client.sendall(b"* OK [CAPABILITY " + CAN + b"] ready\r\n")
            waiting = b""
            for line in lines:
                tag, _, rest = line.rstrip().partition(b" ")
                verb = rest.partition(b" ")[0].upper()
                if verb == b"IDLE":
                    waiting = tag
                    client.sendall(b"+ idling\r\n")
                    continue
                if tag == b"DONE":
                    tag = waiting
                client.sendall(ANSWERS.get(verb, b"") + tag + b" OK done\r\n")
    except OSError:
        return


def main(certificate: str) -> None:
    """Serve."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    threading.stack_size(256 * 1024)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        print(listener.getsockname()[1], flush=True)
        threading.Thread(target=accept, args=(listener, context), daemon=True).start()
        sys.stdin.read()


def accept(listener: socket.socket, context: ssl.SSLContext) -> None:
    """Take clients."""
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, context), daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1])
