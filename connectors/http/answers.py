"""What came back, as a record: JSON as values, text as text, everything else as a file."""

import json
import math
import re
from typing import Any, ClassVar
from urllib.parse import unquote

import httpx
from pydantic import Field

from zapwerk import Context, File, Json, Record

MAX_INLINE = 1_000_000  # bytes; every output is kept in the run's journal, and longer ones could not be mapped anyway
MAX_NAME = 100

_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json|text/json")
_TEXT = re.compile(r"text/|application/(?:[\w.+-]+\+)?(?:xml|javascript|yaml|x-www-form-urlencoded|x-ndjson|graphql)")
_NAMED = re.compile(r"filename\*?=(?:UTF-8'\w*')?\"?([^\";]+)", re.IGNORECASE)


class Answer(Record):
    """What the service answered. `id` is that of the request: the same at every try of the same step."""

    counted: ClassVar = ("request", "requests")

    status: int = Field(title="Status")
    headers: dict[str, str] = Field(title="Headers")
    body: Json = Field(None, title="Body")
    url: str = Field(title="Address")


async def read(response: httpx.Response, ctx: Context, *, shown: str) -> Answer:
    """The record of an answer; `shown` is the address as it may be seen."""
    return Answer(
        id=ctx.idempotency_key or "request",
        status=response.status_code,
        headers=dict(response.headers.items()),
        body=await _body(response, ctx),
        url=shown,
    )


async def _body(response: httpx.Response, ctx: Context) -> Any:
    content = response.content
    if not content:
        return None
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if len(content) <= MAX_INLINE:
        if _JSON.fullmatch(kind):
            return _parsed(response)
        if _TEXT.match(kind):
            return response.text
        if not kind and (text := _as_text(content)) is not None:
            return text
    return await _file(response, kind, ctx)


def _parsed(response: httpx.Response) -> Any:
    """The value; the text where the service says JSON and sends something else: it has done what it was asked to."""
    try:
        return json.loads(response.content, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return response.text


def _refuse(name: str) -> None:
    raise ValueError(name)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(digits)
    return number


def _as_text(content: bytes) -> str | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


async def _file(response: httpx.Response, kind: str, ctx: Context) -> File:
    return await ctx.files.save(_name(response), response.content, kind or "application/octet-stream")


def _name(response: httpx.Response) -> str:
    said = _NAMED.search(response.headers.get("content-disposition", ""))
    name = unquote(said[1]) if said else response.url.path.rpartition("/")[2]
    return name.replace("\\", "/").rpartition("/")[2].strip()[:MAX_NAME] or "answer"
