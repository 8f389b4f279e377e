"""Zaps as files: what loads, what is refused and where, and that a dumped zap loads as the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Problems
from engine.zaps import files
from engine.zaps.model import ActionStep, FilterStep, Zap
from tests.engine.zaps.apps import MAIN_JOB

HEAD = "zapwerk: 1\nname: A\ntrigger: {use: post.new_mail}\n"
STEP = "steps:\n  - key: a\n    use: plain.write\n    with:\n"


def refused(text):
    with pytest.raises(Problems) as error:
        files.load(text)
    return [str(problem) for problem in error.value.problems]


def with_value(written):
    [step] = files.load(f"{HEAD}{STEP}      x: {written}\n").steps
    assert isinstance(step, ActionStep)
    return step.with_["x"]


def test_the_main_job_loads():
    zap = files.load(MAIN_JOB)
    assert zap.name == "Mail + Billing Kunden-hinzufügen-Zap"
    assert zap.locale.region == "DE"
    assert isinstance(zap.steps[0], FilterStep)
    assert isinstance(zap.steps[1], ActionStep)


def test_a_dumped_zap_is_readable_and_loads_as_the_same():
    zap = files.load(MAIN_JOB)
    dumped = files.dump(zap)
    assert files.load(dumped) == zap
    assert dumped.startswith("zapwerk: 1\nname: Mail + Billing Kunden-hinzufügen-Zap\nlanguage: de\n")
    assert "      name: \"{{ trigger.labelled['Name'] | default: trigger.sender.name }}\"\n" in dumped
    assert "&" not in dumped.replace("+", "")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        pytest.param("NO", "NO", id="Norway"),
        pytest.param("yes", "yes", id="yes stays a word"),
        pytest.param("on", "on", id="on stays a word"),
        pytest.param("true", True, id="true"),
        pytest.param("01234", "01234", id="postal code"),
        pytest.param("12:30", "12:30", id="time"),
        pytest.param("2026-12-31", "2026-12-31", id="date"),
        pytest.param("+49", "+49", id="country code"),
        pytest.param("1_000", "1_000", id="underscore"),
        pytest.param("1e5", "1e5", id="exponent"),
        pytest.param("0x1F", "0x1F", id="hexadecimal"),
        pytest.param(".inf", ".inf", id="infinity"),
        pytest.param("12", 12, id="whole number"),
        pytest.param("-1.50", -1.5, id="decimal"),
        pytest.param("9" * 40, "9" * 40, id="long digits"),
        pytest.param("~", None, id="nothing"),
        pytest.param("", None, id="left empty"),
        pytest.param("'12'", "12", id="quoted"),
        pytest.param('"{{ trigger.a }}"', "{{ trigger.a }}", id="template"),
        pytest.param("=", "=", id="equals sign"),
    ],
)
def test_plain_words_are_what_they_look_like(written, value):
    found = with_value(written)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "The file is empty.", id="empty"),
        pytest.param("- 1", "This is not a zap file", id="a list"),
        pytest.param("just text", "This is not a zap file", id="text"),
        pytest.param("a: [1,", "Line 1, column", id="syntax"),
        pytest.param("zapwerk: 1\nname: a\nname: b", "Line 3, column 1: “name” stands here twice", id="duplicate"),
        pytest.param("a: &x 1\nb: *x", "Line 1, column 4: anchors and aliases cannot be used", id="alias"),
        pytest.param("a: !!python/object:os.system x", "Line 1, column 4: tags", id="tag"),
        pytest.param("a: {{ trigger.x }}", "put values with {{ … }} in quotes", id="unquoted template"),
        pytest.param("--- 1\n--- 2", "Line 2, column 1", id="two documents"),
        pytest.param("[" * 100, "nested too deeply", id="deep"),
        pytest.param("a: \0", "characters that no text file should have", id="NUL"),
        pytest.param("a: \ud800", "characters that no text file should have", id="surrogate"),
        pytest.param('a: "\\ud800"', "Line 1, column 4: there is a sign in this that no text", id="written surrogate"),
        pytest.param('a: "x\\0y"', "Line 1, column 4: there is a sign in this that no text", id="written NUL"),
        pytest.param('"\\ud800": 1\n"\\ud800": 1', "Line 1, column 1: there is a sign", id="surrogate as a name"),
        pytest.param('a: "\\UFFFFFFFF"', "characters that no text file should have", id="beyond all characters"),
        pytest.param("x" * 1_000_001, "too large", id="large"),
        pytest.param(HEAD + "steps:\n" + "- {key: a, use: b.c}\n" * 30_000, "more values than any zap", id="many"),
        pytest.param("<<: {a: 1}\n" + HEAD, "“<<” is not known here", id="merge key"),
    ],
)
def test_a_file_that_is_no_zap_is_refused(text, words):
    assert words in "\n".join(refused(text))


def test_a_billion_laughs_are_refused_before_they_are_built():
    laughs = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12))
    assert "anchors" in refused(laughs)[0]


def test_all_that_is_wrong_is_told_with_step_field_and_line():
    text = (
        "zapwerk: 2\nname: ' '\nlanguage: fr\ntimezone: Europe/Berlyn\ncolour: red\n"
        "trigger: {use: post.new_mail, wiht: {}}\n"
        "steps:\n  - {key: A b, use: plain.write}\n  - {key: b}\n  - {key: c, filter: {}}\n"
        "  - {key: d, filter: {all: [{value: 1, is: 5}]}}\n  - 5\n"
    )
    assert refused(text) == [
        "zapwerk: This file is of version “2”; this Zapwerk reads version 1. (line 1, column 10)",
        "name: A zap needs a name. (line 2, column 7)",
        "language: “fr” is not one of the choices for “language”. (line 3, column 11)",
        "timezone: There is no time zone “Europe/Berlyn”; write it like Europe/Berlin. (line 4, column 11)",
        "trigger · wiht: “wiht” is not known here. Did you mean “with”? (line 6, column 37)",
        "A b · key: “A b” cannot be used as “key”; write it in small letters, like the examples. (line 8, column 11)",
        "b: A step needs `use` (an action or a search) or `filter`. (line 9, column 5)",
        "c · filter: A group of conditions needs either `all` or `any`. (line 10, column 22)",
        "d · filter.all.0.is: “is” must be a text; put “5” in quotes. (line 11, column 44)",
        "step 5: A step needs `use` (an action or a search) or `filter`. (line 12, column 5)",
        "colour: “colour” is not known here. (line 5, column 9)",
    ]


@pytest.mark.parametrize("keys", [("a", "a"), ("trigger", "b")])
def test_keys_are_unique(keys):
    steps = "".join(f"  - {{key: {key}, use: plain.write}}\n" for key in keys)
    assert "is used twice" in refused(f"{HEAD}steps:\n{steps}")[0]


texts = st.characters(codec="utf-8", exclude_characters="\0")
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.text(texts, max_size=30)
    | st.sampled_from(
        ["NO", "yes", "12:30", "2026-12-31", "1e5", "01", "{{ a }}", "a\nb", " x", "#", "- a", "~", "", "=", "<<"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(texts, max_size=8), inner, max_size=3),
)


@given(
    with_=st.dictionaries(st.text(texts, max_size=8), values, max_size=4),
    name=st.text(texts, min_size=1).filter(str.strip),
)
@settings(max_examples=200, deadline=None)
def test_any_zap_is_dumped_and_loaded_as_the_same(with_, name):
    step = {"key": "a", "use": "plain.write", "with": with_}
    zap = Zap.model_validate({"name": name[:200].strip() or "x", "trigger": {"use": "post.new_mail"}, "steps": [step]})
    assert files.load(files.dump(zap)) == zap


@given(text=st.text(max_size=60) | st.text(st.sampled_from("{}[]:-,&*!#|>'\"%@` \n\tab1"), max_size=40))
@settings(max_examples=400, deadline=None)
def test_any_text_is_refused_with_problems(text):
    with pytest.raises(Problems):
        files.load(text)
