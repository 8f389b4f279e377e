"""What a step may use, as a tree."""

from typing import Any

import pytest

from engine.editing import made_up
from engine.editing.data import MAX_ENTRIES, MAX_FIELDS, Data, below
from engine.store.encoding import encode
from engine.store.excerpts import MAX_SAMPLE, cut_to_size
from engine.zaps import check, mapping
from engine.zaps.conditions import Group
from engine.zaps.model import TRIGGER, ActionStep, FilterStep
from engine.zaps.plain import text_of
from tests.engine.editing.office import MAIL, OFFICE, office, sample

DATA = Data(lambda: OFFICE)
CLIENT = ActionStep(key="client", use="invoice2go.create_client")
NOTE = ActionStep(key="note", use="plain.write", title="Write it down")


def fields(draft, step="client", language="en"):
    """All fields of the first group, by path."""
    return {one.path: one for one in DATA.of(draft, step, language)[0].all()}


def test_the_record_is_a_tree_with_titles_kinds_and_sample_values():
    found = fields(office())
    assert (found["trigger.subject"].title, found["trigger.subject"].sample) == ("Subject", "Anfrage")
    assert found["trigger.sender.address"].sample == "ada@home.example"
    assert found["trigger.from.address"].sample == "web@site.example"
    assert found["trigger.labelled.Name"].sample == "Ada Lovelace"
    assert found["trigger.labelled['E-Mail']"].template == "{{ trigger.labelled['E-Mail'] }}"
    assert found["trigger.to[0].name"].sample == "Office"
    assert found["trigger.date"].kind == "datetime"


def test_titles_are_told_in_german_also_those_that_no_file_has():
    found = fields(office(), language="de")
    assert found["trigger.subject"].title == "Betreff"
    assert found["trigger.sender.address"].title == "E-Mail-Adresse"


def test_a_field_that_only_the_sample_has_can_be_used():
    draft = office()
    assert fields(draft)["trigger.mood"].sample == "calm"
    step = ActionStep(key="a", use="plain.write", with_={"text": "{{ trigger.mood }}"})
    drawn = draft.zap.model_copy(update={"steps": (step,)})
    found = [one.field for one in check.problems(drawn, OFFICE, {}, {TRIGGER: MAIL}) if one.step == "a"]
    assert found == []


def test_every_path_that_is_offered_leads_to_the_value_that_is_shown():
    for field in fields(office()).values():
        if not field.children:
            value = mapping.render(field.template, {TRIGGER: MAIL})
            assert text_of(value) == (field.sample or "")


def test_without_a_sample_only_what_is_declared_is_there_and_has_no_value():
    [group] = DATA.of(office(mail=None), "client")
    found = {one.path: one.sample for one in group.all()}
    assert not group.has_sample
    assert found["trigger.sender.address"] is None
    assert found["trigger.to[0].address"] is None
    assert "trigger.mood" not in found


def test_steps_give_data_to_later_ones_but_filters_and_the_step_itself_do_not():
    only = FilterStep(key="only", filter=Group(all=()))
    nothing = ActionStep(key="nothing", use="")
    draft = office(
        only, nothing, CLIENT, NOTE, samples={"client": sample("client", CLIENT.use, {"id": "7", "name": "A"})}
    )
    assert [group.step for group in DATA.of(draft, "client")] == [TRIGGER]
    _, client = DATA.of(draft, "note", "de")
    assert (client.title, client.app, client.real) == ("Kunden anlegen", "invoice2go", True)
    assert {one.path: one.sample for one in client.all()}["client.id"] == "7"
    assert [group.title for group in DATA.of(draft, "")][-1] == "Write it down"
    assert DATA.of(draft, TRIGGER) == ()


def test_the_sample_of_what_a_step_did_before_is_not_shown():
    other = sample("client", "plain.write", {"id": "7"})
    client = DATA.of(office(CLIENT, NOTE, samples={"client": other}), "note")[1]
    assert not client.has_sample


def test_a_huge_record_is_cut_and_says_so():
    wide = {f"field {number}": {"a": number} for number in range(1000)}
    [group] = DATA.of(office(mail={**MAIL, "raw": wide, **{f"x{n}": n for n in range(900)}}), "client")
    found = list(group.all())
    assert group.cut
    assert len(found) <= MAX_FIELDS
    assert sum(one.path.startswith("trigger.raw['field") for one in found) <= 2 * MAX_ENTRIES


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("name", "a.name"),
        ("E-Mail", "a['E-Mail']"),
        ("it's", 'a["it\'s"]'),
        ("Größe", "a['Größe']"),
        ("", None),
        ("both ' and \"", None),
        ("}} end", None),
        ("line\nbreak", None),
        ("back\\slash", None),
    ],
)
def test_keys_become_expressions_where_they_can_be_said(key, path):
    assert below("a", key) == path
    if path:
        assert mapping.render(f"{{{{ {path} }}}}", {"a": {key: "x"}}) == "x"


@pytest.mark.parametrize(
    "use", ["imap.new_email", "invoice2go.create_client", "invoice2go.create_item", "post.new_mail"]
)
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_made_up_record_fits_what_the_app_says_that_it_gives(use, language):
    model: Any = OFFICE.operation(use).returns
    assert model.model_validate(made_up.record_of(model, language)).id == "example-1"


def test_samples_are_kept_small():
    large = cut_to_size({"id": "1", "text": "x" * 10**6, "rows": [{"a": "y" * 5000}] * 500, "n": 1})
    assert len(encode(large)) <= MAX_SAMPLE
    assert (large["id"], large["n"]) == ("1", 1)
    assert cut_to_size(MAIL) is MAIL
