"""Conditions of a filter step: their model, and whether they hold. The interpreter asks `evaluate`, `check` `problems`.

Texts are compared without regard to case and to white space at their ends.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, JsonValue, Tag, model_validator

from engine.errors import Problem
from engine.spelling import quoted
from engine.zaps import dates, mapping, numbers, patterns, wording
from engine.zaps.limits import CannotMap
from engine.zaps.locales import Locale
from engine.zaps.plain import is_blank, text_of
from engine.zaps.remarks import meant, remark
from engine.zaps.sentences import Unreadable

MAX_DEPTH = 5  # groups within groups
MAX_CONDITIONS = 100  # in one filter


class Condition(BaseModel):
    """One comparison: `value` and `to` are templates, `is` names an operator of `OPERATORS`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    value: JsonValue
    is_: str = Field(alias="is")
    to: JsonValue = None


def _member_kind(given: Any) -> str:
    """A group is told by the key it has; anything else is taken for a condition."""
    has = given if isinstance(given, Mapping) else ()
    return "group" if isinstance(given, Group) or "all" in has or "any" in has else "condition"


Member = Annotated[
    Annotated[Condition, Tag("condition")] | Annotated["Group", Tag("group")], Discriminator(_member_kind)
]


class Group(BaseModel):
    """Conditions and groups that must `all` hold, or of which `any` one must."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    all: tuple[Member, ...] | None = None
    any: tuple[Member, ...] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Group":
        if (self.all is None) == (self.any is None):
            raise ValueError("A group of conditions needs either `all` or `any`.")
        return self

    @property
    def members(self) -> "tuple[Condition | Group, ...]":
        return (self.all if self.all is not None else self.any) or ()


@dataclass(frozen=True)
class Verdict:
    """Whether a filter lets a run pass, and why, as a sentence."""

    passed: bool
    reason: str


@dataclass(frozen=True)
class Operator:
    """How two values compare; `words` and `denied` tell it. `compares` is False where `to` is not used."""

    holds: Callable[[Any, Any, Locale], bool]
    words: str
    denied: str
    compares: bool = True


def evaluate(group: Group, scope: Mapping[str, Any], locale: Locale) -> Verdict:
    """Whether the group holds for this data. Raises `mapping.MappingError` where a template cannot be rendered."""
    return _group(group, scope, locale)


def problems(group: Group) -> list[Problem]:
    """What is wrong with a filter itself: operators, patterns, templates. Fields are `all.0.is` and the like."""
    conditions = list(_conditions(group, "", 1))
    found = [problem for place, one in conditions for problem in _problems_of(place, one)]
    if not conditions:
        found.append(Problem(remark("no_conditions")))
    if len(conditions) > MAX_CONDITIONS or _depth(group) > MAX_DEPTH:
        found.append(Problem(remark("filter_too_large", most=MAX_CONDITIONS, deep=MAX_DEPTH)))
    return found


def templates(group: Group) -> Iterator[tuple[str, JsonValue]]:
    """All templates of a filter, with their places."""
    for place, condition in _conditions(group, "", 1):
        yield f"{place}.value", condition.value
        yield f"{place}.to", condition.to


def _conditions(group: Group, place: str, depth: int) -> Iterator[tuple[str, Condition]]:
    key = "all" if group.all is not None else "any"
    for index, member in enumerate(group.members):
        below = f"{place}.{key}.{index}".lstrip(".")
        if isinstance(member, Condition):
            yield below, member
        elif depth < MAX_DEPTH:
            yield from _conditions(member, below, depth + 1)


def _depth(group: Group) -> int:
    return 1 + max((_depth(one) for one in group.members if isinstance(one, Group)), default=0)


def _problems_of(place: str, condition: Condition) -> Iterator[Problem]:
    operator = OPERATORS.get(condition.is_)
    if operator is None:
        said = remark("unknown_comparison", name=condition.is_, meant=meant(condition.is_, OPERATORS))
        yield Problem(said, field=f"{place}.is")
    elif operator.compares and condition.to is None:
        yield Problem(remark("nothing_compared"), field=f"{place}.to")
    if condition.is_ == "matches" and isinstance(condition.to, str) and not mapping.has_template(condition.to):
        try:
            patterns.compiled(condition.to)
        except CannotMap as error:
            yield Problem(error.sentence, field=f"{place}.to")


def _group(group: Group, scope: Mapping[str, Any], locale: Locale) -> Verdict:
    wants_all = group.all is not None
    reasons = []
    for member in group.members:
        verdict = _condition(member, scope, locale) if isinstance(member, Condition) else _group(member, scope, locale)
        if verdict.passed is not wants_all:
            return verdict
        reasons.append(verdict.reason)
    return Verdict(wants_all, "; ".join(reasons))


def _condition(condition: Condition, scope: Mapping[str, Any], locale: Locale) -> Verdict:
    operator = OPERATORS.get(condition.is_)
    if operator is None:
        raise mapping.MappingError([Problem(remark("unknown_comparison", name=condition.is_, meant=""))])
    value = mapping.render(condition.value, scope, locale)
    to = mapping.render(condition.to, scope, locale) if operator.compares else None
    try:
        passed = operator.holds(value, to, locale)
    except CannotMap as error:
        raise mapping.MappingError([Problem(error.sentence)]) from error
    words = operator.words if passed else operator.denied
    compared = f" {quoted(text_of(to))}" if operator.compares else ""
    return Verdict(passed, f"{wording.subject_of(condition.value)} {words}{compared}")


def _bare(value: Any) -> str:
    return " ".join(text_of(value).casefold().split())


def _same(value: Any, to: Any, _: Locale) -> bool:
    return _bare(value) == _bare(to)


def _contains(value: Any, to: Any, locale: Locale) -> bool:
    if isinstance(value, list | tuple) and any(_same(one, to, locale) for one in value):
        return True
    return bool(_bare(to)) and _bare(to) in _bare(value)


def _is_one_of(value: Any, to: Any, locale: Locale) -> bool:
    choices = to if isinstance(to, list | tuple) else text_of(to).replace("\n", ",").split(",")
    return any(_same(value, one, locale) for one in choices if not is_blank(one))


def _by_number(compare: Callable[[Decimal, Decimal], bool]) -> Callable[[Any, Any, Locale], bool]:
    def holds(value: Any, to: Any, locale: Locale) -> bool:
        try:
            return compare(numbers.read(value, locale), numbers.read(to, locale))
        except Unreadable:
            return False

    return holds


def _by_moment(compare: Callable[[datetime, datetime], bool]) -> Callable[[Any, Any, Locale], bool]:
    def holds(value: Any, to: Any, locale: Locale) -> bool:
        try:
            return compare(_moment(value, locale), _moment(to, locale))
        except Unreadable:
            return False

    return holds


def _moment(value: Any, locale: Locale) -> datetime:
    """A day counts from its start in the zap's zone."""
    if not isinstance(value, date) or isinstance(value, datetime):
        try:
            return dates.read_datetime(value, locale)
        except Unreadable:
            pass
    return datetime.combine(dates.read_date(value, locale), time(), locale.zone)


def _says(wanted: bool) -> Callable[[Any, Any, Locale], bool]:
    return lambda value, _to, _locale: wording.yes_or_no(value) is wanted


OPERATORS: dict[str, Operator] = {
    "is": Operator(_same, "is", "is not"),
    "is_not": Operator(lambda *given: not _same(*given), "is not", "is"),
    "contains": Operator(_contains, "contains", "does not contain"),
    "does_not_contain": Operator(lambda *given: not _contains(*given), "does not contain", "contains"),
    "starts_with": Operator(
        lambda value, to, _: _bare(value).startswith(_bare(to)), "starts with", "does not start with"
    ),
    "ends_with": Operator(lambda value, to, _: _bare(value).endswith(_bare(to)), "ends with", "does not end with"),
    "is_one_of": Operator(_is_one_of, "is one of", "is none of"),
    "matches": Operator(
        lambda value, to, _: patterns.matches(text_of(to), text_of(value)), "matches", "does not match"
    ),
    "greater_than": Operator(_by_number(lambda one, other: one > other), "is greater than", "is not greater than"),
    "less_than": Operator(_by_number(lambda one, other: one < other), "is less than", "is not less than"),
    "at_least": Operator(_by_number(lambda one, other: one >= other), "is at least", "is not at least"),
    "at_most": Operator(_by_number(lambda one, other: one <= other), "is at most", "is not at most"),
    "before": Operator(_by_moment(lambda one, other: one < other), "is before", "is not before"),
    "after": Operator(_by_moment(lambda one, other: one > other), "is after", "is not after"),
    "exists": Operator(lambda value, *_: not is_blank(value), "exists", "does not exist", compares=False),
    "does_not_exist": Operator(lambda value, *_: is_blank(value), "does not exist", "exists", compares=False),
    "is_true": Operator(_says(True), "is true", "is not true", compares=False),
    "is_false": Operator(_says(False), "is false", "is not false", compares=False),
}
