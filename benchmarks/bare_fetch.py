"""Fetch an inbox with nothing but imaplib, 200 messages at a time, nothing made durable: the loop one writes oneself.

`bare_fetch.py DIR`; BENCH_IMAPS, BENCH_CA, BENCH_LOGIN and BENCH_PASSWORD say where.
"""

import imaplib
import os
import ssl
import sys
from pathlib import Path

AT_ONCE = 200

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
context = ssl.create_default_context(cafile=os.environ["BENCH_CA"])
with imaplib.IMAP4_SSL("localhost", int(os.environ["BENCH_IMAPS"]), ssl_context=context) as box:
    box.login(os.environ["BENCH_LOGIN"], os.environ["BENCH_PASSWORD"])
    count = int(box.select("INBOX", readonly=True)[1][0] or 0)
    for first in range(1, count + 1, AT_ONCE):
        _, answers = box.fetch(f"{first}:{min(first + AT_ONCE - 1, count)}", "(UID BODY.PEEK[])")
        for number, answer in enumerate(one for one in answers if isinstance(one, tuple)):
            (folder / f"{first + number}").write_bytes(answer[1].replace(b"\r\n", b"\n"))
