"""What moves, told as it happens: the stream of events, who is given it, and how it ends."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.people.roles import Role
from engine.settings import Settings
from tests import plain
from tests.engine.benches import Bench, in_a_loop
from tests.web.browser.house import house
from web.live import Live

SOON = 20.0  # seconds; a deadline, not a wait


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Settings(data=tmp_path / "data"))


async def signed_in() -> bool:
    return True


async def signed_out() -> bool:
    return False


async def told(stream: AsyncIterator[str]) -> dict[str, object]:
    """The next event with data, its id beside it."""
    async for piece in stream:
        lines = dict(line.split(": ", 1) for line in piece.strip().splitlines() if not line.startswith(":"))
        if "data" in lines:
            return {**json.loads(lines["data"]), "event": lines["event"], "id": lines.get("id", "")}
    return {}


@in_a_loop
async def test_what_moved_is_told_with_its_zap_and_state(bench: Bench):
    zap_id = await bench.zap()
    changes, live = bench.runtime.changes, Live()
    stream = live.stream(changes, changes.marker(), signed_in)
    await bench.done(zap_id, "Ada")
    news = await asyncio.wait_for(told(stream), SOON)
    [run] = bench.runs(zap_id)
    assert news["runs"] == [{"id": run.id, "zap": zap_id, "state": "succeeded"}]
    await stream.aclose()  # type: ignore[attr-defined]
    assert live.open == 0


@in_a_loop
async def test_a_browser_that_comes_back_goes_on_where_it_was(bench: Bench):
    zap_id = await bench.zap()
    changes = bench.runtime.changes
    marker = changes.marker()
    await bench.done(zap_id, "Ada")
    first = await asyncio.wait_for(told(Live().stream(changes, marker, signed_in)), SOON)
    await bench.done(zap_id, "Grace")
    second = await asyncio.wait_for(told(Live().stream(changes, str(first["id"]), signed_in)), SOON)
    ada, grace = bench.runs(zap_id)
    assert [one["id"] for one in first["runs"]] == [ada.id]  # type: ignore[attr-defined]
    assert [one["id"] for one in second["runs"]] == [grace.id]  # type: ignore[attr-defined]


@in_a_loop
async def test_a_stream_ends_when_its_session_ended_and_says_so(bench: Bench):
    changes = bench.runtime.changes
    marker = changes.marker()
    await bench.done(await bench.zap(), "Ada")
    stream = Live(check_every=0).stream(changes, marker, signed_out)
    assert (await asyncio.wait_for(told(stream), SOON))["event"] == "signed-out"
    assert await asyncio.wait_for(told(stream), SOON) == {}


@in_a_loop
async def test_all_streams_end_at_once_when_the_server_stops(bench: Bench):
    changes, live = bench.runtime.changes, Live()
    streams = [live.stream(changes, changes.marker(), signed_in) for _ in range(3)]
    waiting = [asyncio.create_task(told(one)) for one in streams]
    await asyncio.sleep(0)
    live.close()
    assert await asyncio.wait_for(asyncio.gather(*waiting), SOON) == [{}, {}, {}]
    assert live.is_full


def test_the_server_stops_cleanly_while_somebody_looks_and_gives_nothing_to_strangers(tmp_path: Path):
    with house(tmp_path) as served:
        assert plain.get(f"{served.url}/live").status_code in (303, 401)
        cookies = {"zapwerk": served.tokens[Role.VIEWER]}
        with plain.stream("GET", f"{served.url}/live", cookies=cookies, timeout=SOON) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            pieces = answer.iter_text()
            assert next(pieces).startswith("retry:")
            process = served.served.process
            assert process is not None
            process.terminate()
            assert "".join(pieces).strip() in ("", "0")
        assert process.wait(SOON) == 0
