"""Typing in the mapping field in a real browser: text, pills, clipboard, undo."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.web.browser.mapping_page import Given, Shows, showing

pytestmark = pytest.mark.browser

NAME = "{{ trigger.labelled['Name'] }}"
SUBJECT = "{{ trigger.subject }}"
LONG = Given(kind="long_text", rows=4)


@pytest.fixture
def shows(browser: Browser) -> Iterator[Shows]:
    with showing(browser) as show:
        yield show


def test_typed_text_is_the_form_s_value_and_is_told_to_the_form(shows: Shows) -> None:
    shown = shows()
    shown.page.evaluate(
        "window.told = []; for (const name of ['input', 'change'])"
        "document.forms[0].addEventListener(name, (event) => told.push(name + ' ' + event.target.name))"
    )
    shown.editor().click()
    shown.type("Hi")
    shown.press("Tab")
    assert shown.value() == "Hi"
    assert shown.page.evaluate("told") == ["input given.f0", "input given.f0", "change given.f0"]


def test_deleting_chooses_a_pill_first_and_then_removes_it(shows: Shows) -> None:
    shown = shows(Given(f"{NAME}{SUBJECT}"))
    shown.at_end()
    shown.press("Backspace")
    expect(shown.editor().locator(".pill.chosen")).to_have_text("Subject")
    assert shown.value() == f"{NAME}{SUBJECT}"
    shown.press("Backspace")
    assert shown.value() == NAME
    shown.press("Control+a", "ArrowLeft", "Delete", "Delete")
    assert shown.value() == ""


def test_typing_beside_a_chosen_pill_does_not_destroy_it(shows: Shows) -> None:
    shown = shows(Given(NAME))
    shown.at_end()
    shown.press("ArrowLeft")
    shown.type("x")
    assert shown.value() == f"{NAME}x"


def test_the_caret_goes_round_pills_from_either_side(shows: Shows) -> None:
    shown = shows(Given(f"a{NAME}{SUBJECT}b"))
    shown.at_end()
    shown.press(*["ArrowLeft"] * 3)
    shown.type("1")
    shown.press(*["ArrowLeft"] * 3)
    shown.type("2")
    shown.press("End")
    shown.type("3")
    shown.press("Home")
    shown.type("4")
    assert shown.value() == f"4a2{NAME}1{SUBJECT}b3"


def test_shift_chooses_pills_like_letters_and_typing_replaces_them(shows: Shows) -> None:
    shown = shows(Given(f"a{NAME}b"))
    shown.at_end()
    shown.press("Shift+ArrowLeft", "Shift+ArrowLeft")
    shown.type("c")
    assert shown.value() == "ac"


def test_copy_cut_and_paste_carry_templates(shows: Shows) -> None:
    shown = shows(Given(f"Hi {NAME}, {SUBJECT}"), Given())
    shown.editor().focus()
    shown.press("Control+a", "Control+x")
    assert shown.value() == ""
    assert shown.page.evaluate("navigator.clipboard.readText()") == f"Hi {NAME}, {SUBJECT}"
    shown.editor(1).click()
    shown.press("Control+v")
    assert shown.value(1) == f"Hi {NAME}, {SUBJECT}"
    assert shown.pills(1) == ["Name", "Subject"]
    shown.press("Control+a", "Control+c")
    assert shown.page.evaluate("navigator.clipboard.readText()") == f"Hi {NAME}, {SUBJECT}"


def test_undo_goes_back_step_by_step_and_redo_forward(shows: Shows) -> None:
    shown = shows()
    shown.editor().click()
    shown.type("Hi {{subject")
    shown.press("Enter")
    shown.press("Backspace", "Backspace")
    assert shown.value() == "Hi "
    shown.press("Control+z")
    assert shown.value() == f"Hi {SUBJECT}"
    shown.press("Control+z", "Control+z", "Control+z")
    assert shown.value() == ""
    shown.press(*["Control+Shift+z"] * 4)
    assert shown.value() == "Hi "


def test_a_field_of_one_line_takes_no_new_lines_and_a_long_one_does(shows: Shows) -> None:
    shown = shows(Given(), LONG)
    shown.editor().click()
    shown.press("Enter")
    shown.paste("one\r\ntwo")
    assert shown.value() == "one two"
    shown.editor(1).click()
    shown.type("one")
    shown.press("Enter", "Enter")
    shown.type("two")
    shown.press("ArrowUp")
    shown.type("x")
    assert shown.value(1) == "one\nx\ntwo"


def test_a_very_long_text_is_cut_with_a_sentence_and_nothing_typed_is_lost(shows: Shows) -> None:
    shown = shows(LONG)
    shown.editor().click()
    shown.type("before ")
    shown.paste("0123456789" * 100_000)
    expect(shown.page.locator(".mapping-notice")).to_contain_text("the rest was left out")
    value = shown.value()
    assert len(value) == 200_000
    assert value.startswith("before 0123")
    shown.press("Control+z")
    assert shown.value() == "before "


def test_thousands_of_expressions_do_not_hang_the_page(shows: Shows) -> None:
    shown = shows(LONG)
    shown.paste(SUBJECT * 9_000)
    assert shown.value() == SUBJECT * 9_000
    shown.press("Control+Home")
    shown.type("x")
    assert shown.value().startswith("x{{")


def test_pills_say_their_step_their_sample_and_what_is_wrong(shows: Shows) -> None:
    given = (
        "{{ client.id }}{{ trigger.cc }}{{ trigger.gone }}{{ trigger.subject | slice: 0, 2 }}"
        "{{ trigger.labelled['New'] }}"
    )
    shown = shows(Given(given))
    marks = shown.editor().locator(".pill")
    tip = shown.page.locator(".mapping-tip")
    for place, title, remark in [
        (0, "Create clientClient ID", "c-17"),
        (1, "Cc", "No sample yet"),
        (2, "trigger.gone (leads nowhere)", "This leads nowhere: no earlier step has it"),
        (3, "trigger.subject | slice: 0, 2", "An expression"),
        (4, "New", "No sample yet"),
    ]:
        expect(marks.nth(place)).to_have_text(title)
        marks.nth(place).hover()
        expect(tip).to_contain_text(remark)
    assert shown.value() == given


def test_values_of_one_name_say_what_they_stand_in(shows: Shows) -> None:
    shown = shows(
        Given("{{ trigger.reply_to.address | default: trigger.bounce.address }}"),
        Given("{{ client.name | default: trigger.labelled['Name'] }}"),
        Given("{{ client.id | default: task.id }}"),
    )
    expect(shown.editor(0).locator(".pill")).to_have_text("Reply to › Addressor Bounces to › Address")
    expect(shown.editor(1).locator(".pill")).to_contain_text("or Name (New e-mail)")
    expect(shown.editor(2).locator(".pill")).to_contain_text("or Client ID (Find client)")


def test_tags_stay_text(shows: Shows) -> None:
    given = '{% if trigger.subject == "{{" %}a{{ trigger.subject }}{% endif %}'
    shown = shows(Given(given))
    assert shown.pills() == ["Subject"]
    shown.at_end()
    shown.type("x")
    assert shown.value() == given + "x"


def test_an_input_method_s_text_is_taken_over(shows: Shows) -> None:
    shown = shows(Given(NAME))
    shown.at_end()
    client = shown.page.context.new_cdp_session(shown.page)
    client.send("Input.imeSetComposition", {"text": "に", "selectionStart": 1, "selectionEnd": 1})
    client.send("Input.insertText", {"text": "日本"})
    shown.type("!")
    assert shown.value() == f"{NAME}日本!"


def test_a_brace_beside_a_pill_does_not_break_it(shows: Shows) -> None:
    shown = shows(Given(NAME))
    shown.editor().focus()
    shown.press("Control+a", "ArrowLeft")
    shown.type("{")
    assert shown.value() == f"{{ {NAME}"
    shown.type("{subject")
    shown.press("Enter")
    assert shown.value() == f"{SUBJECT}{NAME}"
