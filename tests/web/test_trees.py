"""Data as people read them: by the titles that their connector gives them, with moments by the reader's clock."""

from engine.registry import Registry
from web import trees
from web.trees import Node
from web.vocabulary import Vocabulary

MAIL = {
    "subject": "Anfrage",
    "sender": {"name": "Ada", "address": "ada@home.example"},
    "labelled": {"Telefon": "12"},
    "date": "2026-11-23T09:00:00+00:00",
    "x_other": "2026-13-45",
}


def grown(language: str) -> dict[str, Node]:
    titles = Vocabulary(Registry.load(), language).record("imap.new_email")
    return {one.name: one for one in trees.tree(MAIL, "mail", titles=titles).root.rows}


def test_values_are_called_as_their_connector_says_and_others_as_they_are():
    german, english = grown("de"), grown("en")
    assert [german[name].title for name in ("subject", "labelled", "x_other")] == [
        "Betreff",
        "Formularfelder",
        "x_other",
    ]
    assert [english[name].title for name in ("subject", "labelled")] == ["Subject", "Form fields"]
    assert [row.title for row in german["sender"].rows] == ["Name", "E-Mail-Adresse"]
    assert [row.title for row in german["labelled"].rows] == ["Telefon"], "as whoever filled it in called it"


def test_what_a_step_is_given_is_called_as_in_its_form():
    titles = Vocabulary(Registry.load(), "de").given("invoice2go.create_client")
    rows = trees.tree({"name": "Ada", "tax_number": None, "unknown": 1}, "given", titles=titles).root.rows
    assert [row.title for row in rows] == ["Kundenname", "Steuernr.", "unknown"]


def test_what_is_no_moment_is_a_text():
    found = grown("de")
    assert (found["date"].kind, found["date"].text) == ("moment", MAIL["date"])
    assert found["x_other"].kind == "text"


def test_the_data_of_an_app_that_is_gone_keep_their_own_names():
    titles = Vocabulary(Registry.load(), "de").record("gone.new_thing")
    assert [row.title for row in trees.tree({"subject": "a"}, "mail", titles=titles).root.rows] == ["subject"]
