"""Which zaps' runs take long: those under way for long, and those whose last run was."""

import pytest

from engine.runs.occupancy import HANGS, SLOW, Occupancy


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def occupancy(clock: Clock) -> Occupancy:
    return Occupancy(clock)


def test_runs_are_counted_by_zap(occupancy: Occupancy):
    occupancy.begin("run 1", "a")
    occupancy.begin("run 2", "a")
    occupancy.begin("run 3", "b")
    assert occupancy.counts == {"a": 2, "b": 1}
    occupancy.end("run 3")
    occupancy.end("run 1")
    assert occupancy.counts == {"a": 1}


def test_a_zap_is_slow_as_soon_as_one_of_its_runs_is(occupancy: Occupancy, clock: Clock):
    occupancy.begin("run 1", "a")
    clock.at = SLOW
    occupancy.begin("run 2", "b")
    assert occupancy.slow_zaps() == set()
    clock.at = SLOW + 0.1
    assert occupancy.slow_zaps() == {"a"}


def test_it_stays_slow_until_a_run_of_it_was_quick(occupancy: Occupancy, clock: Clock):
    occupancy.begin("run 1", "a")
    clock.at = SLOW + 0.1
    occupancy.end("run 1")
    assert occupancy.slow_zaps() == {"a"}
    occupancy.begin("run 2", "a")
    assert occupancy.slow_zaps() == {"a"}
    clock.at += SLOW
    occupancy.end("run 2")
    assert occupancy.slow_zaps() == set()


def test_a_run_that_hangs_gives_its_place_up_and_is_still_counted(occupancy: Occupancy, clock: Clock):
    occupancy.begin("run 1", "a")
    clock.at = HANGS
    occupancy.begin("run 2", "a")
    assert (occupancy.places(), occupancy.hanging()) == (2, {})
    clock.at = HANGS + 0.1
    assert (occupancy.places(), occupancy.hanging(), occupancy.counts) == (1, {"a": 1}, {"a": 2})
    assert occupancy.slow_zaps() == {"a"}
    occupancy.end("run 1")
    assert (occupancy.places(), occupancy.hanging(), occupancy.counts) == (1, {}, {"a": 1})
