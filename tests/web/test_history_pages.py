"""The pages of the history: who may, filters, paging, hostile data, one run and what is done with it, and with many."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from engine.people.roles import Role
from engine.store.states import RunState
from tests.engine.benches import do
from tests.engine.toys import error
from tests.web.history_house import HistoryHouse, history_house

Does = Callable[[HistoryHouse], Awaitable[None]]
EVIL = "<script>alert(1)</script>{{ 7*7 }}\u202e\ud800\x00"


@pytest.fixture
def within(tmp_path: Path) -> Callable[[Does], None]:
    """Runs a test's story within a house of its own."""

    async def told(story: Does) -> None:
        async with history_house(tmp_path) as house:
            await story(house)

    return lambda story: asyncio.run(told(story))


async def runs(house: HistoryHouse, *names: str, **fails: str) -> str:
    """A zap with a run for each of these; `fails` says how the action fails for a name. The zap's id."""
    zap_id = await house.bench.zap("new_thing", do("made", "make"))
    for name, kind in fails.items():
        house.bench.toy.next(f"make {name}", error(kind))
    await house.bench.done(zap_id, *names)
    return zap_id


def test_the_list_shows_runs_newest_first_with_state_and_problem(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        await runs(house, "Ada", "Grace", Grace="permanent")
        assert await house.labels() == ["Grace", "Ada"]
        page = await house.page("/history")
        assert "Things cannot be made on Sundays." in page
        assert 'class="status bad"' in page
        assert 'class="status good"' in page

    within(story)


def test_filters_stand_in_the_address(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        zap_id = await runs(house, "Ada", "Grace", Grace="permanent")
        assert await house.labels("?state=failed") == ["Grace"]
        assert await house.labels(f"?zap={zap_id}&since=today") == ["Grace", "Ada"]
        assert await house.labels("?zap=unknown") == []
        assert await house.labels("?until=2020-01-01") == []
        assert await house.labels("?state=nonsense&since=yesterday&until=%00") == ["Grace", "Ada"]

    within(story)


def test_an_empty_history_leads_to_the_zaps_and_an_empty_filter_back(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        assert "Nothing has run yet" in await house.page("/history")
        assert "No run fits this filter" in await house.page("/history?q=muster")

    within(story)


def test_a_search_that_is_cut_says_which_words_were_looked_for(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        eight = " ".join(f"word{letter}" for letter in "abcdefgh")
        assert "more than a search takes" not in await house.page(f"/history?q={eight}")
        page = await house.page(f"/history?q={eight} ninth")
        assert "more than a search takes" in page
        assert "wordg, wordh" in page
        assert "wordh, ninth" not in page

    within(story)


def test_older_runs_are_a_link_away_and_none_is_shown_twice(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        await runs(house, *(f"thing {number}" for number in range(60)))
        first = await house.page("/history")
        older = re.search(r'href="([^"]*before=[^"]*)"', first)
        assert older is not None
        address = older[1].replace("&amp;", "&")
        shown = [*await house.labels(), *await house.labels(address.removeprefix("/history"))]
        assert sorted(shown) == sorted(f"thing {number}" for number in range(60))
        part = await house.get(address, part=True)
        assert "<html" not in part.text
        assert part.text.count('class="run-row"') == 30

    within(story)


def test_a_place_in_the_list_that_is_none_is_refused(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        assert (await house.get("/history?before=../../etc")).status_code == 409

    within(story)


def test_a_run_shows_what_each_step_got_and_gave(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        zap_id = await runs(house, "Ada")
        page = await house.page(f"/history/{house.run_id(zap_id)}")
        assert "What it was given" in page
        assert "What it gave back" in page
        assert 'data-path="made.name"' in page
        assert 'data-path="trigger.name"' in page

    within(story)


def test_what_strangers_send_is_shown_as_text(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        zap_id = await runs(house, EVIL)
        for path in ("/history", f"/history/{house.run_id(zap_id)}"):
            page = await house.page(path)
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
            assert "\x00" not in page

    within(story)


def test_a_viewer_sees_everything_and_may_do_nothing(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        zap_id = await runs(house, "Grace", Grace="permanent")
        run = f"/history/{house.run_id(zap_id)}"
        assert "Replay" not in await house.page(run, Role.VIEWER)
        for path in ("/replay", "/release", "/cancel", "/decide"):
            assert (await house.post(run + path, Role.VIEWER, decision="again")).status_code == 403
        for path in ("/history/ask", "/history/many"):
            asked = await house.post(path, Role.VIEWER, do="drop", runs=house.run_id(zap_id))
            assert asked.status_code == 403
        assert house.audited() == []

    within(story)


@pytest.mark.parametrize("path", ["/replay", "/release", "/cancel", "/decide"])
def test_nothing_is_done_without_the_token_of_the_session(within: Callable[[Does], None], path: str):
    async def story(house: HistoryHouse) -> None:
        zap_id = await runs(house, "Grace", Grace="permanent")
        run = f"/history/{house.run_id(zap_id)}"
        assert (await house.post(run + path, csrf=False, decision="again")).status_code == 403
        assert len(house.bench.runs(zap_id)) == 1

    within(story)


def test_a_replay_leads_to_the_new_run_and_is_written_down(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        zap_id = await runs(house, "Grace", Grace="permanent")
        answer = await house.post(f"/history/{house.run_id(zap_id)}/replay")
        new = house.run_id(zap_id, 1)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/history/{new}")
        await house.bench.drain()
        assert house.bench.states(zap_id) == [RunState.FAILED, RunState.SUCCEEDED]
        assert house.audited() == ["run.replayed"]
        assert f"/history/{house.run_id(zap_id)}" in await house.page(f"/history/{new}")

    within(story)


def test_a_held_run_is_released_or_dropped(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        zap_id = await runs(house, "Ada", "Grace", Ada="quota", Grace="quota")
        assert "limit" in await house.page(f"/history/{house.run_id(zap_id)}")
        await house.post(f"/history/{house.run_id(zap_id)}/release")
        await house.post(f"/history/{house.run_id(zap_id, 1)}/cancel")
        await house.bench.drain()
        assert house.bench.states(zap_id) == [RunState.SUCCEEDED, RunState.CANCELLED]
        again = await house.post(f"/history/{house.run_id(zap_id)}/release")
        assert again.status_code == 409

    within(story)


def test_a_person_decides_what_became_of_a_call(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        zap_id = await runs(house, "Ada", "Grace", Ada="unknown", Grace="unknown")
        page = await house.page(f"/history/{house.run_id(zap_id)}")
        assert "Did it go through?" in page
        assert "What was sent" in page
        await house.post(f"/history/{house.run_id(zap_id)}/decide", decision="went_through")
        await house.post(f"/history/{house.run_id(zap_id, 1)}/decide", decision="again")
        await house.bench.drain()
        assert house.bench.states(zap_id) == [RunState.SUCCEEDED, RunState.SUCCEEDED]
        assert house.bench.toy.names() == ["Grace"]
        assert "Emil said that it went through." in await house.page(f"/history/{house.run_id(zap_id)}")

    within(story)


def test_a_record_that_was_not_offered_is_refused(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        zap_id = await runs(house, "Ada", Ada="unknown")
        run = f"/history/{house.run_id(zap_id)}"
        assert (await house.post(f"{run}/decide", decision="went_through", record="7")).status_code == 409
        assert house.bench.states(zap_id) == [RunState.NEEDS_REVIEW]

    within(story)


def test_before_many_are_replayed_it_is_said_what_that_does(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        zap_id = await runs(house, "Ada", "Grace", "Linus", Ada="permanent", Grace="permanent", Linus="quota")
        ids = ",".join(run.id for run in house.bench.runs(zap_id))
        asked = (await house.post("/history/ask", do="replay", runs=ids)).text
        assert "Replay 2 runs?" in asked
        assert "One of those you chose has not ended yet" in asked
        assert "2 × Make (Toy)" in asked

    within(story)


def test_many_are_replayed_and_what_came_of_it_is_told(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        zap_id = await runs(house, "Ada", "Grace", "Linus", Ada="permanent", Grace="permanent", Linus="quota")
        ids = ",".join(run.id for run in house.bench.runs(zap_id))
        answer = await house.post("/history/many", do="replay", runs=ids, filter="state=failed")
        assert answer.headers["location"] == "/history?state=failed"
        assert "2%20runs%20replayed%2C%201%20not" in answer.headers["set-cookie"]
        await house.bench.drain()
        assert house.bench.states(zap_id).count(RunState.SUCCEEDED) == 2

    within(story)


def test_all_that_fit_the_filter_are_chosen_without_their_ids(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        zap_id = await runs(house, "Ada", "Grace", Ada="quota", Grace="quota")
        asked = (await house.post("/history/ask", do="drop", filter="state=held")).text
        assert "Drop 2 runs?" in asked
        assert all(run.id in asked for run in house.bench.runs(zap_id))

    within(story)


def test_a_file_is_given_out_only_by_a_run_that_knows_it(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        kept = house.bench.runtime.blobs.save("<évil>.html", b"<script>alert(1)</script>", "text/html")
        zap_id = await runs(house, "Ada")
        run = f"/history/{house.run_id(zap_id)}"
        assert (await house.get(f"{run}/files/{kept.ref}")).status_code == 404
        house.bench.change(
            "UPDATE event SET payload = :payload",
            payload=f'{{"id": "1", "files": [{kept.model_dump_json()}]}}'.encode(),
        )
        answer = await house.get(f"{run}/files/{kept.ref}")
        assert answer.content == b"<script>alert(1)</script>"
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert "sandbox" in answer.headers["content-security-policy"]
        house.bench.runtime.blobs.delete(kept.ref)
        assert (await house.get(f"{run}/files/{kept.ref}")).status_code == 404

    within(story)


def test_a_mail_is_shown_as_a_page_without_scripts_pictures_and_links(within: Callable[[Does], None]):
    async def story(house: HistoryHouse) -> None:
        zap_id = await runs(house, "Ada")
        html = (
            b"<html><body onload='x()'><p style='color:red'>Guten <b>Tag</b></p><img src='https://spy.example/1.gif'>"
            b"<script>alert(1)</script><a href='https://spy.example/'>hier</a></body></html>"
        )
        payload = b'{"id": "1", "name": "Mail", "html": "' + html + b'"}'
        house.bench.change("UPDATE event SET payload = :payload", payload=payload)
        run = f"/history/{house.run_id(zap_id)}"
        found = re.search(r'data-tree-page="([^"]*)"', await house.page(run))
        assert found is not None
        answer = await house.get(found[1].replace("&amp;", "&"))
        assert "<p>Guten <b>Tag</b></p>" in answer.text
        assert not re.search(r"spy\.example|onload|alert|<img|color:red", answer.text)
        assert answer.headers["x-frame-options"] == "SAMEORIGIN"
        assert answer.headers["content-security-policy"].endswith("frame-ancestors 'self'; sandbox")
        assert "frame-src 'self'" in (await house.get(run)).headers["content-security-policy"]

    within(story)


@pytest.mark.parametrize("path", ["/history/nothing", "/history/nothing/page?part=record", "/history/nothing/files/x"])
def test_a_run_that_is_not_there_is_not_found(within: Callable[[Does], None], path: str):
    async def story(house: HistoryHouse) -> None:
        assert (await house.get(path)).status_code == 404

    within(story)
