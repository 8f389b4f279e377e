"""The sentences about zaps, in English and German."""

import re
from string import Formatter

import pytest

from engine.editing import sentences
from engine.errors import Problem, Problems
from engine.zaps import check, mapping, remarks
from engine.zaps.model import Zap
from tests.engine.zaps.apps import CONNECTIONS, REGISTRY

ALL = {**remarks.REMARKS, **{f"test: {code}": pair for code, pair in sentences.SENTENCES.items()}}


def parameters(sentence):
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("code", ALL)
def test_both_languages_say_the_same_things(code):
    english, german = ALL[code]
    assert parameters(english) == parameters(german)
    assert "!" not in english + german
    assert not re.search(r"\b(du|dein|dir)\b", german)
    assert "“" not in re.sub(r"„[^„“]*“", "", german), "German quotes begin below"


def problems(trigger, *steps):
    zap = Zap.model_validate({"name": "Test", "trigger": trigger, "steps": steps})
    return [(one.step, one.field, one.message, one.within("de")) for one in check.problems(zap, REGISTRY, CONNECTIONS)]


MAIL = {"use": "post.new_mail", "connection": "mailbox"}


def test_what_is_missing_in_a_blank_zap_is_told_at_each_step():
    assert problems({"use": ""}, {"key": "step1", "use": ""}) == [
        ("trigger", "use", "Choose an app that starts the zap.", "Wählen Sie eine App, die den Zap auslöst."),
        ("step1", "use", "Choose an app.", "Wählen Sie eine App."),
    ]


def test_an_app_without_an_event_asks_for_that_alone():
    assert problems({"use": "post"}, {"key": "step1", "use": "billing", "with": {"name": "x"}}) == [
        ("trigger", "use", "Choose what starts the zap.", "Wählen Sie, was den Zap auslöst."),
        ("step1", "use", "Choose what happens.", "Wählen Sie, was geschehen soll."),
    ]


def test_a_zap_without_steps_and_a_filter_without_conditions_are_told():
    [(_, field, said, _)] = problems(MAIL)
    assert (field, said) == ("steps", "Add at least one step.")
    [found] = problems(MAIL, {"key": "f", "filter": {"all": []}})
    assert found == (
        "f",
        "filter",
        "A filter needs at least one condition.",
        "Ein Filter braucht mindestens eine Bedingung.",
    )


def test_near_misses_are_told_in_german_too():
    step = {"key": "a", "use": "plain.write", "with": {"text": "{{ trigger.subjekt }}"}}
    [(_, _, _, german)] = problems(MAIL, step)
    assert german == "„trigger“ hat kein „subjekt“. Meinten Sie „subject“?"


def test_templates_are_judged_in_german_too():
    [problem] = mapping.syntax_problems({"name": "Hello {{ trigger.x | shout }}"})
    assert problem.within("de") == "Den Filter „shout“ gibt es nicht."
    with pytest.raises(Problems) as failed:
        mapping.render("{{ trigger.x | extract: trigger.y }}", {"trigger": {"x": "a", "y": "("}})
    assert failed.value.within("de") == "„(“ ist kein gültiges Muster."


def test_a_problem_that_nobody_translated_stays_as_it_is():
    assert Problem("Out of paper.").within("de") == "Out of paper."


def test_what_an_app_sent_may_be_used_though_it_does_not_declare_it():
    step = {"key": "a", "use": "plain.write", "with": {"text": "{{ trigger.mood }} {{ trigger.gone }}"}}
    zap = Zap.model_validate({"name": "Test", "trigger": MAIL, "steps": [step]})
    [left] = check.problems(zap, REGISTRY, CONNECTIONS, {"trigger": {"id": "1", "mood": "calm"}})
    assert left.message == "“trigger” has no “gone”."
