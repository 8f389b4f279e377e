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
