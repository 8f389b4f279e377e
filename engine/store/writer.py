"""The writer: one thread that gathers what all runs and checks have to say, commits once, then wakes them.

The price of a durable write is the disk's sync; gathered, a hundred writes cost one. An entry is a function of an open
connection; what it returns is the submitter's answer, after the commit. Entries do nothing slow and are encoded before.
"""

import asyncio
import logging
import queue
import threading
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

    def __init__(self, database: Database) -> None:
        self._database = database
        self._inbox: queue.SimpleQueue[_Submitted | None] = queue.SimpleQueue()
        self._closing = threading.Event()
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

    def close(self) -> None:
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
        while batch := self._gather():
            self._write(batch)

    def _gather(self) -> list[_Submitted]:
        first = self._inbox.get()
        batch = [] if first is None else [first]
        while batch and len(batch) < MAX_BATCH:
            try:
                another = self._inbox.get_nowait()
            except queue.Empty:
                break
            if another is None:
                self._inbox.put(None)
                break
            batch.append(another)
        return batch

    def _write(self, batch: Sequence[_Submitted]) -> None:
        try:
            results = self._commit(batch)
        except Exception:
            log.debug("a batch of %d entries failed; trying them one by one", len(batch), exc_info=True)
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
            except OperationalError as error:
                if not is_out_of_order(error):
                    _tell(submitted, error=error)
                    return
                self.trouble = f"The database cannot be written: {error.orig}"
                log.exception("%s", self.trouble)
                if self._closing.wait(pause):
                    _tell(submitted, error=error)
                    return
                pause = min(pause * 2, MAX_PAUSE)
            except Exception as error:  # noqa: BLE001 (the submitter is told)
                _tell(submitted, error=error)
                return
            else:
                _tell(submitted, result)
                return

    def _commit(self, batch: Sequence[_Submitted]) -> list[Any]:
        with self._database.turn(urgent=True), self._database.connect() as connection:
            results = [submitted.entry(connection) for submitted in batch]
        self.trouble = ""
        return results


def _tell(submitted: _Submitted, result: Any = None, error: BaseException | None = None) -> None:
    told = _Told()
    told.tell(submitted, result, error)
    told.send()
