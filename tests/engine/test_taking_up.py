"""A running engine whose connectors are edited under its feet: nothing is dropped, what comes next uses the edit."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from engine.connections.contexts import Contexts, LiveConnection
from engine.engine import Engine
from engine.registry import Registry
from engine.runtime import Runtime
from engine.sdk.connector import Connector
from engine.settings import Settings
from engine.store import runs, watches, zapfiles
from engine.store.blobs import Blobs
from engine.store.runs import Run, Wanted
from engine.store.states import RunState
from engine.store.watches import Watch
from engine.triggers.sources import Sources
from tests.engine.benches import Bench
from tests.engine.toys import Toy
from tests.waiting import until

MILL = '''
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
import time

from pydantic import BaseModel
from zapwerk import BlockingContext, Connector, Record

FOLDER = Path({folder!r})
mill = Connector("mill", title="Mill", version={version})


class Grain(BaseModel):
    name: str = ""


class Sack(Record):
    name: str


@mill.trigger(every=timedelta(seconds={every}))
def new_sack(ctx: BlockingContext, given: Grain) -> Iterator[Sack]:
    """A sack comes in."""
    for path in sorted(FOLDER.glob("sack-*"), reverse=True):
        yield Sack(id=path.name, name=path.name)


@new_sack.listener
def sack_came(ctx: BlockingContext, given: Grain) -> None:
    (FOLDER / "listening-{version}").touch()
    while not ctx.stopping():
        time.sleep(0.01)


@mill.action(repeatable=True)
def grind(ctx: BlockingContext, given: Grain) -> Sack:
    """Grind a sack."""
    with ctx.sessions.borrow("stone", lambda: {{"open": True}}, lambda stone: stone.update(open=False)) as stone:
        (FOLDER / f"begun-{{given.name}}").touch()
        while (FOLDER / "slow").exists():
            time.sleep(0.01)
        assert stone["open"]
    with (FOLDER / "flour.txt").open("a") as flour:
        flour.write(f"{{given.name}} by {version}\\n")
    return Sack(id=given.name, name=given.name)
'''
ZAP = """
zapwerk: 1
name: Flour
trigger: {use: mill.new_sack}
steps:
  - {key: flour, use: mill.grind, with: {name: "{{ trigger.name }}"}}
"""


@dataclass
class Mill:
    """An engine that runs, with the mill as its connector and one zap."""

    folder: Path
    runtime: Runtime
    zap_id: str = ""

    @property
    def file(self) -> Path:
        return self.runtime.settings.data / "connectors" / "mill.py"

    def write(self, version: int, *, every: float = 0.05) -> None:
        write(self.file, self.folder, version, every)

    def bring(self, *names: str) -> None:
        for name in names:
            (self.folder / f"sack-{name}").touch()

    def flour(self) -> list[str]:
        path = self.folder / "flour.txt"
        return path.read_text().splitlines() if path.exists() else []

    async def until_version(self, version: int) -> None:
        def version_is() -> bool:
            found = self.runtime.registry().connectors.get("mill")
            return found is not None and found.version == version

        await until(version_is, what=f"version {version}")

    def runs(self) -> list[Run]:
        with self.runtime.database.read() as session:
            return runs.find(session, Wanted(zap_id=self.zap_id))

    def watch(self) -> Watch:
        with self.runtime.database.read() as session:
            return watches.every(session)[self.zap_id]


def write(file: Path, folder: Path, version: int, every: float) -> None:
    part = file.with_suffix(".part")
    part.write_text(MILL.format(folder=str(folder), version=version, every=every), "utf-8")
    part.rename(file)


@asynccontextmanager
async def milling(tmp_path: Path) -> AsyncIterator[Mill]:
    settings = Settings(data=tmp_path / "data", tick=timedelta(milliseconds=20))
    folder, connectors = tmp_path / "mill", tmp_path / "data" / "connectors"
    folder.mkdir()
    connectors.mkdir(parents=True)
    write(connectors / "mill.py", folder, version=1, every=0.05)
    runtime = Runtime(settings)
    engine = Engine(runtime)
    mill = Mill(folder, runtime)
    try:
        with runtime.database.write() as session:
            mill.zap_id = zapfiles.bring_in(
                session, ZAP, runtime.registry(), now=runtime.now(), sealed=runtime.connections.typed.sealed
            ).id
        await runtime.switching.on(mill.zap_id)
        await engine.start()
        yield mill
    finally:
        await engine.stop(5)
        await runtime.close()


def in_a_mill(test: Callable[[Mill], Awaitable[None]]) -> Callable[[Path], None]:
    """Runs an async test in an event loop of its own, with a mill around it."""

    def run(tmp_path: Path) -> None:
        async def inside() -> None:
            async with milling(tmp_path) as mill:
                await test(mill)

        asyncio.run(inside())

    return run


@in_a_mill
async def test_a_run_under_way_ends_in_the_code_it_began_with_and_the_next_one_uses_the_edit(mill: Mill):
    (mill.folder / "slow").touch()
    mill.bring("a")
    await until((mill.folder / "begun-sack-a").exists, what="the run to begin")
    mill.write(2)
    await mill.until_version(2)
    mill.bring("b")
    await until((mill.folder / "begun-sack-b").exists, what="the next run to begin beside it")
    (mill.folder / "slow").unlink()
    await until(lambda: sorted(mill.flour()) == ["sack-a by 1", "sack-b by 2"], what=f"flour; there is {mill.flour()}")
    await until(lambda: {run.state for run in mill.runs()} == {RunState.SUCCEEDED}, what="both runs to end")


@in_a_mill
async def test_a_broken_edit_changes_nothing_for_the_zaps(mill: Mill):
    mill.file.write_text("1 / 0\n")
    await until(lambda: mill.runtime.registry().broken, what="the broken edit to be seen")
    mill.bring("a")
    await until(lambda: mill.flour() == ["sack-a by 1"], what="the work to go on")


@in_a_mill
async def test_without_its_connector_a_zap_says_so_and_goes_on_where_it_stood_when_it_is_back(mill: Mill):
    mill.bring("a")
    await until(mill.flour, what="the first sack")
    mill.file.unlink()
    await until(lambda: "There is no app “mill”" in mill.watch().problem, what="the watch to say so")
    mill.bring("b")
    mill.write(1)
    await until(lambda: mill.flour() == ["sack-a by 1", "sack-b by 1"], what="what came meanwhile")
    await until(lambda: mill.watch().problem == "", what="the problem to end")


@in_a_mill
async def test_a_run_whose_connector_is_gone_is_held_and_never_failed(mill: Mill):
    (mill.folder / "slow").touch()
    mill.bring("a")
    await until((mill.folder / "begun-sack-a").exists, what="the run to begin")
    mill.file.unlink()
    await until(lambda: "mill" not in mill.runtime.registry().connectors, what="the connector to be gone")
    (mill.folder / "slow").unlink()
    await until(lambda: [run.state for run in mill.runs()] == [RunState.SUCCEEDED], what="the run to end")
    mill.runtime.control.replay(mill.runs()[0].id, whole=True)
    await until(lambda: RunState.HELD in [run.state for run in mill.runs()], what="the next one to be held")
    assert mill.flour() == ["sack-a by 1"]


@in_a_mill
async def test_a_listener_is_started_again_with_the_edit(mill: Mill):
    await until((mill.folder / "listening-1").exists, what="the listener")
    mill.write(2)
    await until((mill.folder / "listening-2").exists, what="the new listener")


@in_a_mill
async def test_the_interval_of_an_edited_trigger_is_learned(mill: Mill):
    mill.write(2, every=3600)
    await until(lambda: mill.watch().every_ms == 3_600_000, what="the new interval")
    mill.write(3, every=0.05)
    await until(lambda: mill.watch().every_ms == 50, what="the interval after that, long before an hour")


def test_calls_after_an_edit_share_nothing_with_those_before_and_what_is_in_use_stays_open(tmp_path: Path):
    before, after = (Connector("mill", title="Mill", base_url=f"https://{name}.example/") for name in ("old", "new"))
    stone = {"open": True}

    async def calls() -> None:
        contexts = Contexts(Blobs(tmp_path))
        old = contexts.kit(LiveConnection.without(before))
        with old.sessions.borrow("stone", lambda: stone, lambda one: one.update(open=False)):
            new = contexts.kit(LiveConnection.without(after))
            assert (new.base_url, new.sessions is old.sessions) == ("https://new.example/", False)
            assert contexts.kit(LiveConnection.without(after)) is new
            assert stone["open"]
        await until(lambda: not stone["open"], what="the session of before to be closed, as nobody uses it any more")
        await contexts.close()

    asyncio.run(calls())


def test_a_trigger_and_its_connection_are_never_of_different_code(tmp_path: Path):
    """An edit that is taken up between the two looks: the second look finds both anew."""
    bench = Bench(Settings(data=tmp_path / "data"))

    async def look() -> None:
        before = bench.runtime.registry()
        stored = bench.draft("new_thing", connection=(await bench.connect()).id)
        bench.runtime.connectors.registry = Registry.of(Toy().connector)
        looks = iter([before])
        sources = Sources(lambda: next(looks, bench.runtime.registry()), bench.runtime.connections)
        source = sources.of(stored.draft)
        assert source.trigger is source.connection.connector.triggers["new_thing"]
        assert source.connection.connector is bench.runtime.registry().connector("toy")
        await bench.close()

    asyncio.run(look())
