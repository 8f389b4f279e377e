"""Whose turn it is to write: fair, and the journal goes first."""

import threading
from collections.abc import Callable

import pytest

from engine.store.turns import Turns
from tests.waiting import wait_until


def waiting(turns: Turns, count: int) -> Callable[[], bool]:
    return lambda: len(turns._urgent) + len(turns._patient) == count


def line_up(turns: Turns, order: list[str], names: list[tuple[str, bool]]) -> list[threading.Thread]:
    """Threads that wait in this order, each noting its name when its turn has come."""

    def work(name: str, urgent: bool) -> None:
        with turns.turn(urgent=urgent):
            order.append(name)

    threads = []
    for number, (name, urgent) in enumerate(names):
        threads.append(threading.Thread(target=work, args=(name, urgent)))
        threads[-1].start()
        wait_until(waiting(turns, number + 1))
    return threads


def test_who_came_first_goes_first():
    turns = Turns()
    order: list[str] = []
    with turns.turn():
        threads = line_up(turns, order, [(name, False) for name in "abcde"])
    for thread in threads:
        thread.join()
    assert order == list("abcde")


def test_urgent_ones_go_before_the_others_and_are_fair_among_themselves():
    turns = Turns()
    order: list[str] = []
    with turns.turn():
        threads = line_up(turns, order, [("a", False), ("J", True), ("b", False), ("K", True)])
    for thread in threads:
        thread.join()
    assert order == ["J", "K", "a", "b"]


def test_one_at_a_time():
    turns, inside, most = Turns(), [0], [0]

    def work() -> None:
        for _ in range(200):
            with turns.turn():
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_an_error_gives_the_turn_back():
    turns = Turns()
    with pytest.raises(KeyError), turns.turn():
        raise KeyError
    with turns.turn():
        pass
