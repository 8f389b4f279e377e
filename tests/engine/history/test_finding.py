"""Finding runs: every filter, pages, words."""

from datetime import timedelta

import pytest

from engine.errors import Refused
from engine.history.finding import Filter, HistoryPage, Total
from engine.store import extracts
from engine.store.states import RunState
from tests.engine.benches import Bench, do, in_a_loop
from tests.engine.toys import error


def page(bench: Bench, wanted: Filter | None = None, before: str | None = None, limit: int = 50) -> HistoryPage:
    return bench.runtime.history.page(wanted or Filter(), before, limit)


def labels(found: HistoryPage) -> list[str]:
    return [row.label for row in found.rows]


def search(bench: Bench, text: str, **more: object) -> list[str]:
    """The labels of the runs that a search finds, once everything is indexed."""
    bench.engine.indexing.catch_up()
    return labels(page(bench, Filter(text=text, **more)))  # type: ignore[arg-type]


@in_a_loop
async def test_runs_come_newest_first_with_what_their_records_are_called(bench: Bench):
    zap = await bench.zap()
    await bench.done(zap, "ball", "doll", "kite")
    found = page(bench)
    assert labels(found) == ["kite", "doll", "ball"]
    assert found.total == Total(3)
    row = found.rows[0]
    assert (row.zap, row.zap_id, row.state) == ("zap 1", zap, RunState.SUCCEEDED)
    assert row.waited_ms is not None
    assert row.ran_ms is not None
    assert row.due_at is None
    bench.engine.indexing.catch_up()
    assert page(bench).rows == found.rows


@in_a_loop
async def test_pages_follow_each_other_without_gap_or_repetition(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    await bench.done(zap, *(f"n{number}" for number in range(7)))
    first = page(bench, limit=3)
    second = page(bench, before=first.next, limit=3)
    third = page(bench, before=second.next, limit=3)
    assert [labels(one) for one in (first, second, third)] == [["n6", "n5", "n4"], ["n3", "n2", "n1"], ["n0"]]
    assert third.next is None
    assert {one.total for one in (first, second, third)} == {Total(7)}


@in_a_loop
async def test_runs_are_found_by_zap_and_state_together(bench: Bench):
    one, other = await bench.zap(flood_limit=None), await bench.zap(flood_limit=None)
    bench.toy.next("make bad", error("permanent"))
    await bench.done(one, "good", "bad")
    bench.change("UPDATE run SET state = 'held', hold = 'off' WHERE id = :id", id=(await bench.arrive(other))[0].id)
    failed_or_held = Filter(states=(RunState.FAILED, RunState.HELD))
    assert [row.state for row in page(bench, failed_or_held).rows] == [RunState.HELD, RunState.FAILED]
    assert labels(page(bench, Filter(zap_ids=(one,), states=(RunState.FAILED,)))) == ["bad"]
    assert len(page(bench, Filter(zap_ids=(one, other))).rows) == 4
    assert len(page(bench, Filter(hold="off")).rows) == 1
    assert page(bench, Filter(zap_ids=(one,), states=(RunState.RUNNING, RunState.QUEUED))).rows == ()


@pytest.mark.parametrize("state", list(RunState))
@in_a_loop
async def test_every_state_is_found_with_and_without_its_zap(bench: Bench, state: RunState):
    zap = await bench.zap(flood_limit=None)
    ball, _ = await bench.arrive(zap, "ball", "doll")
    bench.change("UPDATE run SET state = :other", other="failed" if state != "failed" else "held")
    bench.change("UPDATE run SET state = :state WHERE id = :id", state=state.value, id=ball.id)
    for wanted in (Filter(states=(state,)), Filter(states=(state,), zap_ids=(zap,))):
        assert labels(page(bench, wanted)) == ["ball"]


@in_a_loop
async def test_runs_are_found_by_the_time_they_were_created(bench: Bench):
    zap = await bench.zap()
    await bench.done(zap, "ball")
    hour = timedelta(hours=1)
    now = bench.now()
    assert labels(page(bench, Filter(since=now - hour, until=now + hour))) == ["ball"]
    assert page(bench, Filter(since=now + hour)).rows == ()
    assert page(bench, Filter(until=now - hour)).rows == ()
    assert search(bench, "ball", since=now - hour, until=now + hour) == ["ball"]
    assert search(bench, "ball", since=now + hour) == []


@in_a_loop
async def test_replays_and_folders_are_found(bench: Bench):
    one, other = await bench.zap(), await bench.zap()
    (run,) = await bench.done(one, "ball")
    await bench.done(other)
    again = bench.runtime.control.replay(run.id, whole=True)
    bench.change("UPDATE zap SET folder = 'toys' WHERE id = :id", id=other)
    assert [row.id for row in page(bench, Filter(replay_of=run.id)).rows] == [again]
    assert {row.zap_id for row in page(bench, Filter(folder="toys")).rows} == {other}
    assert page(bench, Filter(folder="toys", zap_ids=(one,))).rows == ()
    assert page(bench, Filter(folder="nothing")).total == Total(0)


@in_a_loop
async def test_the_beginnings_of_words_find_runs_without_regard_to_case_and_accents(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    await bench.done(zap, "Ärger in der Königstraße", "Rechnung 4711 von Müller", "Rechnungen von Meier")
    assert search(bench, "ARGER") == ["Ärger in der Königstraße"]
    assert search(bench, "konigstrasse") == ["Ärger in der Königstraße"]
    assert search(bench, "Rechnung") == ["Rechnungen von Meier", "Rechnung 4711 von Müller"]
    assert search(bench, "rechnung müll 47") == []
    assert search(bench, "rechnung müll 471") == ["Rechnung 4711 von Müller"]
    assert search(bench, "!?") == ["Rechnungen von Meier", "Rechnung 4711 von Müller", "Ärger in der Königstraße"]
    assert search(bench, "' OR \" NEAR* ) words:") == []


@in_a_loop
async def test_where_too_many_words_begin_so_the_shortest_are_looked_for_and_it_is_said(bench: Bench, monkeypatch):
    monkeypatch.setattr(extracts, "MOST_CONTINUED", 2)
    zap = await bench.zap(flood_limit=None)
    await bench.done(zap, "versandkosten", "versand", "verlust", "versuch verloren")
    assert search(bench, "verlu") == ["verlust"]
    assert page(bench, Filter(text="verlu")).partly == ()
    found = page(bench, Filter(text="vers"))
    all_found = ["versuch verloren", "versand", "versandkosten"]
    expected = (["versuch verloren", "versand"], ("vers",)) if bench.runtime.database.is_sqlite else (all_found, ())
    assert (labels(found), found.partly) == expected
    assert search(bench, "versandk") == ["versandkosten"]


@in_a_loop
async def test_what_mixes_letters_and_digits_is_found_as_a_whole(bench: Bench):
    zap = await bench.zap()
    await bench.done(zap, "order a4b5c6")
    assert search(bench, "a4b5c6") == ["order a4b5c6"]
    assert search(bench, "a4b5") == []


@in_a_loop
async def test_runs_are_counted_by_several_filters_at_once(bench: Bench):
    zap = await bench.zap()
    await bench.done(zap, "ball", "doll")
    wanted = [Filter(), Filter(states=(RunState.FAILED,)), Filter(zap_ids=(zap,)), Filter(folder="nothing")]
    assert bench.runtime.history.totals(wanted) == [Total(2), Total(0), Total(2), Total(0)]


@in_a_loop
async def test_runs_are_found_by_their_problem_their_steps_and_their_id(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make", name="crafted {{ trigger.name }}"))
    bench.toy.next("make crafted doll", error("permanent"))
    ball, doll = await bench.done(zap, "ball", "doll")
    problem = bench.run(doll.id).problem.split()[0]
    assert search(bench, "crafted ball") == ["ball"]
    assert search(bench, problem, states=(RunState.FAILED,)) == ["doll"]
    assert search(bench, ball.id) == ["ball"]


@in_a_loop
async def test_a_search_combines_with_filters_and_pages(bench: Bench):
    one, other = await bench.zap(flood_limit=None), await bench.zap(flood_limit=None)
    bench.toy.next("make thing 3", error("permanent"))
    await bench.done(one, *(f"thing {number}" for number in range(5)))
    await bench.done(other)
    assert len(search(bench, "thing", zap_ids=(one,))) == 5
    assert search(bench, "thing", zap_ids=(one,), states=(RunState.FAILED,)) == ["thing 3"]
    assert len(search(bench, "thing", states=(RunState.SUCCEEDED,))) == 9
    wanted = Filter(text="thing", zap_ids=(one,))
    first = page(bench, wanted, limit=3)
    second = page(bench, wanted, before=first.next, limit=3)
    assert (first.total, second.next) == (Total(5), None)
    assert len({row.id for row in (*first.rows, *second.rows)}) == 5


@in_a_loop
async def test_a_held_run_is_found_as_it_is_now_and_not_as_it_was(bench: Bench):
    zap = await bench.zap()
    (run,) = await bench.arrive(zap, "ball")
    bench.change("UPDATE run SET state = 'held', hold = 'off'")
    assert search(bench, "ball", states=(RunState.HELD,)) == ["ball"]
    bench.runtime.control.release([run.id])
    assert labels(page(bench, Filter(text="ball", states=(RunState.HELD,)))) == []
    await bench.drain()
    assert search(bench, "ball", states=(RunState.SUCCEEDED,)) == ["ball"]
    assert search(bench, "ball", states=(RunState.HELD,)) == []
    assert search(bench, "ball") == ["ball"]


@in_a_loop
async def test_a_search_says_what_it_does_not_reach_yet(bench: Bench):
    zap = await bench.zap()
    await bench.done(zap, "ball")
    found = page(bench, Filter(text="ball"))
    assert (found.rows, found.behind) == ((), 1)
    assert found.searched_from is not None
    bench.engine.indexing.catch_up()
    found = page(bench, Filter(text="ball"))
    assert (labels(found), found.behind, found.searched_from) == (["ball"], 0, None)


@pytest.mark.parametrize("cursor", ["", "nonsense", "w", "w1x", "'; --", "٣" * 18])
@in_a_loop
async def test_a_cursor_that_is_none_is_refused_in_both_languages(bench: Bench, cursor: str):
    for wanted in (Filter(), Filter(text="ball")):
        with pytest.raises(Refused, match="does not exist any more") as refused:
            page(bench, wanted, before=cursor)
        assert "Verlaufs" in refused.value.within("de")
