"""The `httpx.AsyncClient` behind `ctx.http`, without what would be wrong or slow here. Made by `contexts`.

It keeps no cookies (they would carry one run's state into the next), follows no redirects and signs nothing: `signing`
does that, where nobody sees the credentials. Going straight to the transport makes a request cost about half.
"""

from datetime import timedelta
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from time import perf_counter
from typing import Any

import httpx

from engine.connections.wire import ACCEPT_ENCODING, TIMEOUT

USER_AGENT = "Zapwerk/1"
_DEFAULTS = httpx.Headers({"Accept": "*/*", "Accept-Encoding": ACCEPT_ENCODING, "User-Agent": USER_AGENT})
_NOT_GIVEN = (None, httpx.USE_CLIENT_DEFAULT)
_WHAT_WE_DO = frozenset({"params", "headers", "content", "data", "files", "json", "timeout"})


class Client(httpx.AsyncClient):
    """Talks through `transport` only: no proxies, `.netrc` or certificates from the environment."""

    def __init__(self, transport: httpx.AsyncBaseTransport, *, timeout: httpx.Timeout = TIMEOUT) -> None:
        super().__init__(transport=transport, timeout=timeout, trust_env=False, headers=_DEFAULTS)
        self.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._to = transport
        self._usual = timeout.as_dict()

    async def request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Response:
        """As httpx's; options that are rarely used go the long way."""
        options = {name: value for name, value in options.items() if not any(value is one for one in _NOT_GIVEN)}
        if options.keys() - _WHAT_WE_DO:
            return await super().request(method, url, **options)
        timeout = options.pop("timeout", None)
        request = httpx.Request(
            method,
            _parsed(str(url)),
            headers=_with_defaults(options.pop("headers", None)),
            extensions={"timeout": self._usual if timeout is None else httpx.Timeout(timeout).as_dict()},
            **options,
        )
        started = perf_counter()
        response = await self._to.handle_async_request(request)
        response.request = request
        if isinstance(response.stream, httpx.ByteStream):
            response.read()
        else:
            await _read(response)
        response.elapsed = timedelta(seconds=perf_counter() - started)
        return response


async def _read(response: httpx.Response) -> None:
    try:
        await response.aread()
    finally:
        await response.aclose()


@lru_cache(maxsize=512)
def _parsed(url: str) -> httpx.URL:
    """Connectors use few addresses, and parsing one takes longer than writing it to the socket."""
    return httpx.URL(url)


def _with_defaults(given: Any) -> httpx.Headers:
    headers = httpx.Headers(_DEFAULTS)
    if given:
        headers.update(given)
    return headers
