"""What the API gives and takes of zaps."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from engine.editing.publishing import SourceChange
from engine.editing.samples import StepState
from engine.editing.tried import Remedy, TriedOutcome
from engine.editing.versions import Changed
from engine.store.states import RunState, ZapState
from engine.triggers.health import Health as HealthState
from engine.zaps.model import Zap
from web.api.schemas import Id, Moment, Name, Page, ProblemAt, Revision, Sent, Shown, Values

EXAMPLE = {
    "zapwerk": 1,
    "name": "Parcels for orders",
    "trigger": {"use": "shop.new_order", "connection": "0m3zt8k2v4q9x1c7b5"},
    "steps": [
        {
            "key": "parcel",
            "use": "shop.send_parcel",
            "connection": "0m3zt8k2v4q9x1c7b5",
            "with": {"to": "{{ trigger.who }}"},
        }
    ],
}


class Health(Shown):
    """How the trigger of a zap does. `problem` is what its last check said, `warning` what is odd about its records."""

    state: HealthState = Field(description="As the engine judges it: what counts is the last check that succeeded.")
    since: Moment = Field(None, description="Since when it is delayed or failing, where that is known.")
    watched: bool
    listening: bool
    every_seconds: float | None = Field(None, description="The time between two checks; null where nobody asks.")
    last_check_at: Moment = None
    last_success_at: Moment = None
    next_check_at: Moment = None
    failures: int = 0
    problem: str = ""
    warning: str = ""


class LastRun(Shown):
    """The newest run."""

    id: str
    state: RunState
    created_at: datetime
    finished_at: Moment


class Day(Shown):
    """How the runs ended that came to their end on that day (of UTC)."""

    day: date
    counts: dict[str, int]


class Figures(Shown):
    """The last seven days, the oldest first; `held` and `review` stand now."""

    last_run: LastRun | None = None
    days: list[Day] = Field(default_factory=list)
    held: int = 0
    review: int = 0
    failed: int = 0


class ZapLine(Shown):
    """A zap in the list. `changed` says that the draft is not what is live."""

    id: str = Field(examples=["0m3zt8k2v4q9x1c7b5"])
    name: str = Field(examples=["Parcels for orders"])
    state: ZapState
    attention: str = Field(description="Why a person must look at it; mostly empty.")
    folder: str
    version: int | None = Field(description="The number of the live version.")
    changed: bool
    trigger: str = Field(examples=["shop.new_order"])
    apps: list[str]
    connections: list[str]
    updated_at: datetime
    deleted_at: Moment = None
    health: Health | None = Field(None, description="null for a zap that was never switched on.")
    figures: Figures = Figures()


class ZapPage(Page[ZapLine]):
    """Zaps, the oldest first."""


class ZapShown(ZapLine):
    """A zap with what is live; secrets that were typed into it are blotted out."""

    revision: int
    live: Zap | None


class StepStanding(Shown):
    """In one word how far a step is."""

    step: str
    state: StepState


class DraftShown(Shown):
    """The draft. Send `revision` back with a change, or the ETag as `If-Match`."""

    id: str
    revision: int
    differs: bool = Field(description="It is not what is live; also true for a zap that was never published.")
    zap: Zap = Field(examples=[EXAMPLE])
    problems: list[ProblemAt] = Field(description="What speaks against publishing.")
    steps: list[StepStanding]
    can_undo: bool
    can_redo: bool


class NewZap(Sent):
    """A zap to begin with: blank, or as `zap` draws it."""

    name: Name = Field("", description="Empty for an untitled zap, or for the name that `zap` has.")
    folder: Name = ""
    language: Literal["en", "de"] | None = Field(None, description="How people write in this zap; else yours.")
    timezone: Name = Field("", description="Like Europe/Berlin; else yours.")
    zap: Zap | None = Field(None, examples=[EXAMPLE])


class DraftSent(Sent):
    """The whole draft. A secret that is sent as it was given (••••••) stays what it is.

    Where a `connection` is left out, an app's only account is chosen; null chooses none.
    """

    revision: Revision | None = Field(None, description="What you have seen; or send its ETag as If-Match.")
    zap: Zap = Field(examples=[EXAMPLE])


class ZapChange(Sent):
    """What of a zap is to change; what is left out stays. Settings count once they are published."""

    revision: Revision | None = Field(None, description="If the draft has another one by now, nothing is changed.")
    name: Name | None = None
    folder: Name | None = None
    language: Literal["en", "de"] | None = None
    timezone: Name | None = None
    country: Name | None = Field(None, description="Like DE; empty for none.")
    concurrency: int | None = Field(None, ge=0, le=1000, description="Runs at once; 1 is in order, 0 is no limit.")
    while_running: Literal["wait", "skip"] | None = Field(
        None, description="With “skip”, what comes while a run goes on is recorded and its run filtered out."
    )
    flood_limit: int | None = Field(
        None, ge=0, le=1_000_000_000, description="Events in ten minutes that are normal; 0 is no limit."
    )
    auto_pause: bool | None = Field(
        None, description="Whether it is paused when at least 95 % of more than 20 runs in 7 days failed."
    )


class PublishSent(Sent):
    """How to publish. Of the records that exist already, exactly `also` fires."""

    revision: Revision | None = Field(None, description="If the draft has another one by now, nothing is published.")
    on: bool = Field(True, description="Also switch on; else the zap stays on or off as it is.")
    also: list[Id] = Field(default_factory=list, max_length=300)


class Confirmation(Shown):
    """What switching on would do. With any `problems` it would be refused, and the rest is not known."""

    problems: list[ProblemAt]
    first: bool = Field(description="It was never published.")
    publishes: bool = Field(description="The draft becomes the live version.")
    source: SourceChange = Field(description="What is watched, compared with before.")
    kind: Literal["", "polling", "webhook", "schedule"]
    baseline: bool = Field(description="What exists at the app by then does not fire.")
    listening: bool
    every_seconds: float | None
    held: int = Field(description="Runs that wait since it was switched off, and will go on.")
    next: list[datetime] = Field(description="The next times of a schedule.")


class Published(Shown):
    """What publishing or switching on did."""

    version: int
    published: bool = Field(description="A new version was made.")
    new_baseline: bool = Field(description="The trigger starts anew: what exists does not fire.")
    fired: int = Field(description="How many of the existing records were made to fire.")
    unpublished_changes: bool = Field(description="The draft is not what is live.")


class SwitchOn(Sent):
    """How to switch on."""

    catch_up: bool = Field(False, description="What arrived while it was off fires after all.")


class SwitchOff(Sent):
    """How to switch off."""

    hold_waiting: bool = Field(False, description="Hold the runs that have not begun; else they are still executed.")


class SwitchedOff(Shown):
    """`held` counts the runs that were held back."""

    held: int


class VersionLine(Shown):
    """A published version; `by` is a person's id, `changes` counts what differs from the one before."""

    number: int
    at: datetime
    by: str
    live: bool
    changes: int | None


class VersionPage(Page[VersionLine]):
    """Versions, the newest first."""


class VersionShown(Shown):
    """What was published under a number."""

    number: int
    zap: Zap


class Difference(Shown):
    """One thing that differs; `step` is empty where it is about the zap itself, `field` where about the whole step."""

    step: str
    field: str
    kind: Changed
    before: Any
    after: Any


class Differences(Shown):
    """What must be done to get from one version to the other."""

    items: list[Difference]
    more: bool = Field(description="There are more than are told.")


class RevisionSent(Sent):
    """The draft that you have seen."""

    revision: Revision


class RecordFound(Shown):
    """A record of the trigger; `chosen` says that it is the sample that the steps are drawn with."""

    id: str
    label: str
    at: Moment
    data: Any
    warning: str
    chosen: bool


class RecordsFound(Shown):
    """The newest first; with `more` there are further ones."""

    records: list[RecordFound]
    more: bool


class SampleChosen(Sent):
    """Which of the trigger's records is the sample."""

    record: Annotated[str, Field(max_length=2_000, description="Its id, as the list of records says it.")]


class SampleShown(Shown):
    """A step's sample. `real` is false for made-up data."""

    step: str
    use: str
    record: Any
    real: bool
    at: datetime


class Samples(Shown):
    """All samples of a zap."""

    items: list[SampleShown]


class StepTried(Shown):
    """What a test brought: `input` is what was sent, `output` the record that there is now."""

    step: str
    use: str
    outcome: TriedOutcome
    sentence: str
    input: Values
    output: Values | None
    problems: list[ProblemAt]
    remedy: Remedy
    took_ms: int


class ChoiceShown(Shown):
    """A value that a field offers, and how it is called."""

    value: str
    label: str


class ChoicesShown(Shown):
    """At most two hundred; search for others."""

    items: list[ChoiceShown]
    more: bool


class AddressShown(Shown):
    """What services call to start the zap; whoever knows it can."""

    address: str = Field(examples=["https://zaps.example.org/hooks/…"])
