"""Where the records of a rehearsal come from, for each kind of trigger; what they are called; their files."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import BaseModel

from engine.rehearsal.rows import Would
from engine.store import intake, zaps
from engine.store.intake import Found
from engine.zaps import labels
from engine.zaps.locales import Locale
from engine.zaps.model import ActionStep, TriggerUse, Zap
from tests.engine.benches import in_a_loop
from tests.engine.rehearsal.stage import Stage
from zapwerk import Connector, Context, Daily, Delivery, File, Record

BERLIN = Locale("de", "Europe/Berlin")


class Nothing(BaseModel):
    pass


class Letter(Record):
    name: str
    scan: File


class Note(BaseModel):
    text: str


class Call(Record):
    name: str


post = Connector("post", title="Post")


@post.trigger(every=timedelta(hours=1))
async def letter(ctx: Context, given: Nothing) -> AsyncIterator[Letter]:
    yield Letter(id="1", name="Ada", scan=await ctx.files.save("scan.txt", b"Dear Zapwerk", "text/plain"))
    yield Letter.of({"id": "2", "name": "Torn"})


@post.webhook()
async def call(ctx: Context, given: Nothing, delivery: Delivery) -> list[Call]:
    return [Call(id="1", name=delivery.body.decode())]


@post.schedule()
def morning(given: Nothing) -> Daily:
    return Daily(at=datetime(2026, 1, 1, 9).time())


@post.search()
async def weigh(ctx: Context, given: Note) -> Call | None:
    return Call(id=given.text, name=given.text)


@in_a_loop
async def test_files_of_records_are_described_and_not_kept(stage: Stage):
    zap_id = await drawn(stage, "letter", "{{ trigger.scan.size }} {{ trigger.scan.ref | truncate: 7, '' }}")
    before = stage.everything()
    whole, _ = await stage.rehearse(zap_id)
    assert whole.steps[0].given == {"text": "12 sha256:"}
    assert stage.everything() == before


@in_a_loop
async def test_a_record_that_is_not_as_expected_is_looked_at_and_says_so(stage: Stage):
    whole, torn = await stage.rehearse(await drawn(stage, "letter"))
    assert whole.warning == ""
    assert "Record 2 is not as expected: scan" in torn.warning
    assert torn.outcome == Would.PASSES


@in_a_loop
async def test_a_webhook_has_the_last_events_that_it_made_and_no_others(stage: Stage):
    zap_id = await drawn(stage, "call")
    assert await stage.rehearse(zap_id) == []
    for number in range(1, 6):
        accept(stage, zap_id, "post.call:place", number)
    accept(stage, zap_id, "post.letter:place", 6)
    rows = await stage.rehearse(zap_id, 3)
    assert [row.label for row in rows] == ["caller 5", "caller 4", "caller 3"]
    assert all(row.at is not None and stage.now() - row.at < timedelta(minutes=1) for row in rows)


@in_a_loop
async def test_a_schedule_has_its_last_times(stage: Stage):
    zap_id = await drawn(stage, "morning", "{{ trigger.date }} {{ trigger.time }}")
    rows = await stage.rehearse(zap_id, 3)
    newest = max(day for day in (stage.now(), stage.now() - timedelta(days=1)) if nine(day) <= stage.now())
    days = [(newest - timedelta(days=back)).date().isoformat() for back in range(3)]
    assert [row.steps[0].given["text"] for row in rows] == [f"{day} 09:00" for day in days]
    assert [row.at for row in rows] == [nine(newest) - timedelta(days=back) for back in range(3)]


@pytest.mark.parametrize(
    ("record", "label"),
    [
        pytest.param({"id": "7", "subject": "Anfrage", "sender": {"name": "Erika"}}, "Anfrage · Erika", id="a mail"),
        pytest.param({"subject": "Hi", "from": {"name": " ", "address": "e@x.example"}}, "Hi · e@x.example", id="from"),
        pytest.param({"subject": "", "sender": "Erika"}, "Erika", id="no subject"),
        pytest.param({"id": "7", "size": None, "who": "Ada\nKing"}, "Ada King", id="its first text"),
        pytest.param({"id": "7", "ok": True, "list": []}, "id-1", id="no text at all"),
        pytest.param({"number": 1042}, "1042", id="a number that names it"),
        pytest.param({"body": {"n": 1, "name": "Ada"}, "method": "POST"}, "Ada", id="what a call brought"),
        pytest.param({"body": {"tag": "new"}, "method": "POST"}, "new", id="the first text that a call brought"),
        pytest.param({"body": None, "method": "GET"}, "GET", id="a call that brought nothing"),
        pytest.param(["x"], "id-1", id="no mapping"),
    ],
)
def test_a_record_is_called_by_what_it_is_and_who_it_is_from(record: object, label: str):
    assert labels.label_of(record, "id-1") == label


@pytest.mark.parametrize(
    ("record", "moment"),
    [
        pytest.param({"date": "2026-11-02T10:00:00+01:00"}, datetime(2026, 11, 2, 9, tzinfo=UTC), id="with its zone"),
        pytest.param({"created_at": "2026-11-02 10:00"}, datetime(2026, 11, 2, 9, tzinfo=UTC), id="in the zap's zone"),
        pytest.param(
            {"date": "soon", "created_at": "2026-11-02T09:00:00Z"}, datetime(2026, 11, 2, 9, tzinfo=UTC), id="2nd"
        ),
        pytest.param({"date": 20261102, "at": None}, None, id="none that can be read"),
        pytest.param("2026-11-02T09:00:00Z", None, id="no mapping"),
    ],
)
def test_a_record_is_from_when_it_says(record: object, moment: datetime | None):
    assert labels.moment_of(record, BERLIN) == moment


async def drawn(stage: Stage, trigger: str, text: str = "{{ trigger.name }}") -> str:
    """A zap that starts with the post and weighs something."""
    if post not in stage.connectors:
        stage.connectors.append(post)
        await stage.crash()
    weighing = ActionStep(key="weighed", use="post.weigh", with_={"text": text})
    zap = Zap(name="Post", trigger=TriggerUse(use=f"post.{trigger}"), steps=(weighing,))
    with stage.runtime.database.write() as session:
        return zaps.create(session, zap, now=stage.now()).id


def accept(stage: Stage, zap_id: str, source: str, number: int) -> None:
    """An event as if the service had called."""
    with stage.runtime.database.write() as session:
        if zaps.find(session, zap_id).published is None:
            zaps.publish(session, zap_id, {}, now=stage.now())
        record = Found(str(number), f'{{"id":"{number}","name":"caller {number}"}}'.encode())
        intake.accept(session.connection(), zap_id, source, [record], flood_limit=None, now=stage.now())


def nine(day: datetime) -> datetime:
    return day.replace(hour=9, minute=0, second=0, microsecond=0)
