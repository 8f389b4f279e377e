"""The zap editor in a real browser: drawing a zap, saving as one types, undo, two tabs, what is still to fix."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from engine.people.roles import Role
from tests.web.browser.chromium import PHONE, Tab
from tests.web.browser.conftest import Opens
from tests.web.browser.office import ACCOUNT, MAILBOX, Office, choose, field, new_zap, office, open_step, saved

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office")) as made:
        yield made


@pytest.fixture
def tab(at_work: Office, opens: Opens) -> Iterator[Tab]:
    with opens(at_work.house) as made:
        yield made


def mail_to_client(page: Page, url: str) -> None:
    """A draft from a mail to a client, with nothing mapped yet, opened at the action."""
    new_zap(page, url)
    choose(page, "imap")
    open_step(page, "step1")
    choose(page, "invoice2go", "Create client")
    page.wait_for_selector('[data-panel="client"]')


def test_a_zap_is_drawn_by_choosing_and_the_only_account_is_taken(tab: Tab):
    page = tab.page
    mail_to_client(page, tab.url)
    flow = page.locator("#editor-flow")
    expect(flow).to_contain_text(f"When a new e-mail arrives in INBOX · {MAILBOX}")
    expect(flow).to_contain_text(f"Then create a client · {ACCOUNT}")
    expect(page.locator(".editor-head")).to_contain_text("What is missing")
    page.locator(".editor-head summary", has_text="What is missing").click()
    page.locator(".to-fix a").first.click()
    expect(page.locator('[data-panel="client"]')).to_be_visible()
    tab.must_be_accessible()
    tab.must_fit()


def test_what_is_typed_is_saved_and_there_after_a_reload(tab: Tab):
    page = tab.page
    mail_to_client(page, tab.url)
    field(page, "Client name").click()
    page.keyboard.type("Customer ")
    page.keyboard.type("{{subj")
    page.keyboard.press("Enter")
    saved(page)
    expect(page.locator(".editor-head")).not_to_contain_text("What is missing")
    page.locator("input.zap-name").fill("Mails become clients")
    page.locator("input.zap-name").press("Tab")
    saved(page)
    page.reload()
    expect(page.locator("input.zap-name")).to_have_value("Mails become clients")
    expect(field(page, "Client name")).to_contain_text("Customer")
    assert "{{ trigger.subject }}" in page.locator('textarea[name="given.name"]').input_value()


def test_hostile_text_stays_text(tab: Tab):
    page = tab.page
    mail_to_client(page, tab.url)
    hostile = "<img src=x onerror=alert(1)> \u202e {% if %} & “quotes”"
    field(page, "Client name").click()
    page.keyboard.insert_text(hostile)
    page.locator("input.zap-name").fill("<script>alert(1)</script> zap")
    page.locator("input.zap-name").press("Tab")
    saved(page)
    page.reload()
    assert page.locator('textarea[name="given.name"]').input_value() == hostile
    assert page.locator("input.zap-name").input_value() == "<script>alert(1)</script> zap"
    assert page.locator("#editor img[src=x]").count() == 0


def test_the_zaps_name_and_a_field_of_that_name_are_saved_both_when_typed_at_once(tab: Tab):
    page = tab.page
    mail_to_client(page, tab.url)
    page.evaluate(
        """() => {
            const type = (input, text) => {
                input.value = text;
                input.dispatchEvent(new Event("input", {bubbles: true}));
            };
            type(document.querySelector('textarea[name="given.name"]'), "Ada");
            type(document.querySelector("input.zap-name"), "Both at once");
        }"""
    )
    saved(page)
    page.reload()
    assert page.locator('textarea[name="given.name"]').input_value() == "Ada"
    assert page.locator("input.zap-name").input_value() == "Both at once"


def test_changes_are_undone_and_done_again(tab: Tab):
    page = tab.page
    mail_to_client(page, tab.url)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator("#editor-flow")).to_contain_text("choose what happens in Invoice2go")
    page.get_by_role("button", name="Redo", exact=True).click()
    expect(page.locator("#editor-flow")).to_contain_text("create a client")


def test_steps_are_added_moved_named_and_removed_and_removing_can_be_taken_back(tab: Tab):
    page = tab.page
    mail_to_client(page, tab.url)
    page.locator("#editor-flow .add-button").first.click()
    page.locator("#editor-flow .flow-step").first.get_by_role("button", name="Filter").click()
    expect(page.locator("[data-panel] h2")).to_have_text("2. Filter")
    page.locator("[data-filter-do=add-condition]").click()
    page.locator('[data-condition] [role="textbox"]').first.click()
    page.keyboard.type("{{subj")
    page.keyboard.press("Enter")
    page.locator('[data-condition] [role="textbox"]').nth(1).click()
    page.keyboard.type("Anfrage")
    saved(page)
    expect(page.locator("#editor-flow")).to_contain_text("Only if one condition holds")
    cards = page.locator("#editor-flow .step-card")
    cards.nth(1).locator("summary").click()
    cards.nth(1).get_by_role("button", name="Move down").click()
    expect(cards.nth(2)).to_contain_text("Only if")
    cards.nth(2).locator("summary").click()
    cards.nth(2).get_by_role("button", name="Remove").click()
    expect(page.locator("#editor-flow .step-card")).to_have_count(2)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator("#editor-flow .step-card")).to_have_count(3)
    tab.must_be_accessible()


def test_the_second_of_two_tabs_is_told_and_loses_nothing(at_work: Office, opens: Opens):
    with opens(at_work.house) as first, opens(at_work.house, allowed=("409",)) as second:
        mail_to_client(first.page, first.url)
        second.page.goto(first.page.url)
        first.page.locator("input.zap-name").fill("Named in the first tab")
        first.page.locator("input.zap-name").press("Tab")
        saved(first.page)
        field(second.page, "Client name").click()
        second.page.keyboard.type("Typed in the second")
        message = second.page.locator("[data-editor-message]")
        expect(message).to_contain_text("changed this zap meanwhile")
        second.must_be_accessible()
        message.get_by_role("button", name="Save my change over it").click()
        saved(second.page)
        second.page.reload()
        expect(second.page.locator("input.zap-name")).to_have_value("Named in the first tab")
        assert second.page.locator('textarea[name="given.name"]').input_value() == "Typed in the second"


def test_what_is_typed_while_the_connection_is_lost_is_saved_when_it_is_back(at_work: Office, opens: Opens):
    with opens(at_work.house, allowed=("ERR_INTERNET_DISCONNECTED", "ERR_FAILED")) as tab:
        page = tab.page
        mail_to_client(page, tab.url)
        page.context.set_offline(True)
        field(page, "Client name").click()
        page.keyboard.type("Written offline")
        page.wait_for_selector("[data-save-state][data-state=unsaved]")
        page.context.set_offline(False)
        saved(page)
        page.reload()
        assert page.locator('textarea[name="given.name"]').input_value() == "Written offline"


def test_a_session_that_ended_meanwhile_is_said_and_nothing_is_lost(at_work: Office, opens: Opens):
    with opens(at_work.house, allowed=("401",)) as tab:
        page = tab.page
        mail_to_client(page, tab.url)
        kept = page.context.cookies()
        page.context.clear_cookies()
        field(page, "Client name").click()
        page.keyboard.type("Typed signed out")
        expect(page.locator(".toast")).to_contain_text("signed out")
        page.context.add_cookies(kept)  # type: ignore[arg-type]  # what it gave, it takes
        page.evaluate("dispatchEvent(new Event('focus'))")
        saved(page)
        page.reload()
        assert page.locator('textarea[name="given.name"]').input_value() == "Typed signed out"


def test_a_viewer_sees_the_zap_and_can_change_nothing(at_work: Office, opens: Opens):
    with opens(at_work.house) as owner:
        mail_to_client(owner.page, owner.url)
        address = owner.page.url
    with opens(at_work.house, Role.VIEWER) as viewer:
        viewer.page.goto(address)
        expect(viewer.page.locator("#editor-flow")).to_contain_text("create a client")
        assert viewer.page.locator("[data-do], .switch, input.zap-name").count() == 0
        viewer.must_be_accessible()


def test_the_editor_serves_a_phone_in_german(at_work: Office, opens: Opens):
    with opens(at_work.house, language="de", width=PHONE, scheme="dark") as tab:
        page = tab.page
        new_zap(page, tab.url)
        choose(page, "imap")
        tab.must_fit()
        page.locator(".panel-back").click()
        expect(page.locator("#editor-flow")).to_contain_text("Wenn eine neue E-Mail")
        tab.must_fit()
        tab.must_be_accessible()


def test_a_zap_is_drawn_with_the_keyboard_alone(tab: Tab):
    page: Any = tab.page
    new_zap(page, tab.url)
    page.locator("#app-search").focus()
    page.keyboard.type("imap")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-panel] .chosen-app")
    page.locator('#editor-flow a[data-step="step1"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator("#app-search")).to_be_focused()
    page.keyboard.type("invoice")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("#choose-event:not([hidden])")
    page.locator("#choose-event .choice").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-panel="client"]')
    field(page, "Client name").focus()
    page.keyboard.type("{{subj")
    page.keyboard.press("Enter")
    saved(page)
    assert page.locator('textarea[name="given.name"]').input_value().strip() == "{{ trigger.subject }}"
