"""Sessions are kept and lent to one caller at a time; one that broke is not lent again."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.connections.sessions import Borrower, KeptSessions
from engine.sdk.errors import TemporaryFailure


class Mailbox:
    """Counts what is opened and closed."""

    def __init__(self) -> None:
        self.opened = 0
        self.closed: list[int] = []

    def open(self) -> int:
        self.opened += 1
        return self.opened

    def borrow(self, sessions: KeptSessions, name: str = "inbox"):
        return sessions.borrow(name, self.open, self.closed.append)


@pytest.fixture
def mailbox():
    return Mailbox()


def test_a_session_is_kept_for_the_next_caller(mailbox):
    sessions = KeptSessions()
    for _ in range(3):
        with mailbox.borrow(sessions) as session:
            assert session == 1
    assert (mailbox.opened, mailbox.closed) == (1, [])


def test_names_have_sessions_of_their_own(mailbox):
    sessions = KeptSessions()
    with mailbox.borrow(sessions, "a") as first, mailbox.borrow(sessions, "b") as second:
        assert (first, second) == (1, 2)


def test_a_session_whose_user_failed_is_closed_and_opened_anew(mailbox):
    sessions = KeptSessions()
    with pytest.raises(ConnectionError), mailbox.borrow(sessions):
        raise ConnectionError
    with mailbox.borrow(sessions) as session:
        assert session == 2
    assert mailbox.closed == [1]


def test_a_session_that_cannot_be_opened_does_not_block_the_next_try(mailbox):
    sessions = KeptSessions()

    def refuse() -> int:
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError), sessions.borrow("inbox", refuse, mailbox.closed.append):
        raise AssertionError("never lent")
    with mailbox.borrow(sessions) as session:
        assert session == 1


def test_a_session_that_cannot_be_closed_is_forgotten(mailbox):
    def fail(_: int) -> None:
        raise OSError("gone")

    sessions = KeptSessions()
    with sessions.borrow("inbox", mailbox.open, fail):
        pass
    sessions.close()


def test_only_one_at_a_time_uses_a_session(mailbox):
    sessions, inside, most = KeptSessions(), [], []

    def use(number: int) -> None:
        with mailbox.borrow(sessions):
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.001)
            inside.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(40)))
    assert max(most) == 1
    assert mailbox.opened == 1


def test_waiting_for_somebody_who_never_returns_it_ends_with_a_reason(mailbox):
    sessions = KeptSessions(wait_for=0.05)
    with mailbox.borrow(sessions), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(mailbox.borrow(sessions).__enter__)
        with pytest.raises(TemporaryFailure, match="not finished"):
            waiting.result(5)
    with mailbox.borrow(sessions) as session:
        assert session == 1


def test_a_sweep_closes_what_has_been_idle_for_long(mailbox):
    now = [0.0]
    sessions = KeptSessions(clock=lambda: now[0])
    with mailbox.borrow(sessions, "old"):
        pass
    now[0] = 500
    with mailbox.borrow(sessions, "young"):
        pass
    now[0] = 700
    with mailbox.borrow(sessions, "in use"):
        assert sessions.sweep() == 1
    assert mailbox.closed == [1]
    with mailbox.borrow(sessions, "old") as session:
        assert session == 4


def test_a_session_whose_closing_hangs_keeps_no_other_from_being_closed(mailbox):
    sessions, hangs, gate = KeptSessions(), threading.Event(), threading.Event()

    def hang(session: object) -> None:
        hangs.set()
        gate.wait(20)

    with sessions.borrow("hangs", object, hang), mailbox.borrow(sessions, "other"):
        pass
    hanging = threading.Thread(target=sessions.sweep, kwargs={"idle_for": 0})
    hanging.start()
    assert hangs.wait(5)
    assert sessions.sweep(idle_for=0) == 1
    assert mailbox.closed == [1]
    gate.set()
    hanging.join(5)


def test_closing_closes_all_and_what_is_lent_when_it_comes_back(mailbox):
    sessions = KeptSessions()
    with mailbox.borrow(sessions, "a"):
        pass
    with mailbox.borrow(sessions, "b"):
        closer = threading.Thread(target=sessions.close)
        closer.start()
        closer.join(5)
        assert mailbox.closed == [1]
    assert mailbox.closed == [1, 2]


def test_what_a_call_has_whose_time_is_over_is_left_to_it_and_others_get_another(mailbox):
    sessions = KeptSessions(wait_for=0)
    hanging, another = Borrower(sessions), Borrower(sessions)
    with hanging.borrow("inbox", mailbox.open, mailbox.closed.append) as first:
        with pytest.raises(TemporaryFailure), mailbox.borrow(sessions):
            pass
        hanging.give_up()
        with another.borrow("inbox", mailbox.open, mailbox.closed.append) as second:
            assert (first, second) == (1, 2)
    assert mailbox.closed == [1]
    with mailbox.borrow(sessions) as kept:
        assert kept == 2
    with pytest.raises(TemporaryFailure):
        hanging.borrow("inbox", mailbox.open, mailbox.closed.append)
