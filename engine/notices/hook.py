"""Calls a webhook: one JSON POST, signed so that its receiver can tell it from a stranger's. Called by `delivering`.

`X-Zapwerk-Signature: t=SECONDS,v1=HEX` holds the HMAC-SHA256 of “SECONDS.BODY” with the secret. The id in the body is
the same when a call is repeated.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from engine.connections.addresses import AddressRefused, Guard
from engine.connections.client import Client
from engine.connections.wire import Wire
from engine.errors import Sentence
from engine.notices.matters import Matter
from engine.notices.refusals import PRIVATE, NotSent, filled
from engine.notices.ways import HookWay
from engine.sdk.errors import ConnectorError

OURS = "x-zapwerk-notice"  # by which our own webhook triggers leave it out
SIGNATURE = "X-Zapwerk-Signature"
GOOD = range(200, 300)


def body(up: Sequence[Matter], still: Sequence[Matter], over: Sequence[Matter], base: str) -> dict[str, Any]:
    """What a call tells. `text` is what chat services show."""
    every = [
        *(("open", one) for one in up),
        *(("still_open", one) for one in still),
        *(("settled", one) for one in over),
    ]
    lines = [" ".join(part for part in (one.said, one.why, base + one.path) if part) for _, one in every]
    return {"text": "\n".join(lines), "notices": [_shown(state, one, base) for state, one in every], "zapwerk": base}


def signed(secret: str, content: bytes, at: datetime) -> str:
    """The value of the header."""
    moment = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + content, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


async def send(
    wire: Wire, way: HookWay, guard: Guard, dispatch_id: str, about: str, told: Mapping[str, Any], *, now: datetime
) -> None:
    """Raises `NotSent`."""
    content = json.dumps({"id": dispatch_id, "about": about, **told}, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        OURS: about,
        SIGNATURE: signed(way.secret, content, now),
    }
    host = urlsplit(way.address).hostname or ""
    try:
        answer = await Client(wire.transport(guard)).request("POST", way.address, content=content, headers=headers)
    except AddressRefused as error:
        raise NotSent(filled(PRIVATE, host=host), host=error.host if error.may_be_allowed else "") from error
    except (httpx.HTTPError, httpx.InvalidURL, ConnectorError) as error:
        raise NotSent(filled(UNREACHABLE, host=host, said=str(error))) from error
    if answer.status_code not in GOOD:
        raise NotSent(filled(ANSWERED, host=host, said=answer.status_code))


def _shown(state: str, matter: Matter, base: str) -> dict[str, Any]:
    return {
        "state": state,
        "kind": matter.kind,
        "text": matter.said,
        "why": matter.why,
        "zap": matter.zap,
        "zap_id": matter.zap_id,
        "count": matter.count,
        "since": matter.since.isoformat(),
        "address": base + matter.path,
    }


UNREACHABLE = Sentence("{host} could not be reached ({said}).", "{host} war nicht zu erreichen ({said}).")
ANSWERED = Sentence(
    "{host} answered with status {said}; a call has arrived when it answers with 2xx.",
    "{host} hat mit Status {said} geantwortet; angekommen ist ein Aufruf bei einer Antwort mit 2xx.",
)
