"""The last records of a draft's trigger, for choosing a sample, or some that shall fire after all.

Looking touches nothing that will fire: no cursor moves, and nothing counts as seen.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.connections.calls import ConnectorBug
from engine.connections.stored import NotUsable
from engine.editing.draft import Draft
from engine.editing.sentences import said
from engine.editing.words import Words
from engine.errors import Problem, Problems, Refused
from engine.runs.effects import sentence
from engine.sdk.errors import AuthFailed, ConnectorError, InvalidInput
from engine.triggers.recent import Recent, Recents
from engine.zaps import labels
from engine.zaps.model import TRIGGER

AT_A_TIME = 3
LAST = 50  # further ones among which records may be left out
MOST = 300
WITHIN = 60.0  # seconds that looking may take


@dataclass(frozen=True)
class Found:
    """One record. `label` is what it is called, `at` when it is from; `chosen` says that it is the sample."""

    id: str
    label: str
    at: datetime | None
    data: Any
    warning: str = ""
    chosen: bool = False


@dataclass(frozen=True)
class Founds:
    """Records, the newest first; `more` says that there are further ones to load."""

    records: tuple[Found, ...]
    more: bool


async def look(recents: Recents, draft: Draft, count: int, words: Words) -> list[Recent]:
    """The last records as a run would get them. Raises `Problems` and `Refused`, by what a person can do."""
    wrong = draft.at(TRIGGER)
    if wrong:
        raise Problems(wrong)
    try:
        async with asyncio.timeout(WITHIN):
            return await recents.of(draft.id, draft.zap, count, keeps_files=True)
    except TimeoutError:
        raise Refused(said("trigger_failed", said=said("took_too_long"))) from None
    except NotUsable as error:
        raise Problems([Problem(str(error), TRIGGER, "connection")]) from error
    except (ConnectorError, ConnectorBug) as error:
        told = words.both(draft.zap.trigger.app, sentence(error))
        if isinstance(error, InvalidInput):
            raise Problems([Problem(told, TRIGGER, error.field or "")]) from error
        if isinstance(error, AuthFailed):
            raise Problems([Problem(told, TRIGGER, "connection")]) from error
        raise Refused(said("trigger_failed", said=told)) from error


def shown(recent: Sequence[Recent], draft: Draft, count: int, *, but: Collection[str] = ()) -> Founds:
    """The first so many of what was read, without those that are known."""
    sample, locale = draft.sample(TRIGGER), draft.zap.locale
    chosen = sample.record.get("id") if sample and isinstance(sample.record, dict) else None
    fresh = [one for one in recent if one.id not in but]
    records = tuple(
        Found(
            id=one.id,
            label=labels.label_of(one.data, one.id),
            at=labels.moment_of(one.data, locale) or one.at,
            data=one.data,
            warning=one.warning,
            chosen=isinstance(one.data, dict) and one.data.get("id") == chosen,
        )
        for one in fresh[:count]
    )
    return Founds(records, len(fresh) > count)
