"""What a form sent becomes nested raw values, unchanged, whatever names somebody makes up."""

import json
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from engine.sdk.fields import Choices
from web.forms.posted import posted
from web.forms.stored import with_stored
from zapwerk import Secret

SEALED = "sealed:gAAAA" + "x" * 80


class Line(BaseModel):
    what: str
    rate: int = 0


class Shape(BaseModel):
    name: str = ""
    ticked: bool = False
    line: Line | None = None
    lines: list[Line] = []
    tags: list[str] = []
    folder: Annotated[str, Choices(lambda: None)] = ""
    folders: Annotated[list[str], Choices(lambda: None)] = []
    headers: dict[str, str] = {}
    password: Secret | None = None


def sent(**fields: str) -> list[tuple[str, str]]:
    return [(f"given.{name.replace('__', '.')}", text) for name, text in fields.items()]


@pytest.mark.parametrize(
    ("pairs", "raw"),
    [
        pytest.param(sent(name="  Anna "), {"name": "  Anna "}, id="what was typed, with its blanks"),
        pytest.param(sent(name=""), {"name": ""}, id="an empty input is given"),
        pytest.param([], {}, id="nothing"),
        pytest.param([("given.name", "a"), ("given.name", "b")], {"name": "b"}, id="the last one counts"),
        pytest.param([("given.ticked", "false"), ("given.ticked", "true")], {"ticked": "true"}, id="a ticked box"),
        pytest.param(sent(ticked="false"), {"ticked": "false"}, id="a box that is not ticked"),
        pytest.param(sent(line__what="a", line__rate="x"), {"line": {"what": "a", "rate": "x"}}, id="a group"),
        pytest.param(sent(line="{{ a }}"), {"line": "{{ a }}"}, id="a group from one template"),
        pytest.param(
            sent(lines__7__what="b", lines__2__what="a"),
            {"lines": [{"what": "a"}, {"what": "b"}]},
            id="rows in the order of their numbers",
        ),
        pytest.param(sent(tags__0="a", tags__1=""), {"tags": ["a", ""]}, id="a list of texts"),
        pytest.param(sent(tags="a, b"), {"tags": "a, b"}, id="a list in one text"),
        pytest.param(
            sent(folder__value="7", folder__label="Inbox"),
            {"folder": {"value": "7", "label": "Inbox"}},
            id="a choice with its words",
        ),
        pytest.param(sent(folder__value="7", folder__label=""), {"folder": "7"}, id="a choice that was typed"),
        pytest.param(sent(folder__value="", folder__label="Inbox"), {"folder": ""}, id="a choice that was cleared"),
        pytest.param(
            [("given.folders", "a"), ("given.folders", ""), ("given.folders", "b")],
            {"folders": ["a", "b"]},
            id="several choices",
        ),
        pytest.param(
            [
                ("given.folders.value", ""),
                ("given.folders.label", ""),
                ("given.folders.value", "7"),
                ("given.folders.label", "Inbox"),
                ("given.folders.value", "{{ trigger.id }}"),
                ("given.folders.label", ""),
                ("given.folders.value", "7"),
                ("given.folders.label", "Inbox"),
            ],
            {"folders": [{"value": "7", "label": "Inbox"}, "{{ trigger.id }}"]},
            id="several choices with their words, each once",
        ),
        pytest.param(sent(folders__value="", folders__label=""), {"folders": []}, id="several choices, none chosen"),
        pytest.param(
            sent(headers__0__key=" A ", headers__0__value="1", headers__1__key="", headers__1__value=""),
            {"headers": {"A": "1"}},
            id="an empty row is none",
        ),
        pytest.param(sent(headers__0__value="1"), {"headers": {"": "1"}}, id="a value without a name shows as wrong"),
        pytest.param(sent(password=""), {}, id="an empty secret keeps the stored one"),
        pytest.param(sent(password="s3cret"), {"password": "s3cret"}, id="another secret"),
    ],
)
def test_what_was_sent_becomes_raw_values(pairs: list[tuple[str, str]], raw: dict[str, Any]):
    assert posted(Shape, pairs) == raw


@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param([("name", "x")], id="another form's field"),
        pytest.param([("given", "x")], id="no field"),
        pytest.param(sent(other="x", __class__="x"), id="fields that there are not"),
        pytest.param([("given." + ".".join("a" * 500), "x")], id="too deep"),
        pytest.param([("given.lines.-1.what", "x"), ("given.lines.999999999.what", "x")], id="rows of no number"),
        pytest.param([("given.lines.²", "x")], id="a sign that looks like a digit"),
        pytest.param([("given.lines.0", "x"), ("given.lines.0.what", "y"), ("given.lines", "z")], id="both at once"),
        pytest.param([("given.line", "x"), ("given.line.what", "y"), ("given.line.what.a", "z")], id="group and text"),
        pytest.param([("given..", "x"), ("given.lines..what", "y"), (".", "z"), ("", "")], id="dots alone"),
    ],
)
def test_names_that_somebody_made_up_harm_nothing(pairs: list[tuple[str, str]]):
    raw = posted(Shape, pairs)
    assert raw.keys() <= {"line", "lines"}
    json.dumps(raw)


NAMES = st.lists(
    st.sampled_from(["given", "name", "lines", "line", "0", "1", "²", "what", "", "-1", "headers"]), max_size=6
)


@settings(max_examples=150, deadline=None)
@given(pairs=st.lists(st.tuples(NAMES.map(".".join), st.text(max_size=5)), max_size=8))
def test_no_form_at_all_can_break_it(pairs: list[tuple[str, str]]):
    json.dumps(posted(Shape, pairs))


STORED = {"password": SEALED, "headers": {"A": SEALED, "B": "1"}, "name": "Anna"}


@pytest.mark.parametrize(
    ("pairs", "found"),
    [
        pytest.param(
            [("given.password", ""), ("kept.password", '["password"]')],
            [("given.password", SEALED)],
            id="an empty input keeps it",
        ),
        pytest.param(
            [("given.password", "new"), ("kept.password", '["password"]')],
            [("given.password", "new")],
            id="another one replaces it",
        ),
        pytest.param(
            [("given.headers.0.key", "X"), ("given.headers.0.value", ""), ("kept.headers.0", '["headers", "A"]')],
            [("given.headers.0.key", "X"), ("given.headers.0.value", SEALED)],
            id="it moves with its renamed row",
        ),
        pytest.param([("given.password", "")], [("given.password", "")], id="one that was cleared is not kept"),
        pytest.param(
            [("given.name", ""), ("kept.name", '["name"]')], [("given.name", "")], id="only secrets can be kept"
        ),
        pytest.param([("given.password", ""), ("kept.password", "[[[")], [("given.password", "")], id="no place"),
        pytest.param(
            [("given.password", ""), ("kept.password", '["gone", 0, {}]')], [("given.password", "")], id="no such place"
        ),
        pytest.param([("given.password", ""), ("kept.password", "5")], [("given.password", "")], id="a number"),
    ],
)
def test_a_stored_secret_stays_where_its_input_is_empty(pairs: list[tuple[str, str]], found: list[tuple[str, str]]):
    assert with_stored(pairs, STORED) == found
