"""`ctx.http`: an HTTP client that adds the sign-in, keeps the rate, and turns answers into the errors of the SDK.

The engine builds it (`Http`) around an `httpx.AsyncClient`; blocking connectors see the same through `BlockingHttp`.
Whether a failed call may have had an effect is decided here, once: see `failure_of` and `refusal_of`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Protocol, cast

import httpx

from engine.sdk.errors import (
    AuthFailed,
    ConnectorError,
    OutcomeUnknown,
    PermanentFailure,
    PermissionMissing,
    TemporaryFailure,
)

READS = frozenset({"GET", "HEAD", "OPTIONS"})
MOVED = frozenset({301, 307, 308})
MAX_CONNECTING = 10.0  # seconds, once for a free place and once for the connection
MAX_QUOTED = 300  # characters of a service's own words in an error


class NothingSent(httpx.ConnectError):
    """The connection failed before the first byte of the request left: certainly nothing happened."""


class Unreadable(TemporaryFailure, ValueError):
    """A read was answered with something that is no JSON. Reading again does no harm."""


class UnreadableOutcome(OutcomeUnknown, ValueError):
    """A write was answered with something that is no JSON: it has probably been done, and nobody can tell what."""


class UnreadableRefusal(PermanentFailure, ValueError):
    """A refusal that the connector accepted in order to read it is no JSON."""


class Answer(httpx.Response):
    """httpx's response, but for a body that is no JSON: that is an error by consequence (and still a `ValueError`)."""

    is_read = True

    def json(self, **options: Any) -> Any:
        try:
            return super().json(**options)
        except ValueError as error:
            raise unreadable(self, read=self.is_read) from error


def answer_of(response: httpx.Response, *, read: bool) -> Answer:
    """The same object as an `Answer`: copying one would cost more than parsing it."""
    response.__class__ = Answer
    answer = cast(Answer, response)
    answer.is_read = read
    return answer


Explain = Callable[[httpx.Response], ConnectorError | None]


def failure_of(error: httpx.HTTPError | httpx.InvalidURL, *, read: bool) -> ConnectorError:
    """What a call that got no answer means."""
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | httpx.TooManyRedirects):
        return PermanentFailure(f"The address cannot be used: {error}")
    if read or isinstance(error, NothingSent):
        return TemporaryFailure(f"The service could not be reached: {_words(error)}")
    return OutcomeUnknown(f"No answer came after the request had been sent: {_words(error)}")


def refusal_of(response: httpx.Response, *, read: bool) -> ConnectorError | None:
    """What an answer's status means; None for success, and for redirects that the caller should look at.

    A write is only known not to have happened with 429, and with 503 that carries Retry-After. Reads follow redirects
    before they come here; a write is never sent on, so “it has moved” means that it was not done.
    """
    status = response.status_code
    if status in MOVED and not read:
        return PermanentFailure(f"The service has moved to {response.headers.get('Location', 'another address')}.")
    if status < 400:
        return None
    said = f"The service answered {status}{_quoted(response)}"
    if status == 401:
        return AuthFailed("The service no longer accepts the sign-in; please reconnect the account.")
    if status == 403:
        return PermissionMissing("", f"{said}: the account is not allowed to do this.")
    wait = retry_after_of(response)
    if status == 429 or (status == 503 and wait is not None):
        return TemporaryFailure(f"{said}: too busy just now.", retry_after=wait)
    if status in (408, 425) or status >= 500:
        return TemporaryFailure(said, retry_after=wait) if read else OutcomeUnknown(said)
    return PermanentFailure(said)


def unreadable(response: httpx.Response, *, read: bool) -> ConnectorError:
    """What it means that a body is no JSON: after a write that was not refused, nobody knows what became of it."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip() or "without a content type"
    said = f"The service answered {response.status_code} with something that is no JSON ({kind}){_quoted(response)}."
    if 400 <= response.status_code < 500:
        return UnreadableRefusal(said)
    return Unreadable(f"{said} Is the address right, and is the service up?") if read else UnreadableOutcome(said)


def retry_after_of(response: httpx.Response) -> timedelta | None:
    """The Retry-After header as a time to wait: seconds or a date. None if it is missing or unreadable."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return timedelta(seconds=min(int(value), 7 * 24 * 3600))
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(moment - datetime.now(UTC), timedelta(0))


@dataclass(frozen=True)
class Http:
    """HTTP calls through the connection: signed in, below the connector's `base_url`, and never faster than its rate.

    A bad answer, or none, is raised as an error of the SDK, by consequence. GET, HEAD and OPTIONS are reads, the other
    methods are writes; outside of actions everything counts as a read.
    """

    client: httpx.AsyncClient
    wait_for_turn: Callable[[], Awaitable[None]]
    explain: Explain | None = None
    idempotency_key: str = ""
    reads_only: bool = False
    base_url: str = ""

    async def get(self, url: str, **options: Any) -> httpx.Response:
        """A read; options as for `request`, like `params={"q": "milk"}`."""
        return await self.request("GET", url, **options)

    async def post(self, url: str, **options: Any) -> httpx.Response:
        """A write; options as for `request`, like `json={"title": "milk"}`. It carries the header `Idempotency-Key`."""
        return await self.request("POST", url, **options)

    async def put(self, url: str, **options: Any) -> httpx.Response:
        """A write, as `post`."""
        return await self.request("PUT", url, **options)

    async def patch(self, url: str, **options: Any) -> httpx.Response:
        """A write, as `post`."""
        return await self.request("PATCH", url, **options)

    async def delete(self, url: str, **options: Any) -> httpx.Response:
        """A write, as `post`."""
        return await self.request("DELETE", url, **options)

    async def request(
        self,
        method: str,
        url: str,
        *,
        accept: Collection[int] = (),
        read: bool | None = None,
        explain: Explain | None = None,
        within: float | None = None,
        **options: Any,
    ) -> httpx.Response:
        """Send a request; `options` are httpx's (`params`, `json`, `data`, `content`, `headers`, `timeout`).

        `url` is joined to the connector's `base_url`. Statuses in `accept` are returned instead of raised. `read=True`
        says that this call changes nothing although its method could (a search by POST). `explain` reads the errors of
        this call instead of the connector's. `within` limits the whole call in seconds, redirects and the reading of
        the answer included; without it every single step of the call has a time of its own.

        Raises the errors of the SDK, by consequence; so does the answer's `json()` for what is no JSON.
        """
        is_read = self.reads_only or (method in READS if read is None else read)
        if self.idempotency_key and not is_read:
            options["headers"] = _with_key(options.get("headers"), self.idempotency_key)
        await self.wait_for_turn()
        try:
            received = await self._sent(method, joined(self.base_url, url), options, within)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise failure_of(error, read=is_read) from error
        response = answer_of(received, read=is_read)
        if response.status_code in accept:
            return response
        explain = explain or self.explain
        refusal = (explain(response) if explain else None) or refusal_of(response, read=is_read)
        if refusal is not None:
            raise refusal
        return response

    async def _sent(self, method: str, url: str, options: dict[str, Any], seconds: float | None) -> httpx.Response:
        if seconds is None:
            return await self.client.request(method, url, **options)
        options["timeout"] = _limits(seconds)
        try:
            async with asyncio.timeout(seconds):
                return await self.client.request(method, url, **options)
        except TimeoutError as error:
            raise httpx.ReadTimeout(f"no complete answer within {seconds:g} seconds") from error

    async def pages(
        self,
        url: str,
        *,
        params: dict[str, Any] | None = None,
        rows: str | None = None,
        cursor: str | None = None,
        cursor_param: str = "cursor",
        page_param: str | None = None,
        max_pages: int = 1000,
        **options: Any,
    ) -> AsyncIterator[Any]:
        """Yield the rows of a list, page after page, reading the next one only when it is asked for.

        Follows a `Link: …; rel="next"` header; or the value at path `cursor` of the body (sent as `cursor_param`);
        or counts `page_param` up from 1 until a page is empty. `rows` is the path of the rows in the body
        (“data.items”); without it the body is the list.
        """
        asked = dict(params or {})
        if page_param:
            asked.setdefault(page_param, 1)
        address: str | None = url
        for _ in range(max_pages):
            if address is None:
                return
            response = await self.get(address, params=asked or None, **options)
            body = response.json()
            found = at_path(body, rows) if rows else body
            for row in found or []:
                yield row
            address, asked = _next_page(response, body, found, address, asked, cursor, cursor_param, page_param)


@lru_cache(maxsize=256)
def _limits(seconds: float) -> httpx.Timeout:
    """Connecting is given up well before the end: then it is certain that nothing was sent."""
    part = min(MAX_CONNECTING, seconds * 0.4)
    return httpx.Timeout(connect=part, pool=part, read=None, write=None)


def _with_key(headers: Any, key: str) -> Any:
    if not headers:
        return {"Idempotency-Key": key}
    given = httpx.Headers(headers)
    given.setdefault("Idempotency-Key", key)
    return given


def _next_page(
    response: httpx.Response,
    body: Any,
    found: Any,
    address: str,
    asked: dict[str, Any],
    cursor: str | None,
    cursor_param: str,
    page_param: str | None,
) -> tuple[str | None, dict[str, Any]]:
    if "next" in response.links:
        return str(response.url.join(response.links["next"]["url"])), {}
    if cursor:
        value = at_path(body, cursor)
        return (address, {**asked, cursor_param: value}) if value else (None, {})
    if page_param and found:
        return address, {**asked, page_param: int(asked[page_param]) + 1}
    return None, {}


class Waits(Protocol):
    """Runs a coroutine on the engine's loop and waits for its result: how blocking code calls async code."""

    def __call__(self, work: Awaitable[Any]) -> Any: ...


@dataclass(frozen=True)
class BlockingHttp:
    """`Http` for connector functions written with `def`: the same calls, blocking."""

    http: Http
    wait: Waits

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> httpx.Response:
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Any) -> httpx.Response:
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Any) -> httpx.Response:
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", url, **options)

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """As `Http.request`."""
        response: httpx.Response = self.wait(self.http.request(method, url, **options))
        return response

    def pages(self, url: str, **options: Any) -> Iterator[Any]:
        """As `Http.pages`."""
        rows = self.http.pages(url, **options)
        while (row := self.wait(_next_or_end(rows))) is not _END:
            yield row


_END = object()


async def _next_or_end(rows: AsyncIterator[Any]) -> Any:
    return await anext(rows, _END)


def joined(base: str, url: str) -> str:
    """`url` below `base`: “clients” under “https://api.example/v1” is “https://api.example/v1/clients”."""
    if not base or url.startswith(("http://", "https://")):
        return url
    return f"{base.rstrip('/')}/{url.lstrip('/')}" if url else base


def at_path(value: Any, path: str) -> Any:
    """The value at a dotted path of mappings and lists (“meta.next”, “rows.0.id”); None where it ends early."""
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _quoted(response: httpx.Response) -> str:
    text = " ".join(response.text.split())
    return f" (“{text[:MAX_QUOTED]}”)" if text and "<html" not in text[:200].lower() else ""
