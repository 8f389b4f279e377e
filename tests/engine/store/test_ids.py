"""Ids: never used twice, and in order."""

import threading
import time

from engine.store import ids


def test_ids_are_unique_and_each_thread_gets_them_in_order():
    found: list[list[str]] = [[] for _ in range(4)]

    def make(mine: list[str]) -> None:
        mine += [ids.new() for _ in range(5000)]

    threads = [threading.Thread(target=make, args=(mine,)) for mine in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [one for mine in found for one in mine]
    assert len(set(everything)) == len(everything)
    assert all(mine == sorted(mine) for mine in found)
    assert {len(one) for one in everything} == {18}


def test_the_floor_of_a_moment_sorts_before_ids_made_then_and_after_those_made_before():
    before = ids.new()
    moment = time.time_ns() // 1_000_000 + 1
    while time.time_ns() // 1_000_000 <= moment:
        time.sleep(0.001)
    assert before < ids.floor(moment) < ids.new()
