"""Sentences that are kept in English are told in German: with places, one in another, and several in one."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import phrases
from engine.errors import NotFound, Problem, Problems, Refused, Sentence
from engine.phrases import Phrases
from engine.texts import Texts
from engine.zaps import files
from engine.zaps.retold import retold

SHOP = Texts(
    {
        "errors": {
            "The shop is closed.": "Der Laden ist zu.",
            "Order {number} is {state}.": "Bestellung {number} ist {state}.",
            "sold out": "ausverkauft",
            "“{name}” is {state}.": "„{name}“ ist {state}.",
        }
    }
)


FROM_1000 = "There are 1,000 records or more. Please choose a smaller place to watch."
AB_1000 = "Es gibt 1.000 Datensätze oder mehr. Bitte lassen Sie eine kleinere Stelle beobachten."
NO_APP = "There is no app “imp”. Did you mean “imap”?"
KEINE_APP = "Die App „imp“ gibt es hier nicht. Meinten Sie „imap“?"
NOT_ON = "It was not switched on, because the trigger could not be checked: The shop is closed."
NICHT_EIN = "Er wurde nicht eingeschaltet, weil sich der Auslöser nicht prüfen ließ: Der Laden ist zu."
THREE = "Name is empty.\nThe shop is closed.\nWell."
DREI = "Name ist leer.\nDer Laden ist zu.\nWell."
TWO = "Who exists; Sum is not greater than “5”"
ZWEI = "Who hat einen Wert; Sum ist nicht mehr als „5“"
NO_REASON = "The shop exists only on Sundays."


@pytest.mark.parametrize(
    ("english", "german"),
    [
        pytest.param("The file is empty.", "Die Datei ist leer.", id="whole"),
        pytest.param("There is no run 5.", "Die Ausführung 5 gibt es nicht.", id="with a place"),
        pytest.param("Nobody ever says this.", "Nobody ever says this.", id="nobody's"),
        pytest.param("", "", id="nothing"),
        pytest.param("The shop is closed.", "Der Laden ist zu.", id="the connector's"),
        pytest.param("Order 7 is sold out.", "Bestellung 7 ist ausverkauft.", id="a place that is known itself"),
        pytest.param("“sold out” is sold out.", "„sold out“ ist ausverkauft.", id="in quotes it is somebody else's"),
        pytest.param(NOT_ON, NICHT_EIN, id="a connector's in one of the engine's"),
        pytest.param(NO_APP, KEINE_APP, id="with a hint"),
        pytest.param(FROM_1000, AB_1000, id="a number"),
        pytest.param("“a 1,000” cannot stand at “b”.", "„a 1,000“ kann nicht bei „b“ stehen.", id="a value in quotes"),
        pytest.param("Name is empty.; E-mail is required.", "Name ist leer.; E-mail wird benötigt.", id="several"),
        pytest.param(THREE, DREI, id="lines"),
        pytest.param("Subject contains “a is “b””", "Subject enthält „a is “b”“", id="the reason of a filter"),
        pytest.param(TWO, ZWEI, id="two reasons"),
        pytest.param(NO_REASON, NO_REASON, id="no reason of a filter"),
        pytest.param(Sentence("No.", "Nein."), "Nein.", id="with its German beside it"),
    ],
)
def test_a_sentence_is_told_in_german(english: str, german: str):
    assert retold(english, "de", SHOP) == german
    assert retold(english, "en", SHOP) == english


def test_the_names_of_things_are_told_too():
    names = Phrases({"Find order": "Bestellung suchen"})
    assert (
        retold("Find order: nothing was found.", "de", names=[names]) == "Bestellung suchen: es wurde nichts gefunden."
    )


@pytest.mark.parametrize(
    ("error", "german"),
    [
        pytest.param(NotFound("There is no run 5."), "Die Ausführung 5 gibt es nicht.", id="not found"),
        pytest.param(Refused(Sentence("No.", "Nein.")), "Nein.", id="with its German"),
        pytest.param(Problems([Problem("The file is empty.")]), "Die Datei ist leer.", id="problems"),
        pytest.param(Refused("Somebody else's."), "Somebody else's.", id="nobody's"),
        pytest.param(Refused(), "", id="without a word"),
    ],
)
def test_an_error_is_told_in_german(error: Refused, german: str):
    assert error.within("de") == german
    assert error.within("en") == str(error)


ZAP = "zapwerk: 1\nname: x\ntrigger: {use: a.b}\nsteps: [{key: a, use: a.b}]\n"


@pytest.mark.parametrize(
    ("text", "german"),
    [
        pytest.param("", "Die Datei ist leer.", id="empty"),
        pytest.param("- x", "Das ist keine Zap-Datei; sie müsste mit „zapwerk: 1“ beginnen.", id="no zap"),
        pytest.param(f"{ZAP}name: y\n", "Zeile 5, Spalte 1: „name“ steht hier zweimal.", id="twice"),
        pytest.param(f"{ZAP}\tx: y\n", "Zeile 5, Spalte 1: hier steht ein Tabulator; YAML wird", id="a tab"),
        pytest.param(f"{ZAP}nme: y\n", "„nme“ ist hier nicht bekannt. Meinten Sie „name“? (Zeile 5", id="unknown"),
        pytest.param(f"{ZAP}country: de\n", "„country“ braucht zwei Großbuchstaben wie DE, nicht „de“.", id="country"),
        pytest.param(f"{ZAP}timezone: Mars\n", "Die Zeitzone „Mars“ gibt es nicht; bitte wie", id="zone"),
        pytest.param(
            f"{ZAP}concurrency: many\n", "„concurrency“ muss eine ganze Zahl sein, nicht „many“.", id="number"
        ),
    ],
)
def test_what_is_wrong_in_a_zap_file_is_told_in_german(text: str, german: str):
    with pytest.raises(Problems) as found:
        files.load(text)
    assert german in found.value.within("de")


def test_there_are_no_phrases_for_other_languages():
    assert phrases.own("en") == phrases.own("fr") == phrases.own("../../de") == Phrases()


HOSTILE = [
    "The service answered " * 150,
    "“" * 3_000,
    "; " * 1_900,
    "There is no no no " * 200 + "; it goes from " * 50,
    "x" * 1_000_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_text_that_somebody_made_up_takes_no_time(text: str):
    begun = time.process_time()
    retold(text, "de", SHOP)
    assert time.process_time() - begun < 5


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str):
    assert isinstance(retold(text, "de", SHOP), str)
