"""The web app: whether it works (`/healthz`, `/readyz`), and one page that says what runs. Made by `serving`."""

import importlib.metadata
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Route

from engine.runtime import Engine, Runtime
from engine.store import notices, runs, zaps
from engine.store.states import RunState, ZapState
from web import hooks

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATES = Path(__file__).parent / "templates"
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
QUIET = frozenset({"/healthz", "/readyz"})  # asked every few seconds by whoever watches over us

log = logging.getLogger("zapwerk.access")

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


@dataclass(frozen=True)
class Status:
    """What the page shows."""

    version: str
    ready: bool
    reasons: list[str]
    zaps_on: int
    zaps: int
    runs: dict[str, int]
    notices: int


def create(runtime: Runtime, engine: Engine) -> FastAPI:
    """The app over one installation."""
    app = FastAPI(title="Zapwerk", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Front)

    taking_in = hooks.Hooks(engine.webhooks, runtime.settings.hook_body_limit)
    app.router.routes.append(Route(hooks.PATH, taking_in, methods=hooks.METHODS))

    @app.get("/healthz")
    async def healthz() -> PlainTextResponse:
        """200 as long as the process lives."""
        return PlainTextResponse("ok\n", headers={"cache-control": "no-store"})

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        """200 when zaps run; 503 with the reasons why they do not."""
        reasons = not_ready(runtime, engine)
        answer = {"ready": not reasons, "reasons": reasons}
        return JSONResponse(answer, 503 if reasons else 200, headers={"cache-control": "no-store"})

    @app.get("/")
    def home() -> HTMLResponse:
        """What runs, in numbers: nobody has signed in, so nothing more is told."""
        page = _template("home.html").render(status=status(runtime, engine))
        return HTMLResponse(page, headers={"cache-control": "no-store"})

    @app.get("/zapwerk.css")
    def style() -> PlainTextResponse:
        return PlainTextResponse((TEMPLATES / "zapwerk.css").read_text("utf-8"), media_type="text/css")

    return app


def not_ready(runtime: Runtime, engine: Engine) -> list[str]:
    """Why zaps do not run at the moment, as sentences."""
    reasons = [] if engine.ready else ["The engine is starting or stopping."]
    if engine.writer.trouble:
        reasons.append(engine.writer.trouble)
    if not runtime.key_fits:
        reasons.append("The secret key is not the one that sealed the credentials; `zapwerk doctor` says more.")
    return reasons


def status(runtime: Runtime, engine: Engine) -> Status:
    """The numbers of the page."""
    with runtime.database.read() as session:
        states = [zap.state for zap in zaps.every(session)]
        counted: dict[RunState, int] = runs.counts(session)
        return Status(
            version=importlib.metadata.version("zapwerk"),
            ready=engine.ready,
            reasons=not_ready(runtime, engine),
            zaps_on=sum(state == ZapState.ON for state in states),
            zaps=len(states),
            runs={state.word: counted[state] for state in RunState if counted.get(state)},
            notices=len(notices.still_open(session)),
        )


class Front:
    """Around every request: security headers, and a line in the log that names the route, never what was in it.

    Addresses may hold secrets (a hook's token, a sign-in's code), so the log has the route's pattern instead.
    """

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, answered = time.monotonic(), [500]

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answered[0] = message["status"]
                message["headers"] = _completed(message["headers"])
            await send(message)

        try:
            await self._app(scope, receive, with_headers)
        finally:
            route = getattr(scope.get("route"), "path", "(no such page)")
            level = logging.DEBUG if route in QUIET else logging.INFO
            took = (time.monotonic() - begun) * 1000
            log.log(level, "method=%s route=%s status=%d ms=%.1f", scope["method"], route, answered[0], took)


def _completed(headers: Any) -> list[tuple[bytes, bytes]]:
    given = [(name, value) for name, value in headers]
    names = {name.lower() for name, _ in given}
    return given + [(name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in names]


@lru_cache
def _template(name: str) -> "Template":
    from jinja2 import Environment, FileSystemLoader

    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True).get_template(name)
