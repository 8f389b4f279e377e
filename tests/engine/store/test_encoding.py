"""How values become bytes: everything a record may hold comes back, and nothing in it can spoil a batch."""

import enum
import json
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, HttpUrl, SecretStr

from engine.store.encoding import clean, decode, distinct, encode, plain
from zapwerk import Record


class Colour(enum.Enum):
    RED = "red"


class Part(BaseModel):
    price: Decimal
    secret: SecretStr = SecretStr("s3cret")


VALUES = [
    pytest.param("a\0b", "a\ufffdb", id="NUL"),
    pytest.param("a\ud800b", "a\ufffdb", id="a lone surrogate"),
    pytest.param({"k\0": ["\udfff", {"\0": 1}]}, {"k\ufffd": ["\ufffd", {"\ufffd": 1}]}, id="also in keys and deep"),
    pytest.param("\\u0000", "\\u0000", id="the words for NUL are not NUL"),
    pytest.param("äß€🎈", "äß€🎈", id="other characters"),
    pytest.param(Decimal("12.50"), "12.50", id="a decimal, to the last digit"),
    pytest.param(Decimal("1E+5"), "100000", id="a decimal without exponent"),
    pytest.param(date(2026, 2, 28), "2026-02-28", id="a date"),
    pytest.param(datetime(2026, 2, 28, 9, 30, tzinfo=UTC), "2026-02-28T09:30:00+00:00", id="a moment"),
    pytest.param(time(9, 30), "09:30:00", id="a time"),
    pytest.param(timedelta(minutes=2), 120.0, id="a duration, in seconds"),
    pytest.param(SecretStr("s3cret"), "••••••", id="a secret"),
    pytest.param(b"\xff\x00ok", "\ufffd\ufffdok", id="bytes"),
    pytest.param({1, 2}, [1, 2], id="a set"),
    pytest.param((1, "a"), [1, "a"], id="a tuple"),
    pytest.param(Colour.RED, "red", id="an enum"),
    pytest.param(uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005", id="a UUID"),
    pytest.param(HttpUrl("https://a.example/b"), "https://a.example/b", id="an address"),
    pytest.param(
        [Part(price=Decimal("1.20"))], [{"price": "1.20", "secret": "••••••"}], id="models, with their secrets"
    ),
    pytest.param(
        Record(id="1", more={"x": Decimal("2")}), {"id": "1", "more": {"x": "2"}}, id="a record's further fields"
    ),
]


@pytest.mark.parametrize(("value", "back"), VALUES)
def test_a_value_comes_back_plainly(value: Any, back: Any):
    assert decode(encode(value)) == plain(value) == back


def test_nothing_comes_back_as_nothing():
    assert decode(None) is None


def test_what_cannot_be_kept_is_refused_before_it_reaches_the_journal():
    with pytest.raises(TypeError, match="object cannot be kept"):
        encode({"a": object()})


texts = st.text(st.characters(exclude_categories=()), max_size=20)
trees = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(trees)
def test_whatever_text_there_is_the_bytes_are_clean_json(value: Any):
    data = encode(value)
    said = data.decode("utf-8")
    assert b"\0" not in data
    assert plain(json.loads(said)) == json.loads(said)
    assert encode(plain(value)) == data


@settings(max_examples=150, deadline=None)
@given(st.sets(texts, max_size=6))
def test_different_names_stay_different(names: set[str]):
    assert len({distinct(name) for name in names}) == len(names)
    assert all(clean(distinct(name)) == distinct(name) for name in names)
