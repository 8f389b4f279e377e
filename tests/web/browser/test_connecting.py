"""Connecting accounts in a real browser: live ticks, the app's own consent page, a window that tells its opener."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from engine.people.roles import Role
from tests.processes import sandbox
from tests.web.browser.chromium import PHONE, WIDE
from tests.web.browser.conftest import Opens
from tests.web.browser.house import House

pytestmark = pytest.mark.browser

REFUSED = ("422", "400")  # pages that say what is wrong

REMEMBER_TICKS = """() => new MutationObserver(() => {
  const done = document.querySelector("[data-ticks] .tick.done");
  if (done) sessionStorage.ticks = done.className;
}).observe(document.querySelector("[data-ticks]"), {childList: true, subtree: true})"""


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with sandbox("imap", tmp_path_factory.mktemp("mailbox")) as told:
        yield told["credentials"]


@pytest.fixture(scope="module")
def practising(served: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The Invoice2go sandbox, filled in."""
    with sandbox("invoice2go", tmp_path_factory.mktemp("books")) as told:
        served.installation.fill_in("invoice2go", "sandbox", told["profile"])
        yield told


def fill_in(page: Page, mailbox: dict[str, str], **other: str) -> None:
    """The address first, then the rest."""
    page.get_by_label("E-mail address").fill(mailbox["username"])
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Password").fill(other.get("password", mailbox["password"]))
    page.get_by_text("More fields", exact=False).last.click()
    page.get_by_label("Mail server").fill(mailbox["host"])
    page.get_by_label("Port").fill(mailbox["port"])
    page.get_by_label("Security").select_option("none")


def test_a_mailbox_is_connected_by_its_address_with_live_ticks(served: House, opens: Opens, mailbox: dict[str, str]):
    with opens(served, allowed=REFUSED) as tab:
        page = tab.go("/connections/new?app=imap")
        tab.must_be_accessible()
        fill_in(page, mailbox, password="wrong")
        page.get_by_label("Name of the connection").fill("Ticking")
        page.get_by_role("button", name="Check and connect").click()
        allow = page.get_by_role("button", name="Allow “127.0.0.1” and connect")
        expect(allow).to_be_visible()
        tab.must_be_accessible()
        page.get_by_label("Password").fill("wrong")
        page.evaluate(REMEMBER_TICKS)
        allow.click()  # a wrong password is tried twice, with two seconds between: long enough to see the ticks move
        expect(page.locator(".problem")).to_contain_text("does not accept user name and password")
        expect(page.locator(".tick.failed")).to_contain_text("Sign-in")
        assert "done" in page.evaluate("sessionStorage.ticks")
        tab.must_be_accessible()
        page.get_by_label("Password").fill(mailbox["password"])
        page.get_by_role("button", name="Check and connect").click()
        expect(page.get_by_role("heading", name="Connected")).to_be_visible()
        expect(page.locator(".tick.done").last).to_contain_text("mails")
        tab.must_be_accessible()


def test_invoice2go_asks_for_consent_and_a_no_can_be_taken_back(
    served: House, opens: Opens, practising: dict[str, Any]
):
    with opens(served, allowed=REFUSED) as tab:
        page = tab.go("/connections/new?app=invoice2go")
        tab.must_be_accessible()
        page.get_by_role("link", name="Practise with the sandbox").click()
        page.get_by_label("Name of the connection").fill("Practice books")
        page.get_by_role("button", name="Sign in at Invoice2go").click()
        page.locator("button[value=deny]").click()
        expect(page.get_by_text("You did not give the permission")).to_be_visible()
        tab.must_be_accessible()
        page.get_by_role("link", name="Try again").click()
        page.get_by_role("button", name="Sign in at Invoice2go").click()
        page.locator("button[value=allow]").click()
        expect(page.get_by_role("heading", name="Connected")).to_be_visible()
        tab.go("/connections")
        expect(page.locator(".tag", has_text="Practice").first).to_be_visible()
        tab.must_be_accessible()


def test_a_window_of_its_own_tells_the_page_that_opened_it_and_closes(
    served: House, opens: Opens, practising: dict[str, Any]
):
    with opens(served, allowed=REFUSED) as tab:
        page = tab.go("/connections")
        page.evaluate(
            "() => { window.told = new Promise((tell) => {"
            " new BroadcastChannel('zapwerk-connections').onmessage = (event) => tell(event.data); }) }"
        )
        with page.expect_popup() as opened:
            path = "/connections/new?app=invoice2go&profile=sandbox&embed=1"
            page.evaluate("(path) => { window.open(path, 'connect', 'popup,width=520,height=720') }", path)
        popup = opened.value
        expect(popup.locator("nav.nav")).to_have_count(0)
        popup.get_by_label("Name of the connection").fill("From a window")
        popup.get_by_role("button", name="Sign in at Invoice2go").click()
        with popup.expect_event("close"):
            popup.locator("button[value=allow]").click()
        told = page.evaluate("window.told")
        assert (told["type"], told["name"]) == ("connected", "From a window")


def test_disconnecting_is_asked_twice(served: House, opens: Opens, practising: dict[str, Any]):
    token = practising["credentials"]["key"]
    more = ("--auth", "token", "--profile", "sandbox")
    served.installation.connect("invoice2go", "Going away", {"key": token}, *more)
    with opens(served, allowed=REFUSED) as tab:
        page = tab.go("/connections")
        page.get_by_role("link", name="Going away").click()
        tab.must_be_accessible()
        page.get_by_role("link", name="Disconnect").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        tab.must_be_accessible()
        page.get_by_role("dialog").get_by_role("link", name="Continue").click()
        page.get_by_role("button", name="Disconnect").click()
        expect(page.locator(".problem")).to_contain_text("nothing was disconnected")
        tab.must_be_accessible()
        page.get_by_label("Name of the connection").fill("Going away")
        page.get_by_role("button", name="Disconnect").click()
        expect(page.get_by_role("link", name="Going away")).to_have_count(0)


@pytest.mark.parametrize(("width", "language", "scheme"), [(WIDE, "en", "light"), (PHONE, "de", "dark")])
@pytest.mark.parametrize("role", [Role.OWNER, Role.EDITOR])
def test_every_page_fits_and_can_be_used_by_everybody(
    served: House, opens: Opens, practising: dict[str, Any], width: int, language: str, scheme: str, role: Role
):
    paths = (
        "/connections",
        "/connections/new",
        "/connections/new?app=imap",
        "/connections/new?app=gmail&auth=oauth2",
        "/connections/new?app=invoice2go",
        "/connections/new?app=imap&embed=1",
        "/apps",
        "/apps/invoice2go",
        "/apps/gmail",
    )
    with opens(served, role, width=width, language=language, scheme=scheme) as tab:
        for path in paths:
            tab.go(path)
            tab.must_fit()
            tab.must_be_accessible()
