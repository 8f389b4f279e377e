"""Routers whose routes ask the guard first. Every page and everything below /api is one of theirs.

They are put into the app as they are: FastAPI makes every route of a router that it includes a second time, when it is
asked for, and the engine waits for the half second that this takes.
"""

from collections.abc import Iterable
from itertools import chain

from fastapi import APIRouter, Depends, FastAPI
from fastapi.params import Depends as Dependency
from fastapi.routing import APIRoute

from web.security import guard


def router(prefix: str = "", *, after: tuple[Dependency, ...] = ()) -> APIRouter:
    """Routes below a prefix; `after` is asked when the guard has let somebody in."""
    return APIRouter(prefix=prefix, dependencies=[Depends(guard), *after])


def add(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Puts the routes of all these into the app. Raises `TypeError` for one that asks no guard."""
    for route in chain.from_iterable(one.routes for one in routers):
        if not isinstance(route, APIRoute) or guard not in {one.dependency for one in route.dependencies}:
            raise TypeError(f"{route} asks no guard")
        app.router.routes.append(route)
