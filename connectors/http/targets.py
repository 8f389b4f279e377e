"""Where a request goes: an address as typed, alone or below the address that a connection is for."""

import re
from functools import lru_cache

import httpx

from zapwerk import InvalidInput

MAX_ADDRESS = 8_000  # characters

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://|(file|data|javascript|mailto|about|blob|urn):", re.A | re.I)
_PORTS = {"https": 443, "http": 80}


@lru_cache(maxsize=512)
def whole(typed: str, base: str) -> str:
    """The whole address. With a `base` a path is enough, and another host is refused. Raises `InvalidInput`."""
    text = typed.strip()
    if len(text) > MAX_ADDRESS:
        raise _refused(f"The address is too long; at most {MAX_ADDRESS:,} characters are allowed.")
    scheme = _SCHEME.match(text)
    if scheme is None and base:
        return f"{base.rstrip('/')}/{text.lstrip('/')}" if text else base
    url = _read(text, (scheme[1] or scheme[2]).lower() if scheme else "")
    if base and origin(url) != origin(httpx.URL(base)):
        raise _refused(
            f"The connection is for {origin(httpx.URL(base))}; its sign-in is not sent to {origin(url)}. "
            "Choose a connection for that service, or none."
        )
    return str(url)


def origin(url: httpx.URL) -> str:
    """Scheme, host and port, without a port that goes without saying."""
    port = "" if url.port in (None, _PORTS.get(url.scheme)) else f":{url.port}"
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{url.scheme}://{host}{port}"


def checked_base(text: str) -> str:
    """The address that a connection is for. Raises `ValueError` with a sentence."""
    url = httpx.URL(text)
    if url.userinfo:
        raise ValueError("Please leave user name and password out of the address; there are fields for them.")
    if url.query or url.fragment:
        raise ValueError("Please give the address without what follows “?” or “#”.")
    return str(url).rstrip("/")


def _read(text: str, scheme: str) -> httpx.URL:
    if scheme not in _PORTS:
        begins = f"; this one begins with “{scheme}:”" if scheme else ""
        raise _refused(f"The address must begin with “https://” or “http://”{begins}.")
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise _refused("This is not a web address. Is there a sign in it that should not be there?") from error
    if url.port is not None and not 0 < url.port < 65_536:
        raise _refused("The address has a port that does not exist; ports are numbers from 1 to 65535.")
    if not url.host:
        raise _refused("The address names no host.")
    if url.userinfo:
        raise _refused(
            "The address holds a user name or password. Please take it out, and make a connection with it instead."
        )
    return url.copy_with(fragment=None)


def _refused(sentence: str) -> InvalidInput:
    return InvalidInput(sentence, field="url")
