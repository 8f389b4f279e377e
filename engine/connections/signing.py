"""Puts a connection's sign-in onto its requests, and follows redirects. Called by `contexts`.

It sits between httpx and the wire, so that what connectors, logs and error texts see of a request never holds a
credential. Credentials go to the app's own origin only, whatever an answer redirects to; only reads are redirected.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import httpx

from engine.connections.oauth import TokenKeeper
from engine.sdk.auth import ApiKey, Auth, Basic, BearerToken
from engine.sdk.errors import AuthFailed
from engine.sdk.http import READS

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Sign(Protocol):
    """Credentials, and what to do when they are refused."""

    async def signature(self) -> "Signature": ...

    async def after_refusal(self, refused: "Signature") -> bool:
        """Whether to send it once more, with another signature."""
        ...


@dataclass(frozen=True)
class Signature:
    """What goes onto one request."""

    header: tuple[str, str] | None = None
    query: tuple[str, str] | None = None

    @contextmanager
    def on(self, request: httpx.Request) -> Iterator[None]:
        """The request carries the signature in here only: whoever looks at it later finds no secret."""
        url, headers = request.url, request.headers
        if self.query:
            request.url = url.copy_set_param(*self.query)
        if self.header:
            request.headers = httpx.Headers(headers)
            request.headers[self.header[0]] = self.header[1]
        try:
            yield
        finally:
            request.url, request.headers = url, headers


@dataclass(frozen=True)
class Fixed:
    """Credentials that stay the same."""

    always: Signature

    async def signature(self) -> Signature:
        return self.always

    async def after_refusal(self, refused: Signature) -> bool:
        return False


@dataclass(frozen=True)
class ByToken:
    """An OAuth 2 access token, refreshed once when the service refuses it."""

    keeper: TokenKeeper

    async def signature(self) -> Signature:
        token = await self.keeper.fresh()
        return _authorization(f"Bearer {token.access_token.get_secret_value()}")

    async def after_refusal(self, refused: Signature) -> bool:
        assert refused.header is not None
        try:
            await self.keeper.refresh_after_refusal(refused.header[1].removeprefix("Bearer "))
        except AuthFailed:
            return False
        return True


def _authorization(value: str) -> Signature:
    return Signature(header=("Authorization", value))


def sign_for(kind: Auth, given: Any, keeper: TokenKeeper | None) -> Sign | None:
    """How requests of a connection are signed; None for kinds that only the connector understands."""
    if keeper is not None:
        return ByToken(keeper)
    match kind:
        case ApiKey(query=str(name)):
            return Fixed(Signature(query=(name, kind.prefix + given.key.get_secret_value())))
        case ApiKey():
            return Fixed(Signature(header=(kind.header, kind.prefix + given.key.get_secret_value())))
        case BearerToken():
            return Fixed(_authorization(f"Bearer {given.key.get_secret_value()}"))
        case Basic():
            pair = f"{given.username}:{given.password.get_secret_value()}"
            return Fixed(_authorization(f"Basic {base64.b64encode(pair.encode()).decode()}"))
        case _:
            return None


@dataclass(frozen=True)
class Signed(httpx.AsyncBaseTransport):
    """Signs for the origin of `base_url`; without one, for the origin that the connector itself asked for."""

    behind: httpx.AsyncBaseTransport
    sign: Sign | None
    base_url: str = ""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        ours = _origin_below(self.base_url) if self.base_url else origin_of(request.url)
        for _ in range(MAX_REDIRECTS + 1):
            signed = self.sign if self.sign and origin_of(request.url) == ours else None
            response = await self._answered(request, signed)
            onward = _redirected(request, response)
            if onward is None:
                return response
            await response.aclose()
            request = onward
        raise httpx.TooManyRedirects("it redirects in a circle", request=request)

    async def _answered(self, request: httpx.Request, sign: Sign | None) -> httpx.Response:
        if sign is None:
            return await self.behind.handle_async_request(request)
        signature = await sign.signature()
        with signature.on(request):
            response = await self.behind.handle_async_request(request)
        if response.status_code != 401 or not _can_be_repeated(request) or not await sign.after_refusal(signature):
            return response
        await response.aclose()
        with (await sign.signature()).on(request):
            return await self.behind.handle_async_request(request)


def origin_of(url: httpx.URL) -> tuple[str, str, int | None]:
    """Scheme, host and port: what credentials are bound to."""
    return url.scheme, url.host, url.port or {"https": 443, "http": 80}.get(url.scheme)


@lru_cache(maxsize=256)
def _origin_below(base_url: str) -> tuple[str, str, int | None]:
    return origin_of(httpx.URL(base_url))


def _redirected(request: httpx.Request, response: httpx.Response) -> httpx.Request | None:
    # A write is never sent on: where it ends up, and whether the first server acted on it, nobody could tell.
    if response.status_code not in _REDIRECTS or "Location" not in response.headers or request.method not in READS:
        return None
    url = request.url.join(response.headers["Location"])
    if request.url.scheme == "https" and url.scheme != "https":
        raise httpx.UnsupportedProtocol("it redirects from an encrypted address to an open one", request=request)
    dropped = {"content-length", "content-type", "transfer-encoding", "host"}
    if origin_of(url) != origin_of(request.url):
        # What a connector put on by hand may be a secret too.
        dropped |= {name for name in request.headers if name not in _HARMLESS}
    headers = [(name, value) for name, value in request.headers.multi_items() if name not in dropped]
    return httpx.Request(request.method, url, headers=headers, extensions=request.extensions)


_HARMLESS = frozenset({"accept", "accept-encoding", "accept-language", "connection", "user-agent"})


def _can_be_repeated(request: httpx.Request) -> bool:
    return isinstance(request.stream, httpx.ByteStream)
