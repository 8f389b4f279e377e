"""What the list of zaps changes: folders, copies, bringing back."""

from datetime import timedelta

import pytest

from engine.errors import NotFound, Problems
from engine.store.states import ZapState
from engine.zaps.model import TRIGGER
from tests.engine.benches import in_a_loop
from tests.engine.editing.desk import ANN, BEN, Desk


@in_a_loop
async def test_a_copy_has_the_drawing_the_connections_and_the_samples_and_is_off(desk: Desk):
    draft = await desk.drawn()
    desk.editing.samples.choose(draft.id, {"id": "1", "name": "Ada"})
    desk.editing.listing.set_folder(draft.id, "Office")
    await desk.runtime.switching.on(draft.id)
    copy = desk.editing.listing.duplicate(draft.id, by=BEN)
    assert (copy.name, copy.changed_by, copy.stored.folder) == ("drawn 1 (2)", BEN, "Office")
    assert copy.stored.state is ZapState.DRAFT
    assert (copy.zap.trigger, copy.zap.steps) == (draft.zap.trigger, draft.zap.steps)
    assert desk.record(copy, TRIGGER) == {"id": "1", "name": "Ada"}


@in_a_loop
async def test_no_folder_is_called_like_another_to_the_eye(desk: Desk):
    draft = await desk.drawn()
    with pytest.raises(Problems, match="invisible signs"):
        desk.editing.listing.set_folder(draft.id, "Off\u200bice")
    assert desk.seen(draft).stored.folder == ""


@in_a_loop
async def test_a_deleted_zap_comes_back_switched_off_within_thirty_days(desk: Desk):
    draft = await desk.drawn()
    await desk.runtime.switching.on(draft.id)
    desk.runtime.switching.delete(draft.id)
    assert [one.name for one in desk.editing.listing.deleted()] == ["drawn 1"]
    with pytest.raises(NotFound):
        desk.seen(draft)
    back = desk.editing.listing.undelete(draft.id, by=ANN)
    assert (back.stored.state, back.published, back.zap) == (ZapState.OFF, 1, draft.zap)
    assert desk.editing.listing.deleted() == []
    switched = await desk.runtime.switching.on(draft.id)
    assert (switched.version, switched.published) == (1, False)


@in_a_loop
async def test_a_name_that_was_taken_meanwhile_gets_a_number(desk: Desk):
    draft = await desk.drawn()
    desk.runtime.switching.delete(draft.id)
    desk.editing.drafts.create(name="Drawn 1")
    back = desk.editing.listing.undelete(draft.id)
    assert (back.name, back.zap.name, back.stored.state) == ("drawn 1 (2)", "drawn 1 (2)", ZapState.DRAFT)


@in_a_loop
async def test_after_thirty_days_and_without_having_been_deleted_nothing_comes_back(desk: Desk):
    gone, here = await desk.drawn(), await desk.drawn()
    desk.runtime.switching.delete(gone.id)
    desk.later(timedelta(days=31))
    for zap_id in (gone.id, here.id, "nowhere"):
        with pytest.raises(NotFound, match="no deleted zap"):
            desk.editing.listing.undelete(zap_id)
    assert desk.editing.listing.deleted() == []


@in_a_loop
async def test_folders_are_those_that_hold_something(desk: Desk):
    one, other = await desk.drawn(), await desk.drawn()
    desk.editing.listing.set_folder(one.id, " office  work ")
    desk.editing.listing.set_folder(other.id, "Apps")
    assert desk.editing.listing.folders() == ["Apps", "office work"]
    assert desk.editing.listing.set_folder(one.id, "").folder == ""
    assert desk.editing.listing.folders() == ["Apps"]
    with pytest.raises(Problems):
        desk.editing.listing.set_folder(one.id, "x" * 61)
