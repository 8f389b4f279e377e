"""The small forms about people: what was typed stays, and what is wrong is said in the reader's language."""

import pytest

from engine.errors import Problem, Problems, Refused, Sentence
from engine.people.sentences import Declined, PersonProblem
from web.forms.typed import Typed, chosen, must_be_readable, refused, sentence

TEXTS = {"name": "<b>Anna</b>", "email": "anna@"}


def test_each_problem_stands_at_its_field_in_german_and_the_texts_stay():
    wrong = Problems([PersonProblem.of("email_wrong", "email"), PersonProblem.of("too_long", "name", most=100)])
    form = refused(wrong, "de", TEXTS)
    assert form.problem("email").startswith("Das ist keine E-Mail-Adresse")
    assert form.problem("name") == "Das ist zu lang; höchstens 100 Zeichen sind erlaubt."
    assert (form.text("name"), form.text("email"), form.above) == ("<b>Anna</b>", "anna@", ())


def test_the_first_problem_of_a_field_is_enough():
    form = refused(Problems([Problem("one", field="name"), Problem("two", field="name")]), "en", TEXTS)
    assert form.problem("name") == "one"


@pytest.mark.parametrize(
    ("error", "german"),
    [
        pytest.param(Declined("wrong_password"), "Das ist nicht Ihr Passwort.", id="about people"),
        pytest.param(Refused(Sentence("No.", "Nein.")), "Nein.", id="with its German beside it"),
        pytest.param(Refused("The file is empty."), "Die Datei ist leer.", id="known to the engine"),
        pytest.param(Problems([Problem(Sentence("No.", "Nein."))]), "Nein.", id="at no field"),
    ],
)
def test_what_belongs_to_no_field_is_said_above(error: Refused, german: str):
    assert refused(error, "de", TEXTS) == Typed(TEXTS, {}, (german,))


def test_a_refusal_is_told_in_both_languages():
    error = Declined("last_owner")
    assert sentence(error, "en").startswith("This is the last owner.")
    assert sentence(error, "de").startswith("Das ist der letzte Inhaber.")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Anna\u202eBerg", id="right to left"),
        pytest.param("Anna\x00", id="NUL"),
        pytest.param("An\u200bna", id="no width"),
        pytest.param("\ufeffAnna", id="byte order mark"),
        pytest.param("Anna\nBerg", id="line break"),
        pytest.param("An\ud800na", id="half of a character"),
        pytest.param("\ue000", id="private use"),
        pytest.param("An\u200dna", id="joins nothing"),
        pytest.param("Anna\u200d", id="a joiner at the end"),
        pytest.param("\u200cAnna", id="a joiner at the beginning"),
        pytest.param("Anna\u3164", id="a letter without a shape"),
    ],
)
def test_signs_that_nobody_sees_are_refused_at_their_field_in_german(text: str):
    with pytest.raises(Problems) as found:
        must_be_readable({"name": text, "email": "anna@berg.example"}, "de")
    form = refused(found.value, "de", {"name": text})
    assert form.problem("name").startswith("Darin sind unsichtbare Zeichen") or "unsichtbare" in form.problem("name")
    assert form.problems.keys() == {"name"}
    assert form.text("name") == text


@pytest.mark.parametrize(
    "text",
    [
        *("Anna Berg", "李雷", "نور\u200cان", "क्\u200dष", "ന്\u200d", "O’Neill <b>", "{{ 7 * 7 }}", ""),
        *("Zoë 👩\u200d🔧", "🏳\ufe0f\u200d🌈", "🧑🏽\u200d💻", "🙂\u200d↔\ufe0f", "❤\ufe0f\u200d🔥"),
    ],
)
def test_names_of_all_the_world_are_readable(text: str):
    must_be_readable({"name": text}, "en")


@pytest.mark.parametrize(("value", "found"), [("de", "de"), ("fr", ""), ("", ""), ("<script>", ""), ("DE", "")])
def test_a_choice_that_is_none_is_none(value: str, found: str):
    assert chosen(value, ("en", "de")) == found
