"""The action `http.request`: one request, and its answer as a record."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

import httpx
from pydantic import BaseModel, Field, SecretStr, field_validator

from connectors.http import answers, bodies, names, targets
from connectors.http.answers import Answer
from connectors.http.bodies import Format
from connectors.http.connector import http
from zapwerk import (
    ConnectorError,
    Context,
    InvalidInput,
    Json,
    Labels,
    More,
    PermanentFailure,
    Secret,
    Verbatim,
)

MAX_SECONDS = 120
TWICE_DOES_NO_HARM = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
Value = Annotated[Any | Secret, Verbatim(), Field(union_mode="left_to_right")]
"""What was typed or mapped, as it is; a `Secret` once its name has said that it is one."""

_STATUS = re.compile(r"[1-5](?:\d\d|xx)", re.IGNORECASE)


class Request(BaseModel):
    """What is sent, and what counts as success."""

    method: Method = Field("GET", title="Method")
    url: str = Field(
        title="Address", min_length=1, description="With a connection, a path below its address is enough."
    )
    query: dict[str, Value] = Field({}, title="Query", description="Added to the address, as ?name=value.")
    headers: dict[str, Value] = Field({}, title="Headers")
    body: Annotated[Json, Verbatim()] = Field(
        None, title="Body", description="A group or a list is sent as JSON, a text as it is."
    )
    body_format: Annotated[
        Format,
        Labels({"auto": "as it fits", "json": "JSON", "form": "form fields", "text": "text"}),
        More(),
    ] = Field("auto", title="Send the body as")
    accept: Annotated[list[str], More()] = Field(
        [],
        title="Statuses to go on with",
        description="The run goes on with 2xx. Others are errors unless they are listed here, like 404 or 4xx.",
    )
    timeout: Annotated[int, More()] = Field(
        30, title="Time limit", description="In seconds, for the whole answer.", ge=1, le=MAX_SECONDS
    )
    repeatable: Annotated[bool | None, More()] = Field(
        None,
        title="May be sent twice",
        description="Whether to send it again when no answer came. Left empty: no for POST and PATCH, yes for others. "
        "Yes, if the service honours the header Idempotency-Key.",
    )

    @field_validator("query", mode="after")
    @classmethod
    def _query(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {name: _hidden(name, value) for name, value in given.items() if value is not None}

    @field_validator("headers", mode="after")
    @classmethod
    def _headers(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {names.checked(name): _line(name, value) for name, value in given.items() if _said(value)}

    @field_validator("body", mode="after")
    @classmethod
    def _body(cls, given: Any) -> Any:
        return bodies.plain(given)

    @field_validator("accept", mode="after")
    @classmethod
    def _accept(cls, given: list[str]) -> list[str]:
        if any(not _STATUS.fullmatch(one) for one in given):
            raise ValueError("A status is a number like 404, or a hundred of them like 4xx.")
        return given


def may_be_sent_twice(profile: Any, given: Request) -> bool:
    """What the person said; else what the method promises."""
    return given.method in TWICE_DOES_NO_HARM if given.repeatable is None else given.repeatable


@http.action(
    title="Send a request",
    sentence="send a {method} request to {url}",
    timeout=timedelta(seconds=MAX_SECONDS + 10),
    repeatable=may_be_sent_twice,
)
async def request(ctx: Context, given: Request) -> Answer:
    """Sends one HTTP request and gives what the service answers to the next steps."""
    content, kind = bodies.encoded(given.body, given.body_format)
    headers = [(name, bodies.text_of(_open(value))) for name, value in given.headers.items()]
    if kind and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", kind))
    response = await ctx.http.request(
        given.method,
        _address(given, ctx.credentials.base_url),
        headers=httpx.Headers(headers, encoding="utf-8"),
        content=content,
        accept=_accepted(tuple(given.accept)),
        explain=_explain(signed_in=ctx.auth != "none"),
        within=given.timeout,
    )
    return await answers.read(response, ctx, shown=_shown(given, response.url))


def _address(given: Request, base: str) -> str:
    url = targets.whole(given.url, base)
    if not given.query:
        return url
    query = bodies.pairs({name: _open(value) for name, value in given.query.items()}, "query")
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}{urlencode(query, quote_via=quote)}" if query else url


def _shown(given: Request, url: httpx.URL) -> str:
    hides = any(isinstance(value, SecretStr) for value in given.query.values())
    return str(url.copy_with(query=None) if hides else url)


@lru_cache(maxsize=128)
def _accepted(said: tuple[str, ...]) -> frozenset[int]:
    hundreds = [range(int(one[0]) * 100, int(one[0]) * 100 + 100) for one in said if not one.isdecimal()]
    return frozenset(int(one) for one in said if one.isdecimal()).union(*hundreds)


def _explain(*, signed_in: bool) -> Callable[[httpx.Response], ConnectorError | None]:
    return _why if signed_in else _why_unsigned


def _why(response: httpx.Response) -> ConnectorError | None:
    status = response.status_code
    if not 300 <= status < 400:
        return None
    to = response.headers.get("location")
    where = f" and points to {to}" if to else ""
    return PermanentFailure(
        f"The service answered {status}{where}. Use the right address, or list {status} under “Statuses to go on with”."
    )


def _why_unsigned(response: httpx.Response) -> ConnectorError | None:
    if response.status_code in (401, 403):
        return InvalidInput(
            f"The service answered {response.status_code}: it wants a sign-in. Choose a connection for this step.",
            field="connection",
        )
    return _why(response)


def _said(value: Any) -> bool:
    return value is not None and value != ""


def _line(name: str, value: Any) -> Any:
    """The value of a header. Never quoted in a sentence: it may be a secret."""
    text = bodies.text_of(_open(value)) if not isinstance(_open(value), dict | list) else None
    if text is None:
        raise ValueError(f"The header “{name}” must be a text; it is a group or a list.")
    if any((ord(sign) < 32 and sign != "\t") or ord(sign) == 127 for sign in text):
        raise ValueError(f"The header “{name}” has a line break or another control character in it.")
    return SecretStr(text.strip()) if isinstance(value, SecretStr) else _hidden(name, text.strip())


def _hidden(name: str, value: Any) -> Any:
    is_open = not isinstance(value, SecretStr | dict | list)
    return SecretStr(bodies.text_of(value)) if is_open and names.is_secret(name) else value


def _open(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
