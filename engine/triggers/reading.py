"""Reads what a polling trigger has: pages with a cursor, or newest-first records that are told from known ones.

`batches` gives what a check wants to store, in order; `baseline` what exists when a zap is switched on, which does not
fire; `newest` the last few records, for a person to look at.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from engine.connections.calls import Calls, ConnectorBug
from engine.connections.contexts import Asked
from engine.sdk.errors import PermanentFailure
from engine.sdk.records import Page, Record
from engine.store.encoding import distinct, encode
from engine.store.intake import Batch, Found
from engine.triggers.sources import PollingSource

MAX_RECORDS_PER_CHECK = 1000
"""A check without a cursor stops there; the next one reads on past it."""

MAX_BASELINE = 20_000
RECORDS_PER_COMMIT = 100

Known = Callable[[str], Awaitable[bool | None]]
"""None for a new id; otherwise whether a complete check saw it."""


@dataclass(frozen=True)
class Baseline:
    """What exists at the moment: a cursor behind it, or the ids."""

    cursor: Any
    ids: tuple[str, ...]


def found(record: Record) -> Found:
    """A record as it is stored. Raises `ConnectorBug` for one that holds what nobody can store."""
    try:
        return Found(named(record), encode(record), record.misfit)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConnectorBug(f"The connector is faulty: record {record.id[:60]} cannot be stored ({error}).") from error


def named(record: Record) -> str:
    """The record's id as it is stored: the same for the same id, whatever characters it has."""
    return distinct(record.id)


def batches(
    calls: Calls,
    source: PollingSource,
    cursor: Any,
    known: Known,
    *,
    most: int = MAX_RECORDS_PER_CHECK,
    at_once: int = RECORDS_PER_COMMIT,
) -> AsyncGenerator[Batch, None]:
    """What is new, oldest first. Without a cursor: at most `most` records, each batch with `at_once` of them."""
    if source.trigger.paged:
        return _pages(calls, source, cursor)
    return _unseen(calls, source, known, most, at_once)


async def baseline(calls: Calls, source: PollingSource, *, most: int = MAX_BASELINE) -> Baseline:
    """What exists now. Raises the connector's errors, and `PermanentFailure` for more than can be remembered."""
    if source.trigger.paged:
        async with aclosing(calls.poll(source.trigger, source.asked(), source.given)) as pages:
            async for page in pages:
                return Baseline(_page(page).cursor, tuple(named(record) for record in _page(page).records))
        return Baseline(None, ())
    ids = tuple([named(record) async for record in _records(calls, source, most)])
    if source.trigger.order == "any" and len(ids) == most:
        raise PermanentFailure(f"There are {most:,} records or more. Please choose a smaller place to watch.")
    return Baseline(None, ids)


async def newest(calls: Calls, source: PollingSource, count: int, *, keeps_files: bool = True) -> list[Record]:
    """The last few records, newest first. Nothing is remembered, but for their files where it `keeps_files`."""
    asked = source.asked(newest=count, keeps_files=keeps_files)
    if source.trigger.paged:
        async with aclosing(calls.poll(source.trigger, asked, source.given)) as pages:
            async for page in pages:
                return list(reversed(_page(page).records))[:count]
        return []
    return [record async for record in _records(calls, source, count, asked)]


async def _pages(calls: Calls, source: PollingSource, cursor: Any) -> AsyncGenerator[Batch, None]:
    async with aclosing(calls.poll(source.trigger, source.asked(cursor), source.given)) as pages:
        async for element in pages:
            page = _page(element)
            fresh = [found(record) for record in page.records]
            yield Batch(fresh, page.cursor, moves_cursor=True, warning=page.warning, more=page.more)


async def _unseen(
    calls: Calls, source: PollingSource, known: Known, most: int, at_once: int
) -> AsyncGenerator[Batch, None]:
    fresh: list[Found] = []
    complete = caught_up = True
    async with aclosing(_records(calls, source, None)) as records:
        async for record in records:
            seen = await known(named(record))
            if seen and source.trigger.order == "newest":
                break
            if seen is None:
                fresh.append(found(record))
            caught_up = caught_up and bool(seen)
            if len(fresh) >= most:
                complete = False
                break
    fresh.reverse()
    for start in range(0, len(fresh), at_once):
        yield Batch(fresh[start : start + at_once], complete=False, more=not complete)
    if complete and not caught_up:
        yield Batch([])


async def _records(
    calls: Calls, source: PollingSource, limit: int | None, asked: Asked | None = None
) -> AsyncGenerator[Record, None]:
    count = 0
    async with aclosing(calls.poll(source.trigger, asked or source.asked(), source.given)) as records:
        async for record in records:
            assert isinstance(record, Record)
            yield record
            count += 1
            if count == limit:
                return


def _page(element: Any) -> Page[Record]:
    assert isinstance(element, Page)
    return element
