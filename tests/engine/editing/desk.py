"""A bench at which zaps are drawn."""

from typing import Any

from engine.editing.draft import Draft
from engine.editing.editing import Editing
from engine.store import zaps
from engine.store.tables import ZapRow
from engine.zaps.model import ActionStep, FilterStep, TriggerUse, Zap
from tests.engine.benches import Bench, do

ANN, BEN = "person-ann", "person-ben"


class Desk(Bench):
    """Draws with the toy service."""

    @property
    def editing(self) -> Editing:
        return self.runtime.editing

    def draw(self, draft: Draft, change: str, *args: Any, by: str = ANN, **more: Any) -> Draft:
        """One change of a draft by its name."""
        drawn: Draft = getattr(self.editing.drafts, change)(draft.id, *args, revision=draft.revision, by=by, **more)
        return drawn

    async def drawn(self, *steps: ActionStep | FilterStep, trigger: str = "new_thing", **given: Any) -> Draft:
        """A complete draft; its only step is `make` unless others are given."""
        connection = await self._connected()
        bound = [
            step if isinstance(step, FilterStep) else bind(step, connection) for step in steps or (do("m", "make"),)
        ]
        start = TriggerUse(use=f"toy.{trigger}", connection=connection, with_=given)
        self._count += 1
        zap = Zap(name=f"drawn {self._count}", trigger=start, steps=tuple(bound))
        return self.editing.drafts.create(template=zap, by=ANN)

    def seen(self, draft: Draft) -> Draft:
        """The draft as it is stored now."""
        return self.editing.drafts.get(draft.id)

    def call(self, draft: Draft, name: str) -> Draft:
        """The draft as an older version may have stored it: under a name that is not taken any more."""
        with self.runtime.database.write() as session:
            row = session.get_one(ZapRow, draft.id)
            row.name, row.draft = name, zaps.text_of(draft.zap.model_copy(update={"name": name}))
            session.add(row)
        return self.seen(draft)

    def record(self, draft: Draft, step: str) -> Any:
        """The sample of a step as it is stored now; None for none."""
        sample = self.seen(draft).sample(step)
        return None if sample is None else sample.record


def bind(step: ActionStep, connection: str) -> ActionStep:
    return step.model_copy(update={"connection": connection})
