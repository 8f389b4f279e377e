"""One-time links: looked at without being used, used once, also when two come at once."""

import pytest

from engine.people.links import LIFETIME, Purpose
from engine.people.refusals import DeadLink
from tests.engine.people.house import House, at_once


@pytest.mark.parametrize("purpose", list(Purpose))
def test_looking_does_not_use_a_link_up_and_using_does(house: House, purpose: Purpose):
    made = house.people.links.make(purpose)
    assert house.people.links.peek(purpose, made.token).id == made.link.id
    assert house.people.links.use(purpose, made.token).id == made.link.id
    for attempt in (house.people.links.peek, house.people.links.use):
        with pytest.raises(DeadLink):
            attempt(purpose, made.token)


def test_of_many_who_use_a_link_at_once_one_gets_it(house: House):
    made = house.people.links.make(Purpose.INVITATION)
    outcomes = at_once(lambda: house.people.links.use(Purpose.INVITATION, made.token), 8)
    assert sum(not isinstance(one, Exception) for one in outcomes) == 1
    assert sum(isinstance(one, DeadLink) for one in outcomes) == 7


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_link_ends_when_its_time_is_over(house: House, purpose: Purpose):
    made = house.people.links.make(purpose)
    house.time = made.link.created_at + LIFETIME[purpose]
    with pytest.raises(DeadLink):
        house.people.links.use(purpose, made.token)


def test_a_link_is_good_for_its_purpose_alone(house: House):
    made = house.people.links.make(Purpose.INVITATION)
    with pytest.raises(DeadLink):
        house.people.links.use(Purpose.PASSWORD, made.token)
    house.people.links.use(Purpose.INVITATION, made.token)


def test_what_fails_after_a_link_was_used_leaves_it_good(house: House):
    made = house.people.links.make(Purpose.INVITATION)
    with house.database.write() as session:
        house.people.links.use_within(session, Purpose.INVITATION, made.token)
        session.rollback()
    house.people.links.use(Purpose.INVITATION, made.token)


def test_a_new_link_for_somebody_replaces_theirs_and_nobody_elses(house: House):
    links = house.people.links
    first = links.make(Purpose.PASSWORD, person_id="a")
    others = links.make(Purpose.PASSWORD, person_id="b")
    links.make(Purpose.PASSWORD, person_id="a")
    with pytest.raises(DeadLink):
        links.peek(Purpose.PASSWORD, first.token)
    links.peek(Purpose.PASSWORD, others.token)


def test_strange_tokens_are_dead_links(house: House):
    for token in ("", "x" * 10_000, "\ud800", "\x00"):
        with pytest.raises(DeadLink):
            house.people.links.peek(Purpose.PASSWORD, token)
