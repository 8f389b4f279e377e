"""Changes of a zap as it is drawn."""

import pytest

from engine.errors import NotFound, Refused
from engine.zaps import drawing, keys, paths
from engine.zaps.conditions import Group
from engine.zaps.drawing import Use
from engine.zaps.model import TRIGGER, ActionStep, FilterStep, TriggerUse, Zap


def step(key, use="billing.create_client", **given):
    return ActionStep(key=key, use=use, connection="accounts", with_=given)


def zap(*steps):
    start = TriggerUse(use="post.new_mail", connection="mailbox", with_={"folder": "INBOX"})
    return Zap(name="A", trigger=start, steps=steps or (step("a"), step("b"), step("c")))


def order(drawn):
    return [one.key for one in drawn.steps]


def test_a_blank_zap_has_a_trigger_and_a_step_to_be_chosen():
    blank = drawing.blank("New", language="de", timezone="Europe/Berlin")
    assert (blank.trigger.use, order(blank), blank.uses()) == ("", ["step1"], ())


def test_another_app_takes_away_what_was_filled_in_for_the_last_one():
    drawn = drawing.with_app(zap(step("a", name="x")), "a", "plain")
    assert drawn.steps[0] == ActionStep(key="a", use="plain")
    assert drawing.with_app(drawn, "a", "plain") == drawn
    assert drawing.with_app(zap(), TRIGGER, "").trigger == TriggerUse(use="")


def test_another_event_of_the_same_app_keeps_the_account_and_the_fields_that_it_has_too():
    drawn, key = drawing.with_event(zap(step("step1", name="x", email="y")), "step1", "billing.find_client", {"email"})
    assert (key, drawn.steps[0]) == ("client", step("client", "billing.find_client", email="y"))


def test_an_event_of_another_app_begins_anew():
    drawn, _ = drawing.with_event(zap(step("a", text="x")), "a", "plain.write", {"text"})
    assert drawn.steps[0] == ActionStep(key="write", use="plain.write")


def test_a_step_that_is_referred_to_keeps_its_key():
    later = step("b", name="{{ a.id }}")
    drawn, key = drawing.with_event(zap(step("a"), later), "a", "billing.find_client", ())
    assert (key, order(drawn)) == ("a", ["a", "b"])


def test_choosing_an_event_for_the_trigger_changes_no_key():
    drawn, key = drawing.with_event(zap(), TRIGGER, "post.new_mail", {"folder"})
    assert (key, drawn) == (TRIGGER, zap())


@pytest.mark.parametrize(
    ("use", "taken", "key"),
    [
        ("invoice2go.create_client", (), "client"),
        ("invoice2go.create_client", ("client",), "client2"),
        ("x.create_client", ("client", "client2"), "client3"),
        ("x.find_or_create_contact", (), "contact"),
        ("x.make", (), "make"),
        ("x.sendMail", (), "sendmail"),
        ("x.new_trigger", (), "trigger2"),
        ("x.is_empty", (), "is_empty"),
        ("x.set_empty", (), "empty2"),
        ("x.add_2fa", (), "step"),
        ("x.create_" + "a" * 90, (), "a" * 56),
    ],
)
def test_steps_are_called_after_what_they_do(use, taken, key):
    assert keys.named_after(use, taken) == key


def test_a_new_step_stands_behind_the_one_it_was_added_to():
    drawn, key = drawing.with_step_added(zap(), "a", "action")
    assert (key, order(drawn)) == ("step1", ["a", "step1", "b", "c"])
    drawn, key = drawing.with_step_added(drawn, TRIGGER, "filter")
    assert (key, order(drawn)[0]) == ("filter", "filter")
    assert drawn.steps[0] == FilterStep(key="filter", filter=Group(all=()))


def test_a_zap_takes_no_more_than_a_hundred_steps():
    full = zap(*(step(f"s{number}") for number in range(100)))
    with pytest.raises(Refused, match="at most 100 steps") as refused:
        drawing.with_step_added(full, TRIGGER, "action")
    assert refused.value.within("de") == "Ein Zap hat höchstens 100 Schritte."


def test_a_copy_of_a_step_has_a_key_of_its_own():
    drawn, key = drawing.with_step_duplicated(zap(step("client", name="x"), step("b")), "client")
    assert (key, order(drawn)) == ("client2", ["client", "client2", "b"])
    assert drawn.steps[1] == step("client2", name="x")


@pytest.mark.parametrize(("index", "keys_"), [(0, "cab"), (1, "acb"), (2, "abc"), (99, "abc"), (-5, "cab")])
def test_a_step_is_moved_to_where_it_stands_afterwards(index, keys_):
    assert order(drawing.with_step_moved(zap(), "c", index)) == list(keys_)


def test_what_a_deletion_breaks_is_told_with_step_and_field():
    check = FilterStep(key="f", filter=Group.model_validate({"all": [{"value": "{{ a.url }}", "is": "exists"}]}))
    drawn = zap(step("a"), step("b", name="{{ trigger.x }} {{ a.id }}", lines=[{"t": "{{ a.name }}"}]), check)
    assert drawing.used_later(drawn, "a") == [
        Use("b", "name", "a"),
        Use("b", "lines.0.t", "a"),
        Use("f", "filter.all.0.value", "a"),
    ]
    assert drawing.used_later(drawn, TRIGGER) == [Use("b", "name", TRIGGER)]
    assert drawing.used_later(drawn, "b") == []


def test_what_moving_breaks_is_told_whichever_of_both_moves():
    drawn = zap(step("a"), step("b", name="{{ a.id }}"), step("c", name="{{ gone.id }}"))
    broken = [Use("b", "name", "a")]
    assert drawing.broken_by_moving(drawn, "a", 2) == broken
    assert drawing.broken_by_moving(drawn, "b", 0) == broken
    assert drawing.broken_by_moving(drawn, "c", 0) == []


def test_the_trigger_cannot_be_taken_away_and_what_is_gone_is_told():
    with pytest.raises(Refused):
        drawing.without_step(zap(), TRIGGER)
    with pytest.raises(NotFound, match="no step “x” any more"):
        drawing.without_step(zap(), "x")
    assert order(drawing.without_step(zap(), "b")) == ["a", "c"]


def test_a_filter_uses_no_app_and_an_action_is_no_filter():
    drawn, key = drawing.with_step_added(zap(), "c", "filter")
    with pytest.raises(Refused):
        drawing.with_value(drawn, key, "name", "x")
    with pytest.raises(Refused):
        drawing.with_filter(drawn, "a", Group(all=()))


def test_words_are_tidied():
    drawn = drawing.with_words(zap(), TRIGGER, title="  Every\n mail ", note=" one\ntwo ")
    assert (drawn.trigger.title, drawn.trigger.note) == ("Every mail", "one\ntwo")


@pytest.mark.parametrize(
    ("place", "value", "after"),
    [
        ("name", "x", {"name": "x", "lines": [{"t": "a"}, {"t": "b"}]}),
        ("lines.1.t", "c", {"lines": [{"t": "a"}, {"t": "c"}]}),
        ("lines.2.t", "c", {"lines": [{"t": "a"}, {"t": "b"}, {"t": "c"}]}),
        ("lines.0", None, {"lines": [{"t": "b"}]}),
        ("lines.0.t", None, {"lines": [{}, {"t": "b"}]}),
        ("lines.2", None, {"lines": [{"t": "a"}, {"t": "b"}]}),
        ("lines", None, {}),
        ("lines", "{{ trigger.lines }}", {"lines": "{{ trigger.lines }}"}),
        (("headers", "X-a.b"), "1", {"lines": [{"t": "a"}, {"t": "b"}], "headers": {"X-a.b": "1"}}),
        ("deep.0.0.x", 1, {"lines": [{"t": "a"}, {"t": "b"}], "deep": [[{"x": 1}]]}),
        ("nothing.there", None, {"lines": [{"t": "a"}, {"t": "b"}]}),
    ],
)
def test_a_value_is_put_at_its_place_and_none_takes_it_away(place, value, after):
    before = {"lines": [{"t": "a"}, {"t": "b"}]}
    assert paths.with_value(before, place, value) == after
    assert before == {"lines": [{"t": "a"}, {"t": "b"}]}


def test_a_text_on_the_way_is_replaced():
    assert paths.with_value({"lines": "{{ trigger.lines }}"}, "lines.0.t", "a") == {"lines": [{"t": "a"}]}


@pytest.mark.parametrize("place", ["", ".", "0", "a..b", "lines.7.t", "lines.4000", ".".join("abcdefghijklmn")])
def test_a_place_that_cannot_be_is_refused(place):
    with pytest.raises(Refused):
        paths.with_value({"lines": [1]}, place, "x")


def test_values_are_found_at_their_places():
    values = {"lines": [{"t": "a"}], "text": "x"}
    found = [paths.value_at(values, place) for place in ("lines.0.t", "lines.3.t", "text.t", "gone", "lines")]
    assert found == ["a", None, None, None, [{"t": "a"}]]
