"""Mappings that propose themselves."""

import pytest

from engine.editing.data import Data
from engine.editing.previews import Previews
from engine.editing.proposals import Proposals, Why
from engine.editing.synonyms import meaning_of
from engine.zaps.model import ActionStep
from tests.engine.editing.office import FORM, MAIL, OFFICE, office, sample

PROPOSALS = Proposals(lambda: OFFICE, Data(lambda: OFFICE), Previews(lambda: OFFICE))


def proposed(draft, step="client", language="de"):
    return {one.field: one.template for one in PROPOSALS.of(draft, step, language)}


def test_a_contact_form_fills_in_a_client():
    assert proposed(office()) == {
        "name": "{{ trigger.labelled.Name | default: trigger.sender.name }}",
        "email": "{{ trigger.labelled['E-Mail'] | default: trigger.sender.address }}",
        "phone": "{{ trigger.labelled.Telefon }}",
        "address": "{{ trigger.labelled['Straße'] }}",
        "postal_code": "{{ trigger.labelled.PLZ }}",
        "city": "{{ trigger.labelled.Ort }}",
        "country": "{{ trigger.labelled.Land }}",
        "notes": "{{ trigger.labelled.Nachricht }}",
    }


def test_an_english_form_does_as_well_whatever_the_persons_language():
    form = {"First name": "Ada", "Surname": "L", "Phone number:": "+493012345", "ZIP": "1", "Town *": "B"}
    for language in ("en", "de"):
        assert proposed(office(mail={**MAIL, "labelled": form}), language=language) == {
            "name": "{{ trigger.sender.name }}",
            "email": "{{ trigger.sender.address }}",
            "first_name": "{{ trigger.labelled['First name'] }}",
            "last_name": "{{ trigger.labelled.Surname }}",
            "phone": "{{ trigger.labelled['Phone number:'] }}",
            "postal_code": "{{ trigger.labelled.ZIP }}",
            "city": "{{ trigger.labelled['Town *'] }}",
        }


def test_without_a_form_the_sender_stands_in():
    found = {one.field: one for one in PROPOSALS.of(office(mail={**MAIL, "labelled": {}}), "client")}
    assert found["email"].template == "{{ trigger.sender.address }}"
    assert found["email"].source.sample == "ada@home.example"
    assert "phone" not in found


def test_between_two_that_are_equally_good_nothing_is_guessed():
    form = {"Telefon": "030 1", "Tel.": "030 2", "E-Mail": "a@b.example"}
    found = proposed(office(mail={**MAIL, "labelled": form}))
    assert "phone" not in found
    assert found["email"].startswith("{{ trigger.labelled['E-Mail']")


def test_what_could_not_be_read_is_not_proposed():
    assert "email" not in proposed(office(mail={**MAIL, "labelled": {**FORM, "E-Mail": "none of your business"}}))
    assert "country" not in proposed(office(mail={**MAIL, "labelled": {**FORM, "Land": "Atlantis"}}))


def test_what_is_filled_in_or_empty_in_the_sample_is_left_alone():
    step = ActionStep(key="client", use="invoice2go.create_client", with_={"name": "Fixed"})
    found = proposed(office(step, mail={**MAIL, "labelled": {**FORM, "Ort": " "}}))
    assert "name" not in found
    assert "city" not in found


def test_a_later_step_takes_what_an_earlier_one_made():
    steps = [ActionStep(key="found", use="billing.find_client"), ActionStep(key="item", use="invoice2go.create_item")]
    record = {"id": "7", "name": "A", "rate": "12.50", "item code": "X-1"}
    draft = office(
        *steps, mail={**MAIL, "labelled": {}}, samples={"found": sample("found", "billing.find_client", record)}
    )
    found = {one.field: (one.template, one.why) for one in PROPOSALS.of(draft, "item")}
    assert found["rate"] == ("{{ found.rate }}", Why.NAME)
    assert found["code"] == ("{{ found['item code'] }}", Why.NAME)


@pytest.mark.parametrize("step", ["trigger", "blank"])
def test_where_there_is_nothing_to_fill_in_nothing_is_proposed(step):
    assert PROPOSALS.of(office(ActionStep(key="blank", use="")), step) == ()


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("Telefon-Nr.:", "phone"),
        ("TEL.", "phone"),
        ("Ihr Name *", "name"),
        ("E-Mail (Pflichtfeld)", "email"),
        ("postal_code", "postal_code"),
        ("Straße und Hausnummer", "street"),
        ("Lieblingsfarbe", "lieblingsfarbe"),
    ],
)
def test_names_mean_the_same_in_both_languages(name, meaning):
    assert meaning_of(name) == meaning
