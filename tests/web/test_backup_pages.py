"""The pages about backups, what was restored, and a copied data folder: over the app, by role and in both languages."""

import asyncio
import io
import json
import re
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from engine.backup import restored
from engine.backup.codes import GROUPS, IN_GROUP
from engine.people.roles import Role
from engine.store import zaps
from engine.store.states import RunState, ZapState
from tests.engine.toys import error
from tests.waiting import until
from tests.web.history_house import HistoryHouse
from tests.web.test_storage_pages import in_a_house

OWNER, EDITOR, VIEWER = Role.OWNER, Role.EDITOR, Role.VIEWER
FORM: dict[str, Any] = {"on": "true", "hour": "4", "timezone": "Europe/Berlin", "kept": "3"}
CODE = re.compile(rf'value="((?:[0-9A-Z]{{{IN_GROUP}}}-?){{{GROUPS}}})"')


async def made(house: HistoryHouse, **form: Any) -> None:
    assert (await house.post("/settings/backups/now", OWNER, **form)).status_code == 303
    await until(lambda: not house.bench.runtime.backups.on_request.under_way, what="the backup to be made")


def chosen(choices: dict[str, str]) -> dict[str, Any]:
    """The fields of the form, by zap."""
    return {f"zap.{zap_id}": choice for zap_id, choice in choices.items()}


async def restore(house: HistoryHouse) -> None:
    """As if the installation came out of a backup."""
    bench = house.bench
    with bench.runtime.database.write() as session:
        restored.begin(session, made_at=bench.now() - timedelta(hours=2), file="b.zip", now=bench.now())


@in_a_house
async def test_a_backup_is_made_in_the_background_and_downloaded(house: HistoryHouse):
    assert "There is no backup yet" in await house.page("/settings/backups", OWNER)
    await made(house)
    page = await house.page("/settings/backups", OWNER)
    assert "Opened and read as a whole" in page
    assert "Not in it" in page
    (name,) = re.findall(r"/settings/backups/files/([^\"]+)", page)
    answer = await house.get(f"/settings/backups/files/{name}", OWNER)
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert json.loads(packed.read("backup.json"))["key"] is None
    told = [one.action for one in house.bench.runtime.people.audit.page(action="backup.").entries]
    assert told == ["backup.downloaded", "backup.made"]


@in_a_house
async def test_the_part_that_is_asked_for_says_when_it_is_there(house: HistoryHouse):
    await made(house)
    answer = await house.get("/settings/backups/standing", OWNER, part=True)
    assert "read again" in answer.headers["hx-trigger"]
    assert "hx-get" not in answer.text


@in_a_house
async def test_one_that_cannot_be_made_says_why(house: HistoryHouse):
    (house.bench.settings.data / "backups").write_text("no folder")
    await made(house)
    page = await house.page("/settings/backups", OWNER)
    assert "File exists" in page
    assert "There is no backup yet" in page


@in_a_house
async def test_the_code_is_shown_once_and_opens_the_backups_made_since(house: HistoryHouse):
    answer = await house.post("/settings/backups/code", OWNER)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    found = CODE.search(answer.text)
    assert found is not None
    await made(house)
    page = await house.page("/settings/backups", OWNER)
    assert "In it, sealed with the recovery code" in page
    assert found[1] not in page
    assert found[1] not in str(house.bench.runtime.people.audit.page().entries)
    await made(house, without_key="true")
    assert "Not in it</span></dd>" in await house.page("/settings/backups", OWNER)


@in_a_house
async def test_owners_say_when_the_nightly_ones_are_made(house: HistoryHouse):
    assert (await house.post("/settings/backups", OWNER, **FORM)).status_code == 303
    plan = house.bench.runtime.backups.plan()
    assert (plan.on, plan.hour, plan.timezone, plan.kept) == (True, 4, "Europe/Berlin", 3)
    assert (await house.post("/settings/backups", OWNER, **{**FORM, "on": ""})).status_code == 303
    assert "The nightly backups are off" in await house.page("/settings/backups", OWNER)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        pytest.param("kept", "0", id="none"),
        pytest.param("kept", "9" * 30, id="more than fits"),
        pytest.param("hour", "24", id="no hour"),
        pytest.param("timezone", "<b>Mars</b>\u202e", id="hostile"),
    ],
)
@in_a_house
async def test_what_cannot_be_is_refused_at_its_field(house: HistoryHouse, field: str, typed: str):
    answer = await house.post("/settings/backups", OWNER, **{**FORM, field: typed})
    assert answer.status_code == 422
    assert f'id="{field}-below"' in answer.text
    assert "<b>Mars" not in answer.text
    assert house.bench.runtime.backups.plan().kept == 7


@in_a_house
async def test_no_other_file_is_handed_out(house: HistoryHouse):
    for name in ("secret.key", "..%2Fsecret.key", "zapwerk-20260101T000000Z.zip"):
        assert (await house.get(f"/settings/backups/files/{name}", OWNER)).status_code == 404
    assert (await house.get("/settings/backups", EDITOR)).status_code == 403
    assert (await house.post("/settings/backups/code", EDITOR)).status_code == 403


@in_a_house
async def test_after_a_restore_every_page_says_so_until_all_is_decided(house: HistoryHouse):
    one, other = await house.bench.zap(), await house.bench.zap()
    await restore(house)
    assert "2 zaps are paused until you decide" in await house.page("/history", VIEWER)
    assert "Only this one" not in await house.page("/restored", VIEWER)
    assert (await house.post("/restored", VIEWER, every="run")).status_code == 403
    assert (await house.post("/restored", only=one, **chosen({one: "skip"}))).status_code == 303
    assert "one zap is paused until you decide" in await house.page("/history", VIEWER)
    assert (await house.post("/restored", every="hold")).status_code == 303
    assert "until you decide" not in await house.page("/history", VIEWER)
    found = house.bench.runtime.restored.show()
    assert found is not None
    assert {one.zap_id: one.choice for one in found.zaps} == {one: "skip", other: "hold"}
    assert [one.details for one in house.bench.runtime.people.audit.page(action="zap.decided").entries] == [
        {"choice": "hold"},
        {"choice": "skip"},
    ]


@in_a_house
async def test_a_zap_that_cannot_go_on_says_why_and_keeps_none_of_the_others(house: HistoryHouse):
    one, other = await house.bench.zap(), await house.bench.zap()
    await restore(house)
    house.bench.toy.next("new_thing", error("auth failed"))
    answer = await house.post("/restored", **chosen({one: "skip", other: "run"}))
    assert answer.status_code == 422
    assert "The key was revoked." in answer.text
    found = house.bench.runtime.restored.show()
    assert found is not None
    assert {one.zap_id: one.choice for one in found.zaps} == {one: None, other: "run"}


@in_a_house
async def test_what_the_app_says_about_a_held_run_is_told_in_the_readers_language(house: HistoryHouse):
    bench = house.bench
    zap = await bench.zap()
    await restore(house)
    await house.post("/restored", every="hold")
    await bench.arrive(zap, "ball")
    await bench.engine._let_restored_go_on()
    await bench.runtime.looking_there.tick()
    (run,) = bench.runs(zap)
    assert run.state == RunState.HELD
    assert "1 to look at" in await house.page("/restored")
    assert "Toy cannot say whether this was done already." in await house.page(f"/history/{run.id}")
    german = await house.clients[EDITOR].get(f"/history/{run.id}", headers={"accept-language": "de"})
    assert "Toy kann nicht sagen, ob das schon erledigt ist." in german.text
    assert (await house.post("/restored/look")).status_code == 303
    assert bench.run(run.id).problem == ""


@pytest.mark.parametrize(
    ("this_is", "state"),
    [pytest.param("the_one", ZapState.ON, id="the one"), pytest.param("a_copy", ZapState.OFF, id="a copy")],
)
@in_a_house
async def test_an_owner_says_which_one_a_copied_folder_is(house: HistoryHouse, this_is: str, state: ZapState):
    bench = house.bench
    zap = await bench.zap()
    await asyncio.to_thread(bench.runtime.place.look)
    mark = bench.settings.data / ".zapwerk-is-here"
    mark.rename(mark.with_suffix(".old"))  # what a copy has is another file
    mark.write_text("copied")
    await bench.start()
    assert "so everything waits: is this the one?" in await house.page("/zaps", VIEWER)
    assert "An owner can decide this." in await house.page("/place", EDITOR)
    assert (await house.post("/place", EDITOR, this_is=this_is)).status_code == 403
    assert (await house.post("/place", OWNER, this_is=this_is)).status_code == 303
    await until(lambda: bench.engine.ready, what="the engine to begin")
    assert "is this the one?" not in await house.page("/zaps", VIEWER)
    with bench.runtime.database.read() as session:
        assert zaps.find(session, zap).state == state
    assert len(bench.runtime.people.audit.page(action="settings.").entries) == 1
