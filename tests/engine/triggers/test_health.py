"""How a trigger does, judged purely: by its watch and the clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine.store.moments import NEVER, from_ms
from engine.store.watches import Watch
from engine.triggers import health
from engine.triggers.health import Health
from engine.triggers.watchdog import FAILS, HANGS, UNCHECKED, changes, sentence

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

POLLED = Watch(
    zap_id="z", connection_id="c", source="toy.new_thing", listens="", listening=False, active=True, waits_for="",
    generation=1, cursor=None, every_ms=60_000, token="", next_poll_at=NOW + MINUTE, last_check_at=NOW,
    last_success_at=NOW, failures=0, problem="", warning="", watched_since=NOW - timedelta(days=9),
)  # fmt: skip
BUSY = replace(POLLED, problem="The service is busy.", failures=1, failing_since=NOW - MINUTE)
SCHEDULE = replace(POLLED, every_ms=0, last_success_at=NOW - timedelta(days=1), next_poll_at=NOW + timedelta(hours=3))
LONG_AGO = NOW - timedelta(hours=5)

STATES = [
    pytest.param(POLLED, Health.OK, id="just checked"),
    pytest.param(replace(POLLED, active=False, problem="x"), Health.OFF, id="switched off"),
    pytest.param(replace(POLLED, waits_for="c", last_success_at=LONG_AGO), Health.RECONNECT, id="its account is gone"),
    pytest.param(BUSY, Health.DELAYED, id="failed once"),
    pytest.param(replace(BUSY, last_success_at=NOW - 11 * MINUTE), Health.FAILING, id="failed for eleven minutes"),
    pytest.param(
        replace(BUSY, last_success_at=NOW - 11 * MINUTE, every_ms=300_000), Health.DELAYED, id="asked every 5 minutes"
    ),
    pytest.param(
        replace(BUSY, last_success_at=NOW - 16 * MINUTE, every_ms=300_000),
        Health.FAILING,
        id="three intervals are over",
    ),
    pytest.param(replace(POLLED, next_poll_at=NOW - 3 * MINUTE), Health.DELAYED, id="overdue"),
    pytest.param(
        replace(POLLED, last_success_at=LONG_AGO, next_poll_at=LONG_AGO), Health.FAILING, id="not checked at all"
    ),
    pytest.param(
        replace(POLLED, last_success_at=LONG_AGO, next_poll_at=LONG_AGO, token="t"), Health.FAILING, id="a check hangs"
    ),
    pytest.param(
        replace(POLLED, last_success_at=LONG_AGO, next_poll_at=LONG_AGO, token="t", cursor_at=NOW),
        Health.DELAYED,
        id="a long check that makes progress",
    ),
    pytest.param(
        replace(POLLED, last_success_at=LONG_AGO, next_poll_at=LONG_AGO, watched_since=NOW - MINUTE),
        Health.DELAYED,
        id="the engine has just started",
    ),
    pytest.param(SCHEDULE, Health.OK, id="a schedule whose time comes"),
    pytest.param(replace(SCHEDULE, next_poll_at=from_ms(NEVER)), Health.OK, id="a webhook, which is never due"),
    pytest.param(replace(SCHEDULE, next_poll_at=NOW - 11 * MINUTE), Health.FAILING, id="a schedule that was missed"),
    pytest.param(
        replace(SCHEDULE, problem="x", failing_since=NOW - 11 * MINUTE), Health.FAILING, id="a schedule that fails"
    ),
]


@pytest.mark.parametrize(("watch", "state"), STATES)
def test_a_trigger_is_judged_by_when_it_was_last_heard_of(watch: Watch, state: Health):
    assert health.of(watch, NOW) is state


def test_every_state_is_counted_also_with_none():
    counted = health.counts([POLLED, BUSY, POLLED], NOW)
    assert counted == {"ok": 2, "delayed": 1, "failing": 0, "needs_reconnecting": 0, "off": 0}


SILENT = replace(BUSY, last_success_at=LONG_AGO)
TOLD = replace(SILENT, alarmed_at=NOW - 3 * MINUTE)


@pytest.mark.parametrize(
    ("watch", "alarms"),
    [
        pytest.param(POLLED, [], id="well"),
        pytest.param(SILENT, [True], id="silent, and nobody was told"),
        pytest.param(TOLD, [], id="silent, and it was told"),
        pytest.param(replace(TOLD, last_success_at=NOW, problem=""), [False], id="it recovered"),
        pytest.param(replace(TOLD, active=False), [False], id="switched off"),
        pytest.param(replace(TOLD, watched_since=NOW), [], id="a restart repairs nothing"),
        pytest.param(replace(SILENT, waits_for="c"), [], id="its connection has a notice of its own"),
    ],
)
def test_people_are_told_once_and_once_when_it_is_over(watch: Watch, alarms: list[bool]):
    assert [change.alarm for change in changes([watch], NOW)] == alarms


def test_the_notice_says_what_is_wrong():
    assert sentence(SILENT) == FAILS.format(problem="The service is busy.")
    assert sentence(replace(SILENT, problem="", token="t")) == HANGS
    assert sentence(replace(SILENT, problem="")) == UNCHECKED
