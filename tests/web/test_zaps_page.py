"""The page of zaps: who may, health in words, switches and undo, many at once, filters, deleting and bringing back."""

import asyncio
import html
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.people.roles import Role
from engine.store import connections, zaps
from engine.store.states import ConnectionState, ZapState
from tests.engine.benches import do
from tests.engine.toys import error
from tests.web.history_house import HistoryHouse, history_house

Does = Callable[[HistoryHouse], Awaitable[None]]
EVIL = "<img src=x onerror=alert(1)>{{ 7*7 }}"


@pytest.fixture
def within(tmp_path: Path) -> Callable[[Does], None]:
    """Runs a test's story within a house of its own."""

    async def told(story: Does) -> None:
        async with history_house(tmp_path) as house:
            await story(house)

    return lambda story: asyncio.run(told(story))


Within = Callable[[Does], None]


async def send(house: HistoryHouse, path: str, **form: Any) -> httpx.Response:
    """As the scripts of the page send it."""
    headers = {"HX-Request": "true", "X-CSRF": await house.csrf(Role.EDITOR)}
    return await house.clients[Role.EDITOR].post(path, data=form, headers=headers)


def events(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.headers["HX-Trigger"])
    return found


def state(house: HistoryHouse, zap_id: str) -> ZapState:
    with house.bench.runtime.database.read() as session:
        return zaps.find(session, zap_id).state


def rename(house: HistoryHouse, zap_id: str, name: str) -> None:
    drafts = house.bench.runtime.editing.drafts
    drafts.rename(zap_id, name, revision=drafts.get(zap_id).revision, by="")


async def names(house: HistoryHouse, query: str = "") -> list[str]:
    page = await house.page(f"/zaps{query}")
    return [html.unescape(one) for one in re.findall(r'<a class="whole"[^>]*><bdi>(.*?)</bdi>', page)]


async def row(house: HistoryHouse, zap_id: str, query: str = "") -> str:
    """The words of a zap's row."""
    page = await house.page(f"/zaps{query}")
    found = re.search(rf'<li class="zap-row" id="zap-{zap_id}".*?</li>', page, re.DOTALL)
    assert found is not None
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found[0])).split())


def test_without_zaps_it_leads_to_the_first_one(within: Within):
    async def story(house: HistoryHouse) -> None:
        page = await house.page("/zaps")
        assert "Create your first zap" in page
        assert "New client from the contact form" in page
        assert "Create your first zap" not in await house.page("/zaps", Role.VIEWER)

    within(story)


def test_a_row_says_how_the_zap_is_doing(within: Within):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap("new_thing", do("made", "make"))
        await house.bench.done(zap_id, "Ada")
        said = await row(house, zap_id)
        assert "Checked" in said
        assert "Last run: Done" in said
        house.bench.toy.next("new_thing", error("temporary"))
        await house.bench.check(zap_id)
        assert "Last checked without a problem" in await row(house, zap_id)

    within(story)


def test_an_account_to_reconnect_is_told_at_its_zaps_and_above_the_list(within: Within):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap()
        runtime = house.bench.runtime
        with runtime.database.write() as session:
            broken = house.bench.connection
            connections.set_state(session, broken, ConnectionState.RECONNECT, "It was revoked.", now=runtime.now())
        assert "“toys” must be reconnected. Reconnect" in await row(house, zap_id)
        page = await house.page("/zaps?state=attention")
        assert f'class="hint bad" href="/connections/{broken}"' in page
        assert await names(house, "?state=attention") == ["zap 1"]

    within(story)


def test_runs_that_wait_for_a_person_lead_into_the_history(within: Within):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap("new_thing", do("made", "make"))
        house.bench.toy.next("make Ada", error("unknown"))
        await house.bench.done(zap_id, "Ada")
        assert "1 to check" in await row(house, zap_id)
        assert "1 run is to be checked." in await house.page("/zaps")

    within(story)


def test_the_switch_acts_at_once_and_can_be_undone(within: Within):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap()
        off = await send(house, f"/zaps/{zap_id}/switch", on="0", ask="1")
        assert (off.status_code, state(house, zap_id)) == (204, ZapState.OFF)
        told = events(off)["toast"]
        assert told["text"] == "“zap 1” is off."
        house.bench.toy.add("Ada")
        undone = await send(house, told["undo"])
        assert (undone.status_code, state(house, zap_id)) == (204, ZapState.ON)
        await house.bench.check(zap_id)
        assert len(house.bench.runs(zap_id)) == 1, "what came in between is not lost"
        actions = [one.action for one in house.bench.runtime.people.audit.page(action="zap.switched").entries]
        assert actions == ["zap.switched_on", "zap.switched_off"]

    within(story)


def test_a_switch_that_cannot_act_says_why_and_where_to_mend_it(within: Within):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap()
        house.bench.runtime.switching.off(zap_id)
        house.bench.toy.next("new_thing", error("auth failed"))
        answer = await send(house, f"/zaps/{zap_id}/switch", on="1")
        assert (answer.status_code, state(house, zap_id)) == (409, ZapState.OFF)
        told = events(answer)
        assert told["zap-refused"]["href"] == f"/zaps/{zap_id}?step=trigger"
        assert "stays as it is" in told["toast"]["text"]

    within(story)


def test_what_was_never_published_is_confirmed_on_its_own_page_first(within: Within):
    async def story(house: HistoryHouse) -> None:
        account = (await house.bench.connect()).id
        zap_id = house.bench.draft("new_thing", connection=account).id
        answer = await send(house, f"/zaps/{zap_id}/switch", on="1")
        assert answer.headers["HX-Redirect"] == f"/zaps/{zap_id}/publish"
        assert f'data-href="/zaps/{zap_id}/publish"' in await house.page("/zaps")
        assert f'data-switch="/zaps/{zap_id}/publish"' in await house.page(f"/zaps/{zap_id}")
        on = await send(house, "/zaps/many", doing="on", zap=zap_id)
        assert events(on)["zap-refused"]["href"] == f"/zaps/{zap_id}/publish"
        assert state(house, zap_id) is ZapState.DRAFT

    within(story)


@pytest.mark.parametrize("path", ["switch", "many", "undo"])
def test_a_published_zap_is_only_switched_whatever_its_draft_is(within: Within, path: str):
    """Also where the draft could not be published at all."""

    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap()
        drafts = house.bench.runtime.editing.drafts
        drafts.choose_connection(zap_id, "made", None, revision=drafts.get(zap_id).revision, by="")
        off = await send(house, f"/zaps/{zap_id}/switch", on="0")
        assert "Changes not published" in await row(house, zap_id)
        assert f'data-switch="" data-flip="/zaps/{zap_id}/switch"' in await house.page(f"/zaps/{zap_id}")
        assert "data-href" not in await house.page("/zaps")
        ways = {"switch": f"/zaps/{zap_id}/switch", "many": "/zaps/many", "undo": events(off)["toast"]["undo"]}
        on = await send(
            house, ways[path], **{"switch": {"on": "1"}, "many": {"doing": "on", "zap": zap_id}}.get(path, {})
        )
        said = "“zap 1” is on, as version 1. Its draft has changes that are not published."
        assert (on.status_code, events(on)["toast"]["text"]) == (204, said)
        with house.bench.runtime.database.read() as session:
            stored = zaps.find(session, zap_id)
            assert (stored.state, stored.published, zaps.differs(session, zap_id)) == (ZapState.ON, 1, True)
        await house.bench.done(zap_id, "Ada")
        assert house.bench.toy.names() == ["Ada"]

    within(story)


def test_switching_off_asks_only_when_runs_wait(within: Within):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap()
        await house.bench.arrive(zap_id, "Ada", "Grace")
        asked = await send(house, f"/zaps/{zap_id}/switch", on="0", ask="1")
        assert (asked.status_code, state(house, zap_id)) == (200, ZapState.ON)
        assert "2 runs are waiting for their turn" in asked.text
        await send(house, "/zaps/many", doing="off", zap=zap_id, waiting="hold")
        assert state(house, zap_id) is ZapState.OFF
        assert {run.state for run in house.bench.runs(zap_id)} == {"held"}

    within(story)


def test_many_are_switched_and_those_that_cannot_be_are_named(within: Within):
    async def story(house: HistoryHouse) -> None:
        first, second = await house.bench.zap(), await house.bench.zap()
        draft = house.bench.draft("new_thing", connection=house.bench.connection).id
        off = await send(house, "/zaps/many", doing="off", zap=[first, second])
        assert events(off)["toast"]["text"] == "2 zaps are off."
        on = await send(house, "/zaps/many", doing="on", zap=[first, second, draft])
        assert on.status_code == 200
        assert "One zap stays as it is" in on.text
        assert "zap 3" in on.text
        assert [state(house, one) for one in (first, second, draft)] == [ZapState.ON, ZapState.ON, ZapState.DRAFT]

    within(story)


def test_deleting_says_what_is_affected_and_can_be_undone(within: Within):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap()
        await house.bench.arrive(zap_id, "Ada")
        question = await house.page(f"/zaps/ask?doing=delete&zap={zap_id}")
        assert "One run is still waiting and will be carried out." in question
        gone = await send(house, "/zaps/many", doing="delete", zap=zap_id)
        assert await names(house) == []
        assert "Deleted" in await row(house, zap_id, "?state=deleted")
        await send(house, events(gone)["toast"]["undo"])
        assert (await names(house), state(house, zap_id)) == (["zap 1"], ZapState.ON)

    within(story)


def test_folders_are_made_by_moving_and_filter_the_list(within: Within):
    async def story(house: HistoryHouse) -> None:
        first = await house.bench.zap()
        await house.bench.zap()
        moved = await send(house, "/zaps/many", doing="move", zap=first, folder="  Büro & Lager ")
        assert events(moved)["toast"]["text"] == "“zap 1” was moved."
        assert await names(house, "?folder=B%C3%BCro+%26+Lager") == ["zap 1"]
        assert await names(house, "?folder=/") == ["zap 2"]
        await send(house, events(moved)["toast"]["undo"])
        assert await names(house, "?folder=/") == ["zap 1", "zap 2"]
        long = await send(house, "/zaps/many", doing="move", zap=first, folder="x" * 100)
        assert (long.status_code, 'aria-invalid="true"' in long.text) == (422, True)

    within(story)


def test_filters_stand_in_the_address(within: Within):
    async def story(house: HistoryHouse) -> None:
        first = await house.bench.zap()
        second = await house.bench.zap()
        rename(house, second, "Orders 10")
        rename(house, first, "Orders 9")
        house.bench.runtime.switching.off(second)
        assert await names(house) == ["Orders 9", "Orders 10"]
        assert await names(house, "?state=off") == ["Orders 10"]
        assert await names(house, "?q=ORDERS+9") == ["Orders 9"]
        assert await names(house, "?app=toy&sort=state") == ["Orders 9", "Orders 10"]
        await house.bench.done(first, "Ada")
        assert await names(house, "?sort=last") == ["Orders 9", "Orders 10"]
        assert await names(house, "?app=other") == []
        assert await names(house, "?state=nonsense&page=-4&sort=%00") == ["Orders 9", "Orders 10"]
        assert await names(house, "?page=999") == ["Orders 9", "Orders 10"]

    within(story)


def test_hostile_names_stay_texts(within: Within):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap()
        rename(house, zap_id, EVIL)
        for path in ("/zaps", f"/zaps/ask?doing=delete&zap={zap_id}", f"/zaps/{zap_id}/settings"):
            page = await house.page(path)
            assert "<img src=x" not in page
            assert "49" not in re.sub(r"[0-9]{4,}|1m\w+", "", page).replace("{{ 7*7 }}", "").split("&lt;img")[1][:40]

    within(story)


def test_a_copy_is_opened_and_is_off(within: Within):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap()
        answer = await house.post(f"/zaps/{zap_id}/duplicate")
        assert answer.status_code == 303
        copy = answer.headers["location"].rpartition("/")[2]
        assert (copy != zap_id, state(house, copy)) == (True, ZapState.DRAFT)

    within(story)


@pytest.mark.parametrize("path", ["/zaps/many", "/zaps/{id}/switch", "/zaps/{id}/duplicate", "/zaps/{id}/settings"])
def test_viewers_look_and_change_nothing(within: Within, path: str):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap()
        page = await house.page("/zaps", Role.VIEWER)
        assert " disabled title=" in page
        assert "data-pick" not in page
        answer = await house.post(path.format(id=zap_id), Role.VIEWER, doing="off", zap=zap_id, on="0")
        assert (answer.status_code, state(house, zap_id)) == (403, ZapState.ON)

    within(story)


def test_only_our_own_pages_switch(within: Within):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap()
        answer = await house.post(f"/zaps/{zap_id}/switch", csrf=False, on="0")
        assert (answer.status_code, state(house, zap_id)) == (403, ZapState.ON)

    within(story)


@pytest.mark.parametrize("form", [{"doing": "explode"}, {"doing": "off", "zap": "nobody"}, {}])
def test_what_makes_no_sense_changes_nothing(within: Within, form: dict[str, str]):
    async def story(house: HistoryHouse) -> None:
        await house.bench.zap()
        assert (await send(house, "/zaps/many", **form)).status_code in (204, 404)
        assert (await send(house, "/zaps/nobody/switch", on="0")).status_code == 404

    within(story)
