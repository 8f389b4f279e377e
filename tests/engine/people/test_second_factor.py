"""The second factor: switched on with a code, each code good once, recovery codes, and off again."""

from functools import partial

import pytest

from engine.errors import Problems
from engine.people.refusals import CodeNeeded, Throttled, WrongCode, WrongCredentials
from engine.people.roles import Role
from engine.people.sentences import Declined
from tests.engine.people.house import ADDRESS, PASSWORD, House, at_once, fields


def test_it_is_on_after_a_code_and_not_before(house: House):
    owner = house.owner()
    begun = house.people.second_factor.begin(owner)
    assert begun.uri.startswith("otpauth://totp/Zapwerk:olga%40example.com?secret=" + begun.secret)
    house.sign_in()
    with pytest.raises(Problems) as refused:
        house.people.second_factor.confirm(owner, begun.pending, "000000")
    assert fields(refused.value) == {"code": "wrong_code"}
    assert house.people.second_factor.begun(owner, begun.pending) == begun
    house.sign_in()
    house.with_app(owner)
    assert house.again(owner).second_factor
    with pytest.raises(CodeNeeded):
        house.sign_in()


def test_a_code_is_good_once_and_so_are_those_before_it(house: House):
    app, _codes = house.with_app(house.owner())
    house.later(seconds=60)
    early, code = app.code(-30), app.code()
    house.sign_in(code=f" {code[:3]} {code[3:]} ")
    for used in (code, early):
        with pytest.raises(WrongCredentials):
            house.sign_in(code=used)
    house.later(seconds=30)
    house.sign_in(code=app.code())


def test_of_two_who_use_a_code_at_once_one_gets_in(house: House):
    owner = house.owner()
    app, recovery = house.with_app(owner)
    house.later(seconds=60)
    for code in (app.code(), recovery[0]):
        outcomes = at_once(partial(house.people.second_factor.accepts, owner.id, code), 3)
        assert sorted(map(str, outcomes)) == ["False", "False", "True"]


@pytest.mark.parametrize(("off", "good"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_a_phone_may_be_half_a_minute_off(small_house: House, off: int, good: bool):
    owner = small_house.owner()
    app, _codes = small_house.with_app(owner)
    small_house.later(minutes=5)
    assert small_house.people.second_factor.accepts(owner.id, app.code(off)) is good


def test_the_code_it_was_switched_on_with_is_used_up(house: House):
    owner = house.owner()
    app, _codes = house.with_app(owner)
    with pytest.raises(WrongCredentials):
        house.sign_in(code=app.code())


def test_recovery_codes_let_in_once_each_however_they_are_typed(house: House):
    owner = house.owner()
    _app, codes = house.with_app(owner)
    assert len(set(codes)) == 10
    house.sign_in(code=codes[0].upper().replace("-", " "))
    with pytest.raises(WrongCredentials):
        house.sign_in(code=codes[0])
    house.sign_in(code=codes[1])
    assert house.again(owner).recovery_left == 8


def test_with_all_recovery_codes_used_a_code_is_still_needed(small_house: House):
    owner = small_house.owner()
    _app, codes = small_house.with_app(owner)
    assert all(small_house.people.second_factor.accepts(owner.id, code) for code in codes)
    with pytest.raises(CodeNeeded):
        small_house.sign_in()


def test_new_recovery_codes_replace_the_old_ones(house: House):
    owner = house.owner()
    app, codes = house.with_app(owner)
    house.later(minutes=1)
    fresh = house.people.second_factor.renew_recovery(owner, code=app.code())
    with pytest.raises(WrongCredentials):
        house.sign_in(code=codes[0])
    house.sign_in(code=fresh[0])


def test_it_is_switched_off_with_the_password_or_a_code(house: House):
    owner = house.owner()
    app, _codes = house.with_app(owner)
    house.later(minutes=1)
    for typed in ({"password": "wrong"}, {"code": "000000"}, {}):
        with pytest.raises(Problems):
            house.people.second_factor.off(owner, **typed)
    house.people.second_factor.off(owner, password=PASSWORD)
    house.sign_in()
    app, _codes = house.with_app(house.again(owner))
    house.later(minutes=1)
    house.people.second_factor.off(owner, code=app.code())
    house.sign_in()


def test_guessing_codes_is_slowed_down_also_with_the_right_password_in_between(house: House):
    house.with_app(house.owner())
    for _ in range(5):
        with pytest.raises(CodeNeeded):
            house.sign_in()
        with pytest.raises(WrongCredentials):
            house.sign_in(code="000000")
    with pytest.raises(Throttled):
        house.sign_in(code="000000")


def test_a_secret_that_was_begun_by_another_or_long_ago_is_refused(house: House):
    owner, other = house.owner(), house.join("vera@example.com")
    begun = house.people.second_factor.begin(owner)
    for person, pending in ((other, begun.pending), (owner, "something"), (owner, "")):
        with pytest.raises(Declined):
            house.people.second_factor.confirm(person, pending, "123456")
    house.later(hours=2)
    with pytest.raises(Declined):
        house.people.second_factor.begun(owner, begun.pending)


def test_it_cannot_be_switched_on_twice(house: House):
    owner = house.owner()
    begun = house.people.second_factor.begin(owner)
    house.with_app(owner)
    with pytest.raises(Declined):
        house.people.second_factor.begin(house.again(owner))
    with pytest.raises(Declined):
        house.people.second_factor.confirm(owner, begun.pending, "123456")


def half_way(house: House, password: str = PASSWORD) -> str:
    """The note of somebody whose password was right."""
    with pytest.raises(CodeNeeded) as refused:
        house.sign_in(password=password)
    return refused.value.note


def test_the_second_step_needs_the_code_and_not_the_password_again(house: House):
    app, _codes = house.with_app(house.owner())
    house.later(minutes=1)
    note = half_way(house)
    finish = house.people.sign_ins.finish
    with pytest.raises(WrongCode):
        finish(note, "000000", address=ADDRESS, agent="")
    assert house.who(finish(note, app.code(), address=ADDRESS, agent="")) is not None
    with pytest.raises(WrongCode):
        finish(note, app.code(), address=ADDRESS, agent="")


def test_a_note_between_the_steps_ends_soon_and_with_the_password(house: House):
    owner = house.owner()
    app, _codes = house.with_app(owner)
    late = half_way(house)
    house.later(minutes=10, seconds=1)
    before = half_way(house)
    house.people.accounts.change_password(owner, PASSWORD, "another four garden words")
    removed = half_way(house, "another four garden words")
    house.join("otto@example.com", Role.OWNER)
    house.people.accounts.remove(owner.id, by=None)
    for note in (late, before, removed, "something"):
        with pytest.raises(Declined):
            house.people.sign_ins.finish(note, app.code(), address=ADDRESS, agent="")
