"""Signing in and out, the limits of a sign-in, and the waits after failed tries."""

from datetime import timedelta

import pytest

from engine.people import attempts
from engine.people.attempts import Attempts
from engine.people.audit import Action
from engine.people.links import Purpose
from engine.people.refusals import DeadLink, Throttled, WrongCredentials
from tests.engine.people.house import ADDRESS, PASSWORD, House, at_once


def fail(house: House, times: int, email: str = "olga@example.com", address: str = ADDRESS) -> None:
    for _ in range(times):
        with pytest.raises(WrongCredentials):
            house.people.sign_ins.begin(email, "wrong", address=address, agent="")


def test_a_request_with_the_cookie_is_known_and_another_is_not(house: House):
    owner = house.owner()
    begun = house.sign_in()
    signed_in = house.who(begun)
    assert signed_in is not None
    assert (signed_in.id, signed_in.person.id, signed_in.csrf) == (begun.id, owner.id, begun.csrf)
    assert house.people.sign_ins.of("something else") is None
    assert house.people.sign_ins.of("") is None


def test_the_token_of_forms_belongs_to_one_sign_in_and_does_not_hold_the_cookie(house: House):
    house.owner()
    one, other = house.sign_in(), house.sign_in()
    assert one.csrf != other.csrf
    assert one.token not in one.csrf


def test_all_causes_have_the_same_sentence(house: House):
    owner = house.owner()
    app, _codes = house.with_app(owner)
    sentences = set()
    for email, password, code in (
        ("nobody@example.com", PASSWORD, ""),
        ("olga@example.com", "wrong", ""),
        ("olga@example.com", "wrong", app.code()),
        ("olga@example.com", PASSWORD, "000000"),
        ("", "", ""),
    ):
        with pytest.raises(WrongCredentials) as refused:
            house.sign_in(email, password, code)
        sentences.add((str(refused.value), refused.value.within("de")))
    assert len(sentences) == 1


def test_a_sign_in_ends_after_two_weeks_without_use(house: House):
    house.owner()
    begun = house.sign_in()
    house.later(days=13)
    assert house.who(begun) is not None
    house.later(days=13)
    assert house.who(begun) is not None
    house.later(days=14)
    assert house.who(begun) is None
    assert house.people.sign_ins.every(begun.person.id) == []


def test_a_sign_in_ends_after_three_months_whatever_happens(house: House):
    house.owner()
    begun = house.sign_in()
    for _ in range(8):
        house.later(days=11)
        assert house.who(begun) is not None
    house.later(days=2)
    assert house.who(begun) is None


def test_when_somebody_was_seen_is_noted_once_a_minute(house: House):
    owner = house.owner()
    begun = house.sign_in()
    began = house.time
    house.later(seconds=59)
    house.who(begun)
    assert house.people.sign_ins.every(owner.id)[0].last_seen_at == began
    house.later(seconds=1)
    house.who(begun)
    assert house.people.sign_ins.every(owner.id)[0].last_seen_at == house.time
    assert house.again(owner).last_seen_at == house.time


def test_signing_out_ends_one_and_only_ones_own(house: House):
    owner, other = house.owner(), house.join("vera@example.com")
    here, elsewhere = house.sign_in(), house.sign_in()
    house.people.sign_ins.end(here.id, person=other)
    assert house.who(here) is not None
    house.people.sign_ins.end(here.id, person=owner)
    assert house.who(here) is None
    assert house.who(elsewhere) is not None
    assert house.actions()[0] is Action.SIGNED_OUT


def test_all_others_can_be_ended_at_once(house: House):
    owner = house.owner()
    here, *others = [house.sign_in() for _ in range(3)]
    assert house.people.sign_ins.end_others(owner, but=here.id) == 2
    assert house.who(here) is not None
    assert [house.who(one) for one in others] == [None, None]
    assert house.people.sign_ins.end_all(owner, by=None) == 1
    assert house.who(here) is None


def test_a_sign_in_link_lets_in_once_and_for_an_hour(house: House):
    owner = house.owner()
    made = house.people.links.make(Purpose.SIGN_IN, person_id=owner.id)
    begun = house.people.sign_ins.enter(made.token, address=ADDRESS, agent="")
    assert house.who(begun) is not None
    late = house.people.links.make(Purpose.SIGN_IN, person_id=owner.id)
    house.later(hours=1)
    for token in (made.token, late.token):
        with pytest.raises(DeadLink):
            house.people.sign_ins.enter(token, address=ADDRESS, agent="")


def test_after_five_failures_each_try_waits_longer(house: House):
    tries = Attempts(house.database, lambda: house.time)
    for _ in range(attempts.FREE_OF_EMAIL):
        tries.begin("olga@example.com", ADDRESS)
    waits = []
    for _ in range(7):
        with pytest.raises(Throttled) as refused:
            tries.begin("Olga@example.com", "192.0.2.1")
        waits.append(refused.value.until - house.time)
        house.time = refused.value.until
        tries.begin("olga@example.com", ADDRESS)
    assert waits == [timedelta(minutes=minutes) for minutes in (0.5, 1, 2, 4, 8, 15, 15)]


def test_the_right_password_after_the_wait_lets_in_and_forgets_the_failures(house: House):
    house.owner()
    fail(house, attempts.FREE_OF_EMAIL)
    with pytest.raises(Throttled) as refused:
        house.sign_in()
    assert str(refused.value) == "There were too many failed tries. Please wait 30 s and try again."
    assert refused.value.within("de").startswith("Es gab zu viele Fehlversuche. Bitte warten Sie 30 s")
    house.later(seconds=30)
    house.sign_in()
    fail(house, 1)
    house.sign_in()


def test_an_email_address_that_nobody_has_is_slowed_down_alike(house: House):
    house.owner()
    fail(house, attempts.FREE_OF_EMAIL, "nobody@example.com")
    with pytest.raises(Throttled):
        house.sign_in("Nobody@Example.com")
    house.sign_in()


def test_tries_at_the_same_moment_all_count(house: House):
    house.owner()
    outcomes = at_once(lambda: house.sign_in(password="wrong"), 8)
    assert sum(isinstance(one, WrongCredentials) for one in outcomes) == attempts.FREE_OF_EMAIL
    assert sum(isinstance(one, Throttled) for one in outcomes) == 3


def test_one_address_that_tries_many_people_is_slowed_down(small_house: House):
    tries = Attempts(small_house.database, lambda: small_house.time)
    for number in range(attempts.FREE_OF_ADDRESS):
        tries.begin(f"nobody{number}@example.com", f"2001:db8:1:2::{number + 1}")
    with pytest.raises(Throttled):
        tries.begin("olga@example.com", "2001:db8:1:2:ffff::")
    tries.begin("olga@example.com", "2001:db8:1:3::1")


def test_an_address_keeps_its_failures_when_one_of_its_people_gets_in(small_house: House):
    tries = Attempts(small_house.database, lambda: small_house.time)
    for number in range(attempts.FREE_OF_ADDRESS - 1):
        tries.begin(f"nobody{number}@example.com", ADDRESS)
        tries.begin("olga@example.com", "192.0.2.1").succeeded()
    tries.begin("somebody@example.com", ADDRESS).succeeded()
    tries.begin("nobody@example.com", ADDRESS)
    with pytest.raises(Throttled):
        tries.begin("olga@example.com", ADDRESS)


def test_failures_are_forgotten_after_a_day(house: House):
    tries = Attempts(house.database, lambda: house.time)
    for _ in range(2):
        for _ in range(attempts.FREE_OF_EMAIL - 1):
            tries.begin("olga@example.com", ADDRESS)
        house.later(days=1)
    tries.forget_old()
    tries.begin("olga@example.com", ADDRESS)


def test_a_link_for_a_new_password_ends_the_wait(house: House):
    owner = house.owner()
    fail(house, attempts.FREE_OF_EMAIL)
    made = house.people.accounts.reset_link(owner.id, by=None)
    house.people.accounts.new_password(made.token, "another four garden words")
    house.sign_in(password="another four garden words")


def test_it_ends_the_wait_of_an_address_too_where_all_come_through_one_proxy(house: House):
    owner = house.owner()
    for number in range(attempts.FREE_OF_ADDRESS):
        fail(house, 1, f"nobody{number}@example.com")
    with pytest.raises(Throttled):
        house.sign_in()
    made = house.people.accounts.reset_link(owner.id, by=None)
    house.people.accounts.new_password(made.token, "another four garden words", address=ADDRESS)
    house.sign_in(password="another four garden words")


def test_what_was_typed_for_an_unknown_email_address_is_written_down_nowhere(house: House):
    house.owner()
    with pytest.raises(WrongCredentials):
        house.sign_in(PASSWORD, "")
    failed = house.told("sign_in_failed")[0]
    assert (failed.subject, failed.details, failed.address) == ("", {}, ADDRESS)
    fail(house, 1)
    assert house.told("sign_in_failed")[0].subject == "olga"
