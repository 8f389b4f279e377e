"""Files go when nothing names them, and never while something may."""

import os
import time
from datetime import timedelta

from engine.sdk.records import File
from engine.store import samples
from engine.store.samples import Sample
from tests.engine.benches import Bench, in_a_loop

MONTH = timedelta(days=31)


def saved(bench: Bench, content: bytes, *, old: bool = True) -> File:
    file = bench.runtime.blobs.save("letter.txt", content)
    if old:
        age(bench)
    return file


def age(bench: Bench) -> None:
    """As if everything had been saved two days ago."""
    then = time.time() - 2 * 86_400
    for path in bench.runtime.blobs.folder.glob("??/??/*"):
        os.utime(path, (then, then))


def refs(bench: Bench) -> set[str]:
    return set(bench.runtime.blobs.refs())


@in_a_loop
async def test_files_of_runs_samples_and_drafts_stay_and_others_go(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    event, sample, stray = (saved(bench, content) for content in (b"event", b"sample", b"stray"))
    await bench.arrive(zap, f"with {event.ref}")
    with bench.runtime.database.write() as session:
        samples.put(session, zap, Sample("trigger", "toy.new_thing", {"file": sample.ref}, True, "", bench.now()))
    done = bench.engine.keeping.catch_up(thorough=True)
    assert refs(bench) == {event.ref, sample.ref}
    assert (done.files, done.bytes) == (1, len(b"stray"))
    assert stray.ref not in refs(bench)


@in_a_loop
async def test_a_file_goes_with_the_contents_of_its_run(bench: Bench):
    zap = await bench.zap(flood_limit=None)
    event = saved(bench, b"event")
    await bench.done(zap, f"with {event.ref}")
    bench.later(MONTH)
    bench.engine.keeping.catch_up(thorough=True)
    assert refs(bench) == set()


@in_a_loop
async def test_a_file_that_was_saved_just_now_stays_even_if_nothing_names_it_yet(bench: Bench):
    again = saved(bench, b"again")
    fresh = saved(bench, b"fresh", old=False)
    bench.runtime.blobs.save("the same.txt", b"again")
    bench.engine.keeping.catch_up(thorough=True)
    assert refs(bench) == {again.ref, fresh.ref}
