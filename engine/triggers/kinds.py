"""What the kinds of triggers differ in: what is remembered when a zap is switched on, what a check finds, and when the
next one is due. The only place that tells them apart; called by `switching` and `polling`.

A polling trigger is asked every so often. A webhook calls us, so it is never due. A schedule is due at its next time.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any

from engine.connections.calls import Calls
from engine.store.intake import Batch
from engine.store.moments import span_ms
from engine.triggers import reading, schedules
from engine.triggers.reading import Baseline, Known
from engine.triggers.sources import PollingSource, ScheduleSource, Source, WebhookSource

PAUSE_AFTER_FAILURE = timedelta(minutes=1)
"""Until a trigger that is not asked every so often is looked at again, for instance when its connector was missing."""


def every_ms(source: Source) -> int:
    """The time between two checks; 0 for triggers that have no such time."""
    return span_ms(source.trigger.every) if isinstance(source, PollingSource) else 0


async def baseline(calls: Calls, source: Source, now: datetime) -> Baseline:
    """What exists when a zap is switched on, and does not fire. Raises the connector's errors."""
    match source:
        case PollingSource():
            return await reading.baseline(calls, source)
        case ScheduleSource():
            return Baseline(schedules.written(now), ())
        case _:
            return Baseline(None, ())


def first_wait_ms(source: Source, cursor: Any, now: datetime) -> int | None:
    """How long until the first check of a zap that is switched on; None for never."""
    return 0 if isinstance(source, PollingSource) else next_wait_ms(source, cursor, now)


def next_wait_ms(source: Source, cursor: Any, now: datetime) -> int | None:
    """How long until the next check, with the cursor that the last one left; None for never."""
    match source:
        case PollingSource():
            return span_ms(source.trigger.every)
        case ScheduleSource():
            due = schedules.next_time(source.table, cursor, now)
            return None if due is None else max(span_ms(due - now), 0)
        case _:
            return None


async def batches(
    calls: Calls, source: Source, cursor: Any, known: Known, now: datetime
) -> AsyncGenerator[Batch, None]:
    """What a check finds, in the order in which it is to be stored."""
    match source:
        case PollingSource():
            async with aclosing(reading.batches(calls, source, cursor, known)) as found:
                async for batch in found:
                    yield batch
        case ScheduleSource():
            for batch in schedules.batches(source.table, cursor, source.locale, now):
                yield batch
        case WebhookSource():
            return
