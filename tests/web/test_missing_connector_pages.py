"""A connector that is no longer installed: every page opens, says it plainly in both languages, and nothing is lost."""

import asyncio
import html
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.people.roles import Role
from engine.registry import Registry
from engine.reloading import Fixed
from engine.store.states import RunState
from tests.web.history_house import HistoryHouse, history_house

BOTH = pytest.mark.parametrize(
    ("language", "said"),
    [
        pytest.param("en", "The app “toy” is not installed any more.", id="English"),
        pytest.param("de", "Die App „toy“ ist nicht mehr installiert.", id="German"),
    ],
)


@asynccontextmanager
async def without_connector(folder: Path, language: str) -> AsyncIterator[tuple[HistoryHouse, str]]:
    """A zap with one run that is done and one that came before its connector was taken away."""
    async with history_house(folder) as house:
        bench = house.bench
        zap = await bench.zap()
        await bench.done(zap, "ball")
        await bench.arrive(zap, "doll")
        await installed(house, Registry.of())
        await bench.drain()
        person = next(one for one in bench.runtime.people.accounts.every() if one.role is Role.EDITOR)
        bench.change("UPDATE person SET language = :language WHERE id = :id", language=language, id=person.id)
        yield house, zap


async def installed(house: HistoryHouse, registry: Registry) -> None:
    """As when the folder of connectors was changed while everything runs."""
    house.bench.runtime.connectors = Fixed(registry)


async def read(house: HistoryHouse, path: str) -> str:
    return html.unescape(await house.page(path))


@BOTH
def test_every_page_opens_and_says_that_the_app_is_not_installed(tmp_path: Path, language: str, said: str):
    async def story() -> None:
        async with without_connector(tmp_path, language) as (house, zap):
            bench = house.bench
            assert said in await read(house, "/zaps")
            assert said in await read(house, "/zaps?state=attention")
            for step in ("", "?step=trigger", "?step=made"):
                editor = await read(house, f"/zaps/{zap}{step}")
                assert said.replace(" any more", "").replace("nicht mehr", "nicht") in editor
            assert "ball" in await read(house, "/history")
            assert said in await read(house, f"/history/{house.run_id(zap, 1)}")
            assert "ball" in await read(house, f"/history/{house.run_id(zap, 0)}")
            assert said in await read(house, f"/connections/{bench.connection}")
            for path in (
                "/connections",
                "/apps",
                f"/zaps/{zap}/publish",
                f"/zaps/{zap}/versions",
                f"/zaps/{zap}/checks",
            ):
                await read(house, path)

    asyncio.run(story())


@BOTH
def test_a_disconnected_account_of_an_app_that_is_gone_says_so(tmp_path: Path, language: str, said: str):
    async def story() -> None:
        async with without_connector(tmp_path, language) as (house, _zap):
            await house.bench.runtime.connecting.remove(house.bench.connection)
            page = await read(house, f"/connections/{house.bench.connection}")
            assert "/replace" not in page
            assert ("installed" if language == "en" else "installiert") in page

    asyncio.run(story())


def test_what_cannot_be_done_without_the_app_is_refused_in_words(tmp_path: Path):
    async def story() -> None:
        async with without_connector(tmp_path, "en") as (house, zap):
            connection = f"/connections/{house.bench.connection}"
            for path in (f"{connection}/check", f"{connection}/reconnect"):
                answer = await house.post(path)
                assert 400 <= answer.status_code < 500, path
                assert "not installed any more" in html.unescape(answer.text), path
            form = await house.get(f"{connection}/reconnect")
            assert "not installed any more" in html.unescape(form.text)
            assert (await house.post(f"{connection}/name", name="Other name")).status_code == 303
            house.bench.runtime.switching.off(zap)
            assert (await house.post(f"/zaps/{zap}/switch", on="1")).status_code < 500

    asyncio.run(story())


def test_when_the_app_is_installed_again_everything_goes_on(tmp_path: Path):
    async def story() -> None:
        async with without_connector(tmp_path, "en") as (house, zap):
            bench = house.bench
            assert bench.states(zap) == [RunState.SUCCEEDED, RunState.HELD]
            await installed(house, Registry.of(bench.toy.connector))
            assert (await house.post(f"/history/{house.run_id(zap, 1)}/release")).status_code == 303
            await bench.drain()
            await bench.done(zap, "kite")
            assert bench.toy.names() == ["ball", "doll", "kite"]
            assert "not installed" not in await read(house, "/zaps")
            assert "not installed" not in await read(house, f"/zaps/{zap}")

    asyncio.run(story())
