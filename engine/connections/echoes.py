"""Takes secrets out of what a call brought: a service may send back what it was sent. Called by `Calls`.

Meant are the secrets of the connection and those that were typed into the step. It looks at every record of every poll:
what holds no secret stays the very object that it was. A cursor stays as it is, as only the connector sees it again;
files do too, which may be larger than memory.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel

from engine.connections.redaction import MIN_ECHOED, Forms, Redactor, secrets_of
from engine.sdk.records import Account, Choice, Page, Record

PLAIN = frozenset({int, float, bool, type(None)})
"""The kinds that hold no text."""

ValueT = TypeVar("ValueT")


def taken_out(value: ValueT, given: Any, redactor: Redactor) -> ValueT:
    """`value` without the connection's secrets, and without those in what the function was `given`."""
    forms = _forms(given, redactor)
    if not forms.secrets:
        return value
    found: ValueT = _each(value, forms)
    return found


def _forms(given: Any, redactor: Redactor) -> Forms:
    typed = [secret for secret in secrets_of(given) if len(secret) >= MIN_ECHOED]
    return Forms(redactor.echoed.secrets.union(typed)) if typed else redactor.echoed


def _each(value: Any, forms: Forms) -> Any:
    """Records one by one, so that only those are copied that hold a secret."""
    if isinstance(value, Page):
        records = tuple(_each(one, forms) for one in value.records)
        return replace(value, records=records, warning=_cleaned(value.warning, forms))
    if isinstance(value, list):
        return [_each(one, forms) for one in value]
    return _cleaned(value, forms) if _holds(value, forms) else value


def _holds(value: Any, forms: Forms) -> bool:
    return forms.are_in("\0".join(_texts(value)))


def _texts(value: Any) -> list[str]:
    """All of them. Without recursion: answers of services may be nested as deeply as they like."""
    found, left = [], [value]
    while left:
        one = left.pop()
        kind = type(one)
        if kind is str:
            found.append(one)
        elif kind is dict:
            left.extend(one)
            left.extend(one.values())
        elif kind is list:
            left.extend(one)
        elif kind not in PLAIN:
            left.extend(_parts(one))
    return found


def _parts(value: Any) -> Iterable[Any]:
    """What stands in a value of a less common kind."""
    match value:
        case str():
            return (str.__str__(value),)
        case BaseModel():
            more = value.__pydantic_extra__ or {}
            misfit = (value.misfit,) if isinstance(value, Record) else ()
            return (*value.__dict__.values(), *more, *more.values(), *misfit)
        case dict():
            return (*value, *value.values())
        case list() | tuple() | set() | frozenset():
            return value
        case Choice():
            return value.value, value.label
        case Account():
            return (value.label,)
    return ()


def _cleaned(value: Any, forms: Forms) -> Any:
    match value:
        case str():
            return forms.blotted(value)
        case dict():
            return {_cleaned(key, forms): _cleaned(one, forms) for key, one in value.items()}
        case list():
            return [_cleaned(one, forms) for one in value]
        case tuple():
            return tuple(_cleaned(one, forms) for one in value)
        case set() | frozenset():
            return type(value)(_cleaned(one, forms) for one in value)
        case BaseModel():
            return _model(value, forms)
        case Choice():
            return Choice(forms.blotted(value.value), forms.blotted(value.label))
        case Account():
            return replace(value, label=forms.blotted(value.label))
    return value


def _model(value: BaseModel, forms: Forms) -> BaseModel:
    copy = value.model_copy(update=_cleaned(value.__dict__, forms))
    if value.__pydantic_extra__:
        object.__setattr__(copy, "__pydantic_extra__", _cleaned(value.__pydantic_extra__, forms))
    if isinstance(copy, Record):
        copy._misfit = forms.blotted(copy._misfit)
    return copy
