"""What is sent to pages: how long it may be as a whole, and how it is read. `app` puts `Bodies` around its routes.

Fields have limits of their own and say so in their place; this is for what no field could be meant to hold.
"""

from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_FORM = 8_000_000  # bytes
MOST_FIELDS = 5_000
DRAINED = 64_000_000
"""Bytes that are read and dropped of what is too long. A browser that still sends when the answer comes says that the
connection was lost, and shows nothing of the answer."""
ELSEWHERE = ("/api/", "/hooks/")  # these have limits of their own


async def form_of(request: Request, most: int = MOST_FIELDS) -> FormData:
    """What a form sent: `most` fields at most, of any length that a form may have."""
    return await request.form(max_fields=most, max_part_size=LONGEST_FORM)


class Bodies:
    """Ends reading where it is too much, whoever reads: then it is an answer of 413."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_ours = scope["type"] == "http" and not scope["path"].startswith(ELSEWHERE)
        await self._app(scope, _counted(receive) if is_ours else receive, send)


def _counted(receive: Receive) -> Receive:
    length = 0

    async def counted() -> Message:
        nonlocal length
        message = await receive()
        length += len(message.get("body", b""))
        if length <= LONGEST_FORM:
            return message
        while message["type"] == "http.request" and message.get("more_body") and length <= DRAINED:
            message = await receive()
            length += len(message.get("body", b""))
        raise HTTPException(413)

    return counted
