"""A disk that is nearly full is told once, and settled when there is room again."""

from engine.keeping.space import LITTLE, MATTER, PLENTY, Space, free_bytes
from engine.store import notices
from tests.engine.benches import Bench


class Disk:
    free = PLENTY


def told(bench: Bench) -> list[tuple[str, int]]:
    with bench.runtime.database.read() as session:
        return [(one.matter, one.count) for one in notices.still_open(session)]


def test_it_is_told_once_and_settled_with_plenty_of_room(bench: Bench):
    disk = Disk()
    space = Space(bench.runtime.database, lambda: disk.free, bench.now)
    for free, expected in (
        (PLENTY, []),
        (LITTLE, []),
        (LITTLE - 1, [(MATTER, 1)]),
        (0, [(MATTER, 1)]),
        (LITTLE + 1, [(MATTER, 1)]),
        (PLENTY, []),
        (LITTLE - 1, [(MATTER, 1)]),
    ):
        disk.free = free
        space.look()
        assert told(bench) == expected, free


def test_what_an_earlier_process_told_is_settled(bench: Bench):
    Space(bench.runtime.database, lambda: 0, bench.now).look()
    Space(bench.runtime.database, lambda: LITTLE + 1, bench.now).look()
    assert told(bench) == [(MATTER, 1)]
    Space(bench.runtime.database, lambda: PLENTY, bench.now).look()
    assert told(bench) == []


def test_people_read_it_in_their_language(bench: Bench):
    Space(bench.runtime.database, lambda: 0, bench.now).look()
    with bench.runtime.database.read() as session:
        (notice,) = notices.still_open(session)
    assert "nearly full" in notice.within("en")
    assert "fast voll" in notice.within("de")


def test_the_real_disk_has_room(bench: Bench):
    assert free_bytes(bench.settings.data) > 0
