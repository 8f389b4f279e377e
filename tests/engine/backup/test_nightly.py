"""The nightly backups, with a clock of the test: when, how many stay, and what is told when one fails."""

import os
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from engine.backup import nightly
from engine.backup.nightly import Plan, due_at
from engine.settings import Settings
from tests.engine.benches import Bench, in_a_loop

DAY = timedelta(days=1)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    found = Bench(Settings(data=tmp_path / "data"))
    found.later(_until_noon(found))
    return found


def _until_noon(bench: Bench) -> timedelta:
    noon = bench.now().replace(hour=12, minute=0, second=0, microsecond=0)
    return noon + DAY - bench.now()


def kept(bench: Bench) -> list[str]:
    return [one.name for one in bench.runtime.backups.standing().files]


def change(bench: Bench, **values: object) -> None:
    backups = bench.runtime.backups
    backups.change(backups.plan().model_copy(update=values))


@in_a_loop
async def test_one_is_made_each_night_and_can_be_opened(bench: Bench):
    look = bench.runtime.backups.look
    assert look() is None  # from now on they are made; none is due from before
    bench.later(timedelta(hours=14))
    assert look() is None  # at two it is not due yet
    bench.later(timedelta(hours=2))
    made = look()
    assert made is not None
    assert zipfile.is_zipfile(made.file)
    assert look() is None
    bench.later(DAY)
    assert look() is not None
    assert len(kept(bench)) == 2
    assert bench.runtime.backups.standing().next_at == due_at(Plan(), bench.now(), bench.now())


@in_a_loop
async def test_a_missed_night_is_caught_up_on_at_the_next_start(bench: Bench):
    bench.runtime.backups.look()
    await bench.close()
    bench.later(3 * DAY)
    bench.open()
    await bench.runtime.backups.tick()
    assert len(kept(bench)) == 1  # one for all the nights
    await bench.runtime.backups.tick()
    assert len(kept(bench)) == 1


@in_a_loop
async def test_the_newest_stay(bench: Bench):
    bench.runtime.backups.look()
    change(bench, kept=2)
    for _ in range(4):
        bench.later(DAY)
        assert bench.runtime.backups.look() is not None
    names = kept(bench)
    assert len(names) == 2
    assert names == sorted(names, reverse=True)
    assert names[0].startswith(f"zapwerk-{bench.now():%Y%m%d}")


@in_a_loop
async def test_one_that_fails_is_told_tried_again_in_an_hour_and_settled_by_one_that_works(bench: Bench):
    bench.runtime.backups.look()
    place = bench.settings.data / nightly.FOLDER
    place.write_text("no folder")
    bench.later(DAY)
    assert bench.runtime.backups.look() is None
    told = bench.notices()[nightly.NOTICE]
    assert told.sentence.startswith("The nightly backup could not be made: The folder ")
    assert told.german.startswith("Die nächtliche Sicherung ist nicht gelungen: Der Ordner ")
    place.unlink()
    assert bench.runtime.backups.look() is None  # not at once again
    bench.later(timedelta(hours=1))
    assert bench.runtime.backups.look() is not None
    assert bench.notices() == {}


@in_a_loop
async def test_one_that_somebody_makes_settles_the_notice_as_well(bench: Bench):
    bench.runtime.backups.look()
    place = bench.settings.data / nightly.FOLDER
    place.write_text("no folder")
    bench.later(DAY)
    bench.runtime.backups.look()
    place.unlink()
    bench.runtime.backups.make(with_key=False)
    assert bench.notices() == {}


@in_a_loop
async def test_switched_off_none_is_made(bench: Bench):
    bench.runtime.backups.look()
    change(bench, on=False)
    bench.later(3 * DAY)
    assert bench.runtime.backups.look() is None
    assert bench.runtime.backups.standing().next_at is None


@in_a_loop
async def test_what_a_killed_backup_left_behind_is_cleared_away(bench: Bench):
    place = bench.settings.data / nightly.FOLDER / ".zapwerk-backup-killed"
    place.mkdir(parents=True)
    (place / "zapwerk.db").write_bytes(b"half")
    os.utime(place, (1, 1))
    bench.runtime.backups.make(with_key=False)
    assert not place.exists()
