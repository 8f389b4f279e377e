"""How a trigger does, judged by its watch and the clock alone. Pure; called by `watchdog`, the pages and the commands.

What counts is the last check that *succeeded*: a check that fails, that does not end, or that never begins are all the
same to somebody who waits for an event.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from engine.store.watches import Watch

SILENT_AFTER = timedelta(minutes=10)  # without a successful check; or …
INTERVALS = 3  # … so many times the time between two checks, whichever is longer
LATE = timedelta(minutes=2)  # a check that is overdue by more is late


class Health(StrEnum):
    """How a trigger does; docs/glossary.md has the words. `DELAYED` is trouble that may pass by itself."""

    OK = "ok"
    DELAYED = "delayed"
    FAILING = "failing"
    RECONNECT = "needs_reconnecting"
    OFF = "off"


def of(watch: Watch, now: datetime) -> Health:
    """How the trigger does at this moment."""
    if not watch.active:
        return Health.OFF
    if watch.waits_for:
        return Health.RECONNECT
    since = silent_since(watch, now)
    if since is not None and now - since > patience(watch):
        return Health.FAILING
    return Health.DELAYED if watch.problem or now - watch.next_poll_at > LATE else Health.OK


def patience(watch: Watch) -> timedelta:
    """How long it may be silent."""
    return max(SILENT_AFTER, INTERVALS * timedelta(milliseconds=watch.every_ms))


def silent_since(watch: Watch, now: datetime) -> datetime | None:
    """The moment from which something should have been heard of it again; None while nothing is expected.

    A check that stores page after page is heard of although it has not ended. What is not asked every so often is
    silent only when it is due, or fails.
    """
    if watch.every_ms:
        heard = [watch.last_success_at, watch.cursor_at]
    elif watch.problem:
        heard = [watch.failing_since]
    elif watch.next_poll_at < now:
        heard = [watch.next_poll_at]
    else:
        return None
    return max((moment for moment in (*heard, watch.watched_since) if moment is not None), default=watch.next_poll_at)


def counts(watches: Iterable[Watch], now: datetime) -> Mapping[Health, int]:
    """How many do how; each state is there, also with none."""
    found = dict.fromkeys(Health, 0)
    for watch in watches:
        found[of(watch, now)] += 1
    return found
