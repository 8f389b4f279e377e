"""A bench on which zaps are rehearsed, and which can tell whether anything at all was changed by that."""

from dataclasses import replace
from typing import Any

from sqlalchemy import inspect, text

from engine.rehearsal.rehearsing import LAST, Rehearsal, Rehearsing
from engine.rehearsal.rows import Foreseen, Row
from engine.store.tables_history import OUTSIDE
from engine.zaps.conditions import Group
from engine.zaps.model import FilterStep
from tests.engine.benches import AT_ONCE, NAME, Bench


class Stage(Bench):
    """Rehearses without waiting between quick tries."""

    @property
    def rehearsing(self) -> Rehearsing:
        return replace(self.runtime.rehearsing, quick=AT_ONCE)

    async def drawn(self, *steps: Any, trigger: str = "new_thing", **more: Any) -> str:
        """A new zap as a draft; returns its id."""
        return self.draft(trigger, *steps, connection=await self._connected(), **more).id

    async def rehearse(self, zap_id: str, last: int = LAST, *, live: bool = False) -> list[Row]:
        return await rows_of(await self.rehearsing.begin(zap_id, last=last, live=live))

    async def one(self, *steps: Any, name: str = "Ada", **more: Any) -> Row:
        """Rehearses a new zap with one record."""
        zap_id = await self.drawn(*steps, **more)
        self.toy.add(name)
        (row,) = await self.rehearse(zap_id, 1)
        return row

    def everything(self) -> dict[str, list[Any]]:
        """All rows of all tables, and the files of the data folder's blobs."""
        engine = self.runtime.database.engine
        with engine.connect() as connection:
            # The tables of the full-text search cannot be read row by row, and hold nothing but the words of extracts.
            tables = sorted(set(inspect(connection).get_table_names()) - OUTSIDE)
            found = {table: sorted(map(repr, connection.execute(text(f'SELECT * FROM "{table}"')))) for table in tables}
        blobs = self.settings.data / "blobs"
        return {**found, "blobs": sorted(str(path) for path in blobs.rglob("*") if path.is_file())}


async def rows_of(rehearsal: Rehearsal) -> list[Row]:
    return [row async for row in rehearsal.rows()]


def only(**condition: Any) -> FilterStep:
    """A filter with one condition on the record's name, unless told otherwise."""
    return FilterStep(key="only", filter=Group.model_validate({"all": [{"value": NAME, **condition}]}))


def step(row: Row, key: str) -> Foreseen:
    return next(one for one in row.steps if one.step == key)
