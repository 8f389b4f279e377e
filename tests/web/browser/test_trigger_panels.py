"""The panels of triggers that no app can be asked about: a webhook is called, a schedule has its times. The switch."""

import re
from collections.abc import Iterator
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Page, expect

from engine.runtime import Runtime
from engine.settings import Settings
from engine.zaps.conditions import Condition, Group
from engine.zaps.model import FilterStep, TriggerUse, Zap
from tests import plain
from tests.web.browser.chromium import PHONE, WIDE
from tests.web.browser.conftest import Opens
from tests.web.browser.house import House

pytestmark = pytest.mark.browser

Scheme = Literal["light", "dark"]
LOOKS = [
    pytest.param("en", "light", WIDE, id="English, light, wide"),
    pytest.param("de", "dark", PHONE, id="German, dark, on a phone"),
]
WAIT = re.compile("Wait for a call|Auf einen Aufruf warten")


def drawn(house: House, name: str, use: str, **given: str) -> str:
    """A zap that only needs testing; gives its id."""
    there = Condition(value="{{ trigger.id }}", is_="exists")
    step = FilterStep(key="only", filter=Group(all=(there,)))
    trigger = TriggerUse(use=use, with_=dict(given))
    runtime = Runtime(Settings(data=house.installation.data))
    try:
        return runtime.editing.drafts.create(template=Zap(name=name, trigger=trigger, steps=(step,))).id
    finally:
        runtime.database.close()


def call(page: Page, **body: str) -> httpx.Response:
    return plain.post(page.input_value("#hook-address"), json=body, timeout=20)


@pytest.fixture
def paused(served: House) -> Iterator[Runtime]:
    """Everything is paused, so that runs wait for their turn."""
    runtime = Runtime(Settings(data=served.installation.data))
    runtime.pausing.pause_all(by="")
    yield runtime
    runtime.pausing.resume_all()
    runtime.database.close()


@pytest.mark.parametrize(("language", "scheme", "width"), LOOKS)
def test_a_call_is_waited_for_and_chosen_with_the_keyboard_alone(
    served: House, opens: Opens, language: str, scheme: Scheme, width: int
):
    zap = drawn(served, f"Called in {language}", "webhook.catch")
    with opens(served, language=language, scheme=scheme, width=width) as tab:
        page = tab.go(f"/zaps/{zap}?step=trigger")
        button = page.get_by_role("button", name=WAIT)
        tab_to(page, button.element_handle())
        tab.must_be_accessible()
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-waiting]")
        expect(page.locator("#hook-example")).to_contain_text("curl http://127.0.0.1")
        tab.must_be_accessible()
        tab.must_fit()

        assert plain.post(page.input_value("#hook-address"), content=b"{", headers=JSON).status_code == 400
        expect(page.locator("#waited .callout.warn")).to_contain_text("JSON")
        page.reload()
        page.wait_for_selector("[data-waiting]")
        assert call(page, name="Ada Lovelace").status_code == 202
        expect(page.locator(".record-card")).to_contain_text("Ada Lovelace")
        tab.must_be_accessible()
        tab.must_fit()
        tab_to(page, page.locator(".record-card input").element_handle())
        page.keyboard.press("Space")
        expect(page.locator("#try .try-sample > summary")).to_contain_text("Ada Lovelace")
        assert page.locator("[data-waiting]").count() == 0
        assert call(page, name="Too late").status_code == 410
        tab.must_be_accessible()


def test_what_is_being_read_or_chosen_stays_while_calls_are_looked_for(served: House, opens: Opens):
    zap = drawn(served, "Looked for", "webhook.catch")
    with opens(served) as tab:
        page = tab.go(f"/zaps/{zap}?step=trigger")
        page.get_by_role("button", name=WAIT).click()
        page.wait_for_selector("[data-waiting]")
        call(page, name="Ada Lovelace")
        page.locator(".record-card input").focus()
        call(page, name="Grace Hopper")
        expect(page.locator(".record-card")).to_have_count(2)
        assert "Ada Lovelace" in page.evaluate("document.activeElement.closest('label').textContent")
        page.get_by_role("button", name="Stop waiting").click()
        expect(page.get_by_role("button", name=WAIT)).to_be_visible()
        assert page.locator("[data-waiting]").count() == 0
        expect(page.locator(".record-card")).to_have_count(2)


def test_the_address_and_the_example_are_copied(served: House, opens: Opens):
    zap = drawn(served, "Copied", "webhook.catch")
    with opens(served) as tab:
        page = tab.go(f"/zaps/{zap}?step=trigger")
        page.locator('[data-copy="#hook-address"]').click()
        page.wait_for_selector(".toast")
        assert page.evaluate("navigator.clipboard.readText()") == page.input_value("#hook-address")
        page.locator("#try summary").first.click()
        page.locator('[data-copy="#hook-example"]').click()
        expect(page.locator(".toast")).to_have_count(2)
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(f"curl {page.input_value('#hook-address')} \\\n")


@pytest.mark.parametrize(("language", "scheme", "width"), LOOKS)
def test_a_schedule_shows_its_times_and_a_last_one_is_chosen_with_the_keyboard(
    served: House, opens: Opens, language: str, scheme: Scheme, width: int
):
    zap = drawn(served, f"By the clock in {language}", "schedule.daily", at="09:00")
    with opens(served, language=language, scheme=scheme, width=width) as tab:
        page = tab.go(f"/zaps/{zap}?step=trigger")
        expect(page.locator("#try .times li").first).to_contain_text(re.compile("9:00|09:00"))
        tab.must_be_accessible()
        tab_to(page, page.get_by_role("button", name=re.compile("Test trigger|Auslöser testen")).element_handle())
        page.keyboard.press("Enter")
        expect(page.locator(".record-card")).to_have_count(3)
        tab.must_be_accessible()
        tab.must_fit()
        tab_to(page, page.locator(".record-card input").first.element_handle())
        page.keyboard.press("Space")
        page.wait_for_selector("#try .try-sample[open]")
        expect(page.locator("#editor-flow .flow-step").first).to_contain_text(re.compile("Tested|Getestet"))
        tab.must_be_accessible()


def test_the_editors_switch_asks_about_runs_that_wait_as_the_list_does(served: House, opens: Opens, paused: Runtime):
    zap = drawn(served, "Switched", "webhook.catch")
    with opens(served) as tab:
        page = tab.go(f"/zaps/{zap}/publish")
        page.get_by_role("button", name="Switch on").click()
        page.wait_for_url(f"**/zaps/{zap}")
        page.goto(f"{served.url}/zaps/{zap}?step=trigger")
        page.wait_for_selector("#hook-address")
        assert call(page, name="Ada").json()["run"]
        switch = page.get_by_role("switch")
        switch.click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("One run is waiting for its turn")
        tab.must_be_accessible()
        dialog.get_by_role("button", name="Cancel").click()
        expect(switch).to_be_checked()
        switch.click()
        dialog.get_by_role("button", name="Hold them, and switch off").click()
        expect(switch).not_to_be_checked()
        expect(page.locator(".toast").last).to_contain_text("“Switched” is off.")
        expect(page.locator("#try")).to_contain_text("a call is taken only while you wait for one here")
        page.locator(".toast").last.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("switch")).to_be_checked()


JSON = {"Content-Type": "application/json"}


def tab_to(page: Page, wanted: object) -> None:
    """Presses Tab until an element has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement === wanted", wanted):
            return
    raise AssertionError("it cannot be reached with Tab")
