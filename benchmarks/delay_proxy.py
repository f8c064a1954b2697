"""Forward TCP with delay, half of it each way: `delay_proxy.py LISTEN_PORT TARGET_PORT RTT_MS` until it is killed.

Stands in for `tc netem`, which containers lack; bandwidth stays as it is. What the server says is acknowledged at once,
for no acknowledgement that a proxy delays must hold it up: Nagle's algorithm at the server would wait 40 ms for it.
"""

import asyncio
import socket
import sys
import time

PIECE = 256 << 10
WAITING = 256  # pieces on their way in each direction


async def pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float, quick: socket.socket | None = None
) -> None:
    """Hand on all that comes, so much later; what comes from `quick` is acknowledged at once."""
    queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=WAITING)
    sender = asyncio.create_task(hand_on(queue, writer))
    try:
        while data := await reader.read(PIECE):
            await queue.put((time.monotonic() + delay, data))
            if quick is not None:
                quick.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    except ConnectionError:
        pass
    await queue.put((time.monotonic() + delay, b""))
    await sender


async def hand_on(queue: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter) -> None:
    """Write what is due, until nothing more comes."""
    while True:
        due, data = await queue.get()
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if not data:
            writer.close()
            return
        try:
            writer.write(data)
            await writer.drain()
        except ConnectionError:
            continue


async def main(words: list[str]) -> None:
    """Serve until killed."""
    listen, target, rtt = int(words[0]), int(words[1]), float(words[2]) / 1000

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(rtt)  # the TCP handshake with the far side
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target, limit=1 << 20)
        far = far_writer.get_extra_info("socket")
        await asyncio.gather(pump(reader, far_writer, rtt / 2), pump(far_reader, writer, rtt / 2, far))

    server = await asyncio.start_server(serve, "127.0.0.1", listen, limit=1 << 20, backlog=256)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
