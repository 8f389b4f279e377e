"""First start, setting up, two-step sign-in: in a real browser, with the keyboard alone, in both languages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from engine.people.links import Purpose
from engine.people.roles import Role
from engine.runtime import Runtime
from engine.settings import Settings
from tests.web.browser.chromium import PHONE, WIDE, Tab, tab
from tests.web.browser.conftest import Opens
from tests.web.browser.house import House, house

pytestmark = pytest.mark.browser

PASSWORD = "vier ruhige Papierboote"
REFUSED = ("422", "410")  # pages that say what is wrong
MOST_TABS = 60


@dataclass(frozen=True)
class Words:
    """What a person looks for on the pages."""

    language: str
    name: str
    email: str
    password: str
    zone: str
    set_up: str
    later: str
    sign_out: str
    sign_in: str
    code: str
    switch_on: str


ENGLISH = Words(
    "en",
    name="Your name",
    email="E-mail address",
    password="Password",
    zone="Time zone",
    set_up="Set up Zapwerk",
    later="Later",
    sign_out="Sign out",
    sign_in="Sign in",
    code="Code",
    switch_on="Switch it on",
)
GERMAN = Words(
    "de",
    name="Ihr Name",
    email="E-Mail-Adresse",
    password="Passwort",
    zone="Zeitzone",
    set_up="Zapwerk einrichten",
    later="Später",
    sign_out="Abmelden",
    sign_in="Anmelden",
    code="Code",
    switch_on="Einschalten",
)


@pytest.fixture
def new(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, people=False) as made:
        yield made


def set_up_path(where: House) -> str:
    runtime = Runtime(Settings(data=where.installation.data))
    link = runtime.people.links.set_up()
    runtime.database.close()
    assert link is not None
    return f"/welcome/{link.token}"


def reach(page: Page, title: str) -> None:
    """Presses Tab until what has this name is reached."""
    for _ in range(MOST_TABS):
        if page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()") == title:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"“{title}” cannot be reached with the keyboard")


def type_into(page: Page, title: str, text: str) -> None:
    reach(page, title)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def press(page: Page, title: str) -> None:
    reach(page, title)
    page.keyboard.press("Enter")


def checked(opened: Tab) -> None:
    opened.must_be_accessible()
    opened.must_fit()


@pytest.mark.parametrize(
    ("words", "width", "scheme"), [(ENGLISH, WIDE, "light"), (GERMAN, PHONE, "dark")], ids=["English", "German"]
)
def test_from_the_first_start_to_two_steps_with_the_keyboard_alone(
    browser: Browser, new: House, words: Words, width: int, scheme: Literal["light", "dark"]
):
    with tab(browser, new.url, language=words.language, scheme=scheme, width=width, allowed=REFUSED) as opened:
        page = opened.go("/")
        expect(page).to_have_url(f"{new.url}/welcome")
        checked(opened)
        set_up(opened, new, words)
        phone = two_steps(opened, words)
        opened.go("/settings")
        sign_out(page, words)
        expect(page).to_have_url(f"{new.url}/sign-in")
        checked(opened)
        sign_in(opened, words, phone)
        expect(page.locator("h1")).to_be_visible()
        assert page.url == f"{new.url}/zaps"


def set_up(opened: Tab, new: House, words: Words) -> None:
    page = opened.go(set_up_path(new))
    assert page.get_by_label(words.zone).input_value() == "Europe/Berlin"
    type_into(page, words.name, "Anna")
    type_into(page, words.email, "anna")
    page.keyboard.press("Enter")
    expect(page.locator("[aria-invalid]")).to_have_count(2)
    expect(page.get_by_label(words.email)).to_be_focused()
    checked(opened)
    type_into(page, words.email, "anna@example.com")
    type_into(page, words.password, PASSWORD)
    press(page, words.set_up)
    page.wait_for_url("**/settings/notices/first")
    checked(opened)
    press(page, words.later)
    page.wait_for_url("**/zaps")


def two_steps(opened: Tab, words: Words) -> pyotp.TOTP:
    page = opened.go("/settings/security")
    checked(opened)
    press(page, words.switch_on)
    page.wait_for_url("**/second-factor")
    checked(opened)
    phone = pyotp.TOTP(page.locator("#secret").input_value().replace(" ", ""))
    type_into(page, words.code, phone.now())
    page.keyboard.press("Enter")
    expect(page.locator("#codes li")).to_have_count(10)
    checked(opened)
    return phone


def sign_out(page: Page, words: Words) -> None:
    if page.locator(".who > summary").is_visible():
        reach(page, "Anna")
        page.keyboard.press("Enter")
    press(page, words.sign_out)


def sign_in(opened: Tab, words: Words, phone: pyotp.TOTP) -> None:
    page = opened.page
    type_into(page, words.email, "anna@example.com")
    type_into(page, words.password, PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label(words.code)).to_be_focused()
    checked(opened)
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(page.locator("[aria-invalid]")).to_be_focused()
    checked(opened)
    page.keyboard.type(next_code(phone))
    page.keyboard.press("Enter")
    page.wait_for_url("**/zaps")


def next_code(phone: pyotp.TOTP) -> str:
    """The one after that which was used up, as clocks may be a little off."""
    return phone.at(datetime.now(UTC) + timedelta(seconds=30))


@pytest.mark.parametrize(("language", "width", "scheme"), [("en", WIDE, "dark"), ("de", PHONE, "light")])
@pytest.mark.parametrize(
    "path", ["", "/notices", "/security", "/people", "/people/invite", "/tokens", "/audit", "/about"]
)
def test_all_settings_are_accessible_and_fit(
    served: House, opens: Opens, path: str, language: str, width: int, scheme: str
):
    with opens(served, Role.OWNER, language=language, width=width, scheme=scheme) as opened:
        page = opened.go(f"/settings{path}")
        expect(page.locator(".tabs [aria-current]")).to_be_in_viewport()
        checked(opened)


def test_what_is_shown_once_can_be_copied(served: House, opens: Opens):
    with opens(served, Role.OWNER) as opened:
        page = opened.go("/settings/people/invite")
        page.get_by_role("button", name="Make the link").click()
        page.get_by_role("button", name="Copy").click()
        expect(page.locator(".toast")).to_contain_text("Copied.")
        assert page.evaluate("navigator.clipboard.readText()") == page.locator("#link").input_value()


def test_removing_somebody_is_asked_once_and_says_what_happens(own_house: House, opens: Opens):
    with opens(own_house, Role.OWNER) as opened:
        page = opened.go("/settings/people")
        page.get_by_label("More about Vera Viewer").click()
        page.get_by_role("button", name="Remove").click()
        expect(page.get_by_role("dialog")).to_contain_text("Their zaps and connections stay")
        checked(opened)
        page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        expect(page.locator(".toast")).to_contain_text("Vera Viewer is removed.")
        expect(page.locator("main")).not_to_contain_text("vera@zapwerk.example")


def test_a_one_time_link_signs_in_by_itself_in_a_browser(served: House, browser: Browser):
    runtime = Runtime(Settings(data=served.installation.data))
    someone = runtime.people.accounts.find("emil@zapwerk.example")
    made = runtime.people.links.make(Purpose.SIGN_IN, person_id=someone.id)
    runtime.database.close()
    with tab(browser, served.url) as opened:
        opened.go(f"/enter/{made.token}")
        opened.page.wait_for_url("**/zaps")
