"""Waiting for a call of a webhook, as the editor's panel shows it: whether it goes on, what came, what was refused."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.editing.draft import Draft
from engine.sdk.connector import Webhook
from engine.store.states import ZapState
from engine.triggers.awaiting import Wait
from engine.zaps.model import TRIGGER, Zap
from web.drafting.naming import Naming
from web.drafting.trials import Card
from web.trees import shown

EXAMPLE = {"name": "Ada Lovelace", "email": "ada@example.org"}


@dataclass(frozen=True)
class Address:
    """What a service sends to. `meets` says what a call meets now: “nothing” (it is taken only while it is waited for),
    “run” (it starts one), or “another” (it starts a live version with another trigger).

    `example` is a command that sends something; “” where calls must be `signed`.
    """

    url: str
    meets: str
    signed: bool
    example: str


@dataclass(frozen=True)
class Waited:
    """A wait. `print` is the same as long as there is nothing new to show."""

    until: datetime
    goes_on: bool
    refused: str
    refused_at: datetime | None
    print: str


def address(url: str, draft: Draft, live: Zap | None, live_trigger: object, trigger: Webhook[Any, Any]) -> Address:
    """`live` is what is live, if anything is."""
    signed = trigger.verified_by is not None or draft.zap.trigger.connection is not None
    return Address(url, _meets(draft, live, live_trigger), signed, "" if signed else _curl(url))


def _meets(draft: Draft, live: Zap | None, live_trigger: object) -> str:
    is_on = live is not None and draft.stored.state in (ZapState.ON, ZapState.PAUSED)
    if live is None or not is_on or not isinstance(live_trigger, Webhook):
        return "nothing"
    return "run" if live.trigger.use == draft.zap.trigger.use else "another"


def _curl(url: str) -> str:
    return f"curl {url} \\\n  -H 'Content-Type: application/json' \\\n  -d '{json.dumps(EXAMPLE)}'"


def waited(wait: Wait, now: datetime, cards: Sequence[Card], naming: Naming) -> Waited:
    said = repr((wait, wait.goes_on(now), [(one.id, one.chosen) for one in cards]))
    return Waited(
        until=wait.until,
        goes_on=wait.goes_on(now),
        refused=shown(naming.vocabulary.error(naming.app(TRIGGER), wait.refused)) if wait.refused else "",
        refused_at=wait.refused_at,
        print=hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()[:16],
    )
