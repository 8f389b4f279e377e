"""A secret typed into a step of the editor: saved, kept, replaced and removed, without coming back to the page."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from engine.zaps.sealing import is_sealed
from tests.web.browser.chromium import PHONE, Tab
from tests.web.browser.conftest import Opens
from tests.web.browser.house import House
from tests.web.browser.office import choose, new_zap, open_step, saved

pytestmark = pytest.mark.browser

SECRET = "Bearer zw-typed-Kq73-in-a-browser"


@pytest.fixture
def tab(served: House, opens: Opens) -> Iterator[Tab]:
    with opens(served) as made:
        yield made


def headers_in(data: Path) -> dict[str, str]:
    """What is stored of the newest zap's headers."""
    with sqlite3.connect(data / "zapwerk.db") as database:
        (draft,) = database.execute("SELECT draft FROM zap ORDER BY created_at DESC LIMIT 1").fetchone()
    found: dict[str, str] = json.loads(draft)["steps"][0]["with"].get("headers", {})
    return found


def headers(page: Page) -> Locator:
    return page.locator('fieldset[data-rows="given.headers"]')


def add_header(page: Page, name: str, value: str) -> None:
    headers(page).locator("[data-rows-add]").click()
    row = headers(page).locator("[data-row]").last
    row.locator("input[name$='.key']").fill(name)
    row.locator("[contenteditable]").click()
    page.keyboard.insert_text(value)
    saved(page)


def test_a_header_that_is_a_secret_is_set_kept_replaced_and_removed(tab: Tab, served: House):
    page, data = tab.page, served.installation.data
    new_zap(page, tab.url)
    choose(page, "webhook")
    open_step(page, "step1")
    choose(page, "http")
    page.wait_for_selector('[data-panel="request"]')
    add_header(page, "Authorization", SECRET)
    add_header(page, "X-Shop", "corner")
    first = headers_in(data)
    assert is_sealed(first["Authorization"])
    assert first["X-Shop"] == "corner"

    page.reload()
    set_one = headers(page).locator("[data-secret] input[type=password]")
    expect(set_one).to_have_attribute("placeholder", "Stored")
    expect(set_one).to_have_value("")
    assert "zw-typed" not in page.content()
    assert "sealed:gAAAA" not in page.content()
    tab.must_be_accessible()

    headers(page).locator("[contenteditable]").first.click()
    page.keyboard.press("End")
    page.keyboard.insert_text(" shop")
    saved(page)
    second = headers_in(data)
    assert second["Authorization"] == first["Authorization"]
    assert second["X-Shop"] == "corner shop"

    set_one.fill("Bearer another one")
    saved(page)
    third = headers_in(data)["Authorization"]
    assert is_sealed(third)
    assert third != first["Authorization"]

    headers(page).locator("[data-row]").first.locator("[data-rows-remove]").click()
    saved(page)
    assert headers_in(data) == {"X-Shop": "corner shop"}
    written = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert b"zw-typed" not in written


def test_a_set_secret_fits_a_phone_in_german(served: House, opens: Opens):
    with opens(served, language="de") as tab:
        page = tab.page
        new_zap(page, tab.url)
        choose(page, "webhook")
        open_step(page, "step1")
        choose(page, "http")
        page.wait_for_selector('[data-panel="request"]')
        add_header(page, "Cookie", SECRET)
        page.set_viewport_size({"width": PHONE, "height": 844})
        page.reload()
        expect(headers(page).locator("[data-secret] input[type=password]")).to_have_attribute(
            "placeholder", "Gespeichert"
        )
        tab.must_fit()
        tab.must_be_accessible()
