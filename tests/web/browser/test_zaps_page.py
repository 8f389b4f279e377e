"""The page of zaps in a browser: the first zap, the switch, what runs while one looks, deleting, many at once."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.people.roles import Role
from engine.runtime import Runtime
from engine.settings import Settings
from engine.store import zaps
from engine.zaps import files
from tests import plain
from tests.processes import Installation
from tests.web.browser.chromium import PHONE, WIDE
from tests.web.browser.conftest import Opens
from tests.web.browser.house import House, signed_in

pytestmark = pytest.mark.browser

ZAP = """
zapwerk: 1
name: {name}
trigger: {{use: webhook.catch}}
steps:
  - {{key: only, filter: {{all: [{{value: "{{{{ trigger.body.kind }}}}", is: contains, to: order}}]}}}}
"""
NAMES = ("Orders", "Returns", "Letters")


@pytest.fixture
def with_zaps(tmp_path: Path) -> Iterator[House]:
    """An installation with three webhook zaps; the first is on, the second off, the third a draft."""
    with _furnished(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def to_look_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The same, for tests that change nothing."""
    with _furnished(tmp_path_factory.mktemp("zaps")) as made:
        yield made


@contextmanager
def _furnished(folder: Path) -> Iterator[House]:
    data = folder / "data"
    tokens = signed_in(data)
    with ThreadPoolExecutor(1) as thread:  # this one has the loop that drives the browser
        thread.submit(asyncio.run, _with_zaps(data)).result()
    with Installation(data, {}).serving() as served:
        yield House(served, tokens)


async def _with_zaps(data: Path) -> None:
    runtime = Runtime(Settings(data=data))
    try:
        with runtime.database.write() as session:
            made = [zaps.create(session, files.load(ZAP.format(name=name)), now=runtime.now()).id for name in NAMES]
        for zap_id in made[:2]:
            await runtime.switching.on(zap_id)
        runtime.switching.off(made[1])
    finally:
        await runtime.close()


def address(where: House, name: str) -> str:
    runtime = Runtime(Settings(data=where.installation.data))
    try:
        with runtime.database.read() as session:
            zap_id = zaps.find(session, name).id
        return f"{where.url}/hooks/{runtime.addresses.of(zap_id).rpartition('/')[2]}"
    finally:
        runtime.database.close()


def switch(page: Page, name: str) -> str:
    """The selector of a zap's switch."""
    return f'[role=switch][aria-label="“{name}” switched on"]'


def test_without_a_zap_one_click_begins_the_first(own_house: House, opens: Opens):
    with opens(own_house) as tab:
        page = tab.go("/zaps")
        tab.must_be_accessible()
        page.get_by_role("button", name="Create your first zap").click()
        page.wait_for_url("**/zaps/*?step=trigger")
        tab.go("/zaps")
        expect(page.get_by_role("link", name="Untitled zap")).to_be_visible()


def test_a_template_opens_in_the_editor(own_house: House, opens: Opens):
    with opens(own_house, language="de") as tab:
        page = tab.go("/zaps")
        page.get_by_role("button", name="Neuer Kunde aus dem Kontaktformular").click()
        page.wait_for_url("**/zaps/*?step=trigger")
        expect(page.get_by_label("Name des Zaps")).to_have_value("Neuer Kunde aus dem Kontaktformular")


def test_the_switch_works_by_keyboard_and_is_undone(with_zaps: House, opens: Opens):
    with opens(with_zaps) as tab:
        page = tab.go("/zaps")
        toggle = page.locator(switch(page, "Orders"))
        toggle.focus()
        page.keyboard.press("Space")
        expect(toggle).to_have_attribute("aria-checked", "false")
        expect(toggle).to_be_focused()
        expect(page.get_by_text("“Orders” is off.")).to_be_visible()
        page.get_by_role("button", name="Undo").click()
        expect(toggle).to_have_attribute("aria-checked", "true")


def test_a_draft_leads_to_where_it_is_published(to_look_at: House, opens: Opens):
    with opens(to_look_at) as tab:
        page = tab.go("/zaps")
        page.locator(switch(page, "Letters")).click()
        page.wait_for_url("**/publish")


def test_what_runs_shows_while_one_looks(with_zaps: House, opens: Opens):
    with opens(with_zaps) as tab:
        page = tab.go("/zaps")
        row = page.locator("[data-zap]", has_text="Orders")
        expect(row).to_contain_text("Waiting for the first call.")
        page.get_by_label("Choose “Returns”").check()
        assert plain.post(address(with_zaps, "Orders"), json={"kind": "letter"}).status_code < 300
        expect(row).to_contain_text("Filtered out")
        expect(row).to_contain_text("the last one came")
        expect(page.get_by_label("Choose “Returns”")).to_be_checked()
        expect(page.get_by_text("1 chosen")).to_be_visible()


def test_deleting_asks_once_and_is_undone(with_zaps: House, opens: Opens):
    with opens(with_zaps) as tab:
        page = tab.go("/zaps")
        page.get_by_label("More about “Orders”").click()
        page.get_by_role("button", name="Delete", exact=True).first.click()
        expect(page.get_by_role("heading", name="Delete “Orders”?")).to_be_visible()
        tab.must_be_accessible()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(page.get_by_role("link", name="Orders", exact=True)).to_have_count(0)
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("link", name="Orders", exact=True)).to_be_visible()
        expect(page.locator(switch(page, "Orders"))).to_have_attribute("aria-checked", "true")


def test_many_are_moved_and_those_that_cannot_be_switched_are_named(with_zaps: House, opens: Opens):
    with opens(with_zaps) as tab:
        page = tab.go("/zaps")
        page.get_by_label("Choose “Orders”").check()
        page.get_by_role("button", name="All on this page").click()
        expect(page.get_by_text("3 chosen")).to_be_visible()
        page.get_by_role("button", name="Move", exact=True).click()
        page.get_by_label("Folder", exact=True).fill("Shop")
        page.get_by_role("dialog").get_by_role("button", name="Move").click()
        expect(page.locator(".zap-row .tag", has_text="Shop")).to_have_count(3)
        page.get_by_role("button", name="Undo").wait_for()
        page.get_by_label("Choose “Orders”").check()
        page.get_by_label("Choose “Letters”").check()
        page.get_by_role("button", name="Switch on").click()
        expect(page.get_by_role("heading", name="One zap stays as it is")).to_be_visible()
        expect(page.get_by_role("dialog")).to_contain_text("It was never published.")
        tab.must_be_accessible()


def test_typing_filters_and_the_address_keeps_it(to_look_at: House, opens: Opens):
    with opens(to_look_at) as tab:
        page = tab.go("/zaps")
        page.keyboard.press("/")
        page.keyboard.type("retur")
        expect(page.locator("[data-zap]")).to_have_count(1)
        expect(page.get_by_label("Find a zap")).to_be_focused()
        assert page.url.endswith("/zaps?q=retur")
        page.reload()
        expect(page.locator("[data-zap]")).to_have_count(1)


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("de", "dark")])
def test_the_pages_fit_and_are_accessible(served: House, opens: Opens, width: int, language: str, scheme: str):
    with opens(served, language=language, scheme=scheme, width=width) as tab:
        for path in ("/zaps", "/zaps/new", "/zaps/import", "/zaps?state=deleted"):
            tab.go(path)
            tab.must_fit()
            tab.must_be_accessible()


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize(("language", "scheme"), [("en", "dark"), ("de", "light")])
def test_the_list_and_settings_fit_and_are_accessible(
    to_look_at: House, opens: Opens, width: int, language: str, scheme: str
):
    with opens(to_look_at, language=language, scheme=scheme, width=width) as tab:
        page = tab.go("/zaps")
        tab.must_fit()
        tab.must_be_accessible()
        settings = page.locator("a.whole").first.get_attribute("href")
        tab.go(f"{settings}/settings")
        tab.must_fit()
        tab.must_be_accessible()


def test_a_viewer_sees_switches_that_say_why_they_do_not_move(to_look_at: House, opens: Opens):
    with opens(to_look_at, Role.VIEWER) as tab:
        page = tab.go("/zaps")
        expect(page.locator(switch(page, "Orders"))).to_be_disabled()
        tab.must_be_accessible()


def test_the_address_of_a_called_zap_can_be_copied_and_renewed(with_zaps: House, opens: Opens):
    with opens(with_zaps) as tab:
        page = tab.go("/zaps")
        tab.go(f"{page.get_by_role('link', name='Orders', exact=True).get_attribute('href')}/settings")
        field = page.get_by_label("Address of this zap")
        before = field.input_value()
        page.get_by_role("button", name="Copy").click()
        assert page.evaluate("navigator.clipboard.readText()") == before
        page.get_by_role("button", name="New address").first.click()
        page.get_by_role("dialog").get_by_role("button", name="New address").click()
        expect(field).not_to_have_value(before)
