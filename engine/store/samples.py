"""Samples: the record that stands for what a trigger or step of a draft gives. Called by `engine.editing`.

A sample remembers what the step used, for a record of another app says nothing about this one.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, select

from engine.store.encoding import decode, encode
from engine.store.moments import from_ms, to_ms
from engine.store.tables_editing import SampleRow


@dataclass(frozen=True)
class Sample:
    """The record of one step. `made_with` is a digest of what the step was then; `real` is False if it was made up."""

    step: str
    use: str
    record: Any
    real: bool
    made_with: str
    at: datetime


def of_zap(session: Session, zap_id: str) -> dict[str, Sample]:
    """All samples of a zap, by step."""
    rows = session.exec(select(SampleRow).where(SampleRow.zap_id == zap_id))
    return {row.step: _sample(row) for row in rows}


def real(session: Session, zap_id: str) -> dict[str, Any]:
    """The records that really came, by step."""
    return {step: sample.record for step, sample in of_zap(session, zap_id).items() if sample.real}


def put(session: Session, zap_id: str, sample: Sample) -> None:
    """Keeps a sample in place of the one there was."""
    row = SampleRow(
        zap_id=zap_id,
        step=sample.step,
        record=encode(sample.record),
        made_with=json.dumps([sample.use, sample.made_with]),
        real=sample.real,
        at=to_ms(sample.at),
    )
    session.merge(row)


def clear(session: Session, zap_id: str, step: str) -> None:
    """Forgets the sample of a step."""
    session.exec(delete(SampleRow).where(col(SampleRow.zap_id) == zap_id, col(SampleRow.step) == step))


def move(session: Session, zap_id: str, step: str, another: str) -> None:
    """The step is called otherwise from now on."""
    sample = of_zap(session, zap_id).get(step)
    if sample is not None:
        clear(session, zap_id, step)
        put(session, zap_id, Sample(another, sample.use, sample.record, sample.real, sample.made_with, sample.at))


def copy(session: Session, zap_id: str, another: str) -> None:
    """Gives the samples of one zap to another as well."""
    for sample in of_zap(session, zap_id).values():
        put(session, another, sample)


def _sample(row: SampleRow) -> Sample:
    use, made_with = json.loads(row.made_with) if row.made_with else ("", "")
    return Sample(row.step, use, decode(row.record), row.real, made_with, from_ms(row.at))
