"""Drafts: made, changed, refused, taken back."""

from datetime import timedelta

import pytest

from engine.editing.samples import StepState
from engine.errors import Conflict, NotFound, Problems, Refused
from engine.store import connections
from engine.store.changes import JOINS_WITHIN, MOST
from engine.store.connections import NewConnection
from engine.zaps.conditions import Group
from engine.zaps.model import TRIGGER, FilterStep, Zap
from tests.engine.benches import do, in_a_loop
from tests.engine.editing.desk import ANN, BEN, Desk

LATER = JOINS_WITHIN + timedelta(seconds=1)


def blank(desk: Desk):
    return desk.editing.drafts.create(by=ANN)


def values(draft, step="m"):
    return draft.step(step).with_


@in_a_loop
async def test_new_zaps_have_no_name_yet_but_a_number(desk: Desk):
    names = [blank(desk).name for _ in range(3)]
    german = desk.editing.drafts.create(language="de", timezone="Europe/Berlin")
    assert names == ["Untitled zap", "Untitled zap 2", "Untitled zap 3"]
    assert (german.name, german.zap.locale.region) == ("Unbenannter Zap", "DE")


HIDING = ["Orders\u200b", "\u202eOrders", "Orders\x07", "Or\u2060ders", "Or\u200dders"]


@pytest.mark.parametrize("name", HIDING, ids=ascii)
@in_a_loop
async def test_no_zap_gets_a_name_that_looks_like_another(desk: Desk, name: str):
    draft = await desk.drawn()
    another = draft.zap.model_copy(update={"name": name})
    for attempt in (
        lambda: desk.editing.drafts.create(name=name),
        lambda: desk.editing.drafts.create(template=another),
        lambda: desk.draw(draft, "rename", name),
        lambda: desk.draw(draft, "change", lambda _: another),
        lambda: desk.editing.listing.duplicate(desk.call(blank(desk), name).id),
    ):
        with pytest.raises(Problems, match="invisible signs") as refused:
            attempt()
        assert [one.field for one in refused.value.problems] == ["name"]
        assert refused.value.within("de").startswith("Darin sind unsichtbare Zeichen.")
    assert desk.seen(draft).name == "drawn 1"


@in_a_loop
async def test_names_with_emoji_and_of_all_scripts_are_taken(desk: Desk):
    for name in ("👩\u200d🔧 Orders", "🏳\ufe0f\u200d🌈", "نور\u200cان", "Bestellungen (ä) <b>"):
        assert desk.draw(blank(desk), "rename", name).name == name


@in_a_loop
async def test_a_zap_that_was_stored_under_such_a_name_keeps_it_until_it_gets_another(desk: Desk):
    draft = desk.call(await desk.drawn(), "Orders\u200b")
    draft = desk.draw(draft, "put_value", "m", "name", "Ada")
    await desk.runtime.switching.on(draft.id)
    assert desk.seen(draft).name == "Orders\u200b"
    assert desk.draw(draft, "rename", "Orders").name == "Orders"


@in_a_loop
async def test_a_blank_draft_says_what_is_missing_and_what_is_known_of_it(desk: Desk):
    draft = blank(desk)
    assert [(one.step, one.field) for one in draft.problems] == [(TRIGGER, "use"), ("step1", "use")]
    assert draft.state_of("step1") is StepState.NEEDS_ATTENTION
    assert (draft.can_undo, draft.can_redo, draft.differs, draft.published) == (False, False, True, None)
    assert (draft.changed_by, draft.revision) == (ANN, 1)


@in_a_loop
async def test_a_zap_is_drawn_from_nothing_to_one_that_can_be_switched_on(desk: Desk):
    connection = (await desk.connect()).id
    draft = desk.draw(blank(desk), "choose_app", TRIGGER, "toy")
    draft = desk.draw(draft, "choose_event", TRIGGER, "toy.new_thing")
    draft = desk.draw(draft, "choose_connection", TRIGGER, connection)
    draft = desk.draw(draft, "choose_event", "step1", "toy.make_found")
    assert draft.focus == "found"
    draft = desk.draw(draft, "choose_connection", "found", connection)
    assert [(one.step, one.field, one.message) for one in draft.problems] == [("found", "name", "Name is required.")]
    draft = desk.draw(draft, "put_value", "found", "name", "{{ trigger.name }}")
    assert draft.problems == ()
    switched = await desk.runtime.switching.on(draft.id, by=BEN)
    assert (switched.version, desk.seen(draft).differs) == (1, False)


@in_a_loop
async def test_a_step_takes_no_account_of_another_app(desk: Desk):
    draft = await desk.drawn()
    with desk.runtime.database.write() as session:
        new = NewConnection("Foreign", "another", "", "", "", "", b"", frozenset())
        foreign = connections.add(session, new, now=desk.now())
    for step in (TRIGGER, "m"):
        with pytest.raises(Refused, match="“Foreign” is a connection to another app"):
            desk.draw(draft, "choose_connection", step, foreign.id)
    with pytest.raises(NotFound):
        desk.draw(draft, "choose_connection", "m", "nothing")
    assert desk.seen(draft).revision == draft.revision


@in_a_loop
async def test_what_is_not_drawn_to_its_end_cannot_be_switched_on_rehearsed_or_published(desk: Desk):
    draft = blank(desk)
    for attempt in (desk.runtime.switching.on, desk.runtime.switching.publish, desk.runtime.rehearsing.begin):
        with pytest.raises(Problems, match="Choose an app"):
            await attempt(draft.id)


@in_a_loop
async def test_who_saved_meanwhile_is_told_and_nothing_is_lost(desk: Desk):
    draft = await desk.drawn()
    desk.draw(draft, "put_value", "m", "name", "Ben's", by=BEN)
    with pytest.raises(Conflict) as refused:
        desk.draw(draft, "put_value", "m", "name", "Ann's")
    assert refused.value.by == BEN
    assert refused.value.at == desk.seen(draft).changed_at
    assert refused.value.within("de").startswith("„drawn 1“ wurde inzwischen geändert.")
    with pytest.raises(Conflict):
        desk.draw(draft, "undo")
    assert values(desk.seen(draft))["name"] == "Ben's"


@in_a_loop
async def test_switching_is_no_change_of_the_draft(desk: Desk):
    draft = await desk.drawn()
    await desk.runtime.switching.on(draft.id, by=BEN)
    desk.runtime.switching.off(draft.id)
    after = desk.draw(draft, "put_value", "m", "name", "x")
    assert (after.changed_by, after.differs) == (ANN, True)


@in_a_loop
async def test_every_change_can_be_taken_back_and_done_again(desk: Desk):
    draft = await desk.drawn()
    first = draft.zap
    draft = desk.draw(draft, "add_step", "m", "filter")
    draft = desk.draw(draft, "remove_step", "m")
    last = draft.zap
    draft = desk.draw(desk.draw(draft, "undo"), "undo")
    assert (draft.zap, draft.can_undo, draft.can_redo) == (first, False, True)
    with pytest.raises(Refused, match="nothing to undo"):
        desk.draw(draft, "undo")
    draft = desk.draw(desk.draw(draft, "redo"), "redo")
    assert (draft.zap, draft.can_undo, draft.can_redo) == (last, True, False)
    with pytest.raises(Refused):
        desk.draw(draft, "redo")


@in_a_loop
async def test_a_new_change_ends_what_could_be_done_again(desk: Desk):
    draft = desk.draw(await desk.drawn(), "put_value", "m", "name", "a")
    draft = desk.draw(desk.draw(draft, "undo"), "put_value", "m", "note", "b")
    assert not draft.can_redo
    assert values(desk.draw(draft, "undo")) == {"name": "{{ trigger.name }}"}


@in_a_loop
async def test_typing_on_in_a_field_is_one_change_until_a_person_rests_or_goes_elsewhere(desk: Desk):
    draft = await desk.drawn()
    for text in ("A", "Ad", "Ada"):
        draft = desk.draw(draft, "put_value", "m", "name", text)
    desk.later(LATER)
    draft = desk.draw(draft, "put_value", "m", "name", "Ada L")
    draft = desk.draw(draft, "put_value", "m", "note", "n")
    draft = desk.draw(draft, "put_value", "m", "note", "no", by=BEN)
    told = []
    while draft.can_undo:
        told.append(values(draft))
        draft = desk.draw(draft, "undo")
    assert told == [
        {"name": "Ada L", "note": "no"},
        {"name": "Ada L", "note": "n"},
        {"name": "Ada L"},
        {"name": "Ada"},
    ]


@in_a_loop
async def test_adding_two_steps_at_once_is_two_changes(one_desk: Desk):
    draft = one_desk.draw(await one_desk.drawn(), "add_step", "m")
    draft = one_desk.draw(one_desk.draw(draft, "add_step", "m"), "undo")
    assert [step.key for step in draft.zap.steps] == ["m", "step1"]


@in_a_loop
async def test_only_the_last_changes_are_kept(one_desk: Desk):
    draft = await one_desk.drawn()
    for number in range(MOST + 3):
        draft = one_desk.draw(draft, "put_value", "m", "name", str(number), by=str(number))
    with one_desk.runtime.database.engine.connect() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM change").scalar_one()
    assert count == MOST


@in_a_loop
async def test_what_changes_nothing_is_no_change(desk: Desk):
    draft = await desk.drawn()
    after = desk.draw(draft, "put_value", "m", "name", "{{ trigger.name }}", by=BEN)
    assert (after.revision, after.can_undo, after.changed_by) == (draft.revision, False, ANN)


@in_a_loop
async def test_two_zaps_cannot_have_one_name_whatever_its_case(desk: Desk):
    one, other = await desk.drawn(), await desk.drawn()
    with pytest.raises(Refused, match="There is a zap “DRAWN 1” already") as refused:
        desk.draw(other, "rename", "DRAWN 1")
    assert refused.value.within("de").startswith("Einen Zap „DRAWN 1“ gibt es schon.")
    assert desk.draw(one, "rename", " Drawn   1 ").name == "Drawn 1"


@in_a_loop
async def test_a_name_that_somebody_took_meanwhile_is_not_taken_back(desk: Desk):
    draft = desk.draw(await desk.drawn(), "rename", "another")
    desk.editing.drafts.create(name="drawn 1")
    with pytest.raises(Refused, match="already"):
        desk.draw(draft, "undo")
    assert desk.seen(draft).can_undo


@pytest.mark.parametrize(
    ("setting", "value", "english", "german"),
    [
        ("name", " ", "A zap needs a name.", "Ein Zap braucht einen Namen."),
        ("name", "x" * 201, "This is too long; at most 200 characters are allowed.", "Das ist zu lang"),
        ("timezone", "Berlin", "There is no time zone “Berlin”", "Die Zeitzone „Berlin“ gibt es nicht"),
        ("country", "Germany", "Write the country with two letters", "Schreiben Sie das Land"),
        ("concurrency", 0, "This must be at least 1.", "Das muss mindestens 1 sein."),
        ("concurrency", 5000, "This can be at most 1,000.", "Das darf höchstens 1.000 sein."),
        ("flood_limit", "many", "“many” cannot stand here.", "„many“ ist hier nicht möglich."),
        ("language", "fr", "“fr” cannot stand here.", "„fr“"),
        ("state", "on", "There is no setting “state”.", "Die Einstellung „state“ gibt es nicht."),
    ],
)
@in_a_loop
async def test_settings_that_cannot_be_are_refused_at_the_field(one_desk: Desk, setting, value, english, german):
    draft = await one_desk.drawn()
    with pytest.raises(Problems) as refused:
        one_desk.draw(draft, "settings", {setting: value})
    [problem] = refused.value.problems
    assert (problem.step, problem.field) == ("", setting)
    assert problem.message.startswith(english)
    assert problem.within("de").startswith(german)
    assert one_desk.seen(draft).zap == draft.zap


@in_a_loop
async def test_settings_are_changed_together(desk: Desk):
    draft = desk.draw(await desk.drawn(), "settings", {"language": "de", "country": "", "flood_limit": None})
    assert (draft.zap.language, draft.zap.country, draft.zap.flood_limit) == ("de", None, None)


@in_a_loop
async def test_a_title_that_is_too_long_is_refused_at_the_step(desk: Desk):
    draft = desk.draw(await desk.drawn(), "retitle", "m", "Make it")
    assert draft.step("m").title == "Make it"
    with pytest.raises(Problems) as refused:
        desk.draw(draft, "retitle", "m", "x" * 101)
    [problem] = refused.value.problems
    assert (problem.step, problem.field) == ("m", "title")


@in_a_loop
async def test_a_draft_keeps_any_text_that_is_typed_or_pasted(desk: Desk):
    draft = desk.draw(await desk.drawn(), "put_value", "m", "name", "a\x00b\ud800c ☃")
    assert values(desk.seen(draft))["name"] == "a\ufffdb\ufffdc ☃"


@in_a_loop
async def test_a_zap_that_holds_too_much_is_refused(one_desk: Desk):
    draft = await one_desk.drawn()
    with pytest.raises(Problems, match="holds too much"):
        one_desk.draw(draft, "put_value", "m", "note", "x" * 1_000_001)


@in_a_loop
async def test_several_values_are_one_change_and_a_filter_and_if_empty_are_set(desk: Desk):
    draft = await desk.drawn(do("m", "make"), do("f", "find_thing"))
    draft = desk.draw(draft, "put_values", "m", {"name": "x", "note": "y"})
    draft = desk.draw(desk.draw(draft, "undo"), "set_if_empty", "f", "go_on")
    draft = desk.draw(draft, "add_step", "m", "filter")
    group = Group.model_validate({"any": [{"value": "{{ trigger.name }}", "is": "exists"}]})
    draft = desk.draw(draft, "set_filter", draft.focus, group)
    assert values(draft) == {"name": "{{ trigger.name }}"}
    assert draft.zap.steps[1:] == (
        FilterStep(key="filter", filter=group),
        draft.step("f").model_copy(update={"if_empty": "go_on"}),
    )
    assert draft.problems == ()


@in_a_loop
async def test_what_is_gone_is_told(desk: Desk):
    draft = await desk.drawn()
    with pytest.raises(NotFound):
        desk.draw(draft, "put_value", "gone", "name", "x")
    with pytest.raises(NotFound):
        desk.editing.drafts.get("gone")


@in_a_loop
async def test_a_template_is_drawn_under_a_name_of_its_own(desk: Desk):
    template = Zap.model_validate({"name": "Mail to client", "trigger": {"use": ""}, "steps": []})
    made = [desk.editing.drafts.create(template=template, folder="Office") for _ in range(2)]
    assert [(one.name, one.stored.folder) for one in made] == [
        ("Mail to client", "Office"),
        ("Mail to client 2", "Office"),
    ]
    assert made[0].zap.steps == ()
