"""A secret that is typed into a step: used where the step is done, and open nowhere else."""

import io
import json
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from engine.connections.vault import Vault, load_keys, new_key, rotate_file
from engine.editing.draft import Draft
from engine.editing.sharing import Sharing
from engine.editing.tried import TriedOutcome
from engine.store import typed
from engine.store.states import RunState
from engine.zaps import sealing
from engine.zaps.model import ActionStep, TriggerUse, Zap
from tests.connectors.http.benches import Fed, HttpBench, Service, service
from tests.engine.benches import in_a_loop

SECRET = "Bearer zw-hunter2-Zx81-quite-secret"
WORD = "zw-hunter2-Zx81"
"""What must be found nowhere."""


def with_a_service(
    test: Callable[[HttpBench, Service], Coroutine[Any, Any, None]],
) -> Callable[[HttpBench], Coroutine[Any, Any, None]]:
    """Runs a test beside a service of its own."""

    async def run(bench: HttpBench) -> None:
        async with service() as at:
            await test(bench, at)

    run.__name__ = test.__name__
    return run


def drawn(bench: HttpBench, at: Service) -> Draft:
    """A draft with a secret typed into its step, as a page does it."""
    step = ActionStep(key="sent", use="http.request", with_={"url": f"{at.url}/x", "method": "POST"})
    zap = Zap(name="calls", trigger=TriggerUse(use="feed.new"), steps=(step,))
    draft = bench.runtime.editing.drafts.create(template=zap)
    return typed_in(bench, draft, {"Authorization": SECRET, "X-Shop": "corner"})


def typed_in(bench: HttpBench, draft: Draft, headers: dict[str, Any]) -> Draft:
    drafts = bench.runtime.editing.drafts
    return drafts.put_value(draft.id, "sent", "headers", headers, revision=draft.revision, by="")


def headers_of(draft: Draft) -> dict[str, Any]:
    step = draft.step("sent")
    assert isinstance(step, ActionStep)
    headers = step.with_["headers"]
    assert isinstance(headers, dict)
    return headers


def everything_in(folder: Path) -> bytes:
    """Every byte that was written: the database with its log, blobs, and what else there is."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


async def echoing(request: web.Request) -> web.Response:
    return web.json_response({"you sent": dict(request.headers), "quietly": f"key={SECRET.split()[1]}"})


@in_a_loop
@with_a_service
async def test_no_byte_on_the_disk_has_it_whatever_is_done_with_the_zap(bench: HttpBench, at: Service):
    draft = drawn(bench, at)
    assert sealing.is_sealed(headers_of(draft)["Authorization"])
    assert headers_of(draft)["X-Shop"] == "corner"
    assert not draft.at("sent")
    editing = bench.runtime.editing
    bench.fed.append(Fed(id="1"))
    editing.samples.choose(draft.id, {"id": "1"})
    at.next(echoing, echoing)
    tried = await editing.trying.test_step(draft.id, "sent")
    assert tried.outcome is TriedOutcome.DONE
    assert at.last.headers["authorization"] == SECRET
    assert WORD not in repr(tried)

    await bench.runtime.switching.on(draft.id)
    await bench.feeds(draft.id)
    await bench.drain()
    (run,) = bench.runs(draft.id)
    assert run.state is RunState.SUCCEEDED
    assert at.last.headers["authorization"] == SECRET
    assert WORD not in repr(bench.lines(run.id))
    assert editing.listing.duplicate(draft.id).zap.steps == draft.zap.steps

    back = editing.drafts.undo(draft.id, revision=draft.revision, by="")
    assert "headers" not in repr(back.step("sent"))
    again = editing.drafts.redo(draft.id, revision=back.revision, by="")
    assert headers_of(again) == headers_of(draft)
    assert not again.differs
    await bench.engine.indexing.tick()
    assert WORD.encode() not in everything_in(bench.settings.data)


@in_a_loop
@with_a_service
async def test_what_fails_does_not_tell_it_either(bench: HttpBench, at: Service):
    draft = drawn(bench, at)
    at.next(web.Response(status=400, text=f"What is {SECRET}?"))
    await bench.runtime.switching.on(draft.id)
    await bench.feeds(draft.id)
    await bench.drain()
    (run,) = bench.runs(draft.id)
    assert run.state is RunState.FAILED
    assert WORD not in f"{run.problem}{bench.lines(run.id)}"


@in_a_loop
@with_a_service
async def test_neither_the_log_nor_a_rehearsal_tells_it(bench: HttpBench, at: Service):
    with everything_logged() as log:
        await rehearsed_and_run(bench, at)
    assert "new events" in log.getvalue()
    assert WORD not in log.getvalue()


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """Every line of every logger, down to those that only developers read."""
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield handler.stream
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


async def rehearsed_and_run(bench: HttpBench, at: Service) -> None:
    draft = drawn(bench, at)
    bench.fed.append(Fed(id="1"))
    rehearsal = await bench.runtime.rehearsing.begin(draft.id)
    (row,) = [row async for row in rehearsal.rows()]
    assert "corner" in repr(row), "it does show the headers that are no secrets"
    assert WORD not in repr(row)
    at.next(web.Response(status=400, text=f"What is {SECRET}?"), echoing)
    await bench.runtime.switching.on(draft.id)
    await bench.feeds(draft.id)
    await bench.feeds(draft.id)
    await bench.drain()
    assert at.seen


@in_a_loop
@with_a_service
async def test_comparing_exporting_and_previewing_show_that_there_is_one_only(bench: HttpBench, at: Service):
    editing, draft = bench.runtime.editing, drawn(bench, at)
    await bench.runtime.switching.on(draft.id)
    changed = typed_in(bench, draft, {"Authorization": "Bearer another-long-one", "X-Shop": "corner"})
    (difference,) = editing.versions.compare(draft.id, 1)
    assert (difference.field, difference.before, difference.after) == ("headers", sealing.BLOT, sealing.BLOT)
    exported = Sharing(bench.runtime.database, editing.drafts).export(draft.id)
    assert exported.left_out == (("sent", "headers"),)
    assert "corner" in exported.text
    assert "sealed:" not in exported.text
    step = changed.step("sent")
    assert isinstance(step, ActionStep)
    seen = editing.previews.of(changed, "sent", "headers", step.with_["headers"])
    assert "sealed:" not in seen.text


@in_a_loop
@with_a_service
async def test_a_template_stays_readable_for_it_only_says_where_a_secret_comes_from(bench: HttpBench, at: Service):
    draft = typed_in(bench, drawn(bench, at), {"Authorization": "Bearer {{ trigger.data }}"})
    assert headers_of(draft) == {"Authorization": "Bearer {{ trigger.data }}"}


@in_a_loop
@with_a_service
async def test_headers_that_were_typed_as_one_json_text_are_sealed_one_by_one(bench: HttpBench, at: Service):
    step = ActionStep(key="sent", use="http.request", with_={"headers": json.dumps({"Cookie": WORD, "X-Shop": "a"})})
    zap = Zap(name="calls", trigger=TriggerUse(use="feed.new"), steps=(step,))
    headers = headers_of(bench.runtime.editing.drafts.create(template=zap))
    assert sealing.is_sealed(headers["Cookie"])
    assert headers["X-Shop"] == "a"


@in_a_loop
@with_a_service
async def test_another_key_seals_it_again_in_the_draft_in_versions_and_in_what_can_be_undone(
    bench: HttpBench, at: Service
):
    draft = drawn(bench, at)
    await bench.runtime.switching.on(draft.id)
    keys = Vault(rotate_file(bench.settings.data))
    with bench.runtime.database.write() as session:
        assert typed.reseal(session, keys.reseal) == 1
    newest = Vault(load_keys(None, bench.settings.data)[:1])
    now = bench.runtime.editing.drafts.get(draft.id)
    token = str(headers_of(now)["Authorization"])
    assert newest.open(token.removeprefix("sealed:").encode()) == {"typed": SECRET}
    assert not now.differs
    assert now.can_undo
    await bench.feeds(draft.id)
    await bench.drain()
    assert at.last.headers["authorization"] == SECRET


@in_a_loop
@with_a_service
async def test_what_no_key_opens_is_asked_for_again_and_never_sent(bench: HttpBench, at: Service):
    foreign = f"sealed:{Vault([new_key()]).seal({'typed': 'x'}).decode()}"
    draft = typed_in(bench, drawn(bench, at), {"Authorization": foreign})
    await bench.runtime.switching.on(draft.id)
    await bench.feeds(draft.id)
    await bench.drain()
    (run,) = bench.runs(draft.id)
    assert run.state is RunState.FAILED
    assert "enter it again" in run.problem
    assert at.seen == []
