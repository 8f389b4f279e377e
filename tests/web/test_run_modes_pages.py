"""What the history says of zaps whose runs go one after the other, or are skipped while one goes on."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from engine.people.roles import Role
from engine.store.states import RunState
from tests.engine.toys import error
from tests.web.history_house import HistoryHouse, history_house

Does = Callable[[HistoryHouse], Awaitable[None]]


@pytest.fixture
def within(tmp_path: Path) -> Callable[[Does], None]:
    """Runs a test's story within a house of its own."""

    async def told(story: Does) -> None:
        async with history_house(tmp_path) as house:
            await story(house)

    return lambda story: asyncio.run(told(story))


async def jammed(house: HistoryHouse) -> tuple[str, str, str]:
    """A zap in order whose first run must be checked, and two that wait: the zap, the first, the last."""
    zap_id = await house.bench.zap(concurrency=1)
    house.bench.toy.next("make Ada", error("unknown"))
    await house.bench.done(zap_id, "Ada", "Grace", "Linus")
    first, _, last = (run.id for run in house.bench.runs(zap_id))
    return zap_id, first, last


def test_a_run_that_waits_for_an_earlier_one_says_so_and_leads_there(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        _, first, last = await jammed(house)
        for path in ("/history", f"/history/{last}"):
            page = await house.page(path)
            assert "Waits for an earlier run, which has to be checked." in page
            assert f'href="/history/{first}"' in page
        assert "2 later runs wait for this one" in await house.page(f"/history/{first}")
        assert "Let the later ones pass" not in await house.page(f"/history/{last}", Role.VIEWER)

    within(story)


def test_an_editor_lets_the_later_runs_pass_and_it_is_written_down(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        zap_id, _, last = await jammed(house)
        assert (await house.post(f"/history/{last}/pass", Role.VIEWER)).status_code == 403
        assert (await house.post(f"/history/{last}/pass")).headers["location"] == f"/history/{last}"
        await house.bench.drain()
        done = RunState.SUCCEEDED
        assert house.bench.states(zap_id) == [RunState.NEEDS_REVIEW, done, done]
        assert house.audited() == ["run.passed"]
        assert (await house.post(f"/history/{last}/pass")).status_code == 409

    within(story)


def test_a_skipped_event_stands_in_the_history_with_its_reason_in_both_languages(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap(while_running="skip")
        await house.bench.arrive(zap_id, "Ada")
        await house.bench.arrive(zap_id, "Grace")
        assert house.bench.states(zap_id) == [RunState.QUEUED, RunState.FILTERED]
        skipped = house.run_id(zap_id, 1)
        english = "Another run of this zap was still going on, and the zap skips what comes meanwhile."
        german = "Eine andere Ausführung dieses Zaps lief noch, und der Zap lässt aus, was währenddessen kommt."
        for path in ("/history", f"/history/{skipped}"):
            assert english in await house.page(path)
            client = house.clients[Role.EDITOR]
            assert german in (await client.get(path, headers={"accept-language": "de"})).text

    within(story)
