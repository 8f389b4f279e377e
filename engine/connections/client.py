"""The `httpx.AsyncClient` behind `ctx.http`, without what would be wrong or slow here. Made by `contexts`.

It keeps no cookies (they would carry one run's state into the next), follows no redirects and signs nothing: `signing`
does that, where nobody sees the credentials. Going straight to the transport makes a request cost about half.
"""

from datetime import timedelta
from http.cookiejar import DefaultCookiePolicy
from time import perf_counter
from typing import Any

import httpx

from engine.connections import messages
from engine.connections.messages import Line
from engine.connections.wire import ACCEPT_ENCODING, TIMEOUT

USER_AGENT = "Zapwerk/1"
_DEFAULTS = httpx.Headers({"Accept": "*/*", "Accept-Encoding": ACCEPT_ENCODING, "User-Agent": USER_AGENT})
_QUICKLY_MADE = frozenset({"headers", "content", "json", "timeout"})
_WHAT_WE_DO = _QUICKLY_MADE | {"params", "data", "files"}


class Client(httpx.AsyncClient):
    """Talks through `transport` only: no proxies, `.netrc` or certificates from the environment."""

    def __init__(self, transport: httpx.AsyncBaseTransport, *, timeout: httpx.Timeout = TIMEOUT) -> None:
        super().__init__(transport=transport, timeout=timeout, trust_env=False, headers=_DEFAULTS)
        self.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._to = transport
        self._usual = {"timeout": timeout.as_dict()}

    async def request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Response:
        """As httpx's; options that are rarely used go the long way."""
        options = {name: value for name, value in options.items() if _is_given(value)}
        if options.keys() - _WHAT_WE_DO:
            return await super().request(method, url, **options)
        request = self._request(method.upper(), str(url), options)
        started = perf_counter()
        response = await self._to.handle_async_request(request)
        if response._request is None:  # else the last one after redirects, as `signing` says
            response.request = request
        if not response.is_closed:
            await _read(response)
        response.elapsed = timedelta(seconds=perf_counter() - started)
        return response

    def _request(self, method: str, url: str, options: dict[str, Any]) -> httpx.Request:
        limits = self._limits(options.pop("timeout", None))
        lines = _with_defaults(options.pop("headers", None))
        content = options.get("content")
        if options.keys() <= _QUICKLY_MADE and (content is None or isinstance(content, bytes | str)):
            data = options.get("json") if content is None else None
            return messages.request(method, messages.address(url), lines, content=content, data=data, extensions=limits)
        return httpx.Request(method, url, headers=messages.headers_of(lines), extensions=limits, **options)

    def _limits(self, timeout: Any) -> dict[str, Any]:
        if timeout is None:
            return dict(self._usual)
        return {"timeout": (timeout if isinstance(timeout, httpx.Timeout) else httpx.Timeout(timeout)).as_dict()}


def _is_given(value: Any) -> bool:
    return value is not None and value is not httpx.USE_CLIENT_DEFAULT


async def _read(response: httpx.Response) -> None:
    try:
        await response.aread()
    finally:
        await response.aclose()


def _with_defaults(given: Any) -> list[Line]:
    defaults = messages.lines_of(_DEFAULTS)
    if not given:
        return list(defaults)
    lines = messages.lines_of(given)
    names = {name for _, name, _ in lines}
    return [line for line in defaults if line[1] not in names] + lines
