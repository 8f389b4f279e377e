"""People: the first owner, invitations, changes, and that there is always an owner."""

import pytest

from engine.errors import NotFound, Problems
from engine.people.audit import Action
from engine.people.refusals import DeadLink, OwnersOnly, WrongCredentials
from engine.people.roles import Role
from engine.people.sentences import Declined
from tests.engine.people.house import ADDRESS, PASSWORD, House, at_once, fields

OTHER = "another four garden words"


def test_the_first_owner_is_made_with_the_link_of_the_start(house: House):
    owner = house.owner()
    assert (owner.role, owner.email) == (Role.OWNER, "olga@example.com")
    assert house.people.links.set_up() is None
    assert house.people.accounts.has_owner()
    assert house.sign_in().person.id == owner.id


def test_each_start_gives_another_link_until_there_is_an_owner(house: House):
    first, second = house.people.links.set_up(), house.people.links.set_up()
    assert first is not None
    assert second is not None
    with pytest.raises(DeadLink):
        house.people.accounts.set_up(first.token, "Olga", "olga@example.com", PASSWORD)
    house.people.accounts.set_up(second.token, "Olga", "olga@example.com", PASSWORD)


def test_two_who_set_up_at_once_do_not_both_become_owners(house: House):
    link = house.people.links.set_up()
    assert link is not None
    outcomes = at_once(lambda: house.people.accounts.set_up(link.token, "Olga", "olga@example.com", PASSWORD), 4)
    assert sum(isinstance(one, DeadLink) for one in outcomes) == 3
    assert len(house.people.accounts.every()) == 1


def test_all_problems_come_at_once_and_the_link_stays_good(house: House):
    link = house.people.links.set_up()
    assert link is not None
    with pytest.raises(Problems) as refused:
        house.people.accounts.set_up(link.token, " ", "olga", "short", "fr", "Mars/Olympus")
    assert fields(refused.value) == {
        "name": "name_missing",
        "email": "email_wrong",
        "password": "password_short",
        "language": "language_unknown",
        "timezone": "timezone_unknown",
    }
    made = house.people.accounts.set_up(link.token, "Olga", "olga@example.com", PASSWORD, "de", "Europe/Berlin")
    assert (made.language, made.timezone) == ("de", "Europe/Berlin")


def test_an_invitation_gives_its_role_once(house: House):
    owner = house.owner()
    made = house.people.accounts.invite(Role.VIEWER, "Vera Müller", email="vera@example.com", by=owner)
    assert made.url == f"https://zaps.example.com/join/{made.token}"
    assert (made.link.name, made.link.email) == ("Vera Müller", "vera@example.com")
    assert [one.id for one in house.people.links.invitations()] == [made.link.id]
    assert house.accept(made, "vera@example.com").role is Role.VIEWER
    assert house.people.links.invitations() == []
    with pytest.raises(DeadLink):
        house.accept(made, "victor@example.com")


def test_an_invitation_can_be_withdrawn(house: House):
    made = house.people.accounts.invite(Role.EDITOR, "Vera", by=None)
    house.people.accounts.withdraw(made.link.id, by=None)
    with pytest.raises(DeadLink):
        house.accept(made, "vera@example.com")
    with pytest.raises(NotFound):
        house.people.accounts.withdraw(made.link.id, by=None)


def test_an_email_address_belongs_to_one_person_however_it_is_written(house: House):
    house.owner("Ölga@example.com")
    with pytest.raises(Problems) as refused:
        house.join("öLGA@EXAMPLE.COM")
    assert fields(refused.value) == {"email": "email_taken"}
    outcomes = at_once(lambda: house.join("vera@example.com"), 3)
    assert sum(isinstance(one, Problems) for one in outcomes) == 2
    assert house.sign_in("ÖLGA@example.com").person.email == "Ölga@example.com"


def test_whom_an_invitation_is_for_is_checked(house: House):
    house.owner()
    for email, code in (("olga@example.com", "email_taken"), ("nobody", "email_wrong")):
        with pytest.raises(Problems) as refused:
            house.people.accounts.invite(Role.EDITOR, email=email, by=None)
        assert fields(refused.value) == {"email": code}


def test_the_last_owner_stays_an_owner(house: House):
    owner = house.owner()
    house.join("vera@example.com")
    with pytest.raises(Declined) as refused:
        house.people.accounts.remove(owner.id, by=owner)
    assert refused.value.code == "last_owner"
    with pytest.raises(Declined):
        house.people.accounts.change_role(owner.id, Role.EDITOR, by=owner)


def test_two_owners_who_remove_each_other_at_once_leave_one(house: House):
    owners = [house.owner(), house.join("otto@example.com", Role.OWNER)]
    turn = iter(owners)
    outcomes = at_once(lambda: house.people.accounts.remove(next(turn).id, by=None), 2)
    assert sum(isinstance(one, Declined) for one in outcomes) == 1
    assert len(house.people.accounts.every()) == 1


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_only_owners_manage_people(house: House, role: Role):
    owner, other = house.owner(), house.join("vera@example.com", role)
    accounts = house.people.accounts
    for attempt in (
        lambda: accounts.invite(Role.VIEWER, by=other),
        lambda: accounts.remove(owner.id, by=other),
        lambda: accounts.change_role(other.id, Role.OWNER, by=other),
        lambda: accounts.reset_link(owner.id, by=other),
    ):
        with pytest.raises(OwnersOnly):
            attempt()


def test_who_is_removed_is_out_at_once_and_their_address_is_free_again(house: House):
    owner, other = house.owner(), house.join("vera@example.com", Role.OWNER)
    begun = house.sign_in("vera@example.com")
    token = house.people.tokens.make(other, "script", Role.VIEWER)
    given_out = house.people.accounts.invite(Role.OWNER, by=other)
    house.people.accounts.remove(other.id, by=owner)
    assert house.who(begun) is None
    assert house.people.tokens.of(token.secret) is None
    with pytest.raises(DeadLink):
        house.accept(given_out, "victor@example.com")
    with pytest.raises(WrongCredentials):
        house.sign_in("vera@example.com")
    assert house.join("vera@example.com").id != other.id
    assert "vera" in {one.subject for one in house.told("person.removed")}


def test_a_new_password_needs_the_old_one_and_ends_other_sign_ins(house: House):
    owner = house.owner()
    here, elsewhere = house.sign_in(), house.sign_in()
    with pytest.raises(Problems) as refused:
        house.people.accounts.change_password(owner, "not it", OTHER)
    assert fields(refused.value) == {"old": "wrong_password"}
    house.people.accounts.change_password(owner, PASSWORD, OTHER, keep=here.id)
    assert house.who(here) is not None
    assert house.who(elsewhere) is None
    with pytest.raises(WrongCredentials):
        house.sign_in()
    house.sign_in(password=OTHER)


def test_a_link_for_a_new_password_is_good_once_and_replaces_earlier_ones(house: House):
    owner = house.owner()
    begun = house.sign_in()
    earlier = house.people.accounts.reset_link(owner.id, by=None)
    made = house.people.accounts.reset_link(owner.id, by=None)
    assert made.url.startswith("https://zaps.example.com/password/")
    with pytest.raises(DeadLink):
        house.people.accounts.new_password(earlier.token, OTHER)
    with pytest.raises(Problems):
        house.people.accounts.new_password(made.token, "short")
    assert house.people.accounts.new_password(made.token, OTHER).id == owner.id
    assert house.who(begun) is None
    with pytest.raises(DeadLink):
        house.people.accounts.new_password(made.token, "and once more, please")
    house.sign_in(password=OTHER)


def test_nobody_makes_a_link_for_the_password_of_their_own(house: House):
    owner = house.owner()
    with pytest.raises(Declined, match="for somebody else"):
        house.people.accounts.reset_link(owner.id, by=owner)


def test_an_email_address_is_changed_with_the_password(house: House):
    owner = house.owner()
    with pytest.raises(Problems) as refused:
        house.people.accounts.change_email(owner, "o@example.com", "not it")
    assert fields(refused.value) == {"password": "wrong_password"}
    assert house.people.accounts.change_email(owner, "o@example.com", PASSWORD).email == "o@example.com"
    house.sign_in("o@example.com")


def test_a_profile_is_changed_field_by_field(house: House):
    owner = house.owner()
    changed = house.people.accounts.change_profile(owner, name="Olga O.", language="en", timezone="Europe/Vienna")
    assert (changed.name, changed.language, changed.timezone) == ("Olga O.", "en", "Europe/Vienna")
    with pytest.raises(Problems) as refused:
        house.people.accounts.change_profile(owner, name="x" * 101, language="en", timezone="Europe")
    assert fields(refused.value) == {"name": "too_long", "timezone": "timezone_unknown"}


def test_each_change_is_written_down_with_who_and_from_where(house: House):
    owner = house.owner()
    other = house.join("vera@example.com")
    house.people.accounts.change_role(other.id, Role.VIEWER, by=owner, address=ADDRESS)
    newest = house.told()[0]
    assert (newest.action, newest.person, newest.subject, newest.address) == (
        Action.PERSON_ROLE_CHANGED,
        "olga",
        "vera",
        ADDRESS,
    )
    assert newest.details == {"before": "editor", "after": "viewer"}
    assert house.actions()[1:] == [Action.PERSON_JOINED, Action.PERSON_INVITED, Action.PERSON_SET_UP]
