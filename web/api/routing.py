"""Routers and routes of the API: who asks is settled first, then whether what was sent can be read at all.

Every module of the API makes its router here. What is refused becomes a problem in `web.problems`.
"""

import json
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute

from engine import signs
from engine.errors import NotFound, Sentence
from web import strict_json
from web.api import ROOT, VERSION
from web.problems import Unreadable
from web.security import READS, TooLong, guard

LONGEST_BODY = 2_000_000  # bytes
JSON, YAML = "application/json", "application/yaml"

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class ApiRoute(APIRoute):
    """A route of the API."""

    def get_route_handler(self) -> Handler:
        original, takes = super().get_route_handler(), self._takes()

        async def handler(request: Request) -> Response:
            await guard(request)
            _must_name_something(request)
            _must_be_clean(
                [name for name, text in request.query_params.multi_items() if signs.unwelcome(text)], "query"
            )
            if takes or request.method not in READS:
                await _read(request, takes)
            response = await original(request)
            response.headers.setdefault("cache-control", "no-store")
            return response

        return handler

    def _takes(self) -> str:
        """The kind of content that the route reads; “” for none."""
        return getattr(self.body_field.field_info, "media_type", JSON) if self.body_field else ""


def router(noun: str, tag: str) -> APIRouter:
    """Routes below /api/v1/NOUN."""
    return APIRouter(
        prefix=f"{ROOT}/{VERSION}{noun}",
        tags=[tag],
        dependencies=[Depends(guard)],
        route_class=ApiRoute,
        generate_unique_id_function=_named,
    )


def _named(route: APIRoute) -> str:
    """“zaps.create”: the module and the function."""
    return f"{route.endpoint.__module__.rpartition('.')[2]}.{route.name}"


def _must_name_something(request: Request) -> None:
    """No id holds such signs, and PostgreSQL takes none of them."""
    if any(signs.unwelcome(str(value)) for value in request.path_params.values()):
        raise NotFound(Sentence("There is no such thing.", "Das gibt es nicht."))


async def _read(request: Request, takes: str) -> None:
    """Reads the body as far as it may be long, and looks at all of it before anything is made of it."""
    body = await _body(request)
    if not body:
        return
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != (takes or JSON):
        raise Unreadable(415, expected=takes)
    if kind == JSON:
        value = _parsed(body)
        _must_be_clean(_unwelcome(value), "body")
        if not takes:
            _must_hold_nothing(value)


async def _body(request: Request) -> bytes:
    pieces, length = [], 0
    async for piece in request.stream():
        length += len(piece)
        if length > LONGEST_BODY:
            raise TooLong(LONGEST_BODY)
        pieces.append(piece)
    body = b"".join(pieces)
    request._body = body
    return body


def _parsed(body: bytes) -> Any:
    try:
        return strict_json.read(body)
    except json.JSONDecodeError as error:
        raise Unreadable(400, position=error.pos) from error
    except ValueError as error:
        raise Unreadable(400) from error


def _unwelcome(value: Any) -> list[str]:
    try:
        return strict_json.unwelcome(value)
    except ValueError as error:
        raise Unreadable(400) from error


def _must_hold_nothing(value: Any) -> None:
    """What is sent to an operation that takes nothing would be thought to count; {} and null say nothing."""
    if isinstance(value, dict):
        _refuse(("body", name) for name in value)
    elif value is not None:
        raise Unreadable(415)


def _refuse(places: Iterable[tuple[str, ...]], kind: str = "extra_forbidden") -> None:
    found = [{"type": kind, "loc": place, "msg": ""} for place in places]
    if found:
        raise RequestValidationError(found)


def _must_be_clean(bad: Iterable[str], part: str) -> None:
    """Raises for each place where there is a sign that no text may hold."""
    _refuse(((part, *place.split(".")) for place in dict.fromkeys(bad)), "unwelcome_sign")
