"""Fills the tallies and the index of extracts, in the background and in small slices. Run by the engine's clock.

What was done is noted in the same transaction, so a slice is done once however often it is begun: after a crash, a
downtime or an upgrade it goes on where it stood. What moved comes first, then older runs that no log tells of, the
newest first. A slice waits its turn behind the journal, and the more runs are executed, the longer it rests.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from engine.history import words
from engine.store import extracts, moves, stories
from engine.store.database import Database
from engine.store.encoding import decode
from engine.store.extracts import Extract
from engine.store.states import RunState
from engine.store.stories import Story
from engine.zaps.labels import label_of

COUNTED_AT_ONCE = 5_000  # lines of the log
READ_AT_ONCE = 200  # lines of the log
FILLED_AT_ONCE = 40  # runs; 1 ms each at most, and the journal waits that long
TICK = 1.0  # seconds that a tick may take
RESTS = 2.0  # times as long as a slice took; RESTS_WHEN_BUSY where runs are executed at full rate
RESTS_WHEN_BUSY = 20.0

MOST_WORDS = 400  # of a run
MOST_TEXT = 4_000  # characters of one value
HEAD = 100  # characters of each value that come before the rest of any
MOST_IN_ALL = 16_000  # characters of a run

UNDER_WAY = (RunState.QUEUED, RunState.RUNNING)


class Indexing:
    """One process's share. `busy` tells whether runs are executed at full rate."""

    def __init__(self, database: Database, busy: Callable[[], bool]) -> None:
        self._database = database
        self._busy = busy
        self._stopped = False
        self._begun = False

    async def tick(self) -> None:
        """Goes on for about a second, or until nothing is left."""
        end = time.monotonic() + TICK
        while not self._stopped:
            began = time.monotonic()
            if not await asyncio.to_thread(self.slice):
                return
            took = time.monotonic() - began
            rest = took * (RESTS_WHEN_BUSY if self._busy() else RESTS)
            if time.monotonic() + rest > end:
                return
            await asyncio.sleep(rest)

    def stop(self) -> None:
        """The slice under way ends; no other begins."""
        self._stopped = True

    def slice(self) -> bool:
        """Does the most urgent slice; False if there is nothing to do."""
        if not self._begun:
            with self._database.write() as session:
                moves.begin(session.connection())
            self._begun = True
        return self._count() or self._read() or self._fill()

    def catch_up(self) -> None:
        """Everything there is to do, at once: for an engine that was not started."""
        while self.slice():
            pass

    def _count(self) -> bool:
        if not self._has_moved(moves.COUNTED):
            return False
        with self._database.write() as session:
            counted = moves.count_on(session.connection(), COUNTED_AT_ONCE)
            moves.trim(session.connection(), COUNTED_AT_ONCE)
        return counted

    def _read(self) -> bool:
        """Runs that came to rest."""
        with self._database.read() as session:
            connection = session.connection()
            after = int(moves.stand(connection, moves.READ, locked=False))
            until = moves.next_place(connection, after, READ_AT_ONCE)
            moved = moves.between(connection, after, until, limit=1_000_000, resting=True)
        if until <= after:
            return False
        self._index(list(dict.fromkeys(move.run_id for move in moved)), moves.READ, str(after), str(until))
        return True

    def _fill(self) -> bool:
        """Runs that came to rest before there was a log."""
        with self._database.read() as session:
            connection = session.connection()
            before = moves.stand(connection, moves.FILLED, locked=False)
            older = stories.ids_before(connection, before, FILLED_AT_ONCE) if before else []
            unknown = extracts.unknown(connection, older)
        if not before:
            return False
        self._index(unknown, moves.FILLED, before, older[-1] if len(older) == FILLED_AT_ONCE else "")
        return True

    def _has_moved(self, name: str) -> bool:
        with self._database.read() as session:
            connection = session.connection()
            after = int(moves.stand(connection, name, locked=False))
            return moves.next_place(connection, after, 1) > after

    def _index(self, run_ids: Sequence[str], name: str, before: str, after: str) -> None:
        """Indexes runs and notes how far that is; reads without a turn to write, and writes without reading."""
        starts = range(0, max(len(run_ids), 1), FILLED_AT_ONCE)
        for start in starts:
            with self._database.read() as session:
                told = stories.of(session.connection(), run_ids[start : start + FILLED_AT_ONCE])
            found = [extract_of(story) for story in told if story.state not in UNDER_WAY]
            with self._database.write() as session:
                connection = session.connection()
                moves.stand(connection, moves.READ)  # one process at a time: numbers follow the last one
                stands = moves.stand(connection, name)
                extracts.put(connection, found)
                if start == starts[-1] and stands == before:
                    moves.come_to(connection, name, after)


def extract_of(story: Story) -> Extract:
    """What is indexed of a run: the words of its record, of what its steps got and gave, and of its problem."""
    record = _read(story.payload)
    texts = [story.run_id, story.problem, *_texts(record)]
    for data in story.data:
        texts += _texts(_read(data))
    return Extract(
        run_id=story.run_id,
        zap_id=story.zap_id,
        state=story.state,
        label=label_of(record, story.record_id),
        words=words.of(_cut(texts))[:MOST_WORDS],
    )


def _read(data: bytes | None) -> Any:
    """None for what is too large to be read for this."""
    return None if data is None else decode(data)


def _texts(value: Any) -> Iterator[str]:
    """The texts and numbers in a value, without the names of fields."""
    if isinstance(value, str):
        yield value[:MOST_TEXT]
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _cut(texts: Sequence[str]) -> str:
    """The texts one after the other, the beginnings of all of them first: a long mail leaves room for what was made of
    it. Each once, since steps repeat what the record says."""
    heads = (text[:HEAD] for text in texts)
    return " ".join(dict.fromkeys([*heads, *texts]))[:MOST_IN_ALL]
