"""What all commands have in common: exit codes, JSON and nothing else on stdout, sentences on stderr."""

import json

import pytest

from tests.web.installation import Installation, flat
from web import shapes, telling

LISTS = (("zaps", "list"), ("runs", "list"), ("connections", "list"))


@pytest.mark.parametrize("words", LISTS, ids=" ".join)
def test_an_empty_list_is_an_empty_array(installation: Installation, words: tuple[str, ...]):
    assert installation.json(*words) == []


@pytest.mark.parametrize("words", LISTS, ids=" ".join)
def test_an_empty_list_says_so_to_people_on_stderr(installation: Installation, words: tuple[str, ...]):
    done = installation.run(*words)
    assert done.stdout == ""
    assert "There are no" in done.stderr


@pytest.mark.parametrize(
    ("words", "shape"),
    [
        pytest.param(("zaps", "list"), shapes.ZapLine, id="zaps"),
        pytest.param(("runs", "list"), shapes.RunLine, id="runs"),
        pytest.param(("connections", "list"), shapes.ConnectionLine, id="connections"),
        pytest.param(("apps", "list"), shapes.AppLine, id="apps"),
    ],
)
def test_each_object_of_a_list_has_the_documented_names(switched_on: Installation, words: tuple[str, ...], shape: type):
    switched_on.order("Ada")
    switched_on.work(1)
    help_text = flat(switched_on.run(*words, "--help").stdout)
    rows = switched_on.json(*words)
    assert rows
    assert {", ".join(row) for row in rows} == {shapes.names_of(shape)}
    assert shapes.names_of(shape) in help_text


def test_a_mistake_in_the_command_ends_with_two(installation: Installation):
    assert "No such command" in installation.run("zaps", "fly", code=2).stderr
    assert "Invalid value" in installation.run("runs", "list", "--state", "sleeping", code=2).stderr


def test_what_is_refused_ends_with_one_and_a_sentence(installation: Installation):
    done = installation.run("zaps", "show", "Nothing", code=1)
    assert done.stdout == ""
    assert done.stderr == "There is no zap “Nothing”.\n"


def test_what_is_refused_is_told_as_json_where_json_was_asked_for(installation: Installation):
    assert installation.json("zaps", "show", "Nothing", code=1) == {
        "error": "There is no zap “Nothing”.",
        "problems": [],
    }


def test_a_setting_that_cannot_be_used_is_named(installation: Installation, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ZAPWERK_SECRET_KEY", "short")
    assert "ZAPWERK_SECRET_KEY" in installation.run("zaps", "list", code=1).stderr


def test_a_data_folder_that_is_a_file_is_a_sentence(installation: Installation):
    installation.data = installation.write_zap()
    assert "data folder" in installation.run("zaps", "list", code=1).stderr


def test_control_characters_never_reach_a_terminal():
    assert telling.plain("a\x1b[31mb\x9bc\u202ed\ud800") == "a\ufffd[31mb\ufffdc\ufffdd\ufffd"


def test_json_keeps_every_character_but_harmless_to_a_terminal(capsys: pytest.CaptureFixture[str]):
    value = {"who": "Jürgen \x1b[31m \x9b \u202e \ud800"}
    telling.as_json(value)
    said = capsys.readouterr().out
    assert "Jürgen" in said
    assert not set(said) & set("\x1b\x9b\u202e\ud800")
    assert json.loads(said) == value
