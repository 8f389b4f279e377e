"""From a drawn zap to a running one in a browser: test, rehearse, publish, over a mailbox and Invoice2go's sandbox."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.processes import form_mail, send_by_smtp
from tests.waiting import wait_until
from tests.web.browser.answers import held
from tests.web.browser.chromium import PHONE, Tab
from tests.web.browser.conftest import Opens
from tests.web.browser.office import ACCOUNT, MAILBOX, Office, office

pytestmark = pytest.mark.browser

ZAP = """
zapwerk: 1
name: {name}
language: de
timezone: Europe/Berlin
trigger: {{use: imap.new_email, connection: "{mailbox}", with: {{folder: INBOX}}}}
steps:
  - key: client
    use: invoice2go.create_client
    connection: "{account}"
    with:
      name: "{{{{ trigger.labelled['Name'] }}}}"
      email: "{{{{ trigger.labelled['E-Mail'] }}}}"
      if_exists: {if_exists}
"""


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office")) as made:
        yield made


@pytest.fixture
def books(at_work: Office) -> Iterator[Any]:
    opened = at_work.books
    opened.order("reset")
    yield opened
    opened.close()


@pytest.fixture
def tab(at_work: Office, opens: Opens) -> Iterator[Tab]:
    with opens(at_work.house) as made:
        yield made


def drawn(at_work: Office, name: str, folder: Path, *, if_exists: str = "use") -> str:
    """A zap that only needs testing; gives its id."""
    file = folder / "zap.yaml"
    file.write_text(ZAP.format(name=name, mailbox=MAILBOX, account=ACCOUNT, if_exists=if_exists), "utf-8")
    installation = at_work.house.installation
    installation.run("zaps", "import", str(file))
    return str(next(zap["id"] for zap in installation.show("zaps", "list") if zap["name"] == name))


def choose_sample(tab: Tab, zap: str, label: str) -> None:
    page = tab.go(f"/zaps/{zap}?step=trigger")
    page.get_by_role("button", name=re.compile("Test trigger|Auslöser testen|Load again|Neu laden")).click()
    page.wait_for_selector(".record-card")
    while not page.locator(".record-card", has_text=label).count():
        shown = page.locator(".record-card").count()
        page.get_by_role("button", name=re.compile("Load more|Mehr laden")).click()
        page.wait_for_selector(f".record-card:nth-of-type({shown + 1})")
    page.locator(".record-card", has_text=label).click()
    expect(page.locator("#try .try-sample > summary")).to_contain_text(label)


def press_test(page: Page) -> None:
    page.locator("#try [data-test]").click()
    page.wait_for_selector("#try [data-result]")


@pytest.mark.timeout(300)  # the whole way, with axe at each stop
def test_a_zap_is_tested_rehearsed_published_and_runs(
    at_work: Office, books: Any, tab: Tab, opens: Opens, tmp_path: Path
):
    zap, page = drawn(at_work, "The whole way", tmp_path), tab.page
    choose_sample(tab, zap, "Erika Muster")
    expect(page.locator("#editor-flow .flow-step").first).to_contain_text("Tested")
    tab.must_be_accessible()

    page.locator('#editor-flow a[data-step="client"]').click()
    expect(page.locator("#try .sent")).to_contain_text("erika@kunde.example")
    expect(page.locator("#try")).to_contain_text(f"This really happens in Invoice2go (account {ACCOUNT})")
    assert books.clients() == []
    press_test(page)
    expect(page.locator("[data-result]")).to_contain_text("It was done in Invoice2go.")
    expect(page.locator("#editor-flow .flow-step").nth(1)).to_contain_text("Tested")
    assert books.names() == ["Erika Muster"]
    tab.must_be_accessible()

    page.locator("[data-test]").click()
    expect(page.locator("[data-result]")).to_contain_text("There is one like it in Invoice2go already")
    assert books.names() == ["Erika Muster"]

    page.get_by_role("link", name="Rehearse").first.click()
    expect(page.locator("#rehearsal-words")).to_contain_text("1 would create a client · 1 is already there")
    expect(page.locator("#rehearsal-sum")).to_contain_text(
        "1 of them would count toward your plan’s quota at Invoice2go"
    )
    page.locator(".rehearsed-row summary", has_text="Ada Lovelace").click()
    expect(page.locator(".rehearsed-step")).to_contain_text("ada@kunde.example")
    assert books.names() == ["Erika Muster"]
    tab.must_be_accessible()

    page.get_by_role("link", name="Switch on").click()
    expect(page.locator(".plan-facts")).to_contain_text(
        re.compile(r"What is there already \(\d+ e-mails\) is ignored\.")
    )
    with opens(at_work.house, language="de") as german:
        german.go(f"/zaps/{zap}/publish")
        expect(german.page.locator(".plan-facts")).to_contain_text(
            re.compile(r"Was schon da ist \(\d+ E-Mails\), bleibt unbeachtet\.")
        )
    tab.must_be_accessible()
    page.get_by_role("button", name="Switch on").click()
    page.wait_for_url(f"**/zaps/{zap}")
    expect(page.locator(".toast")).to_contain_text("Version 1 is on. It listens, and checks every minute besides.")
    at_work.write("Nils Nachher", "nils@kunde.example")
    wait_until(lambda: books.names() == ["Erika Muster", "Nils Nachher"], 30, what="the new mail's client")
    at_work.house.installation.run("zaps", "disable", "The whole way")


def test_a_lost_answer_is_looked_up_and_one_that_cannot_be_is_said(
    at_work: Office, books: Any, tab: Tab, tmp_path: Path
):
    zap, page = drawn(at_work, "Lost answers", tmp_path, if_exists="create"), tab.page
    choose_sample(tab, zap, "Ada Lovelace")
    page.locator('#editor-flow a[data-step="client"]').click()
    books.order("faults", kind="cut_after", times=1)
    press_test(page)
    expect(page.locator("[data-result]")).to_contain_text("It was done in Invoice2go.")
    assert books.names() == ["Ada Lovelace"]

    books.order("faults", kind="cut_after", times=1)
    books.order("faults", kind="unavailable", method="GET", times=50, seconds=0)
    page.locator("[data-result]").evaluate("result => result.remove()")
    press_test(page)
    expect(page.locator("[data-result]")).to_contain_text("Please check. It may have gone through")
    expect(page.locator("[data-result]")).to_contain_text("Look there first.")
    assert books.names() == ["Ada Lovelace", "Ada Lovelace"]
    tab.must_be_accessible()


def test_a_refusing_app_is_explained_with_what_to_do(at_work: Office, books: Any, tab: Tab, tmp_path: Path):
    zap, page = drawn(at_work, "Refusals", tmp_path), tab.page
    choose_sample(tab, zap, "Ada Lovelace")
    page.locator('#editor-flow a[data-step="client"]').click()
    books.order("faults", kind="unavailable", times=9, seconds=0)
    press_test(page)
    expect(page.locator("[data-result]")).to_contain_text("could not be used just now, and nothing was done")
    books.order("faults", kind="none")
    books.order("faults", kind="expired_token", times=9)
    page.locator("[data-test]").click()
    expect(page.locator("[data-result]")).to_contain_text("refused the account, and nothing was done")
    expect(page.locator("[data-result]").get_by_role("link", name="Check the account, or reconnect it")).to_be_visible()
    assert books.clients() == []
    tab.must_be_accessible()


def test_a_value_that_does_not_fit_leads_to_its_field(at_work: Office, books: Any, tab: Tab, tmp_path: Path):
    mail = form_mail("Karl", "karl@kunde.example")
    send_by_smtp(at_work.mailbox, mail.replace(b"E-Mail: karl@kunde.example", b"E-Mail: keine Adresse"))
    zap, page = drawn(at_work, "Misfits", tmp_path), tab.page
    choose_sample(tab, zap, "Karl")
    page.locator('#editor-flow a[data-step="client"]').click()
    press_test(page)
    expect(page.locator("[data-result]")).to_contain_text("is not a valid e-mail address")
    page.locator('[data-result] a[data-field="email"]').click()
    expect(page.get_by_role("textbox", name="Email", exact=False).first).to_be_focused()
    assert books.clients() == []


def test_a_test_is_made_with_what_was_typed_a_moment_before(at_work: Office, books: Any, tab: Tab, tmp_path: Path):
    zap, page = drawn(at_work, "Typed", tmp_path, if_exists="create"), tab.page
    choose_sample(tab, zap, "Ada Lovelace")
    page.locator('#editor-flow a[data-step="client"]').click()
    page.wait_for_selector("#try [data-test]")
    name = page.get_by_role("textbox", name="Client name", exact=False).first
    name.press("End")
    name.press_sequentially(" senior")
    page.locator("#try [data-test]").click()
    page.wait_for_selector("#try [data-result]")
    assert books.names() == ["Ada Lovelace senior"]


def test_who_comes_back_to_a_step_that_is_being_tested_is_told_and_sees_what_came_of_it(
    at_work: Office, books: Any, tab: Tab, tmp_path: Path
):
    zap, page = drawn(at_work, "Left alone", tmp_path, if_exists="create"), tab.page
    choose_sample(tab, zap, "Ada Lovelace")
    page.locator('#editor-flow a[data-step="client"]').click()
    books.order("faults", kind="timeout_after", seconds=6)
    page.locator("#try [data-test]").click()
    wait_until(lambda: books.names() == ["Ada Lovelace"], 30, what="the client")
    page.locator('#editor-flow a[data-step="trigger"]').click()
    page.wait_for_selector('[data-panel="trigger"]')
    page.locator('#editor-flow a[data-step="client"]').click()
    expect(page.locator("#try")).to_contain_text("This step is being tested.")
    expect(page.locator("#try [data-test]")).to_have_count(0)
    expect(page.locator("#try .status")).to_contain_text("Tested")
    assert books.names() == ["Ada Lovelace"]


def test_a_result_stays_when_what_would_be_sent_was_asked_for_before_it_and_comes_later(
    at_work: Office, books: Any, tab: Tab, tmp_path: Path
):
    zap, page = drawn(at_work, "Overtaken", tmp_path, if_exists="create"), tab.page
    choose_sample(tab, zap, "Ada Lovelace")
    page.locator('#editor-flow a[data-step="client"]').click()
    page.wait_for_selector("#try [data-test]")
    with held(page, "**/try?step=client") as answers:
        page.get_by_role("textbox", name="Client name", exact=False).first.press_sequentially("Countess ")
        answers.must_be_asked()
        press_test(page)
        while answers.come():
            pass
    expect(page.locator("#try [data-result]")).to_contain_text("It was done in Invoice2go.")


def test_a_failed_test_is_explained_after_the_page_is_loaded_again_until_the_step_is_mended(
    at_work: Office, books: Any, tab: Tab, tmp_path: Path
):
    zap, page = drawn(at_work, "Failed once", tmp_path), tab.page
    choose_sample(tab, zap, "Ada Lovelace")
    page.locator('#editor-flow a[data-step="client"]').click()
    press_test(page)
    expect(page.locator("#editor-flow .flow-step").nth(1)).to_contain_text("Tested")
    books.order("faults", kind="unavailable", times=9, seconds=0)
    press_test(page)
    expect(page.locator("[data-result]")).to_contain_text("could not be used just now, and nothing was done")
    expect(page.locator("#editor-flow .flow-step").nth(1)).to_contain_text("Ready")
    page.reload()
    expect(page.locator("[data-result]")).to_contain_text("could not be used just now, and nothing was done")
    assert page.evaluate("document.activeElement === document.body")
    expect(page.get_by_role("textbox", name="Client name", exact=False).first).to_contain_text("Name")
    tab.must_be_accessible()
    books.order("faults", kind="none")
    press_test(page)
    expect(page.locator("[data-result]")).not_to_contain_text("could not be used")
    expect(page.locator("#editor-flow .flow-step").nth(1)).to_contain_text("Tested")


def test_a_rehearsal_that_loses_its_connection_and_meets_a_proxy_without_server_goes_on(
    at_work: Office, books: Any, opens: Opens, tmp_path: Path
):
    zap = drawn(at_work, "Cut off", tmp_path)
    books.order("faults", kind="slow", times=2, seconds=4)  # so that there is something to wait for
    failures: list[Callable[[Route], None]] = [
        lambda route: route.abort("connectionreset"),
        lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"),
    ]
    with opens(at_work.house, allowed=("net::ERR_CONNECTION_RESET", "Failed to fetch", "502")) as tab:
        page = tab.page
        page.route("**/rehearsal/*/rows?*", lambda route: failures.pop(0)(route) if failures else route.continue_())
        tab.go(f"/zaps/{zap}/rehearsal")
        expect(page.locator(".toast")).to_contain_text("The connection to Zapwerk is lost.")
        expect(page.locator("#rehearsal-words")).to_contain_text("would create a client")
        assert failures == []
        expect(page.locator("body")).not_to_contain_text("Bad gateway")


@pytest.mark.parametrize(("language", "scheme", "width"), [("en", "light", 1440), ("de", "dark", PHONE)])
def test_proposed_mappings_of_a_new_step_are_taken_with_mouse_and_keyboard(
    at_work: Office, opens: Opens, tmp_path: Path, language: str, scheme: str, width: int
):
    zap = drawn(at_work, f"Proposed {language}", tmp_path)
    with opens(at_work.house, language=language, scheme=scheme, width=width) as tab:
        choose_sample(tab, zap, "Ada Lovelace")
        page = tab.go(f"/zaps/{zap}")
        page.locator("#editor-flow .add-button").last.click()
        page.locator("#editor-flow .add-step[open] [data-kind=action]").click()
        page.locator("#app-search").fill("Invoice2go")
        page.locator("#app-search").press("Enter")
        page.locator('[data-use="invoice2go.create_client"]').press("Enter")
        proposals, email = page.locator("[data-proposals]"), page.locator('[data-take][data-field="email"]')
        expect(email).to_contain_text(re.compile("Take|Übernehmen"))
        proposed = proposals.locator("[data-take]").count()
        tab.must_be_accessible()
        tab.must_fit()
        email.click()
        expect(email).to_have_count(0)
        expect(proposals.locator("[data-take]")).to_have_count(proposed - 1)
        expect(proposals.locator("[data-do=propose]")).to_be_focused()
        page.keyboard.press("Enter")
        expect(proposals).to_have_count(0)
        expect(page.locator("[data-panel] [data-step-form]")).to_contain_text("ada@kunde.example")
        expect(page.locator("[data-panel] [data-step-form]")).to_contain_text("Ada Lovelace")
        tab.must_be_accessible()
        tab.must_fit()


@pytest.mark.parametrize(
    ("language", "scheme", "width"), [("de", "dark", PHONE), ("de", "light", 1440), ("en", "dark", 1440)]
)
def test_every_page_fits_and_is_accessible(
    at_work: Office, books: Any, opens: Opens, tmp_path: Path, language: str, scheme: str, width: int
):
    zap = drawn(at_work, f"{language} {scheme} {width}", tmp_path)
    with opens(at_work.house, language=language, scheme=scheme, width=width) as tab:
        choose_sample(tab, zap, "Ada Lovelace")
        tab.must_be_accessible()
        tab.must_fit()
        for path, ready in (
            (f"/zaps/{zap}?step=client", "#try [data-test]"),
            (f"/zaps/{zap}/rehearsal", '[data-running=""]'),
            (f"/zaps/{zap}/publish", ".plan-facts"),
            (f"/zaps/{zap}/versions", ".empty"),
        ):
            tab.go(path).wait_for_selector(ready)
            tab.must_be_accessible()
            tab.must_fit()
