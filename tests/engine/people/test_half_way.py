"""Between password and code: the note that the password was right, and what it is not good for."""

import pytest

from engine.people.refusals import CodeNeeded, Throttled, WrongCode
from engine.people.sentences import Declined
from tests.engine.people.house import ADDRESS, House


def note_of(house: House) -> str:
    """The password was right; the code is asked for."""
    with pytest.raises(CodeNeeded) as needed:
        house.sign_in()
    return needed.value.note


def finish(house: House, note: str, code: str) -> object:
    return house.people.sign_ins.finish(note, code, address=ADDRESS, agent="Firefox")


def refused(house: House, note: str, code: str) -> str:
    with pytest.raises(Declined) as error:
        finish(house, note, code)
    return error.value.code


def test_the_note_and_a_code_sign_in(house: House):
    app, _ = house.with_app(house.owner())
    house.later(minutes=1)
    assert house.who(house.people.sign_ins.finish(note_of(house), app.code(), address=ADDRESS, agent="Firefox"))


def test_a_wrong_code_is_asked_for_again_and_each_try_counts(house: House):
    house.with_app(house.owner())
    note = note_of(house)
    for _ in range(5):
        with pytest.raises(WrongCode):
            finish(house, note, "000000")
    with pytest.raises(Throttled):
        finish(house, note, "000000")


def test_the_note_is_good_for_some_minutes(house: House):
    app, _ = house.with_app(house.owner())
    note = note_of(house)
    house.later(minutes=11)
    assert refused(house, note, app.code()) == "sign_in_again"


def test_the_note_is_worth_nothing_without_a_code(house: House):
    house.with_app(house.owner())
    assert refused(house, note_of(house), "") == "wrong_code"


def test_a_new_password_makes_the_note_worthless(house: House):
    owner = house.owner()
    app, _ = house.with_app(owner)
    note = note_of(house)
    house.people.accounts.new_password(
        house.people.accounts.reset_link(owner.id, by=None).token, "five other plain words"
    )
    house.later(minutes=1)
    assert refused(house, note, app.code()) == "sign_in_again"


def test_who_was_removed_meanwhile_does_not_get_in(house: House):
    house.with_app(house.owner())
    app, _ = house.with_app(house.join("emil@example.com"))
    with pytest.raises(CodeNeeded) as needed:
        house.sign_in("emil@example.com")
    house.people.accounts.remove(house.people.accounts.find("emil@example.com").id, by=None)
    house.later(minutes=1)
    assert refused(house, needed.value.note, app.code()) == "sign_in_again"


def test_what_else_was_sealed_is_no_note(house: House):
    owner = house.owner()
    pending = house.people.second_factor.begin(owner).pending
    assert refused(house, pending, "123456") == "sign_in_again"
    assert refused(house, "nothing of ours", "123456") == "sign_in_again"
