"""Puts a connection's sign-in onto its requests, and follows redirects. Called by `contexts`.

It sits between httpx and the wire, so that what connectors, logs and error texts see of a request never holds a
credential. Credentials go to the app's own origin only, whatever an answer redirects to. Reads are redirected; a write
only where nothing can be doubted (307 and 308 say that it was not done), and only within its origin.
"""

import base64
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from engine.connections import messages
from engine.connections.messages import origin_of
from engine.connections.oauth import TokenKeeper
from engine.sdk.auth import ApiKey, Auth, Basic, BearerToken, filled
from engine.sdk.errors import AuthFailed
from engine.sdk.http import READS

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AS_IT_IS = frozenset({307, 308})  # send the same request to another address


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

    async def sent(self, request: httpx.Request, behind: httpx.AsyncBaseTransport) -> httpx.Response:
        """The request carries the signature in here only: whoever looks at it later finds no secret."""
        url, headers = request.url, request.headers
        if self.query:
            request.url = url.copy_set_param(*self.query)
        if self.header:
            request.headers = httpx.Headers(headers)
            request.headers[self.header[0]] = self.header[1]
        try:
            return await behind.handle_async_request(request)
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
        case ApiKey():
            return Fixed(_key_of(kind, given))
        case BearerToken():
            return Fixed(_authorization(f"Bearer {given.key.get_secret_value()}"))
        case Basic():
            pair = f"{given.username}:{given.password.get_secret_value()}"
            return Fixed(_authorization(f"Basic {base64.b64encode(pair.encode()).decode()}"))
        case _:
            return None


def _key_of(kind: ApiKey, given: Any) -> Signature:
    values = given.model_dump()
    key = filled(kind.prefix, values) + given.key.get_secret_value()
    if kind.query is not None:
        return Signature(query=(filled(kind.query, values), key))
    return Signature(header=(filled(kind.header, values), key))


@dataclass(frozen=True)
class Signed(httpx.AsyncBaseTransport):
    """Signs for the origin of `base_url`; without one, for the origin that the connector itself asked for."""

    behind: httpx.AsyncBaseTransport
    sign: Sign | None
    base_url: str = ""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        ours = messages.address(self.base_url).origin if self.base_url else origin_of(request.url)
        for _ in range(MAX_REDIRECTS + 1):
            signed = self.sign if self.sign and origin_of(request.url) == ours else None
            response = await self._answered(request, signed)
            onward = _redirected(request, response)
            if onward is None:
                response.request = request
                return response
            await response.aclose()
            request = onward
        raise httpx.TooManyRedirects("it redirects in a circle", request=request)

    async def _answered(self, request: httpx.Request, sign: Sign | None) -> httpx.Response:
        if sign is None:
            return await self.behind.handle_async_request(request)
        signature = await sign.signature()
        response = await signature.sent(request, self.behind)
        if response.status_code != 401 or not _can_be_repeated(request) or not await sign.after_refusal(signature):
            return response
        await response.aclose()
        return await (await sign.signature()).sent(request, self.behind)


def _redirected(request: httpx.Request, response: httpx.Response) -> httpx.Request | None:
    if response.status_code not in _REDIRECTS or "Location" not in response.headers:
        return None
    url = request.url.join(response.headers["Location"])
    stays = origin_of(url) == origin_of(request.url)
    if request.method not in READS:
        # Elsewhere, or as another method, nobody could tell where it ends up and whether the first server acted on it.
        may_go = stays and response.status_code in _AS_IT_IS and _can_be_repeated(request)
        return _sent_on(request, url) if may_go else None
    if request.url.scheme == "https" and url.scheme != "https":
        raise httpx.UnsupportedProtocol("it redirects from an encrypted address to an open one", request=request)
    if url.userinfo:
        raise httpx.UnsupportedProtocol("it redirects to an address with a user name in it", request=request)
    if stays and response.status_code != 303 and _can_be_repeated(request):
        return _sent_on(request, url)
    return _asked_elsewhere(request, url)


def _sent_on(request: httpx.Request, url: httpx.URL) -> httpx.Request:
    """The same request, with its body, to another address of the same origin."""
    return httpx.Request(
        request.method, url, headers=request.headers, content=request.content, extensions=request.extensions
    )


def _asked_elsewhere(request: httpx.Request, url: httpx.URL) -> httpx.Request:
    dropped = {"content-length", "content-type", "transfer-encoding", "host"}
    if origin_of(url) != origin_of(request.url):
        # What a connector put on by hand may be a secret too.
        dropped |= {name for name in request.headers if name not in _HARMLESS}
    headers = [(name, value) for name, value in request.headers.multi_items() if name not in dropped]
    return httpx.Request(request.method, url, headers=headers, extensions=request.extensions)


_HARMLESS = frozenset({"accept", "accept-encoding", "accept-language", "connection", "user-agent"})


def _can_be_repeated(request: httpx.Request) -> bool:
    return isinstance(request.stream, httpx.ByteStream)
