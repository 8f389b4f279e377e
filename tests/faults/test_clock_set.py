"""The clock is set while zaps run, back and forth: nothing stands still, nothing fires twice or by the dozen."""

from functools import partial
from pathlib import Path

import pytest

from tests.faults.shops import Shop, shop
from tests.processes import Installation
from tests.waiting import wait_until

pytestmark = pytest.mark.faketime

LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), Path("missing"))
HOURLY = """
zapwerk: 1
name: Hourly
timezone: UTC
trigger: {use: schedule.every, with: {every: 1, unit: hours}}
steps:
  - {key: any, filter: {all: [{value: "{{ trigger.time }}", is: exists}]}}
"""
SETTINGS = (("+0", 0), ("-2h", 0), ("+3d", 1), ("+0", 1))
"""By how much the clock differs from the real one, one after the other, and how often the hourly zap ran by then."""


def test_set_back_and_forth_nothing_stands_still_and_nothing_fires_twice(tmp_path: Path):
    clock = tmp_path / "clock"
    environ = {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    clock.write_text("+0\n")
    with shop(tmp_path / "data", tmp_path / "corner", environ, forked=False) as running:
        Installation(running.installation.data).switch_on(HOURLY)
        for number, (offset, hours) in enumerate(SETTINGS, 1):
            clock.with_suffix(".new").write_text(f"{offset}\n")
            clock.with_suffix(".new").rename(clock)
            running.order(f"Order {number}")
            wait_until(partial(parcels_are, running, number), 60, what=f"the parcel, the clock at {offset}")
            wait_until(partial(hours_are, running, hours), 60, what=f"the hours of {offset}")
            assert running.reasons() == ""
        assert set(running.sent().values()) == {1}
        wait_until(lambda: running.runs() == {"succeeded": len(SETTINGS)}, what="the end of all runs")


def parcels_are(running: Shop, number: int) -> bool:
    return len(running.sent()) == number


def hours_are(running: Shop, number: int) -> bool:
    return running.runs("Hourly").total() == number
