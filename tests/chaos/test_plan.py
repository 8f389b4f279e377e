"""A seed always stands for the same plan and the same faults."""

from tests.chaos import faults, plan
from tests.chaos.plan import Hook, Mail, Order, Size

SIZE = Size(kills=40, events=2000, seed=3, lag=2.0)


def test_a_seed_always_stands_for_the_same_lives():
    assert plan.lives(SIZE) == plan.lives(SIZE)
    assert plan.lives(SIZE) != plan.lives(Size(40, 2000, 4, 2.0))


def test_every_event_comes_in_one_of_the_lives():
    events: list[Hook | Order | Mail] = []
    for life in plan.lives(SIZE):
        events += [*life.hooks, *life.orders, *life.mails]
    assert len({event.reference for event in events}) == len(events) == SIZE.events
    assert {event.service for event in events if isinstance(event, Hook)} == set(plan.SERVICES)


def test_some_mails_come_from_the_same_address():
    mails = [mail for life in plan.lives(SIZE) for mail in life.mails]
    assert len({mail.address for mail in mails}) < len(mails)


def test_kills_come_in_calls_at_every_moment_and_elsewhere():
    ends = [life.end for life in plan.lives(SIZE)]
    assert {end.moment for end in ends} == {"", *plan.MOMENTS}
    assert any(end.starting for end in ends)
    assert any(end.rest for end in ends)


def test_a_call_fails_in_the_same_way_whenever_it_comes():
    manners = [faults.of_call(3, "keys", f"hook-{number}", 1) for number in range(500)]
    assert manners == [faults.of_call(3, "keys", f"hook-{number}", 1) for number in range(500)]
    assert {manner.answer for manner in manners} > {"done", "500", "cut", "429"}


def test_after_two_calls_a_service_behaves_so_that_every_event_can_come_to_its_end():
    assert {faults.of_call(3, "keys", f"hook-{number}", 3) for number in range(500)} == {faults.WELL}
