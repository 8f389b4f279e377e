"""Samples of a draft's steps, and what they say about a step's state. Called by the editor's pages and `trying`."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from engine.editing import made_up
from engine.registry import Registry
from engine.store import samples, zaps
from engine.store.database import Database
from engine.store.encoding import encode, plain
from engine.store.excerpts import cut_to_size
from engine.store.samples import Sample
from engine.zaps import drawing
from engine.zaps.model import TRIGGER, FilterStep, Step, TriggerUse

__all__ = ["Sample", "Samples", "StepState", "digest_of", "fitting"]


DOUBTED = ""
"""What a real sample was made with when the last test of its step did not work."""


class StepState(StrEnum):
    """What is to be said of a step in one word."""

    NEEDS_ATTENTION = "needs_attention"
    READY = "ready"
    TESTED = "tested"


@dataclass(frozen=True)
class Samples:
    """Keeps them."""

    database: Database
    registry: Callable[[], Registry]
    now: Callable[[], datetime]

    def of(self, zap_id: str) -> dict[str, Sample]:
        """All samples of a zap, by step."""
        with self.database.read() as session:
            return samples.of_zap(session, zaps.find(session, zap_id).id)

    def keep(
        self, zap_id: str, step: str, record: Any, *, real: bool = True, drawn: TriggerUse | Step | None = None
    ) -> Sample:
        """Makes a record the sample of a step as it was `drawn` when it was made, or is now. Raises `NotFound`."""
        with self.database.write() as session:
            stored = zaps.find(session, zap_id)
            now_drawn = drawing.step_of(stored.draft, step)
            drawn = drawn or now_drawn
            made_with = digest_of(drawn) if real else ""
            sample = Sample(step, use_of(drawn), cut_to_size(plain(record)), real, made_with, self.now())
            samples.put(session, stored.id, sample)
        return sample

    def choose(self, zap_id: str, record: Any) -> Sample:
        """Makes a record of the trigger the one that the steps are drawn with."""
        return self.keep(zap_id, TRIGGER, record)

    def doubt(self, zap_id: str, step: str) -> None:
        """After a test that did not work: what an earlier one brought can be drawn with, but the step is not tested."""
        with self.database.write() as session:
            stored = zaps.find(session, zap_id)
            kept = samples.of_zap(session, stored.id).get(step)
            if kept is not None and kept.real:
                samples.put(session, stored.id, replace(kept, made_with=DOUBTED))

    def make_up(self, zap_id: str, step: str, language: str = "en") -> Sample:
        """A made-up record where none is at hand: what the app says that it gives. Raises `NotFound`."""
        with self.database.read() as session:
            drawn = drawing.step_of(zaps.find(session, zap_id).draft, step)
        model = self.registry().operation(use_of(drawn)).returns
        return self.keep(zap_id, step, made_up.record_of(model, language), real=False)

    def clear(self, zap_id: str, step: str) -> None:
        """Forgets the sample of a step."""
        with self.database.write() as session:
            samples.clear(session, zaps.find(session, zap_id).id, step)


def fitting(found: Mapping[str, Sample], key: str, drawn: TriggerUse | Step) -> Sample | None:
    """The sample of a step, unless it is of something else that the step did before."""
    sample = found.get(key)
    return sample if sample is not None and sample.use == use_of(drawn) else None


def use_of(drawn: TriggerUse | Step) -> str:
    """What a step uses; “” for a filter."""
    return "" if isinstance(drawn, FilterStep) else drawn.use


def digest_of(drawn: TriggerUse | Step) -> str:
    """The same as long as a test of the step would do the same."""
    if isinstance(drawn, FilterStep):
        said: Any = drawn.filter
    else:
        said = [drawn.use, drawn.connection, sorted(drawn.with_.items()), getattr(drawn, "if_empty", "")]
    return hashlib.sha256(encode(said)).hexdigest()[:32]
