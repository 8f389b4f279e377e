"""What choosing an app or an event brings with it: the only account that can be used, as one change."""

from engine.store import connections
from engine.store.connections import NewConnection, StoredConnection
from engine.store.states import ConnectionState
from engine.zaps.model import TRIGGER, ActionStep, TriggerUse, Zap
from tests.engine.benches import in_a_loop
from tests.engine.editing.desk import ANN, Desk


def signed_out(desk: Desk, account: StoredConnection) -> None:
    with desk.runtime.database.write() as session:
        connections.set_state(session, account.id, ConnectionState.RECONNECT, "expired", now=desk.now())


def removed(desk: Desk, account: StoredConnection) -> None:
    with desk.runtime.database.write() as session:
        connections.remove(session, account.id, now=desk.now())


def of_another_app(desk: Desk) -> None:
    with desk.runtime.database.write() as session:
        new = NewConnection("Foreign", "another", "", "", "", "", b"", frozenset())
        connections.add(session, new, now=desk.now())


@in_a_loop
async def test_the_only_account_is_chosen_with_the_app_of_a_trigger_and_with_the_event_of_a_step(desk: Desk):
    of_another_app(desk)
    only = await desk.connect()
    draft = desk.draw(desk.editing.drafts.create(by=ANN), "choose_app", TRIGGER, "toy")
    assert draft.zap.trigger.connection == only.id
    draft = desk.draw(draft, "choose_event", "step1", "toy.make_found")
    assert (draft.focus, draft.zap.users()[1].connection) == ("found", only.id)


@in_a_loop
async def test_one_undo_takes_the_choice_and_the_account_back(desk: Desk):
    await desk.connect()
    blank = desk.editing.drafts.create(by=ANN)
    draft = desk.draw(desk.draw(blank, "choose_event", "step1", "toy.make"), "undo")
    assert (draft.zap, draft.can_undo) == (blank.zap, False)


@in_a_loop
async def test_of_two_accounts_none_is_chosen_until_one_of_them_is_signed_out(one_desk: Desk):
    first, second = await one_desk.connect(), await one_desk.connect("more toys", "another-key")
    draft = one_desk.draw(one_desk.editing.drafts.create(by=ANN), "choose_app", TRIGGER, "toy")
    assert draft.zap.trigger.connection is None
    signed_out(one_desk, first)
    draft = one_desk.draw(draft, "choose_event", TRIGGER, "toy.new_thing")
    assert draft.zap.trigger.connection == second.id


@in_a_loop
async def test_an_only_account_that_cannot_be_used_is_not_chosen(one_desk: Desk):
    account = await one_desk.connect()
    signed_out(one_desk, account)
    draft = one_desk.draw(one_desk.editing.drafts.create(by=ANN), "choose_app", TRIGGER, "toy")
    removed(one_desk, account)
    draft = one_desk.draw(draft, "choose_event", TRIGGER, "toy.new_thing")
    assert draft.zap.trigger.connection is None


@in_a_loop
async def test_an_account_that_a_person_chose_stays(one_desk: Desk):
    chosen, other = await one_desk.connect(), await one_desk.connect("more toys", "another-key")
    draft = one_desk.draw(one_desk.editing.drafts.create(by=ANN), "choose_event", TRIGGER, "toy.new_thing")
    draft = one_desk.draw(draft, "choose_connection", TRIGGER, chosen.id)
    signed_out(one_desk, chosen)
    draft = one_desk.draw(draft, "choose_event", TRIGGER, "toy.any_thing")
    assert draft.zap.trigger.connection == chosen.id != other.id


@in_a_loop
async def test_a_zap_that_says_nothing_of_an_account_gets_the_only_one_and_none_where_it_says_so(one_desk: Desk):
    only = await one_desk.connect()
    silent = ActionStep(key="silent", use="toy.make")
    without = ActionStep(key="without", use="toy.make", connection=None)
    drawn = Zap(name="sent", trigger=TriggerUse(use="toy.new_thing"), steps=(silent, without))
    zap = one_desk.editing.drafts.choosing.where_left_out(drawn)
    assert [user.connection for user in zap.users()] == [only.id, only.id, None]
