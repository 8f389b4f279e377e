"""A copy that is parted from its original names its effects otherwise, also before it is started again."""

from pathlib import Path

import pytest

from engine.runs.effects import idempotency_key
from engine.settings import Settings
from tests.engine.benches import Bench, do, in_a_loop


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Settings(data=tmp_path / "data"))


@in_a_loop
async def test_what_runs_after_it_was_parted_has_keys_of_its_own(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make_keyed"))
    original = bench.runtime.installation
    bench.runtime.place.part()
    bench.runtime.look_who_we_are()
    assert bench.runtime.installation != original
    await bench.runtime.switching.on(zap)
    (run,) = await bench.done(zap, "ball")
    assert [one.key for one in bench.toy.made] == [idempotency_key(bench.runtime.installation, run.id, "made")]
