"""After a restore: what is found again says what is there already; what was open is never blindly done again."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from engine.backup import restoring
from engine.backup.restored import Choice
from engine.errors import Refused
from engine.runs.pausing import CATCHES_UP
from engine.settings import Settings
from engine.store.runs import Run
from engine.store.states import Hold, RunState
from engine.triggers.reading import MAX_RECORDS_PER_CHECK
from tests.engine.benches import Bench, do, in_a_loop
from tests.engine.toys import Waits, error
from tests.waiting import until
from zapwerk import AuthFailed, QuotaReached


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Settings(data=tmp_path / "data"))


async def restored(bench: Bench, file: Path, code: str) -> None:
    """The same toys, with the installation that a backup holds."""
    await bench.close(grace=0)
    bench.settings = bench.settings.model_copy(update={"data": file.parent / "restored"})
    restoring.restore(bench.settings, restoring.Asked(file, code), now=bench.now())
    bench.open()


async def looked_at(bench: Bench, zap: str) -> list[Run]:
    """The runs that are held after the first check, when the apps were asked."""
    await bench.runtime.restored.decide(zap, Choice.HOLD)
    await bench.check(zap)
    await bench.engine._let_restored_go_on()
    await bench.runtime.looking_there.tick()
    return [run for run in bench.runs(zap) if run.state == RunState.HELD]


async def backed_up(bench: Bench, file: Path) -> str:
    code = bench.runtime.backups.new_code()
    bench.runtime.backups.make(file, with_key=True)
    return code


async def backed_up_in_a_call(bench: Bench, action: str, file: Path) -> str:
    """The call was made, and is not answered yet; the original goes on afterwards."""
    waits = Waits(after=True)
    bench.toy.next(action, waits)
    draining = asyncio.create_task(bench.drain())
    await until(waits.begun.is_set)
    code = await backed_up(bench, file)
    waits.gate.set()
    await draining
    return code


async def backed_up_before(bench: Bench, action: str, file: Path) -> str:
    """The call is made only afterwards."""
    code = await backed_up(bench, file)
    await bench.drain()
    return code


@in_a_loop
async def test_what_is_found_again_says_what_is_there_already(bench: Bench, tmp_path: Path):
    zap = await bench.zap("new_thing", do("one", "make_one"))
    code = await backed_up(bench, tmp_path / "b.zip")
    await bench.done(zap, "ball")  # the original does one of the two
    bench.toy.add("kite")
    await restored(bench, tmp_path / "b.zip", code)
    told = {bench.records(zap)[at]: run.problem for at, run in enumerate(await looked_at(bench, zap))}
    assert told == {
        "ball": "At Toy there is one like it already: “ball”.",
        "kite": "At Toy there is nothing like it.",
    }
    assert bench.toy.names() == ["ball"]


@in_a_loop
async def test_an_app_that_cannot_tell_says_so(bench: Bench, tmp_path: Path):
    zap = await bench.zap("new_thing", do("made", "make"))
    code = await backed_up(bench, tmp_path / "b.zip")
    bench.toy.add("ball")
    await restored(bench, tmp_path / "b.zip", code)
    (run,) = await looked_at(bench, zap)
    assert run.problem == "Toy cannot say whether this was done already."


@in_a_loop
async def test_an_app_that_does_not_answer_is_asked_again_when_somebody_wants_that(bench: Bench, tmp_path: Path):
    zap = await bench.zap("new_thing", do("one", "make_one"))
    code = await backed_up(bench, tmp_path / "b.zip")
    await bench.done(zap, "ball")
    await restored(bench, tmp_path / "b.zip", code)
    bench.toy.next("existing", error("permission missing"))
    (run,) = await looked_at(bench, zap)
    assert run.problem.startswith("It could not be found out whether this was done already: ")
    await bench.runtime.looking_there.look_again()
    await bench.runtime.looking_there.tick()
    assert bench.run(run.id).problem == "At Toy there is one like it already: “ball”."


@in_a_loop
async def test_what_is_released_after_the_look_says_nothing_of_it_any_more(bench: Bench, tmp_path: Path):
    zap = await bench.zap("new_thing", do("one", "make_one"))
    code = await backed_up(bench, tmp_path / "b.zip")
    bench.toy.add("ball")
    await restored(bench, tmp_path / "b.zip", code)
    (run,) = await looked_at(bench, zap)
    bench.runtime.control.release([run.id])
    await bench.drain()
    done = bench.run(run.id)
    assert (done.state, done.problem, bench.toy.names()) == (RunState.SUCCEEDED, "", ["ball"])


@pytest.mark.parametrize(
    ("trigger", "count"),
    [
        pytest.param("new_thing", MAX_RECORDS_PER_CHECK + 5, id="records, more than a check takes"),
        pytest.param("paged_thing", 10, id="pages, of which a check reads two"),
    ],
)
def test_what_only_a_further_check_finds_again_is_held_too(tmp_path: Path, trigger: str, count: int):
    @in_a_loop
    async def within(bench: Bench) -> None:
        bench.toy.pages_at_once = 2
        zap = await bench.zap(trigger, flood_limit=None)
        code = await backed_up(bench, tmp_path / "b.zip")
        bench.toy.add(*[f"n{number}" for number in range(count)])
        await restored(bench, tmp_path / "b.zip", code)
        await looked_at(bench, zap)
        assert len(bench.runs(zap)) < count
        for _ in range(2):
            await bench.check(zap)
            await bench.engine._let_restored_go_on()
        await bench.done(zap, "later")
        assert [run.hold for run in bench.runs(zap)] == [Hold.RESTORED] * count + [""]
        assert bench.toy.names() == ["later"]

    within(bench=Bench(Settings(data=tmp_path / "data")))


@in_a_loop
async def test_nobody_lets_a_zap_go_on_before_all_is_found_again(bench: Bench, tmp_path: Path):
    zap = await bench.zap()
    code = await backed_up(bench, tmp_path / "b.zip")
    await restored(bench, tmp_path / "b.zip", code)
    await bench.runtime.restored.decide(zap, Choice.HOLD)
    assert bench.runtime.pausing.reasons([zap]) == {zap: CATCHES_UP}
    with pytest.raises(Refused, match="Only then can it go on"):
        bench.runtime.pausing.resume(zap)
    await bench.check(zap)
    await bench.engine._let_restored_go_on()
    await bench.done(zap, "ball")
    assert bench.toy.names() == ["ball"]


@in_a_loop
async def test_all_that_is_found_again_is_looked_for_however_much_it_is_at_once(bench: Bench, tmp_path: Path):
    zap = await bench.zap("new_thing", do("one", "make_one"), flood_limit=2)
    code = await backed_up(bench, tmp_path / "b.zip")
    await bench.done(zap, "ball", "doll", "kite", "rope")
    bench.runtime.control.release_zap(zap)
    await bench.drain()
    assert len(bench.toy.names()) == 4
    await restored(bench, tmp_path / "b.zip", code)
    told = [run.problem for run in await looked_at(bench, zap)]
    assert told == [f"At Toy there is one like it already: “{name}”." for name in ("ball", "doll", "kite", "rope")]
    found = bench.runtime.restored.show()
    assert found is not None
    assert (found.to_look_at, bench.notices()) == (4, {})


@pytest.mark.parametrize(
    ("action", "state", "made"),
    [
        pytest.param("make_found", RunState.SUCCEEDED, ["ball"], id="a lookup finds it"),
        pytest.param("make_keyed", RunState.SUCCEEDED, ["ball"], id="the same key is sent again"),
        pytest.param("make", RunState.NEEDS_REVIEW, ["ball"], id="nobody can tell but a person"),
    ],
)
@pytest.mark.parametrize("began", [True, False], ids=["while it was called", "before it was called"])
def test_a_run_that_was_open_in_the_backup_does_nothing_twice(
    tmp_path: Path, action: str, state: RunState, made: list[str], began: bool
):
    @in_a_loop
    async def within(bench: Bench) -> None:
        zap = await bench.zap("new_thing", do("made", action))
        await bench.arrive(zap, "ball")
        code = await (backed_up_in_a_call if began else backed_up_before)(bench, action, tmp_path / "b.zip")
        await restored(bench, tmp_path / "b.zip", code)
        assert bench.states(zap) == [RunState.HELD]
        await bench.runtime.restored.decide(zap, Choice.HOLD)
        await bench.drain()
        assert (bench.states(zap), bench.toy.names()) == ([state], made)

    within(bench=Bench(Settings(data=tmp_path / "data")))


@pytest.mark.parametrize("what", ["limit", "account"])
@in_a_loop
async def test_what_waited_in_the_backup_does_not_go_on_before_anybody_decided(bench: Bench, tmp_path: Path, what: str):
    zap = await bench.zap("new_thing", do("made", "make_keyed"))
    until_then = bench.now() + timedelta(hours=1)
    refused = {"limit": QuotaReached("full", until=until_then), "account": AuthFailed("revoked")}[what]
    bench.toy.next("make_keyed", refused)
    (run,) = await bench.done(zap, "ball")
    assert run.state == RunState.HELD
    code = await backed_up(bench, tmp_path / "backup.zip")
    bench.later(timedelta(hours=2))
    await restored(bench, tmp_path / "backup.zip", code)
    await bench.runtime.connecting.check(bench.connection)
    await bench.sweep()
    await bench.drain()
    assert (bench.run(run.id).hold, bench.toy.names()) == ("restored", [])
    assert bench.runtime.restored.undecided() == 1
    await bench.runtime.restored.decide(zap, Choice.RUN)
    await bench.check(zap)
    await bench.sweep()
    await bench.drain()
    assert bench.toy.names() == ["ball"]
