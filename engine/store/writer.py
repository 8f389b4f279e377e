"""The writer: one thread that gathers what all runs and checks have to say, commits once, then wakes them.

The price of a durable write is the disk's sync; gathered, a hundred writes cost one. An entry is a function of an open
connection; what it returns is the submitter's answer, after the commit. Entries do nothing slow and are encoded before.
"""

import asyncio
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from engine.store.database import Database, is_out_of_order

MAX_BATCH = 500  # entries in one transaction
FIRST_PAUSE = 0.1  # seconds until a failed commit (disk full, database locked) is tried again; doubles up to MAX_PAUSE
MAX_PAUSE = 5.0
GATHERS = 0.005  # seconds from one commit to the next while runs come together: then fewer commits carry more

log = logging.getLogger(__name__)

T = TypeVar("T")
Entry = Callable[[Connection], Any]


class _Answer(Protocol):
    """What a submitter waits for."""

    def set_result(self, result: Any, /) -> None: ...

    def set_exception(self, exception: BaseException, /) -> None: ...


@dataclass(frozen=True)
class _Submitted:
    """An entry; `loop` is where its submitter waits, None for a thread."""

    entry: Entry
    answer: _Answer
    loop: asyncio.AbstractEventLoop | None = None


@dataclass
class _Told:
    """Answers on their way. Each loop is woken once, however many answers there are."""

    by_loop: dict[asyncio.AbstractEventLoop, list[Callable[[], None]]] = field(default_factory=dict)

    def tell(self, submitted: _Submitted, result: Any = None, error: BaseException | None = None) -> None:
        def answer() -> None:
            with suppress(InvalidStateError, asyncio.InvalidStateError):  # cancelled: it is written all the same
                if error is None:
                    submitted.answer.set_result(result)
                else:
                    submitted.answer.set_exception(error)

        if submitted.loop is None:
            answer()
        else:
            self.by_loop.setdefault(submitted.loop, []).append(answer)

    def send(self) -> None:
        for loop, answers in self.by_loop.items():
            with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                loop.call_soon_threadsafe(_each, answers)


def _each(answers: Sequence[Callable[[], None]]) -> None:
    for answer in answers:
        answer()


class Writer:
    """Group commit. Starts its thread at once; `close` waits until everything submitted is written."""

    def __init__(self, database: Database, crowded: Callable[[], bool] = lambda: False) -> None:
        """`crowded` tells whether more than one submitter is at work, so that waiting a moment gathers something."""
        self._database = database
        self._crowded = crowded
        self._last = 0.0
        self._inbox: queue.SimpleQueue[_Submitted | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._giving_up = threading.Event()
        self._submitting = threading.Lock()
        self.trouble: str = ""
        """Why writing does not work at the moment, or “”."""
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    async def write(self, entry: Callable[[Connection], T]) -> T:
        """Runs `entry` in the next commit; returns its result once that is durable, raises what it raised."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._submit(_Submitted(entry, answer, loop))
        return await answer

    def write_and_wait(self, entry: Callable[[Connection], T]) -> T:
        """`write` for threads."""
        answer: Future[T] = Future()
        self._submit(_Submitted(entry, answer))
        return answer.result()

    def give_up(self) -> None:
        """From now on what cannot be written is told so, not tried again: else a full disk would keep us alive."""
        self._giving_up.set()

    def close(self) -> None:
        self.give_up()
        with self._submitting:
            self._closing.set()
            self._inbox.put(None)
        self._thread.join()

    def _submit(self, submitted: _Submitted) -> None:
        with self._submitting:
            if self._closing.is_set():
                raise RuntimeError("the writer is closed")
            self._inbox.put(submitted)

    def _work(self) -> None:
        """A process that cannot write any more would only look alive, so it does not outlive this thread."""
        try:
            while batch := self._gather():
                self._write(batch)
        except BaseException:
            log.critical("The journal broke off by a fault of ours. Zapwerk ends here; start it again", exc_info=True)
            os._exit(os.EX_SOFTWARE)

    def _gather(self) -> list[_Submitted]:
        first = self._inbox.get()
        batch = [] if first is None else [first]
        if batch and self._crowded():
            self._closing.wait(self._last + GATHERS - time.monotonic())
        while batch and len(batch) < MAX_BATCH:
            try:
                another = self._inbox.get_nowait()
            except queue.Empty:
                break
            if another is None:
                self._inbox.put(None)
                break
            batch.append(another)
        self._last = time.monotonic()
        return batch

    def _write(self, batch: Sequence[_Submitted]) -> None:
        try:
            results = self._commit(batch)
        except Exception as error:
            log.debug("a batch of %d entries failed; trying them one by one", len(batch), exc_info=True)
            self._consider(error)
            for submitted in batch:
                self._write_one(submitted)
            return
        told = _Told()
        for submitted, result in zip(batch, results, strict=True):
            told.tell(submitted, result)
        told.send()

    def _write_one(self, submitted: _Submitted) -> None:
        """A finished effect that cannot be written is not forgotten: tries again while the database is at fault."""
        pause = FIRST_PAUSE
        while True:
            try:
                (result,) = self._commit([submitted])
            except Exception as error:  # noqa: BLE001 (the submitter is told)
                if not self._consider(error) or self._giving_up.wait(pause):
                    _tell(submitted, error=error)
                    return
                pause = min(pause * 2, MAX_PAUSE)
            else:
                _tell(submitted, result)
                return

    def _commit(self, batch: Sequence[_Submitted]) -> list[Any]:
        with self._database.turn(urgent=True), self._database.connect() as connection:
            results = [submitted.entry(connection) for submitted in batch]
        if self.trouble:
            log.warning("The database can be written again")
            self.trouble = ""
        return results

    def _consider(self, error: Exception) -> bool:
        """Whether the database is at fault. Says so once for as long as it lasts: a log of the same would fill the disk
        that is full."""
        if not isinstance(error, OperationalError) or not is_out_of_order(error):
            return False
        trouble = f"The database cannot be written: {error.orig}"
        if trouble != self.trouble:
            log.error("%s; trying again until it can", trouble)
        self.trouble = trouble
        return True


def _tell(submitted: _Submitted, result: Any = None, error: BaseException | None = None) -> None:
    told = _Told()
    told.tell(submitted, result, error)
    told.send()
