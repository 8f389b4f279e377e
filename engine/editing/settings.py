"""The settings of a zap, and what a zap can hold at all: refused with the sentence at the field. Called by `drafts`."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engine.errors import Problem, Problems, Sentence
from engine.zaps.model import TRIGGER, Zap
from engine.zaps.remarks import quotation, remark

NAMES = ("name", "language", "timezone", "country", "concurrency", "while_running", "flood_limit", "auto_pause")
MAX_ZAP = 1_000_000  # characters, as of a file


def changed(zap: Zap, values: Mapping[str, Any]) -> Zap:
    """The zap with other settings. Raises `Problems`."""
    unknown = [Problem(remark("unknown_setting", name=name), field=name) for name in values if name not in NAMES]
    if unknown:
        raise Problems(unknown)
    return checked(
        zap.model_copy(update={name: value or None if name == "country" else value for name, value in values.items()})
    )


def checked(zap: Zap) -> Zap:
    """The zap as it will be stored. Raises `Problems` where it holds what no zap can."""
    text = zap.model_dump_json(by_alias=True, exclude_defaults=True, warnings=False)
    if len(text) > MAX_ZAP:
        raise Problems([Problem(remark("zap_too_large", most=MAX_ZAP))])
    try:
        return Zap.model_validate_json(text)
    except ValidationError as error:
        raise Problems([_problem(zap, detail) for detail in error.errors(include_url=False)]) from error


def _problem(zap: Zap, detail: ErrorDetails) -> Problem:
    step, field = _place(zap, detail["loc"])
    return Problem(_sentence(detail), step=step, field=field)


def _place(zap: Zap, location: tuple[int | str, ...]) -> tuple[str, str]:
    if location[:1] == (TRIGGER,):
        return TRIGGER, ".".join(map(str, location[1:]))
    if location[:1] == ("steps",) and len(location) > 1 and isinstance(location[1], int):
        return zap.steps[location[1]].key, ".".join(map(str, location[3:]))
    return "", ".".join(map(str, location))


def _sentence(detail: ErrorDetails) -> Sentence:
    context: Mapping[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "name" | "string_too_short":
            return remark("name_missing")
        case "string_too_long":
            return remark("setting_too_long", most=context["max_length"])
        case "timezone":
            return remark("unknown_zone", name=context["timezone"])
        case "string_pattern_mismatch" if detail["loc"] == ("country",):
            return remark("not_a_country_code")
        case "greater_than_equal":
            return remark("at_least_this", least=context["ge"])
        case "less_than_equal":
            return remark("at_most_this", most=context["le"])
        case _:
            return remark("setting_refused", value=quotation(detail["input"]))
