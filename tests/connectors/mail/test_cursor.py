"""The cursor, by itself."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mail.cursor import KEPT_FINGERPRINTS, Cursor, Sighting, fingerprint, rebased, start


def seen(uid: int, mark: str, arrived: float = 0) -> Sighting:
    return Sighting(uid, mark, arrived or float(uid))


def test_a_cursor_survives_being_stored_as_json():
    cursor = start(5, 10, [seen(9, "a"), seen(10, "b")])
    assert Cursor.model_validate_json(cursor.model_dump_json()) == cursor


def test_only_the_newest_fingerprints_are_kept():
    cursor = start(1, 500, [seen(uid, f"{uid}") for uid in range(1, 501)])
    assert len(cursor.fingerprints) == KEPT_FINGERPRINTS
    assert cursor.fingerprints[-1] == "500"


def test_a_rebuild_of_an_empty_folder_is_not_worth_a_word():
    assert rebased(start(1, 0, []), 2, 0, []).warning is None


@pytest.mark.parametrize(
    ("recent", "new"),
    [
        pytest.param([seen(1, "a", 1), seen(2, "b", 2), seen(3, "c", 3)], (3,), id="one more"),
        pytest.param([seen(1, "c", 3), seen(2, "b", 2), seen(3, "a", 1)], (1,), id="in another order"),
        pytest.param([seen(1, "old", 0.5), seen(2, "b", 2)], (), id="an old one that was not remembered"),
        pytest.param([seen(1, "x", 8), seen(2, "y", 9)], (), id="nothing known"),
        pytest.param([seen(1, "b", 2), seen(2, "c", 2)], (2,), id="in the same second"),
    ],
)
def test_after_a_rebuild_what_is_unknown_and_newer_is_new(recent, new):
    old = start(1, 2, [seen(1, "a", 1), seen(2, "b", 2)])
    fresh = rebased(old, 9, len(recent), recent).cursor
    assert fresh.pending == new
    assert (fresh.uidvalidity, fresh.uid) == (9, len(recent))


@given(st.lists(st.integers(1, 10_000), max_size=30), st.integers(0, 10_000))
def test_a_cursor_never_moves_back(uids, uid):
    cursor = start(1, uid, [])
    for each in uids:
        moved = cursor.past(each, [seen(each, str(each))])
        assert moved.uid >= cursor.uid
        cursor = moved


def test_what_is_pending_stays_so_until_it_was_seen():
    cursor = start(1, 5, []).model_copy(update={"pending": (2, 3)})
    assert cursor.past(9, [seen(9, "x")]).pending == (2, 3)
    assert cursor.past(0, [seen(2, "y")]).pending == (3,)


def test_a_fingerprint_can_be_made_of_anything():
    assert fingerprint("\ud800", None, 0) != fingerprint("", datetime(2026, 1, 1, tzinfo=UTC), 0)
