"""The addresses that services send to: `/hooks/TOKEN`. Reads one delivery and says what became of it.

Asked hundreds of times a second, so it stands directly on ASGI. The token never reaches a log.
"""

import asyncio
import json
from collections.abc import Iterable
from contextlib import suppress
from http import HTTPStatus
from types import SimpleNamespace
from typing import cast
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from engine.sdk.records import Delivery
from engine.triggers.webhooks import Receipt, Verdict, Webhooks

PATH = "/hooks/{token}"
METHODS = ("GET", "POST", "PUT")
LOOKS = "HEAD"  # programs that check links and show previews ask so: it starts nothing
ALLOWED = ", ".join((*METHODS, LOOKS))
READS_WITHIN = 30.0  # seconds that a sender may take for the body
RETRY_AFTER = 5  # seconds

STATUSES = {
    Verdict.ACCEPTED: HTTPStatus.ACCEPTED,
    Verdict.TRIED: HTTPStatus.ACCEPTED,
    Verdict.UNKNOWN: HTTPStatus.NOT_FOUND,
    Verdict.OFF: HTTPStatus.GONE,
    Verdict.REFUSED: HTTPStatus.FORBIDDEN,
    Verdict.UNREADABLE: HTTPStatus.BAD_REQUEST,
    Verdict.DIFFERENT: HTTPStatus.UNPROCESSABLE_ENTITY,
    Verdict.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    Verdict.BROKEN: HTTPStatus.INTERNAL_SERVER_ERROR,
}
UNKNOWN = "There is no such address."


class TooLarge(Exception):
    """The body is over the limit."""


class TooSlow(Exception):
    """The body did not come in time."""


class Gone(Exception):
    """The sender hung up before the whole body had come."""


class Hooks:
    """The ASGI endpoint. `largest` is the most bytes a body may have."""

    def __init__(self, webhooks: Webhooks, largest: int) -> None:
        self._webhooks = webhooks
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = _ROUTE
        if scope["method"] == LOOKS:
            await _send_nothing(send)
            return
        with suppress(Gone):
            status, answer = await self._answer(scope, receive)
            await _send(send, status, answer)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[HTTPStatus, dict[str, object]]:
        if scope["method"] not in METHODS:
            return HTTPStatus.METHOD_NOT_ALLOWED, {"error": f"This address takes {ALLOWED}."}
        try:
            body = await self._body(scope, receive)
        except TooLarge:
            said = f"The body is larger than {self._largest:,} bytes, the most that is taken in."
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": said}
        except TooSlow:
            return HTTPStatus.REQUEST_TIMEOUT, {"error": f"The body did not come within {READS_WITHIN:g} seconds."}
        token: str = scope["path_params"]["token"]
        receipt = await self._webhooks.receive(token, _delivery(scope, body))
        return STATUSES[receipt.verdict], _said(receipt)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """Not longer in memory than the limit, whatever the sender says. Raises `TooLarge`, `TooSlow`, `Gone`."""
        if any(name == b"content-length" and int(value) > self._largest for name, value in scope["headers"]):
            raise TooLarge
        try:
            async with asyncio.timeout(READS_WITHIN):
                return await self._read(receive)
        except TimeoutError as error:
            raise TooSlow from error

    async def _read(self, receive: Receive) -> bytes:
        body: bytes = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            body += cast("bytes", message.get("body", b""))
            if len(body) > self._largest:
                raise TooLarge
            if not message.get("more_body", False):
                return body


def _delivery(scope: Scope, body: bytes) -> Delivery:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query: str = scope["query_string"].decode("latin-1")
    return Delivery(
        method=scope["method"],
        headers=headers,
        query=dict(parse_qsl(query, keep_blank_values=True)) if query else {},
        body=body,
        content_type=headers.get("content-type", ""),
        query_string=query,
    )


def _said(receipt: Receipt) -> dict[str, object]:
    if receipt.verdict is Verdict.ACCEPTED:
        return {"run": receipt.runs[0] if receipt.runs else None, "runs": list(receipt.runs)}
    if receipt.verdict is Verdict.TRIED:
        return {"run": None, "runs": [], "test": receipt.said}
    return {"error": receipt.said or UNKNOWN}


async def _send(send: Send, status: HTTPStatus, answer: dict[str, object]) -> None:
    body = json.dumps(answer, ensure_ascii=False).encode() + b"\n"
    headers = [*_HEADERS, (b"content-length", str(len(body)).encode())]
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        headers.append((b"retry-after", str(RETRY_AFTER).encode()))
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers.append((b"allow", ALLOWED.encode()))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _send_nothing(send: Send) -> None:
    """200 whatever the address, without looking whether it leads anywhere."""
    await send({"type": "http.response.start", "status": int(HTTPStatus.OK), "headers": [*_HEADERS]})
    await send({"type": "http.response.body", "body": b""})


_ROUTE = SimpleNamespace(path=PATH)  # what stands in the log instead of the address
_HEADERS: Iterable[tuple[bytes, bytes]] = (
    (b"content-type", b"application/json; charset=utf-8"),
    (b"cache-control", b"no-store"),
)
