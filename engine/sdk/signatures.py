"""Reads a connector function's signature: the manifest of a trigger, action or search is its Python signature.

Raises `TypeError` with the names of connector and function when it cannot be one; never at run time, only at import.
"""

import inspect
import typing
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from engine.sdk.context import BlockingContext, Context
from engine.sdk.records import Page, Record
from engine.sdk.schedules import FireTime, Schedule


@dataclass(frozen=True)
class Signature:
    """`given` and `returns` are the models; `blocking` functions are written with `def`; `paged` ones yield `Page`s."""

    given: type[BaseModel]
    returns: type[Record] | None
    blocking: bool
    paged: bool = False


class NoInput(BaseModel):
    """The input model of a function that takes none."""


def of_call(owner: str, function: Callable[..., Any]) -> Signature:
    """The signature of an action, search, lookup or existing: `(ctx, given) -> Record` (or `-> Record | None`)."""
    hints, given = _read(owner, function)
    returns = _without_none(hints.get("return"))
    if not _is_record(returns):
        raise _wrong(owner, function, "must say which Record it returns (`-> Task`)")
    return Signature(given, returns, _blocking(owner, function, hints))


def of_trigger(owner: str, function: Callable[..., Any]) -> Signature:
    """The signature of a polling trigger: `(ctx, given) -> AsyncIterator[Record]`, or of `Page[Record]`."""
    hints, given = _read(owner, function)
    blocking = _blocking(owner, function, hints, generator=True)
    returns = hints.get("return")
    wanted = Iterator if blocking else AsyncIterator
    if get_origin(returns) not in (wanted, _GENERATORS[blocking]):
        raise _wrong(owner, function, f"must return {wanted.__name__}[…] of records or pages")
    element = get_args(returns)[0]
    paged = get_origin(element) is Page
    record = get_args(element)[0] if paged else element
    if not _is_record(record):
        raise _wrong(owner, function, "must yield a Record, or Page[…] of one")
    return Signature(given, record, blocking, paged)


def of_check(owner: str, function: Callable[..., Any]) -> Signature:
    """The signature of `check` and of a listener: `(ctx)` or `(ctx, given)`; what they return is not looked at."""
    hints, given = _read(owner, function)
    return Signature(given, None, _blocking(owner, function, hints))


def of_webhook(owner: str, function: Callable[..., Any]) -> Signature:
    """The signature of a webhook trigger: `(ctx, given, delivery) -> list[Record]`."""
    hints, given = _read(owner, function)
    returns = hints.get("return")
    if get_origin(returns) not in (list, Sequence) or not _is_record(get_args(returns)[0]):
        raise _wrong(owner, function, "must return list[…] of records")
    return Signature(given, get_args(returns)[0], _blocking(owner, function, hints))


def of_schedule(owner: str, function: Callable[..., Any]) -> Signature:
    """The signature of a scheduled trigger: `(given) -> Schedule`, or `() -> Schedule`."""
    hints = _hints(owner, function)
    names = list(inspect.signature(function).parameters)
    if inspect.iscoroutinefunction(function) or len(names) > 1:
        raise _wrong(owner, function, "must be a `def` that takes nothing but its input model")
    returns = hints.get("return")
    if not (isinstance(returns, type) and issubclass(returns, Schedule)):
        raise _wrong(owner, function, "must say which Schedule it returns (`-> Daily`)")
    return Signature(_model(owner, function, hints, names), FireTime, blocking=True)


_GENERATORS = {True: Generator, False: AsyncGenerator}


def _read(owner: str, function: Callable[..., Any]) -> tuple[dict[str, Any], type[BaseModel]]:
    hints = _hints(owner, function)
    names = list(inspect.signature(function).parameters)
    if not names or names[0] != "ctx" or len(names) > 3:
        raise _wrong(owner, function, "must take `ctx` first, then its input model")
    return hints, _model(owner, function, hints, names[1:])


def _hints(owner: str, function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except NameError as error:
        raise _wrong(owner, function, f"has an annotation that cannot be read: {error}") from error


def _model(owner: str, function: Callable[..., Any], hints: dict[str, Any], names: list[str]) -> type[BaseModel]:
    """The input model, which is the first of these parameters."""
    given = hints.get(names[0]) if names else NoInput
    if not (isinstance(given, type) and issubclass(given, BaseModel)):
        raise _wrong(owner, function, f"must annotate `{names[0]}` with a pydantic model")
    return given


def _blocking(owner: str, function: Callable[..., Any], hints: dict[str, Any], *, generator: bool = False) -> bool:
    is_async = inspect.isasyncgenfunction(function) if generator else inspect.iscoroutinefunction(function)
    is_async = is_async or (generator and get_origin(hints.get("return")) is AsyncIterator)
    wanted = Context if is_async else BlockingContext
    if hints.get("ctx") is not wanted:
        kind = "`async def`" if is_async else "`def`"
        raise _wrong(owner, function, f"is written with {kind}, so its `ctx` must be a {wanted.__name__}")
    return not is_async


def _without_none(returns: Any) -> Any:
    others = [one for one in get_args(returns) if one is not type(None)]
    return others[0] if len(others) == 1 and type(None) in get_args(returns) else returns


def _is_record(candidate: Any) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, Record)


def _wrong(owner: str, function: Callable[..., Any], what: str) -> TypeError:
    return TypeError(f"connector “{owner}”: {getattr(function, '__name__', function)} {what}")
