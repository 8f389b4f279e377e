"""Another account in the place of one that was disconnected: zaps and waiting runs go on with it, and nothing that was
begun with the old one is blindly done again.
"""

import asyncio
from datetime import timedelta

import pytest

from engine.errors import Refused
from engine.store import zaps
from engine.store.states import RunState
from engine.zaps.model import Zap
from tests.engine.benches import Bench, do, in_a_loop
from tests.engine.toys import After, Waits, error
from tests.waiting import until
from zapwerk import Account, TemporaryFailure


async def another(bench: Bench, name: str = "other toys", account: str = "account-2") -> str:
    """The id of another connection, to another account unless told otherwise."""
    before, bench.toy.account = bench.toy.account, Account(account, f"{account}@example.com")
    stored = await bench.connect(name)
    bench.toy.account = before
    return stored.id


async def disconnect(bench: Bench) -> None:
    await bench.runtime.connecting.remove(bench.connection)


def live(bench: Bench, zap_id: str) -> Zap:
    with bench.runtime.database.read() as session:
        found = zaps.live(session, zap_id)
    assert found is not None
    return found


def version(bench: Bench, zap_id: str) -> int | None:
    with bench.runtime.database.read() as session:
        return zaps.find(session, zap_id).published


async def waiting_zap(bench: Bench, *names: str) -> str:
    """A zap whose runs wait for the account, which is disconnected."""
    zap = await bench.zap()
    await bench.arrive(zap, *names)
    await disconnect(bench)
    await bench.drain()
    return zap


@in_a_loop
async def test_runs_that_wait_for_a_disconnected_account_are_told_once(bench: Bench):
    await waiting_zap(bench, "ball", "doll")
    assert [matter for matter in bench.notices() if bench.connection in matter] == [f"disconnected:{bench.connection}"]
    assert "was removed" in bench.notices()[f"disconnected:{bench.connection}"].sentence


@in_a_loop
async def test_held_runs_go_on_with_the_new_account_and_the_notice_is_settled(bench: Bench):
    zap = await waiting_zap(bench, "ball", "doll")
    other = await another(bench)
    replaced = await bench.runtime.replacing.replace(bench.connection, other, by="olga")
    assert (replaced.zaps, replaced.runs, replaced.review) == (("zap 1",), 2, 0)
    await bench.drain()
    assert sorted(bench.toy.names()) == ["ball", "doll"]
    assert bench.states(zap) == [RunState.SUCCEEDED] * 2
    assert bench.notices() == {}


@in_a_loop
async def test_drafts_and_live_versions_use_the_new_account_and_older_versions_stay(bench: Bench):
    zap = await waiting_zap(bench, "ball")
    drafts = bench.runtime.editing.drafts
    drafts.rename(zap, "another name", revision=drafts.get(zap).revision, by="")
    other = await another(bench)
    await bench.runtime.replacing.replace(bench.connection, other, by="olga")
    with bench.runtime.database.read() as session:
        stored, first = zaps.find(session, zap), zaps.version(session, zap, 1)
        newest = zaps.published(session, zap)[0]
    assert (stored.published, newest.number, newest.created_by) == (2, 2, "olga")
    assert live(bench, zap).connections() == stored.draft.connections()
    assert set(stored.draft.connections()) == {other}
    assert set(first.connections()) == {bench.connection}, "a published version is never changed"
    assert (stored.draft.name, live(bench, zap).name) == ("another name", "zap 1"), "the draft is not published"
    assert drafts.get(zap).can_undo


@in_a_loop
async def test_what_exists_at_the_new_account_does_not_fire_and_what_comes_does(bench: Bench):
    zap = await waiting_zap(bench, "ball")
    bench.toy.add("doll")
    await bench.runtime.replacing.replace(bench.connection, await another(bench))
    await bench.check(zap)
    assert bench.records(zap) == ["ball"]
    await bench.done(zap, "kite")
    assert bench.records(zap) == ["ball", "kite"]
    assert sorted(bench.toy.names()) == ["ball", "kite"]


@in_a_loop
async def test_the_same_account_connected_anew_goes_on_from_where_it_stood(bench: Bench):
    zap = await waiting_zap(bench, "ball")
    bench.toy.add("doll")
    await bench.runtime.replacing.replace(bench.connection, await another(bench, account="account-1"))
    await bench.check(zap)
    assert bench.records(zap) == ["ball", "doll"]


@in_a_loop
async def test_a_call_begun_with_the_old_account_is_not_repeated_with_the_new_one(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_found"))
    await bench.arrive(zap, "ball")
    waits = Waits(after=True)
    bench.toy.next("make_found", waits)
    await bench.interrupt(waits)
    await disconnect(bench)
    (run,) = await bench.resume(zap)
    assert run.state == RunState.HELD
    replaced = await bench.runtime.replacing.replace(bench.connection, await another(bench))
    (run,) = bench.runs(zap)
    assert (replaced.runs, replaced.review, run.state, run.step) == (1, 1, RunState.NEEDS_REVIEW, "made")
    assert "begun with “toys”" in run.problem
    assert set(bench.notices()) == {f"review:{run.id}"}
    await bench.drain()
    assert bench.toy.names() == ["ball"]


@in_a_loop
async def test_an_action_that_may_be_repeated_is_not_repeated_at_another_account(bench: Bench):
    """The new account knows nothing of the key that the first call was sent with."""
    zap = await bench.zap("new_thing", do("made", "make_keyed"))
    await bench.arrive(zap, "ball")
    bench.toy.next("make_keyed", *[After(error("unknown"))] * 3)
    await bench.drain()
    assert bench.states(zap) == [RunState.RETRYING]
    await disconnect(bench)
    made = bench.toy.names()
    await bench.runtime.replacing.replace(bench.connection, await another(bench))
    bench.later(timedelta(minutes=6))
    await bench.drain()
    assert (bench.states(zap), bench.toy.names()) == ([RunState.NEEDS_REVIEW], made)


@in_a_loop
async def test_done_again_an_action_begins_without_its_notes_about_the_old_account(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_noted"))
    await bench.arrive(zap, "ball")
    bench.toy.next("make_noted", *[TemporaryFailure("Busy.")] * 3)
    await bench.drain()
    await disconnect(bench)
    await bench.runtime.replacing.replace(bench.connection, await another(bench))
    bench.runtime.control.decide(bench.runs(zap)[0].id, "again", by="Olga")
    await bench.drain()
    assert bench.toy.names() == ["ball (first)", "ball (first)", "ball after made-2"]


@pytest.mark.parametrize(
    ("decision", "made"),
    [
        pytest.param("again", ["ball", "ball"], id="done again, with the new account"),
        pytest.param("went_through", ["ball"], id="it went through"),
    ],
)
@in_a_loop
async def test_a_person_decides_about_what_was_begun_with_the_old_account(bench: Bench, decision: str, made: list[str]):
    zap = await bench.zap()
    await bench.arrive(zap, "ball")
    bench.toy.next("make", After(error("unknown")))
    await bench.drain()
    await disconnect(bench)
    replaced = await bench.runtime.replacing.replace(bench.connection, await another(bench))
    assert replaced.review == 1
    (run,) = bench.runs(zap)
    bench.runtime.control.decide(run.id, decision, by="Olga")  # type: ignore[arg-type]
    await bench.drain()
    assert (bench.toy.names(), bench.states(zap)) == (made, [RunState.SUCCEEDED])


@in_a_loop
async def test_a_run_that_is_tried_later_and_certainly_did_nothing_goes_on_with_the_new_account(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "ball")
    bench.toy.next("make", *[TemporaryFailure("Busy.")] * 3)
    await bench.drain()
    assert bench.states(zap) == [RunState.RETRYING]
    await disconnect(bench)
    await bench.runtime.replacing.replace(bench.connection, await another(bench))
    bench.later(timedelta(minutes=6))
    await bench.drain()
    assert (bench.toy.names(), bench.states(zap)) == (["ball"], [RunState.SUCCEEDED])


@in_a_loop
async def test_a_run_of_an_older_version_stays_with_what_that_says(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "ball")
    drafts = bench.runtime.editing.drafts
    drafts.put_value(zap, "made", ("name",), "newer", revision=drafts.get(zap).revision, by="")
    await bench.runtime.switching.on(zap)
    await disconnect(bench)
    await bench.drain()
    await bench.runtime.replacing.replace(bench.connection, await another(bench))
    await bench.drain()
    assert bench.toy.names() == ["ball"]
    assert (version(bench, zap), live(bench, zap).steps[0].with_["name"]) == (4, "newer")  # type: ignore[union-attr]


@in_a_loop
async def test_runs_held_after_the_zap_was_bound_by_hand_go_on_as_well(bench: Bench):
    zap = await waiting_zap(bench, "ball")
    other, drafts = await another(bench), bench.runtime.editing.drafts
    for step in ("trigger", "made"):
        drafts.choose_connection(zap, step, other, revision=drafts.get(zap).revision, by="")
    await bench.runtime.switching.on(zap)
    replaced = await bench.runtime.replacing.replace(bench.connection, other)
    await bench.drain()
    assert (replaced.zaps, replaced.runs, bench.toy.names()) == ((), 1, ["ball"])
    assert version(bench, zap) == 2, "the version that is drawn like this is there already"


@in_a_loop
async def test_a_run_that_is_held_for_another_reason_stays_held(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "ball")
    bench.runtime.switching.off(zap, hold_waiting=True)
    await disconnect(bench)
    await bench.runtime.replacing.replace(bench.connection, await another(bench))
    assert [run.hold for run in bench.runs(zap)] == ["off"]
    bench.runtime.control.release_zap(zap)
    await bench.drain()
    assert bench.toy.names() == ["ball"]


@in_a_loop
async def test_an_account_that_is_connected_or_of_no_use_is_refused(bench: Bench):
    await bench.zap()
    other = await another(bench)
    with pytest.raises(Refused, match="still connected"):
        await bench.runtime.replacing.replace(bench.connection, other)
    await disconnect(bench)
    await bench.runtime.connecting.remove(other)
    with pytest.raises(Refused, match="Choose an account"):
        await bench.runtime.replacing.replace(bench.connection, other)


@in_a_loop
async def test_when_the_new_account_cannot_be_read_nothing_is_changed_and_the_zap_is_named(bench: Bench):
    zap = await waiting_zap(bench, "ball")
    other = await another(bench)
    bench.toy.next("new_thing", TemporaryFailure("Busy."), TemporaryFailure("Busy."), TemporaryFailure("Busy."))
    with pytest.raises(Refused, match="“zap 1”"):
        await bench.runtime.replacing.replace(bench.connection, other)
    assert set(live(bench, zap).connections()) == {bench.connection}
    assert bench.states(zap) == [RunState.HELD]


@in_a_loop
async def test_many_runs_are_bound_while_others_come(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, *(f"n{number}" for number in range(60)))
    await disconnect(bench)
    other = await another(bench)
    await asyncio.gather(bench.drain(), bench.runtime.replacing.replace(bench.connection, other))
    await bench.drain()
    await bench.sweep()
    await bench.drain()
    assert sorted(bench.toy.names()) == sorted(f"n{number}" for number in range(60))
    assert set(bench.states(zap)) == {RunState.SUCCEEDED}


async def replaced_meanwhile(bench: Bench, waits: Waits) -> str:
    """The new account's id, put in its place while a call to the old one waits."""
    await until(waits.begun.is_set, what="a call to begin")
    await disconnect(bench)
    other = await another(bench)
    await bench.runtime.replacing.replace(bench.connection, other)
    return other


@in_a_loop
async def test_a_run_under_way_ends_its_step_with_the_old_account_and_goes_on_with_the_new_one_by_itself(bench: Bench):
    zap = await bench.zap("new_thing", do("first", "make"), do("second", "make", name="then {{ trigger.name }}"))
    await bench.arrive(zap, "ball")
    waits = Waits()
    bench.toy.next("make ball", waits)
    draining = asyncio.create_task(bench.drain())
    other = await replaced_meanwhile(bench, waits)
    waits.gate.set()
    await draining
    (run,) = bench.runs(zap)
    assert (run.state, run.hold) == (RunState.HELD, f"connection:{bench.connection}")
    assert bench.notices() == {}, "nobody has to do anything"
    await bench.sweep()
    await bench.drain()
    assert (bench.toy.names(), bench.states(zap)) == (["ball", "then ball"], [RunState.SUCCEEDED])
    assert bench.run(run.id).version == version(bench, zap)
    assert set(live(bench, zap).connections()) == {other}


@in_a_loop
async def test_a_call_that_a_crash_cut_off_while_its_account_was_replaced_is_asked_about(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "ball")
    waits = Waits(after=True)
    bench.toy.next("make", waits)
    draining = asyncio.create_task(bench.drain())
    await replaced_meanwhile(bench, waits)
    await bench.crash()
    waits.gate.set()
    await asyncio.gather(draining, return_exceptions=True)
    (run,) = await bench.resume(zap)
    await bench.sweep()
    (run,) = bench.runs(zap)
    assert (run.state, "begun with “toys”" in run.problem) == (RunState.NEEDS_REVIEW, True)
    await bench.sweep()
    assert (bench.toy.names(), bench.states(zap)) == (["ball"], [RunState.NEEDS_REVIEW])


@in_a_loop
async def test_a_run_follows_to_the_account_that_was_put_in_the_place_of_the_new_one(bench: Bench):
    zap = await waiting_zap(bench, "ball")
    second = await another(bench)
    await bench.runtime.replacing.replace(bench.connection, second)
    await bench.runtime.connecting.remove(second)
    third = await another(bench, "third", "account-3")
    await bench.runtime.replacing.replace(second, third)
    bench.change("UPDATE run SET version = 1, state = 'held', hold = :old", old=f"connection:{bench.connection}")
    await bench.sweep()
    await bench.drain()
    assert (bench.toy.names(), bench.states(zap)) == (["ball"], [RunState.SUCCEEDED])


@in_a_loop
async def test_without_another_account_a_run_stays_held_and_people_are_told(bench: Bench):
    zap = await waiting_zap(bench, "ball")
    await bench.sweep()
    assert bench.states(zap) == [RunState.HELD]
    assert set(bench.notices()) == {f"disconnected:{bench.connection}"}
