"""An installation with the HTTP connector whose zaps send to a real server on loopback, and that server."""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from connectors.http import http
from engine.connections.connecting import Wish
from engine.settings import Settings
from engine.store import zaps
from engine.store.runs import Run
from engine.store.states import Entry
from engine.zaps.model import ActionStep, TriggerUse, Zap
from tests.engine.benches import Bench
from tests.engine.connections.servers import web_app
from zapwerk import Connector, Context, Json, Record

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Seen:
    """A request as it arrived; header names in small letters."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Service:
    """Answers `{}` unless told otherwise, and remembers what came."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    answers: deque[web.Response | Behaviour] = field(default_factory=deque)

    def next(self, *answers: web.Response | Behaviour) -> None:
        """What it does with the next requests."""
        self.answers.extend(answers)

    @property
    def last(self) -> Seen:
        return self.seen[-1]

    @property
    def keys(self) -> list[str | None]:
        return [one.headers.get("idempotency-key") for one in self.seen]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append(Seen(request.method, request.raw_path, headers, await request.read()))
        answer = self.answers.popleft() if self.answers else web.json_response({})
        return answer if isinstance(answer, web.Response) else await answer(request)


@asynccontextmanager
async def service() -> AsyncIterator[Service]:
    running = Service()
    async with web_app(running.answer) as url:
        running.url = url
        yield running


def moved(to: str, status: int = 302) -> web.Response:
    return web.Response(status=status, headers={"Location": to})


class Fed(Record):
    """What starts the runs of these tests; `data` is whatever a test maps."""

    data: Json = None


class Nothing(BaseModel):
    """No input."""


def feed_of(fed: list[Fed]) -> Connector:
    """An app whose trigger gives what stands in `fed`."""
    feed = Connector("feed", title="Feed")

    @feed.trigger(every=timedelta(hours=1))
    async def new(ctx: Context, given: Nothing) -> AsyncIterator[Fed]:
        """Something was fed."""
        for one in reversed(fed):
            yield one

    return feed


class HttpBench(Bench):
    """A bench whose zaps have `http.request` as their only step, “sent”, unless more are given."""

    def __init__(self, settings: Settings) -> None:
        self.fed: list[Fed] = []
        self.feed = feed_of(self.fed)
        super().__init__(settings)

    def open(self) -> None:
        self.connectors[:] = [self.feed, http]
        super().open()

    async def sending(self, *more: ActionStep, connection: str | None = None, **given: Any) -> str:
        """A zap that is switched on; its id."""
        self._count += 1
        sent = ActionStep(key="sent", use="http.request", connection=connection, with_=given)
        zap = Zap(name=f"zap {self._count}", trigger=TriggerUse(use="feed.new"), steps=(sent, *more))
        with self.runtime.database.write() as session:
            stored = zaps.create(session, zap, now=self.now())
        await self.runtime.switching.on(stored.id)
        return stored.id

    async def feeds(self, zap_id: str, data: Any = None) -> None:
        """One more record, and a check of the zap."""
        self.fed.append(Fed(id=str(len(self.fed) + 1), data=data))
        await self.check(zap_id)

    async def sent(self, *more: ActionStep, data: Any = None, connection: str | None = None, **given: Any) -> Run:
        """One run of such a zap, executed."""
        zap = await self.sending(*more, connection=connection, **given)
        await self.feeds(zap, data)
        await self.drain()
        return self.runs(zap)[-1]

    async def signed_in(self, auth: str, **values: str) -> str:
        """A connection of the HTTP app, really checked; its id. Raises as connecting does."""
        self._count += 1
        wish = Wish("http", f"service {self._count}", values, auth=auth, trusted=True)
        return (await self.runtime.connecting.add(wish)).id

    def output(self, run: Run, step: str = "sent") -> Any:
        """What a step of a run gave to the next ones."""
        return next(one.data["output"] for one in self.lines(run.id) if (one.path, one.entry) == (step, Entry.FINISHED))
