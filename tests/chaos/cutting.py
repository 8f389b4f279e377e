"""A relay that cuts the connections it carries, in a process of its own: `python -m tests.chaos.cutting PORT SEED`.

It stands between the engine and the mail server at PORT. The first line on stdout is its own port. A line on stdin ends
the cutting.
"""

import asyncio
import sys
from random import Random

CUTS_AFTER = (1.0, 12.0)  # seconds, at least and at most


class Relay:
    """All connections."""

    def __init__(self, port: int, seed: int) -> None:
        self._port = port
        self._random = Random(f"cuts {seed}")
        self._calm = asyncio.Event()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.close()
            return
        pumps = [asyncio.create_task(pump(reader, far_writer)), asyncio.create_task(pump(far_reader, writer))]
        cut = asyncio.create_task(self._cut())
        await asyncio.wait([*pumps, cut], return_when=asyncio.FIRST_COMPLETED)
        for task in (*pumps, cut):
            task.cancel()
        for side in (writer, far_writer):
            side.transport.abort()

    async def _cut(self) -> None:
        """Returns when the connection is to be cut: never, once it is calm."""
        await asyncio.sleep(self._random.uniform(*CUTS_AFTER))
        if self._calm.is_set():
            await asyncio.Event().wait()

    def calm_down(self) -> None:
        sys.stdin.readline()
        self._calm.set()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one side ends."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        return


async def serve(port: int, seed: int) -> None:
    relay = Relay(port, seed)
    server = await asyncio.start_server(relay.carry, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    asyncio.get_running_loop().add_reader(sys.stdin, relay.calm_down)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
