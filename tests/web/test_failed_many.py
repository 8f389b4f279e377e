"""More failed than can be replayed at once: page and API say so, and go on with the rest."""

from urllib.parse import unquote

from sqlalchemy import text

from engine.people.roles import Role
from engine.runs.control import MOST
from engine.store.states import RunState
from tests.engine.benches import Bench
from tests.engine.toys import error
from tests.web.history_house import HistoryHouse
from tests.web.test_storage_pages import in_a_house

OVER = 3


async def failed_often(bench: Bench) -> str:
    """A zap of which `OVER` more runs failed than can be replayed at once, and that was mended since."""
    zap = await bench.zap()
    bench.toy.next("make ball", error("permanent"))
    (run,) = await bench.done(zap, "ball")
    columns = [one for one in columns_of(bench) if one != "id"]
    sql = f"INSERT INTO run (id, {', '.join(columns)}) SELECT :new, {', '.join(columns)} FROM run WHERE id = :id"
    with bench.runtime.database.write() as session:
        copies = [{"new": f"{run.id}{number:04}", "id": run.id} for number in range(1, MOST + OVER)]
        session.connection().execute(text(sql), copies)
    drafts = bench.runtime.editing.drafts
    drafts.put_value(zap, "made", ("name",), "mended", revision=drafts.get(zap).revision, by="")
    await bench.runtime.switching.on(zap)
    return zap


def columns_of(bench: Bench) -> list[str]:
    with bench.runtime.database.read() as session:
        return list(session.connection().execute(text("SELECT * FROM run LIMIT 1")).keys())


@in_a_house
async def test_the_page_says_how_many_wait_and_comes_back_with_them(house: HistoryHouse):
    zap = await failed_often(house.bench)
    assert f"{MOST + OVER:,} runs failed before version 2" in await house.page(f"/history?zap={zap}")
    page = await house.page(f"/zaps/{zap}/failed")
    assert f"Also for the {MOST + OVER:,} that failed" in page
    assert "Replay the first 1,000" in page
    assert "After that this page offers the other 3" in page
    assert "Only the first 50 of them are looked at here; all 1,000 are replayed" in page
    runs = ",".join(one.id for one in house.bench.runs(zap)[:MOST])
    answer = await house.post(f"/zaps/{zap}/failed", runs=runs, step="made")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/zaps/{zap}/failed?step=made")
    page = await house.page(f"/zaps/{zap}/failed?step=made")
    assert "1,000 runs replayed. 3 are left." in unquote(answer.headers["set-cookie"])
    assert "Replay all 3" in page
    left = ",".join(one.id for one in house.bench.runs(zap) if one.state == RunState.FAILED and one.id not in runs)
    answer = await house.post(f"/zaps/{zap}/failed", runs=left, step="made")
    assert answer.headers["location"] == f"/history?zap={zap}"


@in_a_house
async def test_the_api_says_how_many_are_left(house: HistoryHouse):
    zap = await failed_often(house.bench)
    runtime = house.bench.runtime
    owner = next(one for one in runtime.people.accounts.every() if one.role is Role.OWNER)
    headers = {"authorization": f"Bearer {runtime.people.tokens.make(owner, 'mender', Role.EDITOR).secret}"}
    client, path = house.clients[Role.EDITOR], f"/api/v1/zaps/{zap}/failed"
    found = (await client.get(path, headers=headers)).json()
    assert (len(found["runs"]), found["count"], found["more"], found["at_least"]) == (MOST, MOST + OVER, True, False)
    done = (await client.post(f"{path}/replay", json={}, headers=headers)).json()
    assert (len(done["done"]), done["left"]) == (MOST, OVER)
    done = (await client.post(f"{path}/replay", json={}, headers=headers)).json()
    assert (len(done["done"]), done["left"]) == (OVER, 0)
