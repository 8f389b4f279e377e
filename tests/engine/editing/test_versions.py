"""Published versions: who made them, what differs, and the way back."""

import pytest
from pydantic import BaseModel

from engine.editing.readable import BLOT
from engine.editing.versions import Changed, Difference
from engine.errors import NotFound, Refused
from engine.zaps.conditions import Group
from engine.zaps.model import ActionStep
from tests.engine.benches import do, in_a_loop
from tests.engine.editing.desk import ANN, BEN, Desk
from zapwerk import Connector, Context, Record, Secret

safe = Connector("safe", title="Safe")


class Locked(BaseModel):
    word: Secret


@safe.action()
async def lock(ctx: Context, given: Locked) -> Record:
    """Lock it."""
    return Record(id="1")


async def published(desk: Desk, *steps, by=ANN, **given):
    draft = await desk.drawn(*steps, **given)
    await desk.runtime.switching.on(draft.id, by=by)
    return desk.seen(draft)


@in_a_loop
async def test_the_list_says_who_published_what_and_how_much_changed(desk: Desk):
    draft = await published(desk)
    draft = desk.draw(desk.draw(draft, "put_value", "m", "name", "x"), "rename", "another")
    await desk.editing.publishing.publish(draft.id, by=BEN)
    lines = desk.editing.versions.list(draft.id)
    assert [(one.number, one.by, one.live, one.changes) for one in lines] == [(2, BEN, True, 2), (1, ANN, False, None)]
    assert lines[0].at > lines[1].at


@in_a_loop
async def test_everything_that_differs_is_told_by_step_and_field(desk: Desk):
    draft = await published(desk, do("a", "make"), do("b", "make", note="n"), do("c", "make"))
    draft = desk.draw(draft, "rename", "new name")
    draft = desk.draw(draft, "put_values", "b", {"name": "fixed", "note": None})
    draft = desk.draw(draft, "put_value", "trigger", "limit", 7)
    draft = desk.draw(draft, "remove_step", "c")
    draft = desk.draw(draft, "add_step", "b", "filter")
    draft = desk.draw(draft, "move_step", "a", 1)
    draft = desk.draw(draft, "retitle", "a", "First")
    assert desk.editing.versions.compare(draft.id, 1) == (
        Difference("", "name", Changed.CHANGED, "drawn 1", "new name"),
        Difference("trigger", "limit", Changed.ADDED, None, 7),
        Difference("c", "", Changed.REMOVED, "", None),
        Difference("b", "name", Changed.CHANGED, "{{ trigger.name }}", "fixed"),
        Difference("b", "note", Changed.REMOVED, "n", None),
        Difference("a", "title", Changed.ADDED, None, "First"),
        Difference("filter", "", Changed.ADDED, None, ""),
        Difference("b", "", Changed.MOVED, 1, 0),
    )
    assert desk.editing.versions.compare(draft.id, 1, 1) == ()


@in_a_loop
async def test_an_old_version_comes_back_into_the_draft_as_one_change(desk: Desk):
    draft = await published(desk)
    first = draft.zap
    draft = desk.draw(draft, "rename", "another")
    draft = desk.draw(desk.draw(draft, "add_step", "m"), "remove_step", "m")
    drawn = draft.zap
    draft = desk.editing.versions.restore(draft.id, 1, revision=draft.revision, by=BEN)
    assert (draft.zap.steps, draft.name, draft.changed_by) == (first.steps, "another", BEN)
    assert desk.draw(draft, "undo").zap == drawn


@in_a_loop
async def test_the_draft_goes_back_to_what_is_live(desk: Desk):
    draft = await published(desk)
    live = draft.zap
    draft = desk.draw(desk.draw(draft, "put_value", "m", "name", "x"), "rename", "another")
    draft = desk.editing.versions.discard(draft.id, revision=draft.revision, by=ANN)
    assert (draft.zap, draft.differs, draft.can_undo) == (live, False, True)


@in_a_loop
async def test_what_was_never_published_has_nothing_to_go_back_to(desk: Desk):
    draft = await desk.drawn()
    with pytest.raises(Refused, match="never published"):
        desk.editing.versions.discard(draft.id, revision=draft.revision, by=ANN)
    with pytest.raises(NotFound, match="no version 7"):
        desk.editing.versions.compare(draft.id, 7)
    assert desk.editing.versions.list(draft.id) == ()


@in_a_loop
async def test_a_changed_filter_is_one_difference(one_desk: Desk):
    draft = await published(one_desk)
    draft = one_desk.draw(draft, "add_step", "m", "filter")
    group = Group.model_validate({"all": [{"value": "{{ trigger.name }}", "is": "exists"}]})
    draft = one_desk.draw(draft, "set_filter", "filter", group)
    await one_desk.editing.publishing.publish(draft.id)
    draft = one_desk.draw(draft, "set_filter", "filter", Group(all=group.members * 2))
    [found] = one_desk.editing.versions.compare(draft.id, 2)
    assert (found.step, found.field, len(found.before["all"]), len(found.after["all"])) == ("filter", "filter", 1, 2)


@in_a_loop
async def test_secrets_that_were_typed_into_a_step_are_compared_and_not_shown(one_desk: Desk):
    one_desk.connectors.append(safe)
    await one_desk.crash()
    step = ActionStep(key="locked", use="safe.lock", with_={"word": "old-pa55word"})
    draft = one_desk.editing.drafts.create(template=(await one_desk.drawn(do("m", "make"))).zap)
    draft = one_desk.draw(draft, "replace", draft.zap.model_copy(update={"steps": (step,)}))
    await one_desk.editing.publishing.publish(draft.id)
    draft = one_desk.draw(draft, "put_value", "locked", "word", "new-pa55word")
    assert one_desk.editing.versions.compare(draft.id, 1) == (
        Difference("locked", "word", Changed.CHANGED, BLOT, BLOT),
    )
