"""A draft as the editor shows it: the stored zap, what is wrong with it, its samples, what can be undone. Frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session

from engine.editing.samples import Sample, StepState, digest_of, fitting
from engine.errors import Problem
from engine.registry import Registry
from engine.store import changes, samples, zapfiles, zaps
from engine.store.zaps import StoredZap
from engine.zaps import drawing
from engine.zaps.model import TRIGGER, FilterStep, Step, TriggerUse, Zap


@dataclass(frozen=True)
class Draft:
    """One state of a draft. `focus` is the step that the last change was about, “” for none.

    `differs` says that it is not what is live, also of a zap that was never published.
    """

    stored: StoredZap
    problems: tuple[Problem, ...]
    samples: Mapping[str, Sample] = field(default_factory=dict)
    can_undo: bool = False
    can_redo: bool = False
    differs: bool = True
    focus: str = ""

    @property
    def id(self) -> str:
        return self.stored.id

    @property
    def name(self) -> str:
        return self.stored.name

    @property
    def zap(self) -> Zap:
        return self.stored.draft

    @property
    def revision(self) -> int:
        return self.stored.revision

    @property
    def published(self) -> int | None:
        """The number of the live version."""
        return self.stored.published

    @property
    def changed_by(self) -> str:
        """The id of who changed it last; “” if nobody is known."""
        return self.stored.updated_by

    @property
    def changed_at(self) -> datetime:
        return self.stored.updated_at

    def at(self, step: str, place: str = "") -> tuple[Problem, ...]:
        """The problems of a step (“” for the zap itself), or of one of its fields and what lies below."""
        return tuple(
            one
            for one in self.problems
            if one.step == step and (not place or one.field == place or one.field.startswith(f"{place}."))
        )

    def step(self, key: str) -> TriggerUse | Step:
        """The trigger or a step. Raises `NotFound`."""
        return drawing.step_of(self.zap, key)

    def sample(self, key: str) -> Sample | None:
        """The sample of a step as it is drawn now."""
        return fitting(self.samples, key, self.step(key))

    def state_of(self, key: str) -> StepState:
        """Needs attention, ready, or tested as it is drawn now."""
        if self.at(key):
            return StepState.NEEDS_ATTENTION
        sample = self.sample(key)
        tested = sample is not None and sample.real and sample.made_with == digest_of(self.step(key))
        return StepState.TESTED if tested else StepState.READY

    def scope(self, before: str = "") -> dict[str, Any]:
        """The records that templates of the step `before` can be filled with now, by step; of all steps for “”."""
        keys = () if before == TRIGGER else (TRIGGER, *(step.key for step in drawing.earlier(self.zap, before)))
        found = {key: self.sample(key) for key in keys if not isinstance(self.step(key), FilterStep)}
        return {key: sample.record for key, sample in found.items() if sample is not None}


def read(session: Session, zap_id: str, registry: Registry, *, focus: str = "") -> Draft:
    """The draft of a zap as it is stored. Raises `NotFound`."""
    stored = zaps.find(session, zap_id)
    steps = changes.steps(session, stored.id, zaps.text_of(stored.draft))
    return Draft(
        stored=stored,
        problems=tuple(zapfiles.problems(session, stored.draft, registry, stored.id)),
        samples=samples.of_zap(session, stored.id),
        can_undo=steps.back,
        can_redo=steps.forward,
        differs=zaps.differs(session, stored.id),
        focus=focus,
    )
