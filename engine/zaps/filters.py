"""The filters a mapping may use: this table and nothing else. The docs' list of filters is made from it.

Each is a pure function `(value, *arguments)` of plain data; one that writes or reads by language takes `locale`.
Blank in, nothing out: a number or date filter leaves a missing value missing, so that `default` can stand behind it.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from engine.zaps import filters_dates, filters_lists, filters_numbers, filters_texts
from engine.zaps.limits import CannotMap, Work
from engine.zaps.locales import Locale
from engine.zaps.remarks import remark


@dataclass(frozen=True)
class Filter:
    """One filter: its function, how many arguments it takes, and its line in the docs (help and an example)."""

    name: str
    function: Callable[..., Any]
    least: int
    most: int
    help: str
    example: str
    by_locale: bool

    def apply(self, value: Any, arguments: list[Any], locale: Locale, work: Work) -> Any:
        """The filtered value. Raises `CannotMap` with a sentence."""
        for given in (value, *arguments):
            work.charge(given)
        extra = {"locale": locale} if self.by_locale else {}
        try:
            result = self.function(value, *arguments, **extra)
        except (ArithmeticError, ValueError, TypeError, RecursionError) as error:
            raise CannotMap(remark("filter_not_for_this", name=self.name)) from error
        work.charge(result)
        return result


def _filter(function: Callable[..., Any]) -> Filter:
    parameters = [one for one in inspect.signature(function).parameters.values() if one.name != "locale"][1:]
    help_text, _, example = (function.__doc__ or "").partition("\n")
    return Filter(
        name=function.__name__.rstrip("_"),
        function=function,
        least=sum(one.default is inspect.Parameter.empty for one in parameters),
        most=len(parameters),
        help=help_text.strip(),
        example=example.strip(),
        by_locale="locale" in inspect.signature(function).parameters,
    )


_MODULES = (filters_texts, filters_lists, filters_numbers, filters_dates)

FILTERS: Mapping[str, Filter] = MappingProxyType(
    {one.name: one for module in _MODULES for one in map(_filter, module.FILTERS)}
)
