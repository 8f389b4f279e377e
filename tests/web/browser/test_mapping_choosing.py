"""The picker of the mapping field, and the options of a pill, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.web.browser.chromium import PHONE
from tests.web.browser.mapping_page import Given, Shows, showing

pytestmark = pytest.mark.browser

NAME = "{{ trigger.labelled['Name'] }}"
SUBJECT = "{{ trigger.subject }}"


@pytest.fixture
def shows(browser: Browser) -> Iterator[Shows]:
    with showing(browser) as show:
        yield show


def test_two_braces_open_the_picker_and_enter_takes_a_value(shows: Shows) -> None:
    shown = shows()
    shown.editor().click()
    shown.type("Hi {{ada")
    expect(shown.page.get_by_role("combobox")).to_be_focused()
    shown.press("Enter")
    expect(shown.editor()).to_be_focused()
    assert shown.value() == f"Hi {NAME}"
    shown.type("!")
    assert shown.value() == f"Hi {NAME}!"


def test_leaving_the_picker_keeps_what_was_there_and_what_was_typed(shows: Shows) -> None:
    shown = shows(Given(f"a{NAME}"))
    shown.at_end()
    shown.press("ArrowLeft", "ArrowLeft")
    shown.type("{{")
    shown.press("Escape")
    assert shown.value() == f"a{NAME}"
    shown.type("b")
    assert shown.value() == f"ab{NAME}"
    shown.at_end()
    shown.type("{{zzz")
    shown.press("Escape")
    assert shown.value() == f"ab{NAME}{{{{zzz"


def test_an_expression_typed_by_hand_becomes_a_pill(shows: Shows) -> None:
    shown = shows()
    shown.editor().click()
    shown.type("{{ trigger.subject | upcase }} x")
    assert shown.value() == "{{ trigger.subject | upcase }} x"
    assert shown.pills() == ["Subject"]


@pytest.mark.parametrize("opening", ["Control+Space", "Alt+ArrowDown"])
def test_keys_open_the_picker_and_escape_gives_the_focus_back(shows: Shows, opening: str) -> None:
    shown = shows()
    shown.editor().click()
    shown.press(opening)
    expect(shown.page.get_by_role("combobox")).to_be_focused()
    shown.press("Escape")
    expect(shown.editor()).to_be_focused()
    expect(shown.page.get_by_role("tree")).to_have_count(0)


def test_arrow_keys_walk_the_picker_and_open_what_has_more(shows: Shows) -> None:
    shown = shows()
    shown.page.get_by_role("button", name="Insert a value into Field 0").click()
    active = shown.page.locator("[role=treeitem][aria-selected=true]")
    expect(active).to_contain_text("Subject")
    shown.press("End")
    expect(active).to_contain_text("Client ID")
    shown.press("ArrowDown")
    expect(active).to_contain_text("Subject")
    shown.press("ArrowUp", "Home", *["ArrowDown"] * 6)
    expect(active).to_have_attribute("aria-expanded", "false")
    shown.press("ArrowRight")
    expect(active).to_have_attribute("aria-expanded", "true")
    shown.press("ArrowDown", "ArrowLeft")
    expect(active).to_contain_text("Labelled")
    shown.press("ArrowDown", "Enter")
    assert shown.value() == NAME


@pytest.mark.parametrize(
    ("search", "found"),
    [
        pytest.param("STRASSE", "Straße", id="case and sharp s"),
        pytest.param("gartenhäus", "Subject", id="accents, in a sample"),
        pytest.param("trigger.amount", "Amount", id="a path"),
        pytest.param("create c-17", "Client ID", id="words from step and sample"),
    ],
)
def test_the_search_looks_at_titles_paths_and_samples(shows: Shows, search: str, found: str) -> None:
    shown = shows()
    shown.editor().click()
    shown.type("{{" + search)
    expect(shown.page.locator("[role=treeitem][aria-selected=true]")).to_contain_text(found)


def test_a_search_without_result_is_said(shows: Shows) -> None:
    shown = shows()
    shown.editor().click()
    shown.type("{{nowhere")
    expect(shown.page.locator(".picker-status")).to_have_text("Nothing found for “nowhere”.")
    shown.must_be_accessible()


def test_a_pill_takes_a_text_as_fallback_and_a_format(shows: Shows) -> None:
    shown = shows(Given(f"Hi {NAME}"))
    shown.at_end()
    shown.press("Backspace", "Enter")
    shown.page.get_by_label("If it is empty, use").fill('a "friend"')
    shown.page.get_by_label("Format").select_option("First name")
    shown.must_be_accessible()
    shown.press("Escape")
    expect(shown.editor()).to_be_focused()
    assert shown.value() == "Hi {{ trigger.labelled['Name'] | first_name | default: 'a \"friend\"' }}"
    expect(shown.editor().locator(".pill-more")).to_have_text(["First name", 'or “a "friend"”'])
    shown.press("Control+z", "Control+z")
    assert shown.value() == f"Hi {NAME}"


def test_a_fallback_that_cannot_be_written_is_refused_with_a_sentence(shows: Shows) -> None:
    shown = shows(Given(NAME))
    shown.editor().locator(".pill").click()
    shown.page.get_by_label("If it is empty, use").fill('"it\'s"')
    expect(shown.page.get_by_role("alert")).to_contain_text("both kinds")
    assert shown.value() == NAME


def test_another_value_can_be_the_fallback_and_be_taken_away(shows: Shows) -> None:
    shown = shows(Given(NAME))
    shown.editor().locator(".pill").click()
    shown.page.get_by_role("button", name="Choose a value of an earlier step").click()
    shown.type("sender’s name")
    shown.press("Enter")
    assert shown.value() == "{{ trigger.labelled['Name'] | default: trigger.sender.name }}"
    shown.page.get_by_role("button", name="Without “Sender’s name”").click()
    assert shown.value() == NAME


def test_a_pill_can_be_edited_as_text_and_removed(shows: Shows) -> None:
    shown = shows(Given("{{ trigger.subject | slice: 0, 2 }}x"))
    shown.editor().locator(".pill").click()
    shown.page.get_by_label("Expression").fill("{{ trigger.subject | slice: 0, 3 }}")
    shown.page.get_by_role("button", name="Apply").click()
    assert shown.value() == "{{ trigger.subject | slice: 0, 3 }}x"
    shown.editor().locator(".pill").click()
    shown.page.get_by_role("button", name="Remove").click()
    assert shown.value() == "x"
    expect(shown.editor()).to_be_focused()


def test_on_a_phone_the_picker_is_a_sheet_at_the_bottom(shows: Shows) -> None:
    shown = shows(Given(f"Hello {NAME} and {SUBJECT}"), width=PHONE)
    shown.must_fit()
    expect(shown.page.locator(".mapping-preview")).to_contain_text("Ada")
    before = shown.editor().bounding_box()
    shown.page.get_by_role("button", name="Insert a value into Field 0").click()
    sheet = shown.page.locator(".mapping-panel").bounding_box()
    assert sheet is not None
    assert sheet["x"] == 0
    assert sheet["y"] + sheet["height"] == 844
    assert shown.editor().bounding_box() == before
    shown.must_fit()
    shown.must_be_accessible()
    shown.page.get_by_role("treeitem", name="Amount").click()
    assert "trigger.amount" in shown.value()
