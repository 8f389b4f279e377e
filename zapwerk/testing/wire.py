"""The fake wire: where requests would leave for the network, they go to the test's own service instead."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from engine.connections.addresses import Guard
from engine.connections.wire import Wire

Answers = Callable[[httpx.Request], httpx.Response] | Callable[[httpx.Request], Awaitable[httpx.Response]]


class FakeWire(Wire):
    """Hands every request to `service`: a function of `httpx.Request`, an object with one as `handle`, a transport."""

    def __init__(self, service: Any) -> None:
        super().__init__()
        self._transport = _transport(service)

    def transport(self, guard: Guard) -> httpx.AsyncBaseTransport:
        return self._transport


def _transport(service: Any) -> httpx.AsyncBaseTransport:
    if isinstance(service, httpx.AsyncBaseTransport):
        return service
    answers = getattr(service, "handle", service)
    if not callable(answers):
        raise TypeError("the fake service must be callable with an httpx.Request, or have a method `handle`")
    return httpx.MockTransport(answers)
