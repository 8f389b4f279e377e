"""Which runs failed for one reason, once it is mended: those since it began, each once, the oldest first."""

from datetime import timedelta

from engine.runs import failed
from tests.engine.benches import Bench, do, in_a_loop
from tests.engine.toys import error


async def fail(bench: Bench, zap_id: str, *names: str, at: str = "make {name}") -> list[str]:
    """Runs that fail at an action; their ids."""
    for name in names:
        bench.toy.next(at.format(name=name), error("permanent"))
    return [run.id for run in (await bench.done(zap_id, *names))[-len(names) :]]


def mended(bench: Bench, zap_id: str) -> None:
    """Somebody publishes another version."""
    bench.change("UPDATE zap SET published = published + 1 WHERE id = :zap_id", zap_id=zap_id)


@in_a_loop
async def test_nothing_is_offered_before_another_version_is_published(bench: Bench):
    zap = await bench.zap()
    both = await fail(bench, zap, "a", "b")
    assert failed.of(bench.runtime.database, zap) is None
    mended(bench, zap)
    since = failed.of(bench.runtime.database, zap)
    assert since is not None
    assert (since.runs, since.step, since.version) == (tuple(both), "made", 2)
    assert (since.count, since.at_least, since.rest) == (2, False, 0)


@in_a_loop
async def test_a_problem_begins_where_for_a_week_nothing_had_failed(bench: Bench):
    zap = await bench.zap()
    await fail(bench, zap, "long ago")
    bench.later(timedelta(days=8))
    first = await fail(bench, zap, "a")
    bench.later(timedelta(days=6))
    await bench.done(zap, "good")
    last = await fail(bench, zap, "b")
    mended(bench, zap)
    since = failed.of(bench.runtime.database, zap)
    assert since is not None
    assert since.runs == (*first, *last)
    assert since.began == bench.run(first[0]).finished_at


@in_a_loop
async def test_what_failed_at_another_step_is_another_problem(bench: Bench):
    zap = await bench.zap("new_thing", do("one", "make"), do("two", "make_keyed"))
    early = await fail(bench, zap, "a")
    late = await fail(bench, zap, "b", at="make_keyed")
    mended(bench, zap)
    newest, asked = failed.of(bench.runtime.database, zap), failed.of(bench.runtime.database, zap, "one")
    assert newest is not None and asked is not None  # noqa: PT018 - both are there
    assert ((newest.step, list(newest.runs)), (asked.step, list(asked.runs))) == (("two", late), ("one", early))
    assert failed.of(bench.runtime.database, zap, "three") is None


@in_a_loop
async def test_a_run_that_was_replayed_or_whose_data_are_gone_is_not_offered_again(bench: Bench):
    zap = await bench.zap()
    replayed, gone, left = await fail(bench, zap, "a", "b", "c")
    bench.runtime.control.replay(replayed)
    await bench.drain()
    bench.change("UPDATE run SET contents = 'deleted' WHERE id = :gone", gone=gone)
    mended(bench, zap)
    since = failed.of(bench.runtime.database, zap)
    assert since is not None
    assert since.runs == (left,)
    assert failed.still_left(bench.runtime.database, zap, [left, gone, replayed, "nothing"]) == [left]
