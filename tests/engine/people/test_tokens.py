"""Tokens for the API: shown once, and never worth more than their person."""

from datetime import timedelta

import pytest

from engine.errors import NotFound, Problems
from engine.people.audit import Action
from engine.people.roles import Role
from engine.people.sentences import Declined
from tests.engine.people.house import House, fields


def test_a_token_says_who_calls_and_what_they_may_do(house: House):
    owner = house.owner()
    made = house.people.tokens.make(owner, "  backup script ", Role.VIEWER)
    assert made.secret.startswith("zw_")
    bearer = house.people.tokens.of(made.secret)
    assert bearer is not None
    assert (bearer.person.id, bearer.role, bearer.name) == (owner.id, Role.VIEWER, "backup script")
    for unknown in ("zw_nothing", made.secret[3:], "", made.secret + "x"):
        assert house.people.tokens.of(unknown) is None


def test_a_token_has_at_most_the_role_that_its_person_has_now(house: House):
    house.owner()
    other = house.join("vera@example.com", Role.EDITOR)
    made = house.people.tokens.make(other, "script", Role.EDITOR)
    for role, effective in ((Role.VIEWER, Role.VIEWER), (Role.OWNER, Role.EDITOR)):
        house.people.accounts.change_role(other.id, role, by=None)
        bearer = house.people.tokens.of(made.secret)
        assert bearer is not None
        assert bearer.role is effective


def test_what_is_wrong_with_a_new_token_is_said_by_field(house: House):
    house.owner()
    other = house.join("vera@example.com", Role.VIEWER)
    with pytest.raises(Problems) as refused:
        house.people.tokens.make(other, " ", Role.EDITOR, house.time)
    assert fields(refused.value) == {"name": "name_missing", "role": "role_too_high", "expires": "expired_already"}


def test_a_token_ends_when_it_was_to_end(house: House):
    made = house.people.tokens.make(house.owner(), "script", Role.OWNER, house.time + timedelta(days=1))
    house.later(hours=23)
    assert house.people.tokens.of(made.secret) is not None
    house.later(hours=1)
    assert house.people.tokens.of(made.secret) is None


def test_when_it_was_used_is_noted_once_a_minute(house: House):
    owner = house.owner()
    made = house.people.tokens.make(owner, "script", Role.OWNER)
    assert house.people.tokens.every(owner.id)[0].last_used_at is None
    first = house.time
    house.people.tokens.of(made.secret)
    house.later(seconds=59)
    house.people.tokens.of(made.secret)
    assert house.people.tokens.every(owner.id)[0].last_used_at == first
    house.later(seconds=1)
    house.people.tokens.of(made.secret)
    assert house.people.tokens.every(owner.id)[0].last_used_at == house.time


def test_a_revoked_token_is_worth_nothing(house: House):
    owner, other = house.owner(), house.join("vera@example.com")
    made = house.people.tokens.make(owner, "script", Role.OWNER)
    with pytest.raises(Declined):
        house.people.tokens.revoke(made.token.id, by=other)
    assert house.people.tokens.of(made.secret) is not None
    house.people.tokens.revoke(made.token.id, by=owner)
    assert house.people.tokens.of(made.secret) is None
    assert house.people.tokens.every() == []
    with pytest.raises(NotFound):
        house.people.tokens.revoke(made.token.id, by=owner)
    assert house.actions()[:2] == [Action.TOKEN_REVOKED, Action.TOKEN_MADE]


@pytest.mark.parametrize("role", list(Role))
def test_every_role_includes_itself_and_those_below(role: Role):
    below = {Role.OWNER: 3, Role.EDITOR: 2, Role.VIEWER: 1}
    assert sum(role.includes(other) for other in Role) == below[role]
    assert role.at_most(role) is role
