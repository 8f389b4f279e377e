"""Signing in at an app from the command line, with OAuth 2: a browser, and a small listener on this computer to which
the app sends the person back. Where the browser is on another computer, the person pastes the address instead.
"""

import asyncio
import html
import sys
import webbrowser
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlsplit

from engine.connections.oauth import SignIn, Started
from engine.errors import Refused
from engine.sdk.auth import Token
from web import telling

PATH = "/oauth/return"
WAIT = 300.0  # seconds a person has at the app
LONGEST_LINE = 16_384  # bytes of an address
READ_WITHIN = 5.0  # seconds for a browser to say what it wants

Answer = Mapping[str, str]


async def sign_in(sign_in: SignIn, app: str, *, browser: bool, public_url: str | None, wait: float = WAIT) -> Token:
    """The token. Raises `PermissionMissing` when the person said no, `Refused` when nobody came back in time."""
    if not browser:
        return await _with_paste(sign_in, app, public_url)
    return await _with_listener(sign_in, app, wait)


async def _with_listener(sign_in: SignIn, app: str, wait: float) -> Token:
    desk = _Desk()
    server = await asyncio.start_server(desk.serve, "127.0.0.1", 0, limit=LONGEST_LINE)
    async with server:
        port = server.sockets[0].getsockname()[1]
        sign_in = replace(sign_in, redirect_uri=f"http://127.0.0.1:{port}{PATH}")
        started = sign_in.start()
        desk.state = started.state
        telling.note(f"Please sign in at {app} and allow access. If no browser opens, open this address:")
        telling.note(started.url)
        await asyncio.to_thread(_open, started.url)
        try:
            with telling.waiting(f"Waiting for your sign-in at {app} …"):
                answer = await asyncio.wait_for(desk.answer, wait)
        except TimeoutError as error:
            raise Refused(
                f"Nobody came back from {app} within {wait / 60:g} minutes, so nothing was connected. "
                "Please try again; with --no-browser the sign-in can be done on another computer."
            ) from error
        return await sign_in.finish(answer, started)


async def _with_paste(sign_in: SignIn, app: str, public_url: str | None) -> Token:
    sign_in = replace(sign_in, redirect_uri=f"{public_url or 'http://127.0.0.1:8765'}{PATH}")
    started = sign_in.start()
    telling.note(f"Open this address in a browser, sign in at {app} and allow access:")
    telling.note(started.url)
    telling.note("Then copy the address of the page you are sent to (it may say that it cannot be reached), and")
    telling.note("paste it here:")
    line = await asyncio.to_thread(sys.stdin.readline, LONGEST_LINE)
    return await sign_in.finish(pasted(line, started), started)


def pasted(line: str, started: Started) -> Answer:
    """What stands in a pasted address; a bare code belongs to the sign-in that was just begun."""
    text = line.strip()
    answer = dict(parse_qsl(urlsplit(text).query)) if "?" in text else {}
    if answer:
        return answer
    if not text or "://" in text or " " in text:
        raise Refused("That was not the address of the page you were sent to, so nothing was connected.")
    return {"code": text, "state": started.state}


@dataclass
class _Desk:
    """Answers the browser. Whoever does not bring our state is told nothing and changes nothing."""

    state: str = ""
    answer: "asyncio.Future[Answer]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readline(), READ_WITHIN)
            writer.write(self._reply(line))
            await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        except (OSError, ValueError, TimeoutError):
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _reply(self, line: bytes) -> bytes:
        method, _, rest = line.decode("latin-1").partition(" ")
        parts = urlsplit(rest.rpartition(" ")[0])
        given = dict(parse_qsl(parts.query))
        if method != "GET" or parts.path != PATH or given.get("state") != self.state:
            return _page(404, "Nothing is here.")
        if not self.answer.done():
            self.answer.set_result(given)
        words = "Access was not given." if "error" in given else "Thank you."
        return _page(200, f"{words} You can close this page; the rest is in your terminal.")


def _page(status: int, words: str) -> bytes:
    body = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Zapwerk</title><p>{html.escape(words)}</p>'
    reason = {200: "OK", 404: "Not Found"}[status]
    head = (
        f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body.encode())}"
        "\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff"
        "\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body.encode()


def _open(address: str) -> None:
    """Not in a browser that would take over the terminal (lynx, w3m)."""
    with suppress(webbrowser.Error):
        browser = webbrowser.get()
        if type(browser) is not webbrowser.GenericBrowser:
            browser.open(address)
