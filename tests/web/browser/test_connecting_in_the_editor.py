"""An account is connected from the editor, in a real browser: the step that asked for it gets it, and no other one."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.processes import sandbox
from tests.web.browser.chromium import Tab
from tests.web.browser.conftest import Opens
from tests.web.browser.house import House
from tests.web.browser.office import choose, field, new_zap, open_step, saved

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def books(served: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The Invoice2go sandbox, filled in, and nothing connected yet."""
    with sandbox("invoice2go", tmp_path_factory.mktemp("books")) as told:
        served.installation.fill_in("invoice2go", "sandbox", told["profile"])
        yield


@pytest.fixture
def tab(served: House, books: None, opens: Opens) -> Iterator[Tab]:
    with opens(served) as made:
        yield made


def at_the_account(page: Page, url: str) -> str:
    """A draft that is to make clients, opened at its step; gives the step's key."""
    new_zap(page, url)
    choose(page, "webhook")
    open_step(page, "step1")
    choose(page, "invoice2go", "Create client")
    page.wait_for_selector('[data-panel="client"]')
    return "client"


def sign_in_there(page: Page, name: str) -> None:
    """At the app, on its own pages."""
    page.get_by_role("link", name="Practise with the sandbox").click()
    page.get_by_label("Name of the connection").fill(name)
    page.get_by_role("button", name="Sign in at Invoice2go").click()
    page.locator("button[value=allow]").click()


def test_the_step_that_asked_gets_the_account_and_other_tabs_do_not(tab: Tab):
    page = tab.page
    at_the_account(page, tab.url)
    other = page.context.new_page()
    at_the_account(other, tab.url)
    with page.expect_popup() as opened:
        page.locator("[data-connect]").click()
    open_step(page, "trigger")
    sign_in_there(opened.value, "From the editor")
    expect(page.locator("#editor-flow")).to_contain_text("From the editor")
    expect(page.locator("[data-panel]")).to_have_attribute("data-panel", "trigger")
    open_step(page, "client")
    expect(page.locator("#account option:checked")).to_contain_text("From the editor")
    expect(field(page, "Client name")).to_be_visible()
    other.reload()
    expect(other.locator("#account")).to_have_value("")


def test_where_windows_are_blocked_the_way_leads_through_this_one_and_back_to_the_step(tab: Tab):
    page = tab.page
    at_the_account(page, tab.url)
    page.evaluate("window.open = () => null")
    page.locator("input.zap-name").fill("Typed a moment before")
    page.locator("[data-connect]").click()
    sign_in_there(page, "Through this window")
    expect(page.locator("#account option:checked")).to_contain_text("Through this window")
    expect(page.locator("#account")).to_be_focused()
    saved(page)
    assert page.url.endswith("?step=client")
    expect(page.locator("input.zap-name")).to_have_value("Typed a moment before")
    an_address_alone_chooses_no_account(page)


def an_address_alone_chooses_no_account(page: Page) -> None:
    account = page.locator("#account").input_value()
    page.locator("#account").select_option("")
    saved(page)
    page.goto(f"{page.url}&connected={account}")
    page.wait_for_selector("#editor[data-ready]")
    assert page.url.endswith("?step=client")
    saved(page)
    expect(page.locator("#account")).to_have_value("")
