"""Around every request: security headers, and a line in the log. Used by `app`."""

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin-allow-popups",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
QUIET = frozenset({"/healthz", "/readyz", "/metrics", "/static/{digest}/{path:path}", "/apps/{key}/icon.svg"})

log = logging.getLogger("zapwerk.access")

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


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
