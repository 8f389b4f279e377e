"""Passwords: what is refused, how they are kept, and that nobody learns which e-mail addresses are known."""

import pytest
from argon2 import PasswordHasher

from engine.people import passwords
from engine.store import people
from tests.engine.people.house import PASSWORD, House


@pytest.mark.parametrize(
    ("password", "code"),
    [
        pytest.param("", "password_missing", id="none"),
        pytest.param("eleven sign", "password_short", id="too short"),
        pytest.param("x" * 100 + "y" * 101, "too_long", id="too long"),
        pytest.param("olga.meier@example.com", "password_personal", id="the e-mail address"),
        pytest.param("OLGA.meier@example.com ", "password_personal", id="the e-mail address, disguised"),
        pytest.param("Olga Maria Meier", "password_personal", id="the name"),
        pytest.param("Password 1234", "password_common", id="common"),
        pytest.param("passwort123456", "password_common", id="common in German"),
        pytest.param("abababababab", "password_common", id="two signs only"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(password: str, code: str):
    (problem,) = passwords.problems(password, email="olga.meier@example.com", name="Olga Maria Meier")
    assert (problem.field, problem.code) == ("password", code)
    assert problem.within("de") != problem.within("en") == problem.message


@pytest.mark.parametrize("password", [PASSWORD, "sieben Zwerge äßü", "🔑" * 6 + "ab d e", "x1" * 99 + "y"])
def test_everything_else_is_taken(password: str):
    assert passwords.problems(password, email="olga@example.com", name="Olga") == []


def test_only_the_same_password_fits():
    stored = passwords.hashed("größere Gärten")
    assert stored.startswith("$argon2id$")
    assert passwords.fits(stored, "größere Gärten")
    assert passwords.fits(stored, "größere Gärten")  # the same letters, composed otherwise
    assert not passwords.fits(stored, "grössere Gärten")
    assert not passwords.fits(stored, "")
    assert not passwords.fits("", "")
    assert not passwords.fits("", "nobody has this password")
    assert passwords.hashed("größere Gärten") != stored


def test_what_a_form_may_bring_besides_letters_does_no_harm():
    stored = passwords.hashed("half a sign \ud800 and \x00")
    assert passwords.fits(stored, "half a sign \ud800 and \x00")
    assert not passwords.fits(stored, "x" * 1_000_000)


def test_a_hash_of_other_days_is_made_again_at_the_next_sign_in(small_house: House):
    owner = small_house.owner()
    with small_house.database.write() as session:
        people.set_password(session, owner.id, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD))
    small_house.sign_in()
    with small_house.database.read() as session:
        stored = people.find(session, owner.id).password
    assert not passwords.is_outdated(stored)
    small_house.sign_in()


def test_somebody_unknown_is_verified_with_the_same_work():
    """Not by the clock: against a hash with the same parameters as everybody's."""
    assert not passwords.is_outdated(passwords._nobodys())
