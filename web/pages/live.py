"""The stream of what moves, for pages that are open."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Header, Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from web import guarded, security
from web.site import Here, Site

router = guarded.router()

_MARKER = re.compile(r"[0-9]{1,18}")
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


@router.get("/live")
async def live(request: Request, here: Here, since: str = "", last_event_id: Annotated[str, Header()] = "") -> Response:
    """Which runs moved, as they move: from the event that the browser saw last, else from the page's own marker."""
    if here.live.is_full:
        return Response(status_code=503, headers={"retry-after": "30", **HEADERS})
    changes = here.runtime.changes
    asked = last_event_id or since
    marker = asked if _MARKER.fullmatch(asked) else await asyncio.to_thread(changes.marker)
    stream = here.live.stream(changes, marker, _still_there(request, here))
    return StreamingResponse(stream, media_type="text/event-stream", headers=HEADERS)


def _still_there(request: Request, here: Site) -> Callable[[], Awaitable[bool]]:
    """Asks again who is asking, as the guard did."""

    async def asked() -> bool:
        return await run_in_threadpool(security.still_signed_in, request, here)

    return asked
