"""An IMAP and a submission server on free loopback ports, with TLS and passwords, in a thread of their own.

TLS is real: an authority is made on the spot, and its certificate is what `ca_file` of an account names, so that the
tour shows the way one goes with a private authority. Both servers speak TLS from the first byte (RFC 8314).
"""

import asyncio
from asyncio import AbstractEventLoop, BaseTransport, Event, StreamReader, StreamWriter, WriteTransport
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Self
from weakref import WeakSet

from aiosmtpd.smtp import SMTP

from mailctl.demo.certificates import ADDRESS, HOST, server_context
from mailctl.demo.mailboxes import Mailboxes, User
from mailctl.demo.submission import Submission

PATIENCE = 10.0  # seconds to start, and to stop


class DemoServers:
    """Two running servers; `host`, the two ports and `ca_file` are what an account needs."""

    host = HOST

    def __init__(self, users: Sequence[User], ca_file: Path) -> None:
        self.users = tuple(users)
        self.ca_file = ca_file
        self.imap_port = 0
        self.smtp_port = 0
        self.context = server_context(ca_file)
        self.running: Future[tuple[AbstractEventLoop, Event]] = Future()
        self.writers: WeakSet[StreamWriter] = WeakSet()
        self.conversations: WeakSet[SMTP] = WeakSet()

    @classmethod
    @contextmanager
    def started(cls, users: Sequence[User], folder: Path) -> Iterator[Self]:
        """The servers, running until the block ends.

        Args:
            users: who has a mailbox.
            folder: where the authority's certificate is written, as `ca.pem`.
        """
        servers = cls(users, folder / "ca.pem")
        thread = Thread(target=servers.run, name="demo servers", daemon=True)
        thread.start()
        try:
            loop, stopping = servers.running.result(PATIENCE)
            try:
                yield servers
            finally:
                loop.call_soon_threadsafe(stopping.set)
        finally:
            thread.join(PATIENCE)

    def run(self) -> None:
        """Serve until told to stop; the thread's work."""
        try:
            asyncio.run(self.serve())
        except OSError as error:  # no port to be had: told to who waits for the start
            self.running.set_exception(error)

    async def serve(self) -> None:
        """Listen, say where, and close every connection at the end."""
        loop, stopping = asyncio.get_running_loop(), Event()
        mailboxes = Mailboxes(self.users)
        await mailboxes.fill()
        submission = Submission(mailboxes)

        async def talk_imap(reader: StreamReader, writer: StreamWriter) -> None:
            self.writers.add(writer)
            await mailboxes.serve(reader, writer)

        def talk_smtp() -> SMTP:
            conversation = submission.conversation()
            self.conversations.add(conversation)
            return conversation

        imap = await asyncio.start_server(talk_imap, ADDRESS, 0, ssl=self.context)
        smtp = await loop.create_server(talk_smtp, ADDRESS, 0, ssl=self.context)
        self.imap_port, self.smtp_port = (server.sockets[0].getsockname()[1] for server in (imap, smtp))
        self.running.set_result((loop, stopping))
        await stopping.wait()
        imap.close()
        smtp.close()
        await self.hang_up()

    async def hang_up(self) -> None:
        """End the conversations that are still going on."""
        for transport in self.transports():
            if isinstance(transport, WriteTransport):
                with suppress(AttributeError):  # its connection is gone already (asyncio of Python 3.11.2, Debian 12's)
                    transport.abort()
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=PATIENCE / 2)
        await asyncio.sleep(0)  # transports close their sockets one round after they were told to

    def transports(self) -> list[BaseTransport | None]:
        """The connections that are open."""
        return [*(writer.transport for writer in self.writers), *(one.transport for one in self.conversations)]
