"""Every record becomes exactly one effect, however often and wherever the engine's process is killed.

A child process runs the engine over a file with records and the ledger; it is killed in the middle of calls (before the
effect, after it), at random moments, and while it starts. In the end the ledger must hold each record once; where
nothing can be found out, once at most, and then a person is asked.
"""

import asyncio
import itertools
import json
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

import pytest

from engine.connections.connecting import Wish
from engine.registry import Registry
from engine.runtime import Runtime
from engine.store import runs, zapfiles
from engine.store.runs import Run, Wanted
from engine.store.states import RunState
from tests.engine.crash import child
from tests.engine.crash.app import ledger as connector
from tests.engine.crash.child import settings_of
from tests.engine.crash.ledger import MOMENTS, Effect, Ledger, Trap
from tests.waiting import wait_until

PROCESSES = multiprocessing.get_context("forkserver")  # imports once; each child is a process of its own
PROCESSES.set_forkserver_preload(["tests.engine.crash.child"])

ANYWHERE = 4  # kills at random moments, besides those in calls
LIVES = 10  # are ended in any case
ENOUGH = 30.0  # seconds after which no further ones are begun, on a slow machine
VISITS = 3  # of each customer, one after the other: the kind that tells what exists makes one effect of them
PATIENCE = 60.0  # seconds for the last engine to bring everything to an end

ZAP = """
zapwerk: 1
name: {kind}
flood_limit: null
trigger: {{use: ledger.{trigger}, connection: ledger, with: {{path: "{path}"}}}}
steps:
  - key: first
    use: ledger.{kind}
    connection: ledger
    with: {{reference: "{{{{ trigger.id }}}}", customer: "{{{{ trigger.customer }}}}"}}
  - key: second
    use: ledger.keyed
    connection: ledger
    with: {{reference: "{{{{ trigger.id }}}} {kind} second", customer: "{{{{ trigger.customer }}}}"}}
"""
KINDS = {"keyed": "new_line", "found": "new_page", "one": "new_line", "plain": "new_line"}


@dataclass
class Scene:
    """One installation, its file of records, and the ledger."""

    data: Path
    ledger: Ledger
    random: Random
    records: int = 0
    children: list[BaseProcess] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.data.parent / "records.jsonl"

    def add(self, count: int) -> None:
        """More records, at the end of the file."""
        with self.path.open("a") as file:
            for _ in range(count):
                self.records += 1
                row = {"id": f"r{self.records}", "customer": f"customer {self.records // VISITS}"}
                file.write(json.dumps(row) + "\n")

    def start(self) -> BaseProcess:
        process = PROCESSES.Process(target=child.main, args=(str(self.data), str(self.noted)))
        process.start()
        self.children.append(process)
        return process

    def log(self) -> str:
        """The end of what the engines wrote."""
        return self.noted.read_text()[-5000:]

    @property
    def noted(self) -> Path:
        return self.data.parent / "log.txt"

    def runs(self, runtime: Runtime) -> list[Run]:
        with runtime.database.read() as session:
            return runs.find(session, Wanted(limit=100_000))


@contextmanager
def staged(scene: Scene) -> Iterator[Scene]:
    """Leaves no process behind."""
    try:
        yield scene
    finally:
        for process in scene.children:
            process.kill()
            process.join()


@contextmanager
def feeding(scene: Scene) -> Iterator[None]:
    """Records keep coming meanwhile."""
    enough = threading.Event()

    def feed() -> None:
        while not enough.wait(0.3):
            scene.add(2)

    thread = threading.Thread(target=feed, daemon=True)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("CRASH_SEED") or time.time_ns() % 100_000)


def test_each_record_has_one_effect_however_often_the_engine_is_killed(tmp_path: Path, seed: int):
    print(f"the seed is {seed}: CRASH_SEED={seed} repeats it")
    with Ledger(seed) as ledger, staged(Scene(tmp_path / "data", ledger, Random(seed))) as scene:
        scene.path.touch()
        asyncio.run(set_up(scene))
        with feeding(scene):
            kill_often(scene)
        finish(scene)
        judge(scene)


def lives(random: Random) -> list[tuple[str, str]]:
    """How each life of the engine ends: in a call of each kind at each moment, and some anywhere."""
    ends = [*itertools.product(MOMENTS, KINDS), *[("anywhere", "")] * ANYWHERE]
    random.shuffle(ends)
    return ends


async def set_up(scene: Scene) -> None:
    runtime = Runtime(settings_of(scene.data), registry=Registry.of(connector))
    await runtime.connecting.add(Wish("ledger", "ledger", {"url": scene.ledger.url}, trusted=True))
    for kind, trigger in KINDS.items():
        text = ZAP.format(kind=kind, trigger=trigger, path=scene.path)
        with runtime.database.write() as session:
            zap = zapfiles.bring_in(session, text, runtime.registry(), now=runtime.now())
        await runtime.switching.on(zap.id)
    await runtime.close()


def kill_often(scene: Scene) -> None:
    """One life after the other; on a slow machine not all of them."""
    enough = time.monotonic() + ENOUGH
    for number, (moment, kind) in enumerate(lives(scene.random)):
        kill_once(scene, moment, kind)
        if number >= LIVES and time.monotonic() > enough:
            return


def kill_once(scene: Scene, moment: str, kind: str) -> None:
    """One life of the engine: it ends in a call, or, without a kind, while it starts or at a random moment."""
    process = scene.start()
    if kind:
        scene.ledger.set_trap(Trap(moment, kind, scene.random.randrange(2), process.kill))
    else:
        time.sleep(scene.random.uniform(0.05, 1.0))
        process.kill()
    process.join(20)
    scene.ledger.set_trap(None)
    assert process.exitcode == -signal.SIGKILL, scene.log()


def finish(scene: Scene) -> None:
    """A last engine brings everything to an end, and ends in good order."""
    process = scene.start()
    runtime = Runtime(settings_of(scene.data), registry=Registry.of(connector))
    moving = {RunState.QUEUED, RunState.RUNNING}

    def all_at_rest() -> bool:
        found = scene.runs(runtime)
        return len(found) >= scene.records * len(KINDS) and not any(run.state in moving for run in found)

    try:
        wait_until(all_at_rest, PATIENCE, what=f"all runs to end; {Counter(r.state for r in scene.runs(runtime))}")
    finally:
        process.terminate()
        process.join(20)
        asyncio.run(runtime.close())
    assert process.exitcode == 0, scene.log()


def judge(scene: Scene) -> None:
    """Compares the ledger with the records."""
    runtime = Runtime(settings_of(scene.data), registry=Registry.of(connector))
    found = scene.runs(runtime)
    with runtime.database.read() as session:
        reviewed = {runs.load(session, run).record_id for run in found if run.state == RunState.NEEDS_REVIEW}
    asyncio.run(runtime.close())
    shown = scene.ledger.shown()
    print(f"{scene.records} records, {len(scene.ledger.effects)} effects, {len(reviewed)} put before a person")
    print(f"killed in calls: {scene.ledger.sprung}")
    references = [f"r{number}" for number in range(1, scene.records + 1)]

    assert Counter(run.state for run in found) == {
        state: count
        for state, count in {
            RunState.SUCCEEDED: len(references) * len(KINDS) - len(reviewed),
            RunState.NEEDS_REVIEW: len(reviewed),
        }.items()
        if count
    }, shown
    effects = scene.ledger.effects
    assert sorted(by(effects, "keyed", second=False)) == sorted(references), shown
    assert sorted(by(effects, "found", second=False)) == sorted(references), shown
    customers = {f"customer {number // VISITS}" for number in range(1, scene.records + 1)}
    assert sorted(e.customer for e in effects if e.kind == "one") == sorted(customers), shown
    plain = Counter(by(effects, "plain", second=False))
    assert max(plain.values()) == 1, shown
    assert set(references) - set(plain) <= reviewed, shown
    second = Counter(by(effects, "keyed", second=True))
    assert max(second.values()) == 1, shown
    assert len(second) == len(references) * len(KINDS) - len(reviewed), shown
    assert len(scene.children) > LIVES
    assert len(set(scene.ledger.sprung)) >= LIVES - ANYWHERE, shown


def by(effects: list[Effect], kind: str, *, second: bool) -> list[str]:
    """The references of a kind's effects, of the first or of the second step."""
    return [one.reference for one in effects if one.kind == kind and one.reference.endswith("second") == second]
