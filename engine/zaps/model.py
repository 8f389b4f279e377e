"""What a zap is: a trigger and steps, as frozen values. Files, the editor and published versions all hold this shape.

A step's kind is told by the key it has: `use` for an action or search, `filter` for a filter. Limits that a person may
run into while drawing (the number of steps, operators) are found by `check`, so that all problems come at once.

A draft may be incomplete: `use` is “” until an app is chosen, and names the app alone until its event is. With the
context `WHOLE` a zap is refused that is not drawn to its end: that is how files are read.
"""

import re
import zoneinfo
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from engine.zaps.conditions import Group
from engine.zaps.locales import Locale

MAX_STEPS = 100
TRIGGER = "trigger"  # how steps call the trigger's record
STEP_KEY = r"^[a-z][a-z0-9_]*$"
MAX_KEY = 60
MAX_TITLE = 100
MAX_NOTE = 2000
USE = r"^[a-z_][a-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*$"  # “tasko.create_task”
USE_SO_FAR = r"^([a-z_][a-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?)?$"  # “”, “tasko”, “tasko.create_task”
WHOLE = {"whole": True}  # the validation context of what must be drawn to its end

Values = dict[str, JsonValue]


class Overlap(StrEnum):
    """How the runs of a zap stand to each other in time."""

    PARALLEL = "parallel"
    IN_ORDER = "in_order"
    SKIP = "skip"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class _Using(_Frozen):
    """What the trigger and the steps of an app have in common."""

    @property
    def app(self) -> str:
        """The app's key; “” while none is chosen."""
        use: str = getattr(self, "use", "")
        return use.partition(".")[0]

    @property
    def is_chosen(self) -> bool:
        """Whether it is said what happens, not only where."""
        return "." in getattr(self, "use", "")

    @field_validator("use", check_fields=False)
    @classmethod
    def _is_whole(cls, use: str, info: ValidationInfo) -> str:
        if info.context == WHOLE and not re.match(USE, use):
            raise PydanticKnownError("string_pattern_mismatch", {"pattern": USE})
        return use


class TriggerUse(_Using):
    """What starts the zap: `use` names a trigger or webhook, `connection` one of the owner's connections.

    `title` is what a person calls it; “” for its usual name.
    """

    use: str = Field(pattern=USE_SO_FAR, max_length=200)
    connection: str | None = None
    with_: Values = Field(default_factory=dict, alias="with")
    title: str = Field("", max_length=MAX_TITLE)
    note: str = Field("", max_length=MAX_NOTE)


class ActionStep(_Using):
    """An action or a search; `with` maps its inputs. `if_empty` says what happens when a search finds nothing."""

    key: str = Field(pattern=STEP_KEY, max_length=MAX_KEY)
    use: str = Field(pattern=USE_SO_FAR, max_length=200)
    connection: str | None = None
    with_: Values = Field(default_factory=dict, alias="with")
    if_empty: Literal["stop", "go_on"] = "stop"
    title: str = Field("", max_length=MAX_TITLE)
    note: str = Field("", max_length=MAX_NOTE)


class FilterStep(_Frozen):
    """Lets a run pass only if its conditions hold."""

    key: str = Field(pattern=STEP_KEY, max_length=MAX_KEY)
    filter: Group
    title: str = Field("", max_length=MAX_TITLE)
    note: str = Field("", max_length=MAX_NOTE)


def _kind(given: Any) -> str | None:
    """Which kind of step it is, by the key it has."""
    has = given.keys() if isinstance(given, dict) else vars(given) if isinstance(given, _Frozen) else ()
    return next((kind for kind in STEP_KINDS if kind in has), None)


STEP_KINDS = ("filter", "use")

Step = Annotated[
    Annotated[FilterStep, Tag("filter")] | Annotated[ActionStep, Tag("use")],
    Discriminator(
        _kind,
        custom_error_type="step_kind",
        custom_error_message="A step needs `use` (an action or a search) or `filter`.",
    ),
]


class Zap(_Frozen):
    """A named trigger plus steps.

    `language`, `timezone` and `country` say how the people write whose data it moves. `concurrency` is how many runs
    may go at once (1 is strictly in order, None no limit); with `while_running` “skip” it is one, and an event that
    comes meanwhile gets no run that does anything. `flood_limit` is how many events in ten minutes are normal, and
    `auto_pause` whether the zap is paused when nearly all of its runs fail.
    """

    zapwerk: Literal[1] = 1
    id: str | None = Field(None, max_length=100)
    name: str = Field(min_length=1, max_length=200)
    language: Literal["en", "de"] = "en"
    timezone: str = "UTC"
    country: str | None = Field(None, pattern=r"^[A-Z]{2}$")
    trigger: TriggerUse
    steps: tuple[Step, ...]
    concurrency: int | None = Field(None, ge=1, le=1000)
    while_running: Literal["wait", "skip"] = "wait"
    flood_limit: int | None = Field(100, ge=1)
    auto_pause: bool = True

    @property
    def overlap(self) -> Overlap:
        """What happens with an event that comes while a run goes on."""
        if self.while_running == "skip":
            return Overlap.SKIP
        return Overlap.IN_ORDER if self.concurrency == 1 else Overlap.PARALLEL

    @property
    def at_once(self) -> int | None:
        """How many runs may go at once; None for no limit."""
        return self.concurrency if self.overlap == Overlap.PARALLEL else 1

    @property
    def locale(self) -> Locale:
        """How values are read and texts written in this zap."""
        return Locale(self.language, self.timezone, self.country)

    def uses(self) -> tuple[str, ...]:
        """What the trigger and the steps use, in order, as far as it is chosen."""
        return tuple(user.use for user in self.users() if user.is_chosen)

    def users(self) -> tuple[TriggerUse | ActionStep, ...]:
        """The trigger and the steps that use an app."""
        return (self.trigger, *(step for step in self.steps if isinstance(step, ActionStep)))

    def connections(self) -> frozenset[str]:
        """What the trigger and the steps call their connections."""
        return frozenset(user.connection for user in self.users() if user.connection is not None)

    def with_connections(self, rename: Callable[[str], str]) -> "Zap":
        """The same zap with its connections called otherwise."""
        steps = tuple(_renamed(step, rename) if isinstance(step, ActionStep) else step for step in self.steps)
        return self.model_copy(update={"trigger": _renamed(self.trigger, rename), "steps": steps})

    @field_validator("name")
    @classmethod
    def _has_a_name(cls, name: str) -> str:
        if not name.strip():
            raise PydanticCustomError("name", "A zap needs a name.")
        return " ".join(name.split())

    @field_validator("steps")
    @classmethod
    def _has_steps(cls, steps: tuple[Step, ...], info: ValidationInfo) -> tuple[Step, ...]:
        if info.context == WHOLE and not steps:
            raise PydanticKnownError("too_short", {"field_type": "Tuple", "min_length": 1, "actual_length": 0})
        return steps

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, timezone: str) -> str:
        try:
            zoneinfo.ZoneInfo(timezone)
        except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
            message = "There is no time zone “{timezone}”; write it like Europe/Berlin."
            raise PydanticCustomError("timezone", message, {"timezone": timezone[:60]}) from None
        return timezone

    @model_validator(mode="after")
    def _keys_are_unique(self) -> "Zap":
        seen: set[str] = {TRIGGER}
        for step in self.steps:
            if step.key in seen:
                raise PydanticCustomError("step_key", "The key “{key}” is used twice.", {"key": step.key})
            seen.add(step.key)
        return self


UserT = TypeVar("UserT", TriggerUse, ActionStep)


def _renamed(user: UserT, rename: Callable[[str], str]) -> UserT:
    if user.connection is None:
        return user
    return user.model_copy(update={"connection": rename(user.connection)})
