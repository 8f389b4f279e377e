"""After an account was disconnected: the list, the run, the connection and the editor say so and lead on, in both
languages; and another account takes its place.
"""

import asyncio
import html
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.people.roles import Role
from engine.store.states import RunState
from tests.web.history_house import HistoryHouse, history_house
from zapwerk import Account

Does = Callable[[HistoryHouse], Awaitable[None]]
Within = Callable[[Does], None]


@asynccontextmanager
async def disconnected(folder: Path) -> AsyncIterator[tuple[HistoryHouse, str]]:
    """A house with a zap whose first run waits for an account that was disconnected."""
    async with history_house(folder) as house:
        zap = await house.bench.zap()
        await house.bench.arrive(zap, "ball")
        await house.bench.runtime.connecting.remove(house.bench.connection)
        await house.bench.drain()
        yield house, zap


async def read(house: HistoryHouse, path: str, language: str = "en") -> str:
    person = next(one for one in house.bench.runtime.people.accounts.every() if one.role is Role.EDITOR)
    house.bench.change("UPDATE person SET language = :language WHERE id = :id", language=language, id=person.id)
    return html.unescape(await house.page(path))


async def other_account(house: HistoryHouse) -> str:
    house.bench.toy.account = Account("account-2", "others@example.com")
    return (await house.bench.connect("other toys")).id


@pytest.mark.parametrize(
    ("language", "sentence", "way"),
    [
        pytest.param("en", "The account “toys” was disconnected.", "Use another account", id="English"),
        pytest.param("de", "Die Verknüpfung „toys“ wurde aufgehoben.", "Anderes Konto verwenden", id="German"),
    ],
)
def test_list_run_editor_and_notice_say_that_the_account_is_gone(
    tmp_path: Path, language: str, sentence: str, way: str
):
    async def story() -> None:
        async with disconnected(tmp_path) as (house, zap):
            gone = f"/connections/{house.bench.connection}"
            listed = await read(house, "/zaps", language)
            assert sentence in listed
            assert "Checked" not in listed
            assert gone in listed
            assert sentence in await read(house, "/zaps?state=attention", language)
            run = await read(house, f"/history/{house.run_id(zap)}", language)
            assert "toys" in run
            assert way in run
            assert gone in run
            assert "/release" not in run, "it would be held again at once"
            editor = await read(house, f"/zaps/{zap}?step=made", language)
            assert sentence in editor
            assert f"“{house.bench.connection}”" not in editor
            assert "toys" in await read(house, "/notices", language)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("language", "title", "button"),
    [
        pytest.param("en", "This account was disconnected", "Use this account", id="English"),
        pytest.param("de", "Diese Verknüpfung wurde aufgehoben", "Dieses Konto verwenden", id="German"),
    ],
)
def test_another_account_takes_the_place_and_what_waited_goes_on(
    tmp_path: Path, language: str, title: str, button: str
):
    async def story() -> None:
        async with disconnected(tmp_path) as (house, zap):
            path = f"/connections/{house.bench.connection}"
            before = await read(house, path, language)
            assert title in before
            assert f"/connections/new?app=toy&next=%2Fconnections%2F{house.bench.connection}" in before
            for gone in ("/check", "/reconnect", "/name", "/disconnect"):
                assert f"{path}{gone}" not in before
            other = await other_account(house)
            assert button in await read(house, path, language)
            answer = await house.post(f"{path}/replace", connection=other)
            assert (answer.status_code, answer.headers["location"]) == (303, f"/connections/{other}")
            await house.bench.drain()
            assert house.bench.toy.names() == ["ball"]
            assert house.bench.states(zap) == [RunState.SUCCEEDED]
            assert house.bench.notices() == {}
            [entry] = house.bench.runtime.people.audit.page(action="connection.replaced").entries
            assert (entry.subject_id, entry.person) == (other, "Emil")
            assert "replace" not in await read(house, path, language), "nothing needs it any more"

    asyncio.run(story())


def test_a_disconnected_account_can_only_be_replaced_and_only_by_editors(tmp_path: Path):
    async def story() -> None:
        async with disconnected(tmp_path) as (house, zap):
            path = f"/connections/{house.bench.connection}"
            assert (await house.get(f"{path}/reconnect")).status_code == 404
            for deed in ("name", "check", "disconnect", "reconnect"):
                assert (await house.post(f"{path}/{deed}", name="x")).status_code == 404
            other = await other_account(house)
            assert (await house.post(f"{path}/replace", Role.VIEWER, connection=other)).status_code == 403
            assert "/replace" not in await house.page(path, Role.VIEWER)
            none = await house.post(f"{path}/replace", connection="<b>{{ 7*7 }}")
            assert (none.status_code, "Please choose an account" in none.text) == (422, True)
            same = await house.post(f"{path}/replace", connection=house.bench.connection)
            assert (same.status_code, "Choose an account of the same app" in same.text) == (409, True)
            assert house.bench.states(zap) == [RunState.HELD]

    asyncio.run(story())


def test_releasing_many_says_why_it_brings_nothing(tmp_path: Path):
    async def story() -> None:
        async with disconnected(tmp_path) as (house, zap):
            outcome = house.bench.runtime.control.release_many([house.run_id(zap)])
            [refused] = outcome.refused.values()
            assert "another account" in str(refused)
            assert "anderes Konto" in refused.within("de")
            single = await house.post(f"/history/{house.run_id(zap)}/release")
            assert single.status_code == 409

    asyncio.run(story())
