"""What each kind of error means for a run: its state, its hold, when it goes on, who is told, what the journal says."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

import pytest

from engine.errors import Problems
from engine.runs import retries
from engine.runs.journal import Journal, Pen
from engine.runs.outcomes import Ends
from engine.store import claims
from engine.store.claims import Offer
from engine.store.states import RunState
from tests.engine.benches import Bench, do, in_a_loop
from tests.engine.toys import ERRORS, After, Answers, error
from zapwerk import AuthFailed, InvalidInput, PermissionMissing, QuotaReached, TemporaryFailure


@in_a_loop
async def test_a_run_without_trouble_is_done_and_says_so_in_its_journal(bench: Bench):
    zap = await bench.zap()
    (run,) = await bench.done(zap, "ball")
    assert (run.state, run.problem, run.step) == (RunState.SUCCEEDED, "", "")
    assert run.finished_at is not None
    assert bench.told(run.id) == ["made started", "made finished"]
    assert bench.lines(run.id)[0].data["input"] == {"name": "ball", "note": ""}
    assert bench.lines(run.id)[1].data["output"] == {"id": "made-1", "name": "ball"}


ENDS = [
    pytest.param("invalid", RunState.FAILED, "That name is taken.", "name", id="a refused value fails at its field"),
    pytest.param("permanent", RunState.FAILED, "Things cannot be made on Sundays.", "", id="what never works fails"),
    pytest.param("stopped", RunState.STOPPED, "Nothing to do.", "", id="nothing to do is no error"),
    pytest.param("unknown", RunState.NEEDS_REVIEW, "The connection broke off", "", id="unknown is asked a person"),
    pytest.param("bug", RunState.FAILED, "The connector “Toy” is faulty", "", id="a bug of the connector fails"),
    pytest.param("exit", RunState.FAILED, "The connector “Toy” is faulty", "", id="SystemExit only harms its run"),
    pytest.param("interrupt", RunState.FAILED, "The connector “Toy” is faulty", "", id="so does KeyboardInterrupt"),
]


@pytest.mark.parametrize(("kind", "state", "sentence", "field"), ENDS)
@in_a_loop
async def test_an_error_ends_a_run_as_its_kind_says(
    bench: Bench, kind: str, state: RunState, sentence: str, field: str
):
    zap = await bench.zap()
    bench.toy.next("make ball", error(kind))
    first, second = await bench.done(zap, "ball", "doll")
    assert (first.state, first.step, first.field) == (state, "made", field)
    assert first.problem.startswith(sentence)
    assert second.state == RunState.SUCCEEDED
    assert bench.toy.names() == ["doll"]


@in_a_loop
async def test_what_certainly_did_not_happen_is_tried_again_at_once_a_few_times(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make", error("temporary"), error("temporary"))
    (run,) = await bench.done(zap, "ball")
    assert run.state == RunState.SUCCEEDED
    assert bench.toy.names() == ["ball"]
    assert bench.told(run.id) == [*["made started", "made not_done"] * 2, "made started", "made finished"]


@in_a_loop
async def test_then_it_climbs_the_ladder_and_fails_at_its_end(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make", *[error("temporary") for _ in range(100)])
    await bench.arrive(zap, "ball")
    waits = []
    for _ in retries.LADDER:
        before = bench.now()
        await bench.drain()
        (run,) = bench.runs(zap)
        assert (run.state, run.problem) == (RunState.RETRYING, "The service is busy.")
        waits.append(run.due_at - before)
        bench.later(run.due_at - bench.now() + timedelta(seconds=1))
    assert [round(wait / timedelta(minutes=1)) for wait in waits] == [5, 30, 60, 180, 360]
    await bench.drain()
    assert bench.states(zap) == [RunState.FAILED]
    assert bench.toy.names() == []


@in_a_loop
async def test_a_run_that_is_tried_again_later_does_not_begin_before_its_time(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make", *[error("temporary") for _ in range(3)])
    await bench.done(zap, "ball")
    bench.later(timedelta(minutes=4))
    await bench.drain()
    assert bench.states(zap) == [RunState.RETRYING]
    bench.later(timedelta(minutes=2))
    await bench.drain()
    assert bench.states(zap) == [RunState.SUCCEEDED]


@in_a_loop
async def test_a_wait_that_the_service_asks_for_counts_if_it_is_longer(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make", TemporaryFailure("Come back later.", retry_after=timedelta(minutes=42)))
    before = bench.now()
    (run,) = await bench.done(zap, "ball")
    assert run.state == RunState.RETRYING
    assert timedelta(minutes=42) <= run.due_at - before < timedelta(minutes=43)


@in_a_loop
async def test_a_limit_without_an_end_is_forgotten_when_nothing_waits_for_it_any_more(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make", QuotaReached("full"))
    (run,) = await bench.done(zap, "ball")
    await bench.sweep()
    assert list(bench.notices()) == [f"quota:{zap}"]
    bench.runtime.control.cancel(run.id)
    await bench.sweep()
    assert bench.notices() == {}
    assert [one.state for one in await bench.done(zap, "doll")] == [RunState.CANCELLED, RunState.SUCCEEDED]


@in_a_loop
async def test_a_full_quota_holds_the_run_until_it_is_lifted_with_one_notice(bench: Bench):
    zap = await bench.zap()
    until = bench.now() + timedelta(hours=2)
    bench.toy.next("make", *[QuotaReached("The plan allows ten things.", until=until) for _ in range(2)])
    held = await bench.done(zap, "ball", "doll")
    assert [(run.state, run.hold) for run in held] == [(RunState.HELD, "quota")] * 2
    assert abs(held[0].due_at - until) < timedelta(seconds=1)
    assert bench.notices()[f"quota:{zap}"].count == 2
    await bench.sweep()
    await bench.drain()
    assert bench.toy.names() == []
    bench.later(timedelta(hours=3))
    await bench.sweep()
    await bench.drain()
    assert sorted(bench.toy.names()) == ["ball", "doll"]


PAST = [
    pytest.param(lambda now: now - timedelta(seconds=5), id="a moment ago"),
    pytest.param(lambda now: now + timedelta(seconds=5), id="in a moment"),
    pytest.param(lambda now: (now - timedelta(days=2)).replace(tzinfo=None), id="without a zone"),
]


@pytest.mark.parametrize("ended", PAST)
@in_a_loop
async def test_a_quota_that_is_said_to_have_ended_is_not_asked_again_before_five_minutes(
    bench: Bench, ended: Callable[[datetime], datetime]
):
    zap = await bench.zap()
    bench.toy.next("make", QuotaReached("The plan allows ten things.", until=ended(bench.now())))
    await bench.done(zap, "ball")
    told = bench.notices()[f"quota:{zap}"]
    bench.later(timedelta(minutes=4))
    await bench.sweep()
    await bench.drain()
    assert bench.states(zap) == [RunState.HELD]
    assert bench.notices()[f"quota:{zap}"].id == told.id
    bench.later(timedelta(minutes=2))
    await bench.sweep()
    await bench.drain()
    assert bench.toy.names() == ["ball"]
    assert bench.notices() == {}


@in_a_loop
async def test_a_quota_without_an_end_holds_until_a_person_releases(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make", error("quota"))
    await bench.done(zap, "ball")
    bench.later(timedelta(days=400))
    await bench.sweep()
    await bench.drain()
    assert bench.states(zap) == [RunState.HELD]
    assert bench.runtime.control.release_zap(zap) == 1
    await bench.drain()
    assert bench.states(zap) == [RunState.SUCCEEDED]
    assert bench.notices() == {}


REFUSALS = [
    pytest.param(AuthFailed("The key was revoked."), id="the key was revoked"),
    pytest.param(PermissionMissing("things.write"), id="a permission is missing"),
]


@pytest.mark.parametrize("refusal", REFUSALS)
@in_a_loop
async def test_a_refused_account_holds_its_runs_and_watches_until_it_is_repaired(bench: Bench, refusal: AuthFailed):
    zap, other = await bench.zap(concurrency=1), await bench.zap()
    bench.toy.refusal = None
    await bench.arrive(zap, "ball", "doll", "kite")
    bench.toy.refusal = refusal
    await bench.drain()
    hold = f"connection:{bench.connection}"
    assert [run.hold for run in bench.runs(zap)] == [hold, "", ""], "the others wait for the first"
    assert {bench.watch(one).waits_for for one in (zap, other)} == {bench.connection}
    assert bench.notices()[f"connection:{bench.connection}"].sentence.startswith("“toys” must be reconnected")
    assert bench.toy.calls["make"] == 1, "the others need not ask"
    await bench.check(other)
    assert bench.runs(other) == []

    bench.toy.refusal = None
    await bench.runtime.connecting.check(bench.connection)
    await bench.drain()
    assert bench.toy.names() == ["ball", "doll", "kite"]
    assert bench.notices() == {}
    assert {bench.watch(one).waits_for for one in (zap, other)} == {""}
    await bench.check(other)
    assert bench.records(other) == ["ball", "doll", "kite"]


@in_a_loop
async def test_a_connection_that_cannot_be_repaired_yet_stays_refused(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "ball")
    bench.toy.refusal = AuthFailed("The key was revoked.")
    await bench.drain()
    with pytest.raises(Problems, match="The key was revoked"):
        await bench.runtime.connecting.check(bench.connection)
    assert bench.states(zap) == [RunState.HELD]


@in_a_loop
async def test_a_run_that_waits_for_a_connection_repaired_in_the_same_moment_is_not_left_behind(bench: Bench):
    """It read that the connection was refused, and said so only after the repair had released everybody."""
    zap = await bench.zap()
    await bench.arrive(zap, "ball")
    pen = await pen_of(bench)
    await pen.end("made", Ends(RunState.HELD, "Refused.", hold=f"connection:{bench.connection}"))
    await bench.sweep()
    await bench.drain()
    assert bench.states(zap) == [RunState.HELD]
    bench.later(timedelta(minutes=2))
    await bench.sweep()
    await bench.drain()
    assert bench.states(zap) == [RunState.SUCCEEDED]


@in_a_loop
async def test_a_connection_removed_meanwhile_holds_the_run(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "ball")
    await bench.runtime.connecting.remove(bench.connection)
    await bench.drain()
    (run,) = bench.runs(zap)
    assert (run.state, run.hold) == (RunState.HELD, f"connection:{bench.connection}")
    assert run.problem == "The connection “toys” was removed."


@in_a_loop
async def test_a_connector_that_is_missing_holds_the_run_and_never_fails_it(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "ball")
    bench.connectors.clear()
    await bench.crash()
    await bench.drain()
    (run,) = bench.runs(zap)
    assert (run.state, run.hold) == (RunState.HELD, "attention")
    bench.connectors.append(bench.toy.connector)
    await bench.crash()
    bench.runtime.control.release_zap(zap)
    await bench.drain()
    assert bench.states(zap) == [RunState.SUCCEEDED]


RUBBISH = [
    pytest.param(None, id="nothing"),
    pytest.param({"id": "1"}, id="a mapping"),
    pytest.param(42, id="a number"),
    pytest.param(object(), id="an object"),
]


@pytest.mark.parametrize("value", RUBBISH)
@in_a_loop
async def test_rubbish_from_an_action_fails_its_run_with_a_sentence(bench: Bench, value: object):
    zap = await bench.zap()
    bench.toy.next("make ball", Answers(value))
    first, second = await bench.done(zap, "ball", "doll")
    assert first.state == RunState.FAILED
    assert "The connector “toy” is faulty: make returned" in first.problem
    assert second.state == RunState.SUCCEEDED


@in_a_loop
async def test_secrets_that_a_connector_lets_slip_are_blotted_out(bench: Bench, caplog: pytest.LogCaptureFixture):
    zap = await bench.zap("new_thing", do("made", "shout"))
    (run,) = await bench.done(zap, "ball")
    assert run.state == RunState.FAILED
    assert run.problem == "refused •••"
    assert "key-of-the-toys" not in caplog.text
    assert "key-of-the-toys" not in str(bench.lines(run.id))


@in_a_loop
async def test_hostile_words_in_an_error_harm_nothing(bench: Bench):
    zap = await bench.zap()
    bench.toy.next("make ball", InvalidInput("bad \0 and \ud800 here", field="na\0me\udfff"))
    bench.toy.next("make doll", QuotaReached("Not \0 more \ud800."))
    first, second = await bench.done(zap, "ball", "doll")
    assert (first.state, first.problem) == (RunState.FAILED, "bad � and � here")
    assert second.state == RunState.HELD


@in_a_loop
async def test_a_search_that_fails_temporarily_is_tried_again_at_once_and_then_later(bench: Bench):
    zap = await bench.zap("new_thing", do("found", "find_thing"))
    bench.toy.effect("ball", "")
    bench.toy.next("find_thing", error("temporary"))
    (run,) = await bench.done(zap, "ball")
    assert run.state == RunState.SUCCEEDED


SEARCHES = [
    pytest.param("unknown", RunState.RETRYING, "The line went dead.", id="no answer is no harm"),
    pytest.param("bug", RunState.FAILED, "The connector “Toy” is faulty", id="a bug"),
    pytest.param("permanent", RunState.FAILED, "Things cannot be made on Sundays.", id="what never works"),
    pytest.param("auth failed", RunState.HELD, "The key was revoked.", id="a refused account"),
]


@pytest.mark.parametrize(("kind", "state", "sentence"), SEARCHES)
@in_a_loop
async def test_a_search_that_fails_says_so_with_its_own_sentence(
    bench: Bench, kind: str, state: RunState, sentence: str
):
    zap = await bench.zap("new_thing", do("found", "find_thing"))
    bench.toy.next("find_thing", *[error(kind) for _ in range(3)])
    (run,) = await bench.done(zap, "ball")
    assert run.state == state
    assert run.problem.startswith(sentence)


@in_a_loop
async def test_a_search_that_finds_nothing_stops_the_run_on_purpose(bench: Bench):
    zap = await bench.zap("new_thing", do("found", "find_thing"), do("made", "make"))
    (run,) = await bench.done(zap, "ball")
    assert (run.state, run.step) == (RunState.STOPPED, "found")
    assert bench.toy.names() == []


@in_a_loop
async def test_one_step_hands_its_output_to_the_next(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make"), do("again", "make", name="{{ made.id }} of {{ made.name }}"))
    (run,) = await bench.done(zap, "ball")
    assert run.state == RunState.SUCCEEDED
    assert bench.toy.names() == ["ball", "made-1 of ball"]


@in_a_loop
async def test_a_value_that_does_not_fit_fails_at_its_field_before_anything_is_sent(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make", name="{{ trigger.name | remove: 'ball' }}"))
    (run,) = await bench.done(zap, "ball")
    assert (run.state, run.field) == (RunState.FAILED, "name")
    assert bench.toy.calls["make"] == 0
    assert bench.told(run.id) == ["made failed"]


@in_a_loop
async def test_the_error_after_an_effect_that_says_nothing_happened_is_believed(bench: Bench):
    """“Certainly nothing happened” is the connector's word: it answers for it."""
    zap = await bench.zap()
    bench.toy.next("make", After(error("permanent")))
    (run,) = await bench.done(zap, "ball")
    assert run.state == RunState.FAILED


def test_each_error_is_decided_by_its_consequence():
    decided = {
        kind: type(retries.decide(cast("Exception", make()), quick_tries=0, attempt=0)).__name__
        for kind, make in ERRORS.items()
    }
    assert decided == {
        "auth failed": "AskToReconnect",
        "permission missing": "AskToReconnect",
        "temporary": "TryAgainSoon",
        "unknown": "FindOut",
        "quota": "WaitForQuota",
        "invalid": "GiveUp",
        "permanent": "GiveUp",
        "stopped": "StopHere",
        "bug": "GiveUp",
        "exit": "GiveUp",
        "interrupt": "GiveUp",
    }


async def pen_of(bench: Bench) -> Pen:
    """The pen of the one run that is due, claimed as the queue does."""
    now = bench.now()
    (claimed,) = await bench.engine.writer.write(
        lambda connection: claims.claim(connection, Offer("me", now, until=now, free=1))
    )
    return Journal(bench.engine.writer, bench.now).pen(claimed.run)
