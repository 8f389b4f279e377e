"""Calls `ZAPWERK_HEARTBEAT_URL` every minute while all is well, so that somebody outside notices a dead machine.

Whoever watches raises the alarm when the calls stay away. So nothing is called when something is wrong: what that is,
`unwell` says; that the database can be written is tried here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from engine.connections.addresses import Guard
from engine.connections.client import Client
from engine.connections.wire import Wire
from engine.sdk.errors import ConnectorError

EVERY = 60.0  # seconds
WRITES_WITHIN = 10.0  # seconds
TIMEOUT = httpx.Timeout(10.0)

log = logging.getLogger(__name__)


@dataclass
class Heartbeat:
    """`unwell` gives the reasons why it does not beat, and may block; `write` stores something durably.

    Whoever sets the address owns the machine, so it may lie in a private network.
    """

    url: str
    wire: Wire
    unwell: Callable[[], Sequence[str]]
    write: Callable[[], Awaitable[object]]
    silent: str = ""
    """Why it did not beat the last time, or “”."""

    async def tick(self) -> None:
        """One beat, if all is well."""
        said = await self._why_not() or await self._call()
        if said and said != self.silent:
            log.warning("the heartbeat stays away: %s", said)
        if self.silent and not said:
            log.info("the heartbeat is back")
        self.silent = said

    async def _why_not(self) -> str:
        reasons = list(await asyncio.to_thread(self.unwell))
        if reasons:
            return "; ".join(reasons)
        try:
            await asyncio.wait_for(self.write(), WRITES_WITHIN)
        except TimeoutError:
            return "the database did not take anything in time"
        except Exception as error:  # noqa: BLE001 - whatever it is, the database is not well
            return f"the database cannot be written: {error}"
        return ""

    async def _call(self) -> str:
        host = urlsplit(self.url).hostname or ""
        client = Client(self.wire.transport(Guard(frozenset({host}))), timeout=TIMEOUT)
        try:
            answer = await client.request("GET", self.url)
        except (httpx.HTTPError, httpx.InvalidURL, ConnectorError) as error:
            return f"{host} could not be reached ({error})"
        return "" if answer.status_code < httpx.codes.BAD_REQUEST else f"{host} answered {answer.status_code}"
