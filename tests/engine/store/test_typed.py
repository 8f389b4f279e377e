"""Secrets typed into zaps, sealed again wherever a zap is written down, in both databases."""

from datetime import UTC, datetime

from sqlmodel import select

from engine.connections.vault import Vault, new_key
from engine.store import typed, zaps
from engine.store.database import Database
from engine.store.tables import VersionRow, ZapRow
from engine.zaps.model import ActionStep, TriggerUse, Zap
from engine.zaps.sealing import SEALED

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def stored(database: Database, name: str, token: str) -> str:
    given = {"headers": {"Authorization": f"sealed:{token}", "X-Shop": "corner"}}
    zap = Zap(name=name, trigger=TriggerUse(use="a.b"), steps=(ActionStep(key="s", use="h.r", with_=given),))
    with database.write() as session:
        made = zaps.create(session, zap, now=NOW).id
        zaps.publish(session, made, {}, now=NOW)
    return made


def everything_written(database: Database) -> str:
    with database.read() as session:
        drafts = [row.draft for row in session.exec(select(ZapRow))]
        return "".join([*drafts, *(row.definition for row in session.exec(select(VersionRow)))])


def test_every_place_gets_the_new_token_and_one_that_no_key_opens_stays(database: Database):
    old, new = new_key(), new_key()
    known, foreign = (Vault([key]).seal({"typed": "hunter2"}).decode() for key in (old, new_key()))
    stored(database, "known", known)
    stored(database, "foreign", foreign)
    before = everything_written(database)
    assert before.count(known) == before.count(foreign) == 2, "draft and version"

    def again(token: bytes) -> bytes | None:
        return Vault([new, old]).reseal(token) if token.decode() == known else None

    with database.write() as session:
        assert typed.reseal(session, again) == 2
    after = everything_written(database)
    assert known not in after
    assert after.count(foreign) == 2
    tokens = {found[1] for found in SEALED.finditer(after)} - {foreign}
    assert len(tokens) == 1, "one secret stays one, so that draft and version are still the same"
    assert Vault([new]).open(tokens.pop().encode()) == {"typed": "hunter2"}


def test_who_read_the_draft_before_cannot_write_the_old_token_back(database: Database):
    old, new = new_key(), new_key()
    made = stored(database, "known", Vault([old]).seal({"typed": "x"}).decode())
    with database.read() as session:
        before = zaps.find(session, made).revision
    with database.write() as session:
        typed.reseal(session, Vault([new, old]).reseal)
    with database.read() as session:
        assert zaps.find(session, made).revision > before
