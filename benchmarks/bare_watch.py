"""What mailctl-checker is measured against: imapclient, a thread an account, idle_check in a loop.

`python benchmarks/bare_watch.py PORT CA NUMBER` prints a line once all are watched, and watches until its input ends.
"""

import ssl
import sys
import threading

from imapclient import IMAPClient


def watch(port: int, context: ssl.SSLContext, ready: threading.Semaphore) -> None:
    """Watch one account."""
    client = IMAPClient("localhost", port=port, ssl_context=context, timeout=30)
    client.login("x", "y")
    client.select_folder("INBOX", readonly=True)
    client.search("UNSEEN")
    client.idle()
    ready.release()
    while True:
        client.idle_check(timeout=540)


def main(port: int, authority: str, number: int) -> None:
    """Watch so many."""
    context = ssl.create_default_context(cafile=authority)
    ready = threading.Semaphore(0)
    threading.stack_size(256 * 1024)
    for _ in range(number):
        threading.Thread(target=watch, args=(port, context, ready), daemon=True).start()
    for _ in range(number):
        ready.acquire()
    print("all are watched", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
