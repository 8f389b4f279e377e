"""Asks a service something that changes nothing, and asks again at once where that may help. Runs and rehearsals do."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from engine.connections.calls import Calls
from engine.runs import retries
from engine.sdk.records import Record


@dataclass(frozen=True)
class NoAnswer:
    """It failed: how, and what follows from that. The decision is never to try again at once."""

    error: Exception
    decision: retries.Decision


async def answer(
    calls: Calls, ask: Callable[[], Awaitable[Record | None]], *, attempt: int, quick: retries.Waits
) -> Record | NoAnswer | None:
    """What the service says. `attempt` counts the rungs of the ladder that were used, `quick` the waits in between."""
    for quick_tries in itertools.count():
        try:
            return await ask()
        except Exception as error:  # noqa: BLE001 (decided by consequence)
            await calls.ended(error)
            decision = retries.decide_read(error, quick_tries=quick_tries, attempt=attempt, quick=quick)
            if not isinstance(decision, retries.TryAgainSoon):
                return NoAnswer(error, decision)
        await asyncio.sleep(decision.wait.total_seconds())
    raise AssertionError("retries never ends")
