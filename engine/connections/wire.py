"""How HTTP leaves the house: an httpx transport over aiohttp that knows whether a request may have left.

`contexts` makes one `Wire` for the engine. Three things are ours: every socket is checked by `addresses.Guard`; nothing
is ever sent twice by itself unless it only reads or certainly never left; and an error is `NothingSent` only when no
byte of the request was written.
"""

import asyncio
import os
import select
import socket
import ssl
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import aiohttp
import certifi
import httpx
from aiohttp import hdrs
from aiohttp.abc import AbstractStreamWriter
from multidict import CIMultiDict
from yarl import URL

from engine.connections import messages
from engine.connections.addresses import AddressInfo, AddressRefused, Guard
from engine.sdk.errors import ConnectorError, PermanentFailure
from engine.sdk.http import READS, NothingSent

MAX_ANSWER = 20 * 1024 * 1024  # bytes, unpacked
OPEN_CONNECTIONS = 256
# Many servers close an idle connection after 5 s. Ours must go first: a write that meets a closing connection is lost
# in a way that nobody can tell from a crash of the server.
KEPT_ALIVE = 4.0  # seconds
TRIES = 3  # on kept connections that turn out to be closed
TIMEOUT = httpx.Timeout(connect=10, read=25, write=25, pool=10)
ACCEPT_ENCODING = "gzip, deflate"

_GONE = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)


@dataclass
class _Hop:
    """One request on its way: what was learned about it besides the error that comes out."""

    guard: Guard
    url: httpx.URL
    headers: CIMultiDict[str]
    refusals: list[AddressRefused] = field(default_factory=list)
    stale: bool = False

    @property
    def host(self) -> str:
        """As typed."""
        return self.url.host

    @property
    def port(self) -> int:
        """The port, also where the address leaves it out."""
        return self.url.port or (443 if self.url.scheme == "https" else 80)


_hop: ContextVar[_Hop] = ContextVar("zapwerk_hop")


class Wire:
    """The engine's HTTP connections. One pool for each set of allowed private hosts, so that a connection which one
    account may use is never lent to another that may not.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, max_answer: int = MAX_ANSWER) -> None:
        self.max_answer = max_answer
        self._tls = tls
        self._making_tls: asyncio.Task[ssl.SSLContext] | None = None
        self._sessions: dict[frozenset[str], aiohttp.ClientSession] = {}

    def transport(self, guard: Guard) -> httpx.AsyncBaseTransport:
        """For an `httpx.AsyncClient`. Closing the client leaves the pool open."""
        return WireTransport(self, guard)

    def session(self, guard: Guard) -> aiohttp.ClientSession:
        """The pool for this guard; made at its first use, on the running loop."""
        session = self._sessions.get(guard.allowed_hosts)
        if session is None:
            session = self._sessions[guard.allowed_hosts] = self._opened()
        return session

    async def tls(self) -> ssl.SSLContext:
        """The TLS context, one for all. Made at its first use and in a thread: it takes a quarter of a second."""
        if self._tls is None:
            self._making_tls = self._making_tls or asyncio.create_task(asyncio.to_thread(tls_context))
            self._tls = await asyncio.shield(self._making_tls)
        return self._tls

    async def close(self) -> None:
        """Close all connections."""
        sessions = list(self._sessions.values())
        self._sessions.clear()
        for session in sessions:
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=OPEN_CONNECTIONS, keepalive_timeout=KEPT_ALIVE, socket_factory=_checked_socket
        )
        # Cookies of one account must not travel with another's requests.
        session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), request_class=_Outgoing
        )
        # Otherwise aiohttp sends PUT and DELETE again by itself when a kept connection breaks.
        session._retry_connection = False
        return session


class WireTransport(httpx.AsyncBaseTransport):
    """See `Wire`."""

    def __init__(self, wire: Wire, guard: Guard) -> None:
        self._wire = wire
        self._guard = guard

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(TRIES):
            hop = _Hop(self._guard, request.url, _headers(request))
            try:
                answer = await self._sent(request, hop)
            except Exception as error:
                if _may_go_again(request, error, hop):
                    continue
                raise _meaning(error, hop) from error
            return _response(request, answer, self._wire.max_answer)
        raise NothingSent("the connection was closed before the request could be sent", request=request)

    async def _sent(self, request: httpx.Request, hop: _Hop) -> aiohttp.ClientResponse:
        session = self._wire.session(self._guard)
        tls = await self._wire.tls() if request.url.scheme == "https" else True
        token = _hop.set(hop)
        try:
            return await session.request(
                request.method,
                _target(request.url),
                data=_body(request, hop),
                allow_redirects=False,
                timeout=_timeout(request.extensions.get("timeout", {})),
                ssl=tls,
            )
        finally:
            _hop.reset(token)


_OURS = b"transfer-encoding"  # aiohttp writes it itself
_UNPACKED = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})


class _Outgoing(aiohttp.ClientRequest):
    """A request whose headers are those of its hop: aiohttp would copy them twice and add its own."""

    _skip_auto_headers: CIMultiDict[None] | None = CIMultiDict({hdrs.CONTENT_TYPE: None})

    def update_headers(self, headers: Any) -> None:
        self.headers = _hop.get().headers
        if hdrs.HOST not in self.headers:
            self.headers[hdrs.HOST] = self.url.host_port_subcomponent or ""

    def update_auto_headers(self, skip_auto_headers: Any) -> None:
        """There are none."""

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        hop = _hop.get()
        if not self._body and _hung_up(conn.transport):  # with a body, `_Body` looks later
            hop.stale = True
            raise ConnectionResetError("closed before the request was written")
        return await super().send(conn)


class _Body(aiohttp.BytesPayload):
    """A body that looks, before the first byte is written, whether the other side has hung up already."""

    def __init__(self, content: bytes, hop: _Hop) -> None:
        super().__init__(content)
        self._hop = hop

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        if writer.output_size == 0 and _hung_up(getattr(writer, "transport", None)):
            self._hop.stale = True
            raise ConnectionResetError("closed before the request was written")
        await super().write_with_length(writer, content_length)


@dataclass
class _Answer(httpx.AsyncByteStream):
    """The body of an answer, up to `limit` bytes."""

    answer: aiohttp.ClientResponse
    limit: int
    method: str

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for piece in self.answer.content.iter_any():
                size += len(piece)
                if size > self.limit:
                    raise self._too_large()
                yield piece
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _after_sending(error) from error

    def at_once(self) -> bytes | None:
        """The body, if all of it came with the head: the usual case, and much faster than a stream."""
        content = self.answer.content
        if not content.is_eof() or content.exception() is not None or content.total_bytes > self.limit:
            return None
        body = content.read_nowait(-1)
        self.answer.release()
        return body

    async def aclose(self) -> None:
        if self.answer.content.is_eof():
            self.answer.release()
        else:
            self.answer.close()

    def _too_large(self) -> Exception:
        words = f"the answer is larger than {self.limit // (1024 * 1024)} MB"
        # A write with an enormous answer has probably done what was asked: only a read simply fails.
        return PermanentFailure(f"{words[:1].upper()}{words[1:]}.") if self.method in READS else httpx.ReadError(words)


def tls_context() -> ssl.SSLContext:
    """Trusts what this machine trusts, and what Mozilla does. Costs about a megabyte: make one and share it."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _checked_socket(info: AddressInfo) -> socket.socket:
    family, kind, protocol, _, address = info
    hop = _hop.get()
    refusal = hop.guard.refusal(hop.host, hop.port, str(address[0]))
    if refusal is not None:
        hop.refusals.append(refusal)
        raise OSError("this address must not be reached")
    return socket.socket(family, kind, protocol)


def _hung_up(transport: asyncio.BaseTransport | None) -> bool:
    if transport is None or transport.is_closing():
        return True
    sock = transport.get_extra_info("socket")
    if sock is None or sock.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(sock.fileno(), _GONE)
    return bool(poll.poll(0))


def _body(request: httpx.Request, hop: _Hop) -> Any:
    try:
        content = request.content
    except httpx.RequestNotRead:
        return request.stream
    return _Body(content, hop) if content else None


def _headers(request: httpx.Request) -> CIMultiDict[str]:
    lines = messages.lines_of(request.headers)
    try:
        return CIMultiDict([(name.decode(), value.decode()) for name, lowered, value in lines if lowered != _OURS])
    except UnicodeDecodeError:
        return CIMultiDict([(_text(name), _text(value)) for name, lowered, value in lines if lowered != _OURS])


def _timeout(asked: dict[str, float | None]) -> aiohttp.ClientTimeout:
    return _client_timeout(asked.get("connect"), asked.get("read"), asked.get("pool"))


@lru_cache(maxsize=32)
def _client_timeout(connect: float | None, read: float | None, pool: float | None) -> aiohttp.ClientTimeout:
    together = connect + pool if connect is not None and pool is not None else None
    return aiohttp.ClientTimeout(total=None, connect=together, sock_connect=connect, sock_read=read)


def _target(url: httpx.URL) -> URL:
    try:
        return messages.target_of(url)
    except ValueError as error:
        raise httpx.UnsupportedProtocol(f"“{url.host}” is no address of a web service") from error


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _response(request: httpx.Request, answer: aiohttp.ClientResponse, limit: int) -> httpx.Response:
    # aiohttp has unpacked the body, so httpx must not try again.
    headers = answer.raw_headers
    if hdrs.CONTENT_ENCODING in answer.headers:
        headers = tuple(pair for pair in headers if pair[0].lower() not in _UNPACKED)
    extensions = {"http_version": b"HTTP/1.1", "reason_phrase": (answer.reason or "").encode("ascii", "replace")}
    stream = _Answer(answer, limit, request.method)
    body = stream.at_once()
    if body is not None:
        return messages.response(answer.status, headers, body, extensions)
    return httpx.Response(answer.status, headers=headers, stream=stream, extensions=extensions)


def _may_go_again(request: httpx.Request, error: Exception, hop: _Hop) -> bool:
    if hop.stale:
        return True
    broken = isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)
    return broken and request.method in READS and not isinstance(error, aiohttp.ClientConnectorError)


def _meaning(error: Exception, hop: _Hop) -> Exception:
    """The httpx error, or error of the SDK, that says what happened and whether anything may have been sent."""
    if isinstance(error, ConnectorError | httpx.HTTPError):
        return error
    if hop.refusals and isinstance(error, aiohttp.ClientConnectorError):
        return hop.refusals[0]
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return httpx.UnsupportedProtocol(f"“{hop.host}” is no address of a web service")
    unsent = _before_sending(error, hop)
    if unsent is not None:
        return NothingSent(unsent)
    # aiohttp refuses bad headers and methods while it builds the request.
    if isinstance(error, ValueError | TypeError) and not isinstance(error, aiohttp.ClientError):
        return PermanentFailure(f"The request cannot be sent: {error}")
    return _after_sending(error)


def _before_sending(error: Exception, hop: _Hop) -> str | None:
    where = f"{hop.host}:{hop.port}"
    match error:
        case aiohttp.ClientConnectorDNSError():
            return f"the name “{hop.host}” is not known"
        case aiohttp.ClientConnectorCertificateError():
            return f"the certificate of {where} is not trusted ({error.certificate_error})"
        case aiohttp.ClientConnectorSSLError():
            return f"no encrypted connection to {where} could be made"
        case aiohttp.ConnectionTimeoutError():
            return f"no connection to {where} in time"
        case aiohttp.ClientConnectorError():
            number = error.os_error.errno
            return f"no connection to {where} ({os.strerror(number) if number else error.os_error})"
        case _:
            return None


def _after_sending(error: Exception) -> Exception:
    match error:
        case TimeoutError():
            return httpx.ReadTimeout("the service took too long to answer")
        case aiohttp.ServerDisconnectedError():
            return httpx.RemoteProtocolError("the service closed the connection without an answer")
        case aiohttp.ClientPayloadError():
            return httpx.ReadError("the answer broke off")
        case OSError():
            return httpx.ReadError("the connection broke")
        case aiohttp.ClientError():
            return httpx.RemoteProtocolError("the service answered something that is not HTTP")
        case _:
            return error
