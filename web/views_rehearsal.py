"""What is shown of a rehearsal. Called by `cli_rehearse`."""

from collections.abc import Sequence

from engine.rehearsal.rehearsing import Rehearsal
from engine.rehearsal.rows import Count, Foreseen, Row, quotas
from web.shapes import QuotaRehearsed, RehearsalShown, RowRehearsed, StepRehearsed


def whole(rehearsal: Rehearsal, rows: Sequence[Row]) -> RehearsalShown:
    """A rehearsal that has come to its end."""
    count, chosen = Count.of(rows), rehearsal.chosen
    return RehearsalShown(
        zap=chosen.zap.name,
        zap_id=chosen.zap_id,
        version=chosen.version,
        records=len(rehearsal.records),
        outcomes={str(outcome): number for outcome, number in count.by_outcome.items()},
        repeated=count.repeated,
        quotas=[QuotaRehearsed(one.app, one.count, one.exact) for one in quotas(rows)],
        cut=rehearsal.cut,
        rows=[_row(row) for row in rows],
    )


def _row(row: Row) -> RowRehearsed:
    return RowRehearsed(
        number=row.number,
        record_id=row.record_id,
        label=row.label,
        at=row.at,
        warning=row.warning,
        outcome=str(row.outcome),
        same_as=row.same_as,
        steps=[_step(step) for step in row.steps],
    )


def _step(step: Foreseen) -> StepRehearsed:
    return StepRehearsed(
        step=step.step,
        use=step.use,
        outcome=str(step.outcome),
        sentence=step.sentence,
        field=step.field,
        problems=[{"field": one.field, "message": one.message} for one in step.problems],
        given=step.given,
        later={name: list(steps) for name, steps in step.later.items()},
        record=step.record,
        if_exists=step.if_exists,
        ends=step.ends,
        uses_quota=step.uses_quota,
    )
