"""Plays a plan: life after life the engine is started, given events and killed; at the end it brings everything to
rest. Called by the command and by the test.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.chaos import history, house, plan, verdict
from tests.chaos.house import House
from tests.chaos.plan import Life, Size
from tests.chaos.verdict import Verdict
from tests.waiting import wait_until

TRAP_WITHIN = 5.0  # seconds until a kill that waits for a call comes without one
REST_WITHIN = 120.0  # seconds for the queue to become empty in between
SETTLES = 5.0  # seconds, besides the lag: what was interrupted can be looked up in a rest
STALLED_AFTER = 120.0  # seconds at the end without anything that moves
LOOKS_EVERY = 0.2  # seconds
ENDINGS = 10  # more than the ladder has rungs

Say = Callable[[str], None]


@dataclass
class Played:
    """What happened: how often the engine was killed, in which calls, how the services misbehaved, and the verdict."""

    size: Size
    mailbox: str
    kills: int = 0
    deaths: dict[str, int] = field(default_factory=dict)
    misbehaved: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    verdict: Verdict = field(default_factory=Verdict)


def played(folder: Path, size: Size, say: Say = print) -> Played:
    """Everything, in a folder that is empty or not there."""
    begun = time.monotonic()
    with house.built(folder, size) as built:
        done = Played(size, built.mailbox.kind)
        clock = datetime.now(UTC)  # the zaps were switched on before that
        for number, life in enumerate(plan.lives(size), 1):
            _live(built, life, size.lag + SETTLES)
            done.kills += 1
            if number % 10 == 0 or number == size.kills:
                say(f"{number} kills, {time.monotonic() - begun:.0f} s; runs: {built.runs()}")
        _finish(built, say)
        told = built.told()
    done.deaths, done.misbehaved = told["sprung"], told["misbehaved"]
    done.verdict = verdict.reached(
        verdict.accepted(folder), history.of(folder / "data" / "zapwerk.db"), verdict.ledger(folder), since=clock
    )
    done.seconds = time.monotonic() - begun
    return done


def _live(built: House, life: Life, rest: float) -> None:
    """One life of the engine, to its end."""
    end = life.end
    built.start()
    if end.rest:
        built.until_ready()
        _rest(built, rest)
    built.send(life.hooks, life.orders)
    built.deliver(life.mails)
    if not end.starting:
        built.until_ready()
    if end.service:
        trap = {"service": end.service, "moment": end.moment, "calls_before": end.calls_before, "pid": built.pid}
        built.tell("/trap", **trap)
        _until_dead(built, TRAP_WITHIN)
        built.tell("/trap", **{**trap, "service": ""})
    else:
        time.sleep(end.seconds)
    built.kill()
    built.let_time_pass()


def _until_dead(built: House, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not built.is_dead() and time.monotonic() < deadline:
        time.sleep(0.01)


def _rest(built: House, least: float) -> None:
    """Until nothing is queued, and so many seconds at least; on a slow machine not for ever."""
    begun = time.monotonic()
    while built.runs().get("queued") and time.monotonic() < begun + REST_WITHIN:
        time.sleep(LOOKS_EVERY)
    while built.is_moving() and time.monotonic() < begun + least:
        time.sleep(LOOKS_EVERY)


def _finish(built: House, say: Say) -> None:
    """Engines that are not disturbed any more bring everything to rest; each stops in good order."""
    built.tell("/calm")
    built.mailbox.calm_down()
    assert built.senders.stdin is not None
    built.senders.stdin.close()
    for _ in range(ENDINGS):
        with _undisturbed(built):
            built.senders.wait(STALLED_AFTER)
            _settled(built)
        built.let_time_pass()
        if not built.is_moving() and not built.runs().get("retrying"):
            return
        say(f"once more, for what waited for its time: {built.runs()}")


@contextmanager
def _undisturbed(built: House) -> Iterator[None]:
    built.start()
    built.until_ready()
    yield
    built.stop()


def _settled(built: House) -> None:
    """Returns when every event that was accepted has its run, and nothing moves any more."""
    due = verdict.runs_due(verdict.accepted(built.folder))

    def settled() -> bool:
        time.sleep(LOOKS_EVERY)
        there = history.counts(built.data / "zapwerk.db")
        return all(there.get(zap, 0) >= count for zap, count in due.items()) and not built.is_moving()

    wait_until(_stalling(settled, built), 24 * 3600, what="everything to rest")


def _stalling(settled: Callable[[], bool], built: House) -> Callable[[], bool]:
    """The same, which also ends when nothing has changed for long: the verdict then names what is missing."""
    seen: dict[str, Any] = {"state": None, "at": time.monotonic()}

    def look() -> bool:
        done, state = settled(), (built.runs(), built.told()["effects"])
        clock_ticks = {**state[0], "succeeded": 0}  # the zap of the clock never rests
        if clock_ticks != seen["state"]:
            seen.update(state=clock_ticks, at=time.monotonic())
        return done or time.monotonic() > seen["at"] + STALLED_AFTER

    return look
