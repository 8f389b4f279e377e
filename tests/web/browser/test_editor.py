"""The zap editor in a real browser: drawing a zap, saving as one types, undo, two tabs, what is still to fix."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from engine.people.roles import Role
from tests.web.browser.answers import held
from tests.web.browser.chromium import PHONE, Tab
from tests.web.browser.conftest import Opens
from tests.web.browser.keyboard import Keyboard
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


def test_after_saving_over_it_the_others_work_is_shown_and_stays(at_work: Office, opens: Opens):
    with opens(at_work.house) as first, opens(at_work.house, allowed=("409",)) as second:
        mail_to_client(first.page, first.url)
        second.page.goto(first.page.url)
        for tab in (first, second):
            tab.page.locator("summary", has_text="More fields").click()
        type_into(first.page, "Postal code", "1010")
        saved(first.page)
        type_into(second.page, "Last name", "Lovelace")
        message = second.page.locator("[data-editor-message]")
        message.get_by_role("button", name="Save my change over it").click()
        expect(field(second.page, "Postal code")).to_have_text("1010")
        expect(field(second.page, "Last name")).to_be_focused()
        second.page.keyboard.type(", Countess")
        expect(field(second.page, "Last name")).to_have_text("Lovelace, Countess")
        field(second.page, "Postal code").press("End")
        second.page.keyboard.type(" Wien")
        saved(second.page)
        expect(message).to_be_hidden()
        second.page.reload()
        expect(field(second.page, "Postal code")).to_have_text("1010 Wien")
        expect(field(second.page, "Last name")).to_have_text("Lovelace, Countess")


def test_what_is_typed_before_the_others_work_is_shown_does_not_overwrite_it(at_work: Office, opens: Opens):
    with opens(at_work.house) as first, opens(at_work.house, allowed=("409",)) as second:
        mail_to_client(first.page, first.url)
        second.page.goto(first.page.url)
        for tab in (first, second):
            tab.page.locator("summary", has_text="More fields").click()
        type_into(first.page, "Postal code", "1010")
        saved(first.page)
        type_into(second.page, "Last name", "Lovelace")
        message = second.page.locator("[data-editor-message]")
        with held(second.page, "**/panel?step=client") as answers:
            message.get_by_role("button", name="Save my change over it").click()
            answers.must_be_asked()
            type_into(second.page, "Postal code", "8010")
            expect(message).to_contain_text("changed this zap meanwhile")
        first.page.reload()
        expect(field(first.page, "Postal code")).to_have_text("1010")
        expect(field(first.page, "Last name")).to_have_text("Lovelace")


def type_into(page: Page, label: str, text: str) -> None:
    field(page, label).click()
    page.keyboard.type(text)


def test_a_step_that_cannot_be_opened_without_a_connection_leaves_the_editor_as_it_is(at_work: Office, opens: Opens):
    with opens(at_work.house, allowed=("ERR_INTERNET_DISCONNECTED", "ERR_FAILED")) as tab:
        page = tab.page
        mail_to_client(page, tab.url)
        field(page, "Last name").press("End")
        page.context.set_offline(True)
        page.keyboard.type("Lovelace")
        page.locator('#editor-flow a[data-step="trigger"]').click()
        expect(page.locator(".toast")).to_contain_text("The connection to Zapwerk is lost.")
        expect(field(page, "Last name")).to_have_text("Lovelace")
        page.context.set_offline(False)
        saved(page)
        page.locator('#editor-flow a[data-step="trigger"]').click()
        expect(page.locator('[data-panel="trigger"]')).to_be_visible()


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


def test_a_step_is_named_noted_and_duplicated(tab: Tab):
    page = tab.page
    mail_to_client(page, tab.url)
    page.get_by_text("Name and note").click()
    page.get_by_label("What you call this step").fill("Put it into the books")
    page.get_by_label("Note", exact=True).fill("Asked for by Ada:\nnever twice")
    field(page, "Client name").click()
    page.keyboard.type("Ada & Co")
    saved(page)
    cards = page.locator("#editor-flow .step-card")
    expect(cards.nth(1)).to_contain_text("Put it into the books")
    expect(cards.nth(1)).to_contain_text("Asked for by Ada: never twice")
    cards.nth(1).locator("summary").click()
    cards.nth(1).get_by_role("button", name="Duplicate").click()
    expect(cards).to_have_count(3)
    expect(page.locator("[data-panel]")).to_have_attribute("data-panel", "client2")
    expect(page.locator("[data-panel-title]")).to_be_focused()
    page.get_by_label("What you call this step").fill("Once more")
    saved(page)
    page.reload()
    assert page.locator('textarea[name="given.name"]').input_value() == "Ada & Co"
    expect(page.get_by_label("Note", exact=True)).to_have_value("Asked for by Ada:\nnever twice")
    expect(cards.nth(1)).to_contain_text("Put it into the books")
    expect(cards.nth(2)).to_contain_text("Once more")
    tab.must_be_accessible()


def test_what_is_missing_leads_to_its_field(tab: Tab):
    page = tab.page
    mail_to_client(page, tab.url)
    open_step(page, "trigger")
    mend(page, "Client name")
    expect(field(page, "Client name")).to_be_focused()
    page.goto(f"{page.url}&field=name")
    expect(field(page, "Client name")).to_be_focused()
    page.locator("#account").select_option("")
    mend(page, "Please choose a connection")
    expect(page.locator("#account")).to_be_focused()
    page.locator("#account").select_option(index=1)
    page.locator("#editor-flow .add-button").last.click()
    page.locator("#editor-flow .flow-step").last.get_by_role("button", name="Action or search").click()
    open_step(page, "trigger")
    mend(page, "Choose an app")
    expect(page.locator("#app-search")).to_be_focused()


def test_a_press_that_is_under_way_when_the_steps_are_drawn_anew_is_a_click(tab: Tab):
    page = tab.page
    mail_to_client(page, tab.url)
    with held(page, "**/draft/add") as answers:
        add_a_step(page)
        page.locator('#editor-flow a[data-step="trigger"]').hover()
        page.mouse.down()
        answers.come()
        page.mouse.up()
    page.wait_for_selector('[data-panel="trigger"]')
    expect(page.locator("#editor-flow a[data-step]")).to_have_count(3)


def test_the_step_that_was_asked_for_last_is_the_one_that_opens(tab: Tab):
    page = tab.page
    mail_to_client(page, tab.url)
    with held(page, "**/draft/add") as answers:
        add_a_step(page)
        page.locator('#editor-flow a[data-step="trigger"]').click()
        answers.come()
        page.wait_for_selector('[data-panel="trigger"]')
    with held(page, "**/panel?step=client") as answers:
        page.locator('#editor-flow a[data-step="client"]').click()
        answers.must_be_asked()
        open_step(page, "step1")
        answers.come()
        expect(page.locator('[data-panel="step1"]')).to_be_visible()
    expect(page.locator("#editor-flow a[data-step]")).to_have_count(3)


def add_a_step(page: Page) -> None:
    page.locator("#editor-flow .add-button").last.click()
    page.locator("#editor-flow .flow-step").last.get_by_role("button", name="Action or search").click()


def test_what_is_missing_of_a_filter_leads_into_its_condition(tab: Tab):
    page = tab.page
    mail_to_client(page, tab.url)
    page.locator("#editor-flow .add-button").first.click()
    page.locator("#editor-flow .flow-step").first.get_by_role("button", name="Filter").click()
    expect(page.locator("[data-panel] h2")).to_have_text("2. Filter")
    mend(page, "condition")
    expect(page.locator("[data-filter-do=add-condition]")).to_be_focused()
    for _ in range(2):
        page.keyboard.press("Enter")
        expect(page.locator("[data-condition] [role=textbox]").first).to_be_visible()
        page.locator("[data-filter-do=add-condition]").focus()
    page.locator("#c-all-1-is").select_option("matches")
    page.locator("[data-condition] [role=textbox]").nth(3).click()
    page.keyboard.type("(")
    saved(page)
    open_step(page, "client")
    mend(page, "pattern")
    expect(page.locator("[data-condition] [role=textbox]").nth(3)).to_be_focused()
    page.locator("[data-condition] [role=textbox]").nth(0).click()
    page.keyboard.insert_text("{{ nobody.name }}")
    saved(page)
    mend(page, "nobody")
    expect(page.locator("[data-condition] [role=textbox]").nth(0)).to_be_focused()


def mend(page: Page, words: str) -> None:
    """Chooses an entry of “What is missing”."""
    page.get_by_text("What is missing").click()
    page.locator(".to-fix a", has_text=words).first.click()


def test_a_zap_is_drawn_tested_and_switched_on_with_the_keyboard_alone(tab: Tab, at_work: Office):
    page, keys = tab.page, Keyboard(tab.page)
    new_zap(page, tab.url)
    page.wait_for_selector("#editor[data-ready]")
    choose_by_keys(keys, "Which app starts the zap?", "imap")
    choose_and_leave_the_account(keys)
    keys.enter("Then choose what happens next", back=True)
    choose_by_keys(keys, "Which app does something?", "invoice")
    keys.reach("Create client")
    keys.press("ArrowDown", "ArrowUp", "Enter")
    page.wait_for_selector('[data-panel="client"]')
    keys.write("Client name", "Customer {{subj")
    keys.press("Enter")
    saved(page)
    assert page.locator('textarea[name="given.name"]').input_value() == "Customer {{ trigger.subject }}"
    filter_by_keys(keys)
    move_by_keys(keys)
    keys.write("Name of the zap", "By keys alone", back=True)
    keys.press("Tab")
    saved(page)
    try_by_keys(keys)
    switch_by_keys(keys)
    at_work.house.installation.run("zaps", "disable", "By keys alone")


def choose_by_keys(keys: Keyboard, title: str, app: str) -> None:
    keys.reach(title)
    keys.type(app)
    keys.press("ArrowDown", "Enter")
    keys.page.wait_for_selector("[data-panel] .chosen-app")
    expect(keys.page.locator("[data-panel-title]")).to_be_focused()


def choose_and_leave_the_account(keys: Keyboard) -> None:
    account = keys.page.locator("#account")
    keys.reach("Account at")
    keys.press("ArrowUp")
    expect(account).to_have_value("")
    saved(keys.page)
    expect(account).to_be_focused()
    keys.press("ArrowDown")
    saved(keys.page)
    expect(account.locator("option:checked")).to_contain_text(MAILBOX)


def filter_by_keys(keys: Keyboard) -> None:
    keys.enter("Add a step after step 1", back=True)
    keys.enter("Filter")
    expect(keys.page.locator("[data-panel] h2")).to_have_text("2. Filter")
    keys.enter("Condition")
    expect(keys.page.locator("[data-condition] [role=textbox]").first).to_be_focused()
    keys.type("{{subj")
    keys.press("Enter")
    keys.reach("Compare with")
    keys.type("Anfrage")
    saved(keys.page)
    expect(keys.page.locator("#editor-flow")).to_contain_text("Only if one condition holds")


def move_by_keys(keys: Keyboard) -> None:
    cards = keys.page.locator("#editor-flow .step-card")
    keys.enter("More for step 2", back=True)
    keys.enter("Move down")
    expect(cards.nth(2)).to_contain_text("Only if")
    keys.enter("More for step 3", back=True)
    keys.enter("Move up")
    expect(cards.nth(1)).to_contain_text("Only if")


def try_by_keys(keys: Keyboard) -> None:
    keys.enter("When a new e-mail", back=True)
    expect(keys.page.locator("[data-panel-title]")).to_be_focused()
    keys.enter("Test trigger")
    keys.page.wait_for_selector(".record-card")
    keys.reach("Anfrage · Erika Muster")
    keys.press("Space")
    expect(keys.page.locator("#try")).to_contain_text("Sample chosen")
    keys.enter("Then create a client", back=True)
    keys.enter("Test: create a client")
    expect(keys.page.locator("[data-result]")).to_contain_text("It was done in Invoice2go.")
    expect(keys.page.locator("[data-result]")).to_be_focused()


def switch_by_keys(keys: Keyboard) -> None:
    keys.reach("Switched on", back=True)
    keys.press("Space")
    keys.page.wait_for_url("**/publish")
    keys.enter("Switch on")
    expect(keys.page.locator(".editor-switch .switch")).to_have_attribute("aria-checked", "true")
    keys.reach("Switched on")
