"""What the engine asks of a field besides its kind."""

from typing import Annotated, Any

from pydantic import BaseModel

from engine.sdk.fields import Verbatim, fields_with_secrets
from engine.zaps import values
from engine.zaps.locales import Locale
from zapwerk import Json, Secret


class Inner(BaseModel):
    key: Secret


class Given(BaseModel):
    plain: str = ""
    key: Secret | None = None
    many: list[Secret] = []
    named: dict[str, Any | Secret] = {}
    texts: dict[str, Annotated[Any, Verbatim()]] = {}
    inner: Inner | None = None
    body: Json = None
    text: Annotated[Json, Verbatim()] = None


def test_fields_that_may_hold_a_secret_are_found_wherever_it_stands():
    assert fields_with_secrets(Given) == {"key", "many", "named", "inner"}


def test_a_verbatim_field_keeps_a_text_that_looks_like_json():
    found = values.read(Given, {"body": '{"a": 1}', "text": '{"a": 1}', "texts": {"x": "[1"}}, Locale())
    assert (found.body, found.text, found.texts) == ({"a": 1}, '{"a": 1}', {"x": "[1"})


def test_a_verbatim_field_keeps_native_values():
    assert values.read(Given, {"text": [{"a": 1}]}, Locale()).text == [{"a": 1}]
