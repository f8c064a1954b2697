"""The least that sends: `bare_send.py COUNT FILE` hands a file to the server COUNT times in one smtplib session.

Where, as whom and to whom comes from the environment, as `benchmarks/send.py` sets it.
"""

import os
import smtplib
import ssl
import sys
from pathlib import Path


def main(words: list[str]) -> None:
    """Send."""
    count, message = int(words[0]), Path(words[1]).read_bytes()
    context = ssl.create_default_context(cafile=os.environ["BENCH_CA"])
    with smtplib.SMTP_SSL("localhost", int(os.environ["BENCH_SMTPS"]), context=context) as client:
        client.login(os.environ["BENCH_FROM"], os.environ["BENCH_PASSWORD"])
        for _ in range(count):
            client.sendmail(os.environ["BENCH_FROM"], [os.environ["BENCH_TO"]], message)


if __name__ == "__main__":
    main(sys.argv[1:])
