"""Tells in the terminal what happens in the demo while it happens: mail sent, received, run, client created.

It looks at the installation's own database, without writing, and takes the times from there: they are exact however
seldom it looks.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from engine.errors import Refused
from engine.runs.control import Control, Detail
from engine.store import runs, watches
from engine.store.database import Database
from engine.store.runs import Line, Wanted
from engine.store.states import FINISHED, Entry, RunState
from web import demo_mail, telling

LOOK_EVERY = 0.05  # seconds
LISTENS_WITHIN = 15.0
CLIENT = "client"  # the step's key in demo_zap.yaml


@dataclass(frozen=True)
class Told:
    """One thing that happened, `after` so many seconds since the mail was sent."""

    after: float
    what: str
    details: str = ""


@dataclass
class Watching:
    """Follows the runs of one zap from now on."""

    database: Database
    zap_id: str
    _past: set[str] = field(default_factory=set)
    _told: dict[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        """What there is already is not told again."""
        self._past = {run.id for run in self._runs() if run.state in FINISHED}

    def until_listening(self) -> None:
        """Waits until the trigger was checked and its listener works, so that the first mail finds it awake."""
        ends_at = time.monotonic() + LISTENS_WITHIN
        while time.monotonic() < ends_at:
            with self.database.read() as session:
                watch = watches.get(session, self.zap_id)
            if watch is not None and watch.listening:
                return
            time.sleep(LOOK_EVERY)

    def news(self) -> Iterator[tuple[Detail, list[Told]]]:
        """Every run that has changed since the last look, with what is to be told about it."""
        control = Control(self.database, lambda: datetime.now(UTC))
        for run in reversed(self._runs()):
            if run.id in self._past or self._told.get(run.id) == run.state:
                continue
            detail = control.show(run.id)
            before, self._told[run.id] = self._told.get(run.id), str(detail.run.state)
            yield detail, list(story(detail, before))

    def result_of(self, message_id: str, within: float) -> Detail:
        """The run of a mail, once it has ended; tells meanwhile. Raises `Refused` if that takes too long."""
        ends_at = time.monotonic() + within
        while time.monotonic() < ends_at:
            for detail, told in self.news():
                show(told)
                if _field(detail.payload, "message_id") == message_id and _rests(detail.run.state):
                    return detail
            time.sleep(LOOK_EVERY)
        raise Refused(f"The mail led to nothing within {within:.0f} s.")

    def _runs(self) -> list[runs.Run]:
        with self.database.read() as session:
            return runs.find(session, Wanted(zap_id=self.zap_id, limit=200))


def story(detail: Detail, before: str | None) -> Iterator[Told]:
    """What happened in a run, in order, since it was seen in the state `before` (None: it is new)."""
    run, sent = detail.run, sent_at(detail)
    if before is None:
        if sent != run.created_at:
            yield Told(0.0, "Mail sent")
        yield Told(_since(sent, run.created_at), "Mail received", _field(detail.payload, "subject"))
    if before in (None, RunState.QUEUED) and run.started_at:
        yield Told(_since(sent, run.started_at), "Run begun", run.id)
    if run.state == RunState.SUCCEEDED:
        yield from _created(detail, sent)
    elif run.state not in (RunState.QUEUED, RunState.RUNNING):
        ended = _since(sent, run.finished_at or datetime.now(UTC))
        yield Told(ended, str(run.state).replace("_", " ").capitalize(), run.problem)


def _created(detail: Detail, sent: datetime) -> Iterator[Told]:
    for line in _clients(detail):
        made: Mapping[str, Any] = line.data.get("output") or {}
        word = "Client was there already" if line.data.get("existing") else "Client created"
        yield Told(_since(sent, line.at), word, f"{made.get('name', '')}  {made.get('url') or ''}".strip())


def client_at(detail: Detail) -> datetime | None:
    """When the client was there; None while there is none."""
    return next((line.at for line in _clients(detail)), None)


def _clients(detail: Detail) -> Iterator[Line]:
    return (line for line in detail.lines if line.path == CLIENT and line.entry == Entry.FINISHED)


def show(told: list[Told]) -> None:
    """On the terminal."""
    from rich.text import Text

    for one in told:
        if one.what == "Mail sent":
            telling.write("")
        when, what, details = f"{one.after:7.2f} s  ", f"{one.what:<14}  ", telling.plain(one.details)
        telling.console().print(Text.assemble((when, "cyan"), (what, "bold"), details))


def sent_at(detail: Detail) -> datetime:
    """When the mail was sent, where it says so; else when it was received."""
    headers = _field(detail.payload, "headers") or {}
    said = next((value for name, value in headers.items() if name.lower() == demo_mail.SENT_AT.lower()), "")
    text = str(said[0] if isinstance(said, list) and said else said)
    if not (text.isascii() and text.isdigit() and len(text) <= 14):
        return detail.run.created_at
    return min(datetime.fromtimestamp(int(text) / 1000, UTC), detail.run.created_at)


def _field(payload: Any, name: str) -> Any:
    return payload.get(name, "") if isinstance(payload, Mapping) else ""


def _rests(state: RunState) -> bool:
    return state in FINISHED or state in (RunState.HELD, RunState.NEEDS_REVIEW)


def _since(begin: datetime, moment: datetime) -> float:
    return max((moment - begin).total_seconds(), 0.0)
