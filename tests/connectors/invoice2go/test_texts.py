"""The German words stand beside the code, complete, and are those of the product itself."""

import pytest

from connectors.invoice2go import invoice2go
from connectors.invoice2go.clients import NAMELESS
from connectors.invoice2go.profile import SANDBOX
from engine import texts
from engine.phrases import Phrases
from engine.zaps.retold import retold

GERMAN = texts.Texts.load(invoice2go, "de")


def test_no_german_text_is_missing():
    assert texts.missing(invoice2go, "de") == []


def test_the_words_are_those_of_the_product():
    words = {
        "create_client": {
            "name": "Kundenname",
            "contact_name": "Kontaktname",
            "email": "E-Mail",
            "phone": "Telefon",
            "mobile": "Handy",
            "tax_number": "Steuernr.",
            "address": "Rechnungsadresse",
            "payment_terms_days": "Zahlungskonditionen",
            "notes": "Notizen",
        },
        "create_item": {
            "name": "Positionsname",
            "code": "Positionscode",
            "description": "Beschreibung",
            "rate": "Preis",
            "cost": "Kosten",
            "kind": "Material oder Arbeit",
            "unit": "Einheit",
            "apply_taxes": "Steuern anwenden",
        },
    }
    for action, fields in words.items():
        for field, title in fields.items():
            assert GERMAN.of(f"actions.{action}.fields.{field}.title", "") == title


def test_errors_are_translated_by_their_sentence():
    assert GERMAN.error(NAMELESS).startswith("Der Kunde hat keinen Namen")
    assert "Sandbox" in GERMAN.error(SANDBOX.problem() or "")


@pytest.mark.parametrize(
    ("said", "german"),
    [
        (f"Client name: {NAMELESS}", "Kundenname: Der Kunde hat keinen Namen"),
        ("Item name is empty.", "Positionsname ist leer."),
        (f"Client name: {NAMELESS}; Email is empty.", "Kundenname: Der Kunde hat keinen Namen"),
        ("Somebody’s words: left as they are.", "Somebody’s words: left as they are."),
    ],
)
def test_what_is_wrong_with_a_field_is_told_whole(said: str, german: str):
    titles = Phrases(texts.titles(invoice2go, "de"))
    assert retold(said, "de", GERMAN, names=[titles]).startswith(german)
