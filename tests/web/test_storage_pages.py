"""Storage, erasing a person, and “where is it?”: over the app, by role and in both languages."""

import asyncio
import functools
import inspect
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from engine.people.roles import Role
from engine.store.policies import OfZap
from engine.store.states import Contents, RunState
from tests.engine.benches import do
from tests.engine.toys import error
from tests.web.history_house import HistoryHouse, history_house

ADA = "ada@example.com"
FORM: dict[str, Any] = {
    "contents_days": "14",
    "runs_days": "100",
    "runs_most": "5000",
    "deliveries_days": "30",
    "audit_days": "400",
}
OWNER, EDITOR, VIEWER = Role.OWNER, Role.EDITOR, Role.VIEWER


def in_a_house(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Runs an async test within a house of its own."""
    named = list(inspect.signature(test).parameters.values())[1:]
    folder = inspect.Parameter("tmp_path", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Path)

    @functools.wraps(test)
    def run(tmp_path: Path, **given: Any) -> None:
        async def within() -> None:
            async with history_house(tmp_path) as house:
                await test(house, **given)

        asyncio.run(within())

    run.__signature__ = inspect.Signature([folder, *named])  # type: ignore[attr-defined]
    return run


@in_a_house
async def test_owners_say_how_long_things_are_kept(house: HistoryHouse):
    assert (await house.get("/settings/storage", EDITOR)).status_code == 403
    assert "Days with data" in await house.page("/settings/storage", OWNER)
    assert (await house.post("/settings/storage", OWNER, **FORM)).status_code == 303
    assert house.bench.runtime.policies.house().contents_days == 14
    assert 'value="5000"' in await house.page("/settings/storage", OWNER)
    assert house.bench.runtime.people.audit.page(action="settings.").entries[0].details["kept"]["runs_days"] == 100


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        pytest.param("contents_days", "0", id="no day at all"),
        pytest.param("contents_days", "", id="nothing"),
        pytest.param("runs_days", "1e3", id="no whole number"),
        pytest.param("runs_days", "5", id="facts shorter than data"),
        pytest.param("runs_most", "9" * 40, id="more than fits"),
        pytest.param("audit_days", "<img src=x>{{ 7*7 }}\u202e", id="hostile"),
    ],
)
@in_a_house
async def test_what_cannot_be_is_refused_at_its_field(house: HistoryHouse, field: str, typed: str):
    answer = await house.post("/settings/storage", OWNER, **{**FORM, field: typed})
    assert answer.status_code == 422
    assert re.findall(r'id="(\w+)"[^>]*aria-invalid', answer.text) == [field]
    assert "<img src=x>" not in answer.text
    assert house.bench.runtime.policies.house().contents_days == 30


@in_a_house
async def test_editors_keep_one_zap_otherwise(house: HistoryHouse):
    zap = await house.bench.zap()
    assert (await house.post(f"/zaps/{zap}/keeping", VIEWER, contents_days="3")).status_code == 403
    assert (await house.post(f"/zaps/{zap}/keeping", contents_days="3", runs_days="", runs_most="")).status_code == 303
    assert house.bench.runtime.policies.of_zap(zap) == OfZap(contents_days=3)
    assert 'value="3"' in await house.page(f"/zaps/{zap}/keeping", VIEWER)
    assert f"/zaps/{zap}/keeping" in await house.page(f"/zaps/{zap}/settings")


@in_a_house
async def test_a_run_without_data_says_so_and_is_not_replayed(house: HistoryHouse):
    zap = await house.bench.zap()
    house.bench.toy.next("make ball", error("permanent"))
    (run,) = await house.bench.done(zap, "ball")
    house.bench.change("UPDATE run SET finished_at = 1")
    house.bench.engine.keeping.catch_up()
    page = await house.page(f"/history/{run.id}")
    assert "were deleted. That it was" in page
    assert "Replay" not in page
    assert await house.labels() == ["Data deleted"]
    answer = await house.post(f"/history/{run.id}/replay")
    assert answer.status_code >= 400
    assert "data of this run were deleted" in answer.text


@in_a_house
async def test_a_person_is_found_shown_and_erased_and_no_log_names_them(house: HistoryHouse, caplog):
    bench = house.bench
    zap = await bench.zap(flood_limit=None)
    await bench.done(zap, f"mail of {ADA}")
    await bench.arrive(zap, f"second of {ADA}")
    bench.change("UPDATE run SET state = 'held', hold = 'off' WHERE state = 'queued'")
    assert (await house.post("/settings/erase/find", EDITOR, text=ADA)).status_code == 403
    shown = (await house.post("/settings/erase/find", OWNER, text=ADA)).text
    assert "1 run has not ended" in shown
    assert f"mail of {ADA}" in shown
    assert (await house.post("/settings/erase", OWNER, text=ADA, cancel="true")).status_code == 303
    assert {run.contents for run in bench.runs(zap)} == {Contents.ERASED}
    assert [run.state for run in bench.runs(zap)] == [RunState.SUCCEEDED, RunState.CANCELLED]
    assert "Nothing is kept about that" in (await house.post("/settings/erase/find", OWNER, text=ADA)).text
    (told,) = bench.runtime.people.audit.page(action="run.erased").entries
    assert told.details["runs"] == 2
    assert "ada" not in f"{told} {caplog.text}"


@in_a_house
async def test_zaps_in_which_somebody_typed_it_are_named_with_a_link(house: HistoryHouse):
    zap = await house.bench.zap("new_thing", do("made", "make", note=f"for {ADA}"))
    found = (await house.post("/settings/erase/find", OWNER, text=ADA)).text
    assert f'<a href="/zaps/{zap}"><bdi>zap 1</bdi></a>' in found
    assert "in the draft, in version 1" in found
    assert "Erase all of it" not in found, "a zap's own text is changed in the zap"


@in_a_house
async def test_what_is_not_erased_is_said_with_what_to_do(house: HistoryHouse):
    bench = house.bench
    zap = await bench.zap()
    bench.change("UPDATE connection SET account_label = :ada", ada=ADA)
    bench.change("UPDATE watch SET problem = :said", said=f"“{ADA}” was refused")
    bench.change("INSERT INTO seen (zap_id, source, record_id, complete, seen_at) VALUES (:zap, 's', :ada, :yes, 1)",
                 zap=zap, ada=ADA, yes=True)  # fmt: skip
    found = (await house.post("/settings/erase/find", OWNER, text=ADA)).text
    for said in ("1 report of a trigger, call or account", "Accounts in use", "It is part of 1 id", "Backups keep what",
                 f'href="/connections/{bench.connection}"', "Erase all of it"):  # fmt: skip
        assert said in found
    await house.post("/settings/erase", OWNER, text=ADA)
    again = (await house.post("/settings/erase/find", OWNER, text=ADA)).text
    assert "Accounts in use" in again
    assert "Erase all of it" not in again
    assert bench.watch(zap).problem == "“…” was refused"


@in_a_house
async def test_a_text_that_is_too_short_is_refused_at_its_field(house: HistoryHouse):
    answer = await house.post("/settings/erase/find", OWNER, text="ab")
    assert (answer.status_code, "at least 4 characters" in answer.text) == (422, True)
    assert (await house.get("/where?q=a")).status_code == 422


@in_a_house
async def test_whoever_asks_where_something_is_gets_an_answer(house: HistoryHouse):
    bench = house.bench
    zap = await bench.zap(flood_limit=None)
    await bench.done(zap, "Anfrage von Ada")
    bench.engine.indexing.catch_up()
    page = await house.page("/where?q=anfrage", VIEWER)
    assert "It was done." in page
    assert f"/history/{house.run_id(zap)}" in page
    nothing = await house.page("/where?q=Christkind", VIEWER)
    assert "No zap has seen this" in nothing
    assert "only ids are remembered" in nothing
    assert "zap 1" in nothing
    hostile = await house.page("/where?q=%3Cscript%3Ealert(1)%3C/script%3E", VIEWER)
    assert "<script>alert" not in hostile


@in_a_house
async def test_the_api_answers_the_same(house: HistoryHouse):
    zap = await house.bench.zap()
    await house.bench.arrive(zap, "Anfrage von Ada")
    runtime = house.bench.runtime
    owner = next(one for one in runtime.people.accounts.every() if one.role is OWNER)
    secret = runtime.people.tokens.make(owner, "reader", VIEWER).secret
    answer = await house.clients[VIEWER].get(
        "/api/v1/where", params={"q": "ada"}, headers={"authorization": f"Bearer {secret}"}
    )
    (found,) = answer.json()["found"]
    assert (found["kind"], found["run"]["state"]) == ("run", "queued")
