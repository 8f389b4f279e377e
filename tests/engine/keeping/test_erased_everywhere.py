"""A person who is named wherever somebody can be named is erased from all of it, or it is said what stays."""

import json
import os
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Integer, LargeBinary, String, inspect, text
from sqlmodel import AutoString, SQLModel

from engine.keeping.pruning import Pruning
from engine.store import dispatches, mentions, samples, zaps
from engine.store.encoding import encode
from engine.store.mentions import CUTS, FATES, Cut, Fate, Form
from engine.store.notice_ways import Kind
from engine.store.samples import Sample
from engine.store.tables_history import OUTSIDE
from tests.engine.benches import Bench, do, in_a_loop
from tests.engine.toys import error

ADA = "ada.lovelace@example.com"
WORD = "lovelace"
TWO_DAYS_AGO = 2 * 24 * 3600

_numbers = count(1)


def holds_text(column: Column[Any]) -> bool:
    return isinstance(column.type, AutoString | String | LargeBinary)


def test_every_column_of_text_is_listed_with_what_becomes_of_it():
    tables = SQLModel.metadata.tables
    there = {f"{name}.{one.name}" for name, table in tables.items() for one in table.columns if holds_text(one)}
    listed = [f"{table}.{one}" for table, fates in FATES.items() for names in fates.values() for one in names.split()]
    assert sorted(listed) == sorted(there), "say in mentions.FATES what becomes of a person who is named there"


def test_every_column_that_is_cut_has_its_rows_named():
    assert {f"{cut.table}.{name}" for cut in CUTS for name in cut.forms} == fated(Fate.CUT, Fate.DRAWN)


def fated(*fates: Fate) -> set[str]:
    return {f"{table}.{one}" for table, by in FATES.items() for fate in fates for one in by.get(fate, "").split()}


def plant(bench: Bench, table: str, **given: Any) -> None:
    """A row with these values; whatever else it needs is made up."""
    made_up = {one.name: made_up_for(one) for one in SQLModel.metadata.tables[table].columns if not one.nullable}
    values = {name: value for name, value in made_up.items() if value is not None} | given
    listed, names = ", ".join(values), ", ".join(f":{name}" for name in values)
    bench.change(f"INSERT INTO {table} ({listed}) VALUES ({names})", **values)


def made_up_for(column: Column[Any]) -> Any:
    """None for a key that the database counts."""
    if isinstance(column.type, Integer) and column.primary_key and len(column.table.primary_key) == 1:
        return None
    if isinstance(column.type, Boolean):
        return False
    if isinstance(column.type, LargeBinary):
        return b"{}"
    return next(_numbers) if isinstance(column.type, Integer) else f"x{next(_numbers)}"


def plant_cut(bench: Bench, cut: Cut) -> None:
    """In all of its columns at once."""
    said: dict[str, Any] = {name: named(form) for name, form in cut.forms.items()}
    if cut.table == "audit":
        said.setdefault("details", "{}")
    if cut.table == "dispatch":
        said["content"] = encode({"text": f"Hello {ADA}"})
    ends = {name: 1 for name in ("deleted_at", "removed_at") if f"{name} IS NOT NULL" in cut.only}
    plant(bench, cut.table, **said, **ends)


def named(form: Form) -> str:
    match form:
        case Form.VALUES:
            return json.dumps({"said": [f"about {ADA}"]})
        case Form.ZAP:
            return json.dumps({"name": f"for {ADA}", "trigger": {"use": "toy.new_thing"}, "steps": []})
    return f"“{ADA}” was refused"


def dump(bench: Bench) -> Iterator[tuple[str, str]]:
    """Everything in the database: table, column and value."""
    with bench.runtime.database.read() as session:
        connection = session.connection()
        for table in {*inspect(connection).get_table_names()} - {"search"}:  # SQLite's index: read by its own tables
            for row in connection.execute(text(f"SELECT * FROM {table}")).mappings():
                for name, value in row.items():
                    said = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    yield f"{table}.{name}", said.casefold()


def raw(bench: Bench) -> list[bytes]:
    """The files of the database, where it is one."""
    with bench.runtime.database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return [path.read_bytes().lower() for path in bench.settings.data.glob("zapwerk.db*")]


def where_it_stands(bench: Bench, word: str) -> set[str]:
    return {place for place, said in dump(bench) if word in said}


@in_a_loop
async def test_what_can_be_cut_out_is_gone_from_the_whole_database(bench: Bench):
    await bench.zap()
    for cut in (one for one in CUTS if one.table != "version"):
        plant_cut(bench, cut)
    bench.change("INSERT INTO version (zap_id, number, definition, connectors, created_at) "
                 "SELECT id, 1, draft, '{}', 1 FROM zap WHERE deleted_at IS NOT NULL")  # fmt: skip
    planted = {f"{cut.table}.{name}" for cut in CUTS for name in cut.forms}
    assert where_it_stands(bench, WORD) == planted
    kept = bench.runtime.persons.find(ADA)
    assert all([kept.notices, kept.dispatches, kept.troubles, kept.audit, kept.bygone])
    bench.runtime.persons.erase(ADA, cancel=False)
    assert where_it_stands(bench, WORD) == set()
    assert bench.runtime.persons.find(ADA).is_nothing


@in_a_loop
async def test_what_came_from_a_mail_is_gone_from_rows_words_and_files(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make"), flood_limit=None)
    file = bench.runtime.blobs.save("letter.txt", f"Yours, {ADA}".encode())
    bench.toy.next(f"make {ADA}", error("permanent"))
    await bench.done(zap, ADA, "bob")
    now = bench.now()
    with bench.runtime.database.write() as session:
        samples.put(session, zap, Sample("trigger", "toy.new_thing", {"name": ADA, "file": file.ref}, True, "", now))
        dispatches.add(session, Kind.MAIL, "p", "zap:z", {"text": ADA}, now=now)
    bench.change("UPDATE run SET problem = :said WHERE state = 'failed'", said=f"{ADA} is unknown")
    for told in ({"payload": encode({"name": ADA})}, {"record_id": ADA}, {"misfit": f"“{ADA}” is no number"}):
        plant(bench, "awaited", zap_id=zap, **told)
    plant(bench, "change", zap_id=zap, before=f'{{"note":"{ADA}"}}', after=f'{{"note":"{ADA}"}}')
    bench.engine.indexing.catch_up()
    assert where_it_stands(bench, WORD) >= fated(Fate.RUN, Fate.ROW) | {"extract.label"}
    kept = bench.runtime.persons.find(ADA)
    assert (len(kept.runs), len(kept.samples), kept.undoable, kept.dispatches) == (1, 4, 1, 1)
    bench.runtime.persons.erase(ADA, cancel=False)
    bench.engine.indexing.catch_up()
    made_older(bench)
    list(Pruning(bench.runtime.database, bench.runtime.blobs, bench.now, thorough=True).slices())
    assert where_it_stands(bench, WORD) == set()
    assert not any(WORD.encode() in written for written in raw(bench))
    assert list(bench.runtime.blobs.refs()) == []


def made_older(bench: Bench) -> None:
    """A file that was saved just now may belong to a record that is being taken in."""
    for path in bench.runtime.blobs.folder.glob("??/??/*"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - TWO_DAYS_AGO))


STAYS = [
    pytest.param("seen", {"record_id": ADA}, id="the id of a record that was seen"),
    pytest.param("event", {"record_id": ADA}, id="the id of an event"),
    pytest.param("delivery", {"key": ADA}, id="how a sender called a delivery"),
    pytest.param("watch", {"cursor": json.dumps(ADA)}, id="where a trigger stands"),
]


@pytest.mark.parametrize(("table", "values"), STAYS)
def test_what_stops_a_second_run_stays_and_is_counted(bench: Bench, table: str, values: dict[str, str]):
    plant(bench, table, **values)
    kept = bench.runtime.persons.find(ADA)
    assert (kept.ids, kept.is_nothing, kept.can_be_erased) == (1, False, False)
    assert bench.runtime.persons.erase(ADA, cancel=False).ids == 1
    assert bench.runtime.persons.find(ADA).ids == 1


def test_accounts_that_are_used_are_named_for_a_person_to_change(bench: Bench):
    plant(bench, "connection", name="Mailbox", account_label=ADA, state="active")
    plant(bench, "person", name="Ada", email=ADA)
    plant(bench, "audit", person_id="gone", person="Ada Gone", subject=ADA, details="{}")
    kept = bench.runtime.persons.find(ADA)
    assert [(one.kind, one.name) for one in kept.named] == [("connection", "Mailbox"), ("person", "Ada")]
    bench.runtime.persons.erase(ADA, cancel=False)
    assert where_it_stands(bench, WORD) == {"connection.account_label", "person.email"}


def test_the_audit_log_keeps_the_name_of_somebody_who_is_here(bench: Bench):
    plant(bench, "person", id="p1", name=ADA, email="a@example.org")
    plant(bench, "audit", person_id="p1", person=ADA, subject_id="p1", subject=ADA, details="{}")
    bench.runtime.persons.erase(ADA, cancel=False)
    assert where_it_stands(bench, WORD) == {"person.name", "audit.person", "audit.subject"}
    bench.change("UPDATE person SET removed_at = 1")
    bench.runtime.persons.erase(ADA, cancel=False)
    assert where_it_stands(bench, WORD) == set()


@in_a_loop
async def test_a_deleted_zap_keeps_what_its_runs_need_until_they_end(bench: Bench):
    zap = await bench.zap("new_thing", do("made", "make", note=f"for {ADA}"))
    await bench.arrive(zap, "bob")
    bench.change("UPDATE run SET state = 'held', hold = 'off'")
    with bench.runtime.database.write() as session:
        zaps.delete(session, zap, now=bench.now())
    (typed,) = bench.runtime.persons.find(ADA).typed
    assert (typed.zap_id, typed.in_draft, typed.versions, typed.deleted) == (zap, True, (1,), True)
    bench.change("UPDATE run SET state = 'cancelled', hold = ''")
    assert bench.runtime.persons.erase(ADA, cancel=False).bygone == 2
    assert where_it_stands(bench, WORD) == set()
    with bench.runtime.database.read() as session:
        assert zaps.version(session, zap, 1).steps[0].model_dump(by_alias=True)["with"]["note"] == "for …"


def test_what_was_changed_meanwhile_is_left_as_it_is(bench: Bench):
    plant(bench, "check_line", problem=ADA)
    with bench.runtime.database.read() as session:
        (row,) = mentions.rows(session.connection())
    bench.change("UPDATE check_line SET problem = 'other'")
    with bench.runtime.database.write() as session:
        assert not mentions.rewrite(session.connection(), row, {"problem": "…"})


def test_tables_that_one_database_has_beyond_ours_hold_words_of_the_index_alone():
    assert {name for name in OUTSIDE if not name.startswith("search")} == {"extract_words", "moved_tx"}
