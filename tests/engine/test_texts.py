"""A connector's words in German: found beside it, else English."""

import sys

import pytest

from engine.registry import Registry
from engine.texts import Texts, missing
from tests.engine.test_registry import GOOD

GERMAN = """
title = "Aufgaben"
[actions.write]
title = "Schreiben"
sentence = "eine Zeile schreiben"
[actions.write.fields.text]
title = "Text"
[auth.none]
title = "Ohne Anmeldung"
[errors]
"The list is full." = "Die Liste ist voll."
"""


@pytest.fixture
def tasko(tmp_path):
    (tmp_path / "tasko.py").write_text(GOOD.format(key="tasko", title="Tasko"))
    yield Registry.load(tmp_path).connectors["tasko"]
    del sys.modules["zapwerk_connector_tasko"]


def test_texts_are_found_by_path(tasko, tmp_path):
    (tmp_path / "tasko.de.toml").write_text(GERMAN)
    texts = Texts.load(tasko, "de")
    assert texts.of("title", "Tasko") == "Aufgaben"
    assert texts.of("actions.write.fields.text.title", "text") == "Text"
    assert texts.of("actions.write.fields.text.help", "Help") == "Help"
    assert texts.of("actions.write", "not a text") == "not a text"
    assert texts.error("The list is full.") == "Die Liste ist voll."
    assert texts.error("Something else.") == "Something else."
    assert missing(tasko, "de") == []


SENTENCES = """
[errors]
"There is no list “{name}”." = "Die Liste „{name}“ gibt es nicht."
"There is no list “{name}”. {why}" = "Die Liste „{name}“ gibt es nicht. {why}"
"It was deleted." = "Sie wurde gelöscht."
"{anything}" = "irgendetwas"
"{a} is {a}" = "{a} ist {a}"
[progress]
"{count} lists" = "{count} Listen"
"""


@pytest.mark.parametrize(
    ("english", "german"),
    [
        pytest.param("There is no list “a.b”.", "Die Liste „a.b“ gibt es nicht.", id="a placeholder"),
        pytest.param(
            "There is no list “x”. It was deleted.", "Die Liste „x“ gibt es nicht. Sie wurde gelöscht.", id="a sentence"
        ),
        pytest.param("There is no list “{why}”.", "Die Liste „{why}“ gibt es nicht.", id="braces in a value"),
        pytest.param("one is one", "one ist one", id="the same twice"),
        pytest.param("one is two", "one is two", id="not the same"),
        pytest.param("Something else.", "Something else.", id="only a placeholder says nothing"),
    ],
)
def test_errors_with_placeholders_are_found_and_filled(tasko, tmp_path, english, german):
    (tmp_path / "tasko.de.toml").write_text(SENTENCES)
    assert Texts.load(tasko, "de").error(english) == german


def test_what_is_told_of_a_check_is_translated_with_its_placeholders(tasko, tmp_path):
    (tmp_path / "tasko.de.toml").write_text(SENTENCES)
    texts = Texts.load(tasko, "de")
    assert texts.progress("{count} lists") == "{count} Listen"
    assert texts.progress("unknown {x}") == "unknown {x}"


def test_english_stands_in_the_code(tasko):
    assert Texts.load(tasko, "en").of("title", "Tasko") == "Tasko"
    assert missing(tasko, "en") == []


def test_what_is_missing_is_listed(tasko):
    assert missing(tasko, "de") == [
        "title",
        "actions.write.title",
        "actions.write.sentence",
        "actions.write.fields.text.title",
        "auth.none.title",
    ]


@pytest.mark.parametrize("content", [b"title = ", b"\xff\xfe", b"errors = 5\ntitle = 7"])
def test_a_file_that_cannot_be_read_leaves_english(tasko, tmp_path, content):
    (tmp_path / "tasko.de.toml").write_bytes(content)
    texts = Texts.load(tasko, "de")
    assert texts.of("title", "Tasko") == "Tasko"
    assert texts.error("Oh.") == "Oh."


def test_a_language_is_never_a_path(tasko, tmp_path):
    (tmp_path / "tasko.x.toml").write_text('title = "no"')
    assert Texts.load(tasko, "../x").of("title", "Tasko") == "Tasko"
