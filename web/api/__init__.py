"""The JSON API, `/api/v1`: one module per noun, read when the first request comes, so that starting does not wait.

`app` puts `Api` among its routes. What the API takes and gives stands in the modules' models; OpenAPI is made of them.
"""

import asyncio
import importlib
import threading
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from web import guarded

VERSION = "v1"
ROOT = "/api"


class Api(BaseRoute):
    """Stands for all routes of the API until somebody asks for one; then they stand behind it."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._loading = threading.Lock()
        self._loaded = False

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        waits = scope["type"] == "http" and not self._loaded and scope["path"].startswith(f"{ROOT}/")
        return (Match.FULL if waits else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Loads in a thread, since the engine runs on this loop, and begins again."""
        await asyncio.to_thread(self.load)
        await self._app.router(scope, receive, send)

    def load(self) -> None:
        """Reads the modules and adds their routes, once."""
        with self._loading:
            if self._loaded:
                return
            nouns = importlib.import_module("web.api.nouns")
            guarded.add(self._app, nouns.ROUTERS)
            self._loaded = True

    def effective_route_contexts(self) -> Iterator[Any]:
        """Whoever goes through the routes of the app finds those of the API behind this one."""
        self.load()
        yield from ()
