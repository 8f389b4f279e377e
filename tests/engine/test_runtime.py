"""Opening and closing an installation: one engine per folder, nothing lost when it stops."""

import asyncio
import logging
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from engine import folder
from engine.connections.sessions import IDLE_FOR
from engine.engine import Engine
from engine.errors import AlreadyRunning, DataFolderError, NewerDatabase
from engine.runtime import Runtime
from engine.settings import Settings
from engine.store.states import RunState
from tests.engine.benches import Bench, do, in_a_loop
from tests.engine.toys import Waits
from tests.waiting import until
from zapwerk import QuotaReached


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Settings(data=tmp_path / "data"))


@in_a_loop
async def test_a_started_engine_takes_in_and_executes_by_itself(bench: Bench):
    zap = await bench.zap("heard_thing")
    await bench.start()
    await until(lambda: bench.toy.listeners == 1)
    bench.toy.add("a", "b")
    bench.toy.bell.release()
    runs = await bench.until_ended(zap, 2)
    assert [run.state for run in runs] == [RunState.SUCCEEDED] * 2
    assert sorted(bench.toy.names()) == ["a", "b"]


@in_a_loop
async def test_a_second_engine_on_the_folder_is_refused_with_a_sentence(bench: Bench):
    with pytest.raises(AlreadyRunning, match=r"Another engine \(process \d+\) works on the data folder"):
        Engine(bench.runtime)
    assert folder.owner(bench.settings.data)


@in_a_loop
async def test_an_engine_that_stopped_gives_the_folder_back(bench: Bench):
    await bench.start()
    await bench.close()
    assert folder.owner(bench.settings.data) is None
    bench.open()


@in_a_loop
async def test_a_graceful_stop_lets_what_is_under_way_end(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make"), do("more", "make"))
    await bench.arrive(zap, "ball")
    waits = Waits()
    bench.toy.next("make", waits)
    await bench.start()
    await until(waits.begun.is_set)
    stopping = asyncio.create_task(bench.close(grace=10))
    await asyncio.sleep(0.1)
    assert not stopping.done()
    waits.gate.set()
    await stopping
    bench.open()
    assert bench.states(zap) == [RunState.SUCCEEDED]
    assert bench.toy.names() == ["ball", "ball"]


@in_a_loop
async def test_what_does_not_end_in_the_grace_of_a_stop_is_found_out_by_the_next_engine(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_found"))
    await bench.arrive(zap, "ball", "doll")
    waits = Waits(after=True)
    bench.toy.next("make_found ball", waits)
    await bench.start()
    await until(waits.begun.is_set)
    await bench.close(grace=0.1)
    bench.open()
    runs = await bench.resume(zap, 2)
    assert [run.state for run in runs] == [RunState.SUCCEEDED] * 2
    assert sorted(bench.toy.names()) == ["ball", "doll"]


@in_a_loop
async def test_stopping_while_checks_are_under_way_is_quiet(bench: Bench, caplog: pytest.LogCaptureFixture):
    zaps = [await bench.zap("paged_thing") for _ in range(5)]
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            await bench.start()
            bench.toy.add("a")
            await bench.engine.polling.hint(zaps)
            await bench.close()
            bench.open()
    assert [record.getMessage() for record in caplog.records] == []


@in_a_loop
async def test_runs_left_by_an_engine_that_is_gone_are_taken_over_at_once(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "ball")
    bench.change("UPDATE run SET state = 'running', owner = 'gone', lease_until = 9000000000000")
    (run,) = await bench.resume(zap)
    assert run.state == RunState.SUCCEEDED


@in_a_loop
async def test_a_queue_that_stumbles_goes_on(bench: Bench, caplog: pytest.LogCaptureFixture):
    zap = await bench.zap()
    await bench.start()
    bench.change("ALTER TABLE run RENAME TO gone")
    await until(lambda: "due runs could not be claimed" in caplog.text)
    bench.change("ALTER TABLE gone RENAME TO run")
    bench.toy.add("ball")
    await bench.engine.polling.hint([zap])
    (run,) = await bench.until_ended(zap, 1)
    assert run.state == RunState.SUCCEEDED


@in_a_loop
async def test_a_session_whose_closing_hangs_keeps_neither_runs_waiting_nor_the_engine_from_stopping(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    zap = await bench.zap()
    bench.toy.next("make", QuotaReached("The plan allows ten things.", until=bench.now() + timedelta(hours=1)))
    await bench.done(zap, "ball")
    sessions = bench.runtime.calls.contexts.kit(bench.runtime.connections.live(bench.connection)).sessions
    closing = Waits()
    with sessions.borrow("inbox", object, lambda session: closing.block()):
        pass
    monkeypatch.setattr(sessions, "_clock", lambda: time.monotonic() + 2 * IDLE_FOR)
    bench.later(timedelta(hours=2))
    await bench.start()
    await until(closing.begun.is_set, what="the session to be closed")
    await until(lambda: bench.states(zap) == [RunState.SUCCEEDED], what="the held run to go on")
    await bench.close()
    closing.gate.set()
    bench.open()


@in_a_loop
async def test_a_key_that_does_not_fit_is_said(bench: Bench, caplog: pytest.LogCaptureFixture):
    await bench.close()
    (bench.settings.data / "secret.key").unlink()
    bench.open()
    assert not bench.runtime.key_fits
    await bench.start()
    assert "the secret key is not the one" in caplog.text


@in_a_loop
async def test_a_newer_database_is_refused_and_left_alone(bench: Bench, tmp_path: Path):
    bench.change("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerDatabase, match="newer version of Zapwerk"):
        Runtime(bench.settings)
    with bench.runtime.database.read() as session:
        assert session.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderError, match="cannot be made"):
        Runtime(Settings(data=tmp_path / "file" / "data"))
