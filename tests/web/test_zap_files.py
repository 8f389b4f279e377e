"""How zaps begin and travel: templates, files in with their problems, files out without secrets, and settings."""

import asyncio
import html
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from engine.people.roles import Role
from engine.registry import Registry
from engine.zaps import check, files
from engine.zaps.model import Overlap, Zap
from tests.web.history_house import HistoryHouse, history_house
from web import ready_zaps

Does = Callable[[HistoryHouse], Awaitable[None]]
TO_CHOOSE = {"connection", "url"}
"""What only the person who takes a template can know."""
HOOK = "zapwerk: 1\nname: Called\ntrigger: {use: toy.called}\nsteps:\n  - {key: made, use: toy.make}\n"


@pytest.fixture
def within(tmp_path: Path) -> Callable[[Does], None]:
    """Runs a test's story within a house of its own."""

    async def told(story: Does) -> None:
        async with history_house(tmp_path) as house:
            await story(house)

    return lambda story: asyncio.run(told(story))


Within = Callable[[Does], None]


def drawn(house: HistoryHouse, zap_id: str) -> Zap:
    return house.bench.runtime.editing.drafts.get(zap_id).zap


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("key", list(ready_zaps.READY))
def test_each_template_needs_nothing_but_what_a_person_must_choose(key: str, language: str):
    zap = ready_zaps.zap(key, language=language, timezone="Europe/Berlin")
    found = check.problems(zap, Registry.load(), {})
    assert {one.field for one in found} <= TO_CHOOSE
    assert zap.name == ready_zaps.every(language)[list(ready_zaps.READY).index(key)].name


def test_looking_at_what_to_begin_with_makes_nothing(within: Within):
    async def story(house: HistoryHouse) -> None:
        assert "New item from an e-mail" in await house.page("/zaps/new")
        assert "Create your first zap" in await house.page("/zaps")

    within(story)


@pytest.mark.parametrize("template", ["", "contact_form"])
def test_a_new_zap_opens_at_its_trigger(within: Within, template: str):
    async def story(house: HistoryHouse) -> None:
        answer = await house.post("/zaps/new", template=template)
        assert answer.status_code == 303
        zap_id, _, step = answer.headers["location"].removeprefix("/zaps/").partition("?step=")
        assert step == "trigger"
        assert drawn(house, zap_id).trigger.app == ("imap" if template else "")
        assert (await house.post("/zaps/new", template="../secrets")).status_code == 404

    within(story)


def test_what_was_exported_comes_back_with_its_connections(within: Within):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap()
        exported = await house.get(f"/zaps/{zap_id}/export", Role.VIEWER)
        assert exported.headers["content-disposition"].startswith('attachment; filename="zap-1.yaml"')
        assert "connection: toys" in exported.text
        answer = await house.post("/zaps/import", text=exported.text)
        copy = drawn(house, answer.headers["location"].removeprefix("/zaps/"))
        assert copy.name == "zap 1 2"
        assert (copy.trigger, copy.steps) == (drawn(house, zap_id).trigger, drawn(house, zap_id).steps)

    within(story)


def test_what_is_not_known_here_is_left_to_be_chosen(within: Within):
    async def story(house: HistoryHouse) -> None:
        text = HOOK.replace("use: toy.called}", "use: elsewhere.new_thing, connection: their account}")
        answer = await house.post("/zaps/import", text=text)
        zap = drawn(house, answer.headers["location"].removeprefix("/zaps/"))
        assert (zap.trigger.use, zap.trigger.connection) == ("elsewhere.new_thing", None)

    within(story)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Please choose a file"),
        ("zapwerk: 1\nname: [", "Line 2"),
        ("zapwerk: 1\nname: x\nsteps: []\n<script>: 1", "“trigger” is missing"),
        ("x" * 1_000_001, "The file is too large"),
        ("zapwerk: 1\nname: \x00", "characters that no text file should have"),
        (HOOK.replace("Called", '"Called \\u202e"'), "name: There are invisible signs in this."),
        ('zapwerk: 1\nname: "a\\ud800"', "Line 2, column 7: there is a sign in this that no text may hold"),
    ],
    ids=["empty", "broken", "incomplete", "huge", "binary", "turned around", "half of a character"],
)
def test_what_is_wrong_with_a_file_is_said_at_its_place(within: Within, text: str, said: str):
    async def story(house: HistoryHouse) -> None:
        answer = await house.post("/zaps/import", text=text)
        assert answer.status_code == 422
        assert said in answer.text
        assert "<script>:" not in answer.text

    within(story)


def test_a_file_that_cannot_be_read_is_shown_again_to_be_mended(within: Within):
    async def story(house: HistoryHouse) -> None:
        answer = await house.clients[Role.EDITOR].post(
            "/zaps/import",
            data={"csrf": await house.csrf(Role.EDITOR), "text": HOOK.replace("Called", '"Called \\ud800"')},
            headers={"accept-language": "de"},
        )
        assert answer.status_code == 422
        assert "Called \\ud800" in html.unescape(answer.text)

    within(story)


def test_secrets_stay_here(within: Within):
    async def story(house: HistoryHouse) -> None:
        house.bench.connectors.append(Registry.load().connector("http"))
        await house.bench.crash()
        house.app.state.site = type(house.app.state.site)(house.bench.runtime, house.bench.engine)
        zap = files.load(
            "zapwerk: 1\nname: Sends\ntrigger: {use: toy.new_thing}\nsteps:\n  - key: sent\n    use: http.request\n"
            "    with: {url: 'https://example.org', headers: {Authorization: Bearer hidden-word, Accept: text/plain}}\n"
        )
        draft = house.bench.runtime.editing.drafts.create(template=zap)
        exported = (await house.get(f"/zaps/{draft.id}/export")).text
        assert "hidden-word" not in exported
        assert "Accept: text/plain" in exported
        assert "# Secrets are not in this file; fill them in again: sent.headers" in exported
        assert files.load(exported).name == "Sends"

    within(story)


def test_settings_are_saved_into_the_draft_and_say_that_publishing_makes_them_live(within: Within):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap()
        given = {"language": "de", "timezone": "Europe/Berlin", "country": "DE", "folder": "Büro"}
        sent: dict[str, Any] = {**given, "overlap": "in_order", "flood_limit": "", "revision": "1"}
        answer = await house.post(f"/zaps/{zap_id}/settings", **sent)
        assert answer.status_code == 303
        zap = drawn(house, zap_id)
        assert (zap.language, zap.timezone, zap.country) == ("de", "Europe/Berlin", "DE")
        assert (zap.concurrency, zap.flood_limit, zap.auto_pause) == (1, None, False)
        assert "Publish changes" in await house.page(f"/zaps/{zap_id}/settings")
        again = await house.post(f"/zaps/{zap_id}/settings", **{**sent, "country": "AT"})
        assert again.status_code == 409
        assert drawn(house, zap_id).country == "DE"

    within(story)


@pytest.mark.parametrize(
    "wrong",
    [{"timezone": "Mars/Base"}, {"country": "xyz"}, {"concurrency": "-1"}, {"flood_limit": "1e9"}],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused_at_their_field(within: Within, wrong: dict[str, str]):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap()
        sent: dict[str, Any] = {"language": "en", "timezone": "UTC", "overlap": "parallel", "revision": "1", **wrong}
        answer = await house.post(f"/zaps/{zap_id}/settings", **sent)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
        assert drawn(house, zap_id).timezone == "UTC"

    within(story)


@pytest.mark.parametrize("revision", ["²", "٣", "9" * 5000, "-1", "1e3", ""], ids=lambda one: one[:3] or "empty")
def test_settings_of_no_revision_are_not_saved_and_stay_in_the_form(within: Within, revision: str):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap()
        sent: dict[str, Any] = {"language": "en", "timezone": "Asia/Tokyo", "overlap": "parallel", "folder": ""}
        answer = await house.post(f"/zaps/{zap_id}/settings", **sent, revision=revision)
        assert answer.status_code == 409
        assert re.search(r'name="timezone"[^>]*value="Asia/Tokyo"', answer.text)
        assert drawn(house, zap_id).timezone == "UTC"

    within(story)


@pytest.mark.parametrize(
    ("sent", "drawn_so"),
    [
        pytest.param({"overlap": "parallel"}, (None, "wait", Overlap.PARALLEL), id="at the same time"),
        pytest.param({"overlap": "parallel", "concurrency": "3"}, (3, "wait", Overlap.PARALLEL), id="at most three"),
        pytest.param({"overlap": "in_order", "concurrency": "3"}, (1, "wait", Overlap.IN_ORDER), id="in order"),
        pytest.param({"overlap": "skip", "concurrency": "3"}, (None, "skip", Overlap.SKIP), id="skip"),
    ],
)
def test_a_run_mode_is_one_choice_and_a_file_carries_it(
    within: Within, sent: dict[str, str], drawn_so: tuple[Any, ...]
):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap()
        given: dict[str, Any] = {"language": "en", "timezone": "UTC", "auto_pause": "on", "revision": "1", **sent}
        assert (await house.post(f"/zaps/{zap_id}/settings", **given)).status_code == 303
        zap = drawn(house, zap_id)
        assert (zap.concurrency, zap.while_running, zap.overlap, zap.auto_pause) == (*drawn_so, True)
        page = await house.page(f"/zaps/{zap_id}/settings")
        assert re.search(rf'value="{sent["overlap"]}" checked', page)
        again = files.load((await house.get(f"/zaps/{zap_id}/export")).text)
        assert (again.concurrency, again.while_running, again.overlap, again.auto_pause) == (*drawn_so, True)

    within(story)


def test_each_reader_chooses_when_they_are_told_of_a_zap(within: Within):
    async def story(house: HistoryHouse) -> None:
        zap_id = await house.bench.zap()
        await house.post(f"/zaps/{zap_id}/notices", Role.VIEWER, wish="digest")
        assert re.search(r'value="digest" selected', await house.page(f"/zaps/{zap_id}/settings", Role.VIEWER))
        assert not re.search(r'value="digest" selected', await house.page(f"/zaps/{zap_id}/settings"))
        assert f'name="zap-{zap_id}"' in await house.page("/settings/notices", Role.VIEWER)
        await house.post(f"/zaps/{zap_id}/notices", Role.VIEWER, wish="")
        assert f'name="zap-{zap_id}"' not in await house.page("/settings/notices", Role.VIEWER)

    within(story)
