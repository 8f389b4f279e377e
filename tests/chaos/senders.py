"""Who sends webhooks and orders, in a process of its own: `python -m tests.chaos.senders ORDERS_URL FILE`.

A line on stdin is a burst; the end of stdin ends it when everything is accepted. What was accepted is a line in FILE,
written when the answer has come and never before: the senders' own record.

Senders behave as those of webhooks do: what gets no answer below 500 is sent again with the same Idempotency-Key; some
hang up before the answer and send again, some send again what was accepted.
"""

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.http1 import request
from benchmarks.load import Line

AT_ONCE = 20
FIRST_PAUSE = 0.05  # seconds before something is sent again; doubles up to MAX_PAUSE
MAX_PAUSE = 0.5
TOO_MANY = 429


@dataclass
class Sender:
    """One of several that work on what is to be sent."""

    orders_url: str
    accepted: Path
    line: Line | None = None
    host: str = ""

    async def work(self, queue: "asyncio.Queue[dict[str, Any]]") -> None:
        while True:
            await self.send(await queue.get())
            queue.task_done()

    async def send(self, event: dict[str, Any]) -> None:
        if "url" not in event:
            await self.until_answered(self.orders_url, {"id": event["reference"], "customer": event["customer"]})
            self.note({"zap": "orders", "reference": event["reference"], "status": 200})
            return
        body = {"reference": event["reference"], "customer": event["customer"]}
        if event["cut_off"]:
            await self.hang_up(event["url"], body)
        status = await self.until_answered(event["url"], body)
        self.note({"zap": event["service"], "reference": event["reference"], "status": status})
        if event["repeated"]:
            await self.until_answered(event["url"], body)

    def note(self, row: dict[str, Any]) -> None:
        with self.accepted.open("a") as lines:
            lines.write(json.dumps(row) + "\n")

    async def until_answered(self, url: str, body: dict[str, Any]) -> int:
        pause = FIRST_PAUSE
        while (status := await self.ask(url, body)) == 0 or status >= 500 or status == TOO_MANY:
            await asyncio.sleep(pause)
            pause = min(pause * 2, MAX_PAUSE)
        return status

    async def ask(self, url: str, body: dict[str, Any]) -> int:
        """The status of the answer; 0 for none."""
        try:
            return await (await self.connected(url)).ask(self.raw(url, body))
        except OSError:
            self.line = None
            return 0

    async def hang_up(self, url: str, body: dict[str, Any]) -> None:
        try:
            (await self.connected(url)).leave(self.raw(url, body))
        except OSError:
            self.line = None

    async def connected(self, url: str) -> Line:
        host = urlsplit(url).netloc
        if self.line is None or not self.line.open or self.host != host:
            name, _, port = host.partition(":")
            _, self.line = await asyncio.get_running_loop().create_connection(Line, name, int(port))
            self.host = host
        return self.line

    def raw(self, url: str, body: dict[str, Any]) -> bytes:
        parts, name = urlsplit(url), str(body.get("reference") or body["id"])
        return request("POST", parts.path, parts.netloc, json.dumps(body).encode(), ("Idempotency-Key", name))


async def main(orders_url: str, accepted: Path) -> None:
    queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    workers = [asyncio.create_task(Sender(orders_url, accepted).work(queue)) for _ in range(AT_ONCE)]
    while burst := await asyncio.to_thread(sys.stdin.readline):
        for event in json.loads(burst):
            queue.put_nowait(event)
    await queue.join()
    for worker in workers:
        worker.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
