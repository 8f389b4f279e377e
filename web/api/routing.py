"""Routers and routes of the API: who asks is settled first, then whether what was sent can be read at all.

Every module of the API makes its router here. What is refused becomes a problem in `web.problems`.
"""

import json
import re
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute

from engine.errors import NotFound, Sentence
from web.api import ROOT, VERSION
from web.problems import Unreadable
from web.security import TooLong, guard

LONGEST_BODY = 2_000_000  # bytes
DEEPEST = 40  # lists and groups within each other, as of a zap file
JSON, YAML = "application/json", "application/yaml"
_UNWELCOME = re.compile("[\x00\ud800-\udfff]")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class ApiRoute(APIRoute):
    """A route of the API."""

    def get_route_handler(self) -> Handler:
        original, takes = super().get_route_handler(), self._takes()

        async def handler(request: Request) -> Response:
            await guard(request)
            _must_name_something(request)
            _must_be_clean(request.query_params.multi_items(), "query")
            if takes:
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
    if any(_UNWELCOME.search(str(value)) for value in request.path_params.values()):
        raise NotFound(Sentence("There is no such thing.", "Das gibt es nicht."))


async def _read(request: Request, takes: str) -> None:
    """Reads the body as far as it may be long, and looks at all of it before anything is made of it."""
    body = await _body(request)
    if not body:
        return
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != takes:
        raise Unreadable(415, expected=takes)
    if takes == JSON:
        _must_be_clean(_leaves(_parsed(body)), "body")


async def _body(request: Request) -> bytes:
    pieces, length = [], 0
    async for piece in request.stream():
        length += len(piece)
        if length > LONGEST_BODY:
            raise TooLong
        pieces.append(piece)
    body = b"".join(pieces)
    request._body = body
    return body


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise Unreadable(400, position=error.pos) from error
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Unreadable(400) from error


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _leaves(value: Any) -> Iterator[tuple[str, str]]:
    """All texts with their places, names included. Raises `Unreadable` for what is nested too deeply."""
    waiting = [("", value, 0)]
    while waiting:
        place, one, depth = waiting.pop()
        if depth > DEEPEST:
            raise Unreadable(400)
        if isinstance(one, str):
            yield place, one
        elif isinstance(one, list):
            waiting += ((f"{place}.{number}", entry, depth + 1) for number, entry in enumerate(one))
        elif isinstance(one, dict):
            yield from ((place, name) for name in one)
            waiting += ((f"{place}.{name}", entry, depth + 1) for name, entry in one.items())


def _must_be_clean(texts: Any, part: str) -> None:
    """Raises for NUL and lone surrogates: no text that people write holds them, and not every database takes them."""
    bad = dict.fromkeys(place for place, text in texts if _UNWELCOME.search(text))
    if bad:
        raise RequestValidationError(
            [{"type": "unwelcome_sign", "loc": (part, *place.strip(".").split(".")), "msg": ""} for place in bad]
        )
