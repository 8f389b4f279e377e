"""The mapping field on its page: label, preview, suggestion, morphs, dialogs; and that hostile text stays text."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.web.browser.mapping_page import HOSTILE, TOKEN, Given, Shows, desk, showing

pytestmark = pytest.mark.browser

NAME = "{{ trigger.labelled['Name'] }}"
SUBJECT = "{{ trigger.subject }}"
LONG = Given(kind="long_text", rows=4)


@pytest.fixture
def shows(browser: Browser) -> Iterator[Shows]:
    with showing(browser) as show:
        yield show


def test_the_textarea_alone_works_without_scripts(browser: Browser) -> None:
    with desk(Given(NAME)) as served:
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(served.url)
        expect(page.get_by_label("Field 0")).to_have_value(NAME)
        context.close()


def test_the_editor_is_named_and_described_like_the_textarea(shows: Shows) -> None:
    shown = shows(Given(NAME))
    expect(shown.page.get_by_role("textbox", name="Field 0")).to_be_visible()
    expect(shown.editor()).to_have_accessible_description("What the client is called.")
    expect(shown.page.locator("textarea[name]")).to_be_hidden()
    shown.page.locator("label").first.click()
    expect(shown.editor()).to_be_focused()


def test_the_preview_shows_what_the_engine_gives(shows: Shows) -> None:
    shown = shows(
        Given(f"Hi {NAME}"), Given("{{ trigger.cc }}"), Given("{{ trigger.subject | nonsense }}"), Given("plain")
    )
    lines = shown.page.locator(".mapping-preview")
    expect(lines.nth(0)).to_have_text("Hi Ada Lovelace")
    expect(lines.nth(1)).to_have_text("Empty with this sample")
    expect(lines.nth(2)).to_contain_text("There is no filter “nonsense”")
    expect(lines.nth(3)).to_be_hidden()
    assert (f"Hi {NAME}", TOKEN) in shown.desk.asked
    shown.at_end()
    shown.type(" and more")
    expect(lines.nth(0)).to_have_text("Hi Ada Lovelace and more")
    assert len([one for one in shown.desk.asked if "and" in one[0]]) == 1


def test_an_answer_that_comes_late_or_not_at_all_does_no_harm(shows: Shows) -> None:
    shown = shows(Given(NAME), allowed=("ERR_FAILED",))
    expect(shown.page.locator(".mapping-preview")).to_have_text("Ada Lovelace")
    shown.page.route("**/preview", lambda _: None)  # never answered
    shown.at_end()
    with shown.page.expect_request("**/preview"):
        shown.type("1")
    shown.page.unroute_all()
    shown.type("2")
    expect(shown.page.locator(".mapping-preview")).to_have_text("Ada Lovelace12")
    shown.page.route("**/preview", lambda route: route.abort())
    shown.type("3")
    expect(shown.page.locator(".mapping-preview")).to_have_text("No preview at the moment.")


def test_a_suggestion_is_taken_over_by_a_key_or_a_button_and_only_then(shows: Shows) -> None:
    shown = shows(Given(proposal=NAME), Given(proposal=SUBJECT))
    shown.must_be_accessible()
    expect(shown.editor()).to_have_accessible_description(
        "What the client is called. Suggested: Name. Ctrl+Enter takes it over."
    )
    shown.editor().click()
    shown.press("Enter")
    assert shown.value() == ""
    shown.press("Control+Enter")
    assert shown.value() == NAME
    shown.page.get_by_role("button", name="Use the suggestion: Subject").click()
    assert shown.value(1) == SUBJECT
    expect(shown.page.locator(".mapping-accept:visible")).to_have_count(0)


def test_hostile_text_stays_text_everywhere(shows: Shows) -> None:
    shown = shows(Given(HOSTILE + "{{ trigger.labelled['Nachricht'] | default: \"<b>x\" }}{{ <b>x }}"))
    expect(shown.page.locator(".mapping-preview")).to_contain_text("This cannot be understood")
    shown.editor().locator(".pill").first.click()
    shown.press("Escape")
    shown.press("Control+Space")
    shown.type("owned")
    expect(shown.page.get_by_role("treeitem")).to_have_count(2)
    shown.press("Escape")
    shown.paste(HOSTILE)
    assert shown.page.locator("mapped-field :is(b, script, img[onerror])").count() == 0
    assert shown.page.title() == "Fields"


def test_everything_is_accessible_in_light_and_dark(shows: Shows) -> None:
    for scheme in ("light", "dark"):
        shown = shows(
            Given(f"a {NAME}{{{{ trigger.gone }}}}{{{{ client.id | json }}}}"),
            Given(proposal=NAME),
            LONG,
            scheme=scheme,
        )
        expect(shown.page.locator(".mapping-preview").first).to_contain_text("c-17")
        shown.must_be_accessible()
        shown.at_end()
        shown.press("ArrowLeft")
        shown.must_be_accessible()
        shown.type("{{")
        shown.must_be_accessible()
        shown.press("Escape")
        shown.editor().locator(".pill").first.click()
        shown.must_be_accessible()
        shown.page.get_by_role("button", name="Edit as text").click()
        shown.must_be_accessible()


def test_it_works_in_a_dialog_with_a_scrolling_part(shows: Shows) -> None:
    shown = shows(Given(), around='<dialog id="d"><div class="scroll">{}</div></dialog><button id="o">Open</button>')
    shown.page.evaluate("document.getElementById('d').showModal()")
    shown.editor().click()
    shown.type("{{subject")
    row = shown.page.get_by_role("treeitem", name="Subject")
    shown.page.wait_for_function("document.querySelector('.picker-tree').getBoundingClientRect().height > 30")
    row.click()
    assert shown.value() == SUBJECT
    shown.editor().locator(".pill").click()
    shown.must_be_accessible()
    shown.press("Escape")
    expect(shown.editor()).to_be_focused()
    expect(shown.page.locator("dialog")).to_be_visible()


def test_a_form_s_reset_and_a_value_set_by_others_are_shown(shows: Shows) -> None:
    shown = shows(Given(NAME))
    shown.at_end()
    shown.type("x")
    shown.page.evaluate("document.forms[0].reset()")
    expect(shown.editor()).to_have_text("Name")
    shown.page.evaluate(
        "const area = document.querySelector('textarea'); area.value = 'other';"
        "area.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    expect(shown.editor()).to_have_text("other")


def test_a_field_that_is_fixed_shows_pills_and_takes_nothing(shows: Shows) -> None:
    shown = shows(Given(NAME))
    shown.page.evaluate("document.querySelector('textarea').readOnly = true")
    expect(shown.editor()).to_have_attribute("aria-readonly", "true")
    shown.editor().focus()
    shown.type("x")
    assert shown.value() == NAME


MORPH = """([html, inner]) => htmx.swap({target: '#form', swap: inner, text: html})"""


def test_a_morph_of_its_surroundings_keeps_caret_and_text_and_brings_problems(shows: Shows) -> None:
    shown = shows(Given(NAME))
    shown.page.evaluate("document.querySelector('.mapping-editor').node = true")
    shown.at_end()
    shown.type("abc")
    shown.press("ArrowLeft")
    fresh = shown.desk.page().split('<form class="form" id="form" novalidate>')[1].split("</form>")[0]
    fresh = fresh.replace("aria-describedby", 'aria-invalid="true" aria-describedby') + "<p>More</p>"
    shown.page.evaluate(MORPH, [fresh, "innerMorph"])
    expect(shown.page.get_by_text("More")).to_be_visible()
    shown.type("X")
    assert shown.value() == f"{NAME}abXc"
    expect(shown.editor()).to_have_attribute("aria-invalid", "true")
    assert shown.page.evaluate("document.querySelector('.mapping-editor').node") is True


def test_a_field_that_is_swapped_in_later_is_made_too(shows: Shows) -> None:
    shown = shows()
    fresh = shown.desk.page().split('<form class="form" id="form" novalidate>')[1].split("</form>")[0]
    shown.page.evaluate(MORPH, [fresh.replace('rows="1"', 'rows="1" placeholder="later"'), "innerHTML"])
    shown.editor().click()
    shown.type("{{subject")
    shown.press("Enter")
    assert shown.value() == SUBJECT
    assert shown.page.locator(".mapping-box").count() == 1


def test_templates_are_cut_and_joined_exactly(shows: Shows) -> None:
    page = shows().page
    texts = [
        "",
        "a",
        NAME,
        f"{NAME}{SUBJECT}",
        "{{",
        "a {{ b",
        "{{}}",
        "{{{ a }}}",
        "{% if a %}{{ b }}{% endif %}",
        "{{- a -}}",
        "}}{{a}}",
    ]
    assert (
        page.evaluate(
            "async (texts) => { const t = await import('/js/mapping/templates.js');"
            "return texts.map((text) => t.pieces(text).map((one) => one.source).join('')) }",
            texts,
        )
        == texts
    )


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("{{ a.b }}", ["a.b", None, ""]),
        ("{{- a['x y'][0].c -}}", ["a['x y'][0].c", None, ""]),
        ("{{a|default:b.c}}", ["a", {"path": "b.c"}, ""]),
        ("{{ a | default: 'x' | upcase }}", ["a", {"text": "x"}, "upcase"]),
        ("{{ a | date: 'short' | default: 0 }}", ["a", {"text": "0"}, 'date: "short"']),
        ("{{ a | upcase | strip }}", None),
        ("{{ 'a' }}", None),
        ("{{ true }}", None),
        ("{{ a == b }}", None),
        ("{{ a[b] }}", None),
        ("{{ }}", None),
    ],
)
def test_simple_expressions_are_understood_and_others_are_not(shows: Shows, source: str, says: object) -> None:
    read = shows().page.evaluate(
        "async (source) => { const t = await import('/js/mapping/templates.js'); const r = t.read(source);"
        "return r && [r.path, r.fallback, r.format] }",
        source,
    )
    assert read == says


def test_a_new_sample_is_shown_after_a_swap(shows: Shows) -> None:
    shown = shows(Given("{{ trigger.gone }}x"))
    expect(shown.editor().locator(".pill.unknown")).to_have_count(1)
    shown.at_end()
    shown.page.evaluate(
        """() => { const script = document.getElementById('data-client');
        script.textContent = script.textContent.replaceAll('trigger.subject', 'trigger.gone');
        return htmx.swap({target: 'h1', swap: 'innerHTML', text: 'Swapped'}) }"""
    )
    expect(shown.editor().locator(".pill.unknown")).to_have_count(0)
    assert shown.pills() == ["Subject"]
    shown.type("y")
    assert shown.value() == "{{ trigger.gone }}xy"
