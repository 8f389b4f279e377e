"""httpx's requests and responses, made in a fraction of the time: what `client` sends and `wire` gives back.

httpx writes, copies and reads its header lists about seven times for one call; a hot path cannot pay that. What is
made here equals what httpx makes (a test compares the two on the wire). It knows the insides of the version of httpx
that pyproject.toml pins.
"""

import json
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import Any

import httpx
from yarl import URL

Origin = tuple[str, str, int | None]
Line = tuple[bytes, bytes, bytes]  # of a header: its name as written, in small letters, its value

_PORTS = {"https": 443, "http": 80}
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_HAVE_A_LENGTH = frozenset({"POST", "PUT", "PATCH"})  # also without a body


class Address(httpx.URL):
    """An address whose parts are asked for at every request. What is derived from it is a plain `httpx.URL`."""

    @cached_property
    def origin(self) -> Origin:
        """Scheme, host and port: what credentials are bound to."""
        return self.scheme, self.host, self.port or _PORTS.get(self.scheme)

    @cached_property
    def host_line(self) -> Line:
        """The `Host` header."""
        return b"Host", b"host", self.netloc

    @cached_property
    def target(self) -> URL:
        """As aiohttp wants it, without user name and password. Raises `ValueError`."""
        bare = self.copy_with(username=None, password=None) if self.userinfo else self
        found = URL(str(bare), encoded=True)
        # What was checked and signed for one host must never be sent to another.
        if found.raw_host != self.raw_host.decode():
            raise ValueError("the host of this address can be read in two ways")
        return found


@lru_cache(maxsize=512)
def address(url: str) -> Address:
    """Connectors use few addresses, and parsing one takes longer than writing it to the socket."""
    return Address(url)


def origin_of(url: httpx.URL) -> Origin:
    """As `Address.origin`, of any address."""
    return (url if isinstance(url, Address) else Address(url)).origin


def target_of(url: httpx.URL) -> URL:
    """As `Address.target`, of any address."""
    return (url if isinstance(url, Address) else Address(url)).target


def headers_of(lines: list[Line]) -> httpx.Headers:
    """Headers that hold these very lines."""
    headers = httpx.Headers()
    headers._list = lines
    return headers


def lines_of(headers: Any) -> list[Line]:
    """The lines of whatever httpx takes as headers."""
    return (headers if isinstance(headers, httpx.Headers) else httpx.Headers(headers))._list


def request(
    method: str, url: Address, lines: list[Line], *, content: bytes | str | None, data: Any, extensions: dict[str, Any]
) -> httpx.Request:
    """As `httpx.Request(method, url, headers=…, content=…, json=data)`; `data` of None is no body.

    The lines are kept and added to: do not use them again.
    """
    body = _body(content, data)
    names = {name for _, name, _ in lines}
    if b"host" not in names:
        lines.insert(0, url.host_line)
    if b"content-length" not in names and (body or method in _HAVE_A_LENGTH):
        lines.append((b"Content-Length", b"content-length", str(len(body)).encode()))
    if data is not None and b"content-type" not in names:
        lines.append((b"Content-Type", b"content-type", b"application/json"))
    made = httpx.Request.__new__(httpx.Request)
    made.method, made.url, made.extensions = method, url, extensions
    made.headers = headers_of(lines)
    made.stream = httpx.ByteStream(body)
    made._content = body
    return made


def response(
    status: int, lines: Iterable[tuple[bytes, bytes]], body: bytes, extensions: dict[str, Any]
) -> httpx.Response:
    """One that was read to its end."""
    made = httpx.Response(status, headers=_lowered(lines), stream=httpx.ByteStream(body), extensions=extensions)
    made._content = body
    made._num_bytes_downloaded = len(body)
    made.is_closed = made.is_stream_consumed = True
    return made


def _lowered(lines: Iterable[tuple[bytes, bytes]]) -> httpx.Headers:
    return headers_of([(name, name.lower(), value) for name, value in lines])


def _body(content: bytes | str | None, data: Any) -> bytes:
    if content is not None:
        return content.encode() if isinstance(content, str) else content
    if data is None:
        return b""
    return _JSON.encode(data).encode()
