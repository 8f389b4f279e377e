"""A sign-in that ended meanwhile, in a real browser: nothing typed is lost, in the editor nor in a form."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from engine.people.roles import Role
from tests.web.browser.answers import held
from tests.web.browser.chromium import Tab
from tests.web.browser.conftest import Opens
from tests.web.browser.house import PASSWORD, House
from tests.web.browser.office import choose, new_zap, saved

pytestmark = pytest.mark.browser


@pytest.fixture
def tab(served: House, opens: Opens) -> Iterator[Tab]:
    with opens(served, allowed=("401", "403")) as made:
        yield made


def sign_in_anew(page: Page, email: str = "olga@zapwerk.example") -> None:
    """By the link at the foot of the page, in the tab that it opens."""
    with page.context.expect_page() as opened:
        page.locator(".toast").get_by_role("link", name="Sign in again").click()
    other = opened.value
    expect(other.locator("main")).to_contain_text("what you typed there is kept")
    other.get_by_label("E-mail address").fill(email)
    other.get_by_label("Password", exact=True).fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    other.wait_for_url("**/zaps")


def after_an_hour(tab: Tab, path: str) -> Page:
    """A page that was opened an hour ago."""
    tab.page.clock.install()
    tab.go(path)
    tab.page.clock.fast_forward("01:00:00")
    return tab.page


def drawn(page: Page, url: str) -> Any:
    """A zap whose name can be typed."""
    new_zap(page, url)
    choose(page, "webhook")
    return page.locator("input.zap-name")


def test_what_was_typed_in_the_editor_while_signed_out_is_saved_after_a_new_sign_in(tab: Tab):
    page = tab.page
    name = drawn(page, tab.url)
    page.context.clear_cookies()
    name.fill("Typed signed out")
    expect(page.locator(".toast")).to_contain_text("signed out")
    name.fill("Typed signed out, and more")
    name.press("Tab")
    expect(page.locator(".toast")).to_have_count(1)
    page.locator("#editor-flow a").first.click()
    assert "/sign-in" not in page.url
    sign_in_anew(page)
    saved(page)
    expect(page.locator(".toast")).to_have_count(0)
    page.reload()
    expect(name).to_have_value("Typed signed out, and more")


def test_what_the_page_waited_for_comes_after_the_sign_in(tab: Tab):
    page = tab.page
    drawn(page, tab.url)
    saved(page)
    with held(page, "**/try?*") as tests:
        page.reload()
        tests.must_be_asked()
        page.context.clear_cookies()
        tests.come()
    expect(page.locator("#try > .spinner")).to_be_visible()
    sign_in_anew(page)
    expect(page.locator("#try")).to_contain_text("Wait for a call")


def test_the_editor_saves_also_where_it_heard_nothing_of_the_new_sign_in(tab: Tab, served: House):
    page = tab.page
    name = drawn(page, tab.url)
    page.context.clear_cookies()
    page.request.post(
        f"{tab.url}/sign-in",
        form={"email": "olga@zapwerk.example", "password": PASSWORD},
        headers={"Origin": tab.url},
    )
    name.fill("Signed in elsewhere")
    name.press("Tab")
    saved(page)
    page.reload()
    expect(name).to_have_value("Signed in elsewhere")


def test_what_somebody_may_not_save_any_more_is_kept_until_they_may(served: House, opens: Opens, tab: Tab):
    page = tab.page
    name = drawn(page, tab.url)
    kept = page.context.cookies()
    page.context.clear_cookies()
    page.context.add_cookies(served.cookies(Role.VIEWER))  # type: ignore[arg-type]  # a cookie as browsers give it
    name.fill("Typed as somebody else")
    expect(page.locator(".toast").first).to_contain_text("Only an editor or an owner")
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "unsaved")
    page.context.add_cookies(kept)  # type: ignore[arg-type]  # what it gave, it takes
    page.evaluate("dispatchEvent(new Event('focus'))")
    saved(page)


def test_a_form_waits_for_the_sign_in_with_all_that_was_typed(tab: Tab):
    page = after_an_hour(tab, "/settings")
    page.context.clear_cookies()
    name = page.get_by_label("Your name")
    name.fill("Olga Anew")
    expect(page.locator(".toast")).to_contain_text("signed out")
    page.get_by_role("button", name="Dismiss").click()
    save = page.locator("form", has=name).get_by_role("button").last
    save.click()
    expect(page.locator(".toast")).to_contain_text("signed out")
    expect(name).to_have_value("Olga Anew")
    tab.must_be_accessible()
    sign_in_anew(page)
    expect(page.locator(".toast")).to_have_count(0)
    save.click()
    expect(page.locator(".toast")).to_be_visible()
    page.reload()
    expect(name).to_have_value("Olga Anew")


def test_a_form_waits_also_where_the_sign_in_ended_a_moment_ago(tab: Tab):
    page = tab.go("/settings")
    name = page.get_by_label("Your name")
    name.fill("Olga in Time")
    page.context.clear_cookies()
    save = page.locator("form", has=name).get_by_role("button").last
    save.click()
    expect(page.locator(".toast")).to_contain_text("signed out")
    expect(name).to_have_value("Olga in Time")
    sign_in_anew(page)
    save.click()
    expect(page.locator(".toast")).to_contain_text("saved")
    page.reload()
    expect(name).to_have_value("Olga in Time")


def test_a_form_is_not_sent_in_somebody_elses_name(tab: Tab, served: House):
    page = tab.go("/settings")
    page.context.clear_cookies()
    page.context.add_cookies(served.cookies(Role.VIEWER))  # type: ignore[arg-type]  # a cookie as browsers give it
    name = page.get_by_label("Your name")
    name.fill("Olga as Vera")
    page.locator("form", has=name).get_by_role("button").last.click()
    expect(page.locator(".toast")).to_contain_text("Somebody else has signed in")
    expect(name).to_have_value("Olga as Vera")
