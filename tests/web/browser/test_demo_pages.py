"""The demo in a browser: its link signs in, cause and effect stand side by side, and the zap can be taken along."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.processes import child
from tests.waiting import wait_until
from tests.web.browser.answers import held
from tests.web.browser.chromium import PHONE, tab
from tests.web.browser.conftest import Opens
from tests.web.browser.house import House
from web import demo_folder, demo_mail
from web.demo_folder import State

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

ZAP = "Gmail + Invoice2go Kunden-hinzufügen-Zap"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    folder = tmp_path_factory.mktemp("demo") / "demo-data"
    command = [sys.executable, "-m", "web.cli", "demo", "--folder", str(folder)]
    with child(command, {"PYTHONUNBUFFERED": "1"}) as process:
        yield wait_until(lambda: _running(folder, process), 90, what="the demo")


def _running(folder: Path, process: "subprocess.Popen[str]") -> State | None:
    assert process.poll() is None, "the demo ended"
    state = demo_folder.read(folder)
    return state if state.sign_in and state.address else None


@pytest.fixture(scope="module")
def owner(demo: State, browser: Browser) -> list[Any]:
    """The cookies of whoever followed the link that the demo printed."""
    with tab(browser, demo.address) as opened:
        page = opened.page
        page.goto(demo.sign_in)
        if page.url == demo.sign_in:
            page.get_by_role("button").first.click()
        page.wait_for_url("**/demo")
        return list(page.context.cookies())


def effect(page: Page, subject: str) -> Locator:
    """What became of a mail."""
    found = page.locator("#demo-list li", has_text=subject)
    expect(found).to_contain_text("Done", timeout=30_000)
    return found


def test_the_page_shows_what_became_of_the_first_mail_and_its_link_signs_in_once(
    demo: State, owner: list[Any], browser: Browser
):
    with tab(browser, demo.address, cookies=owner, allowed=("410",)) as opened:
        page = opened.go("/demo")
        expect(page.locator("#demo-list")).to_contain_text("Done", timeout=30_000)
        opened.must_be_accessible()
        page.set_viewport_size({"width": PHONE, "height": 844})
        opened.must_fit()
        leads_to = [link.get_attribute("href") for link in page.locator(".demo-path a").all()]
        assert demo.mailbox_page in leads_to
        assert demo.page in leads_to
        page.context.clear_cookies()
        page.goto(demo.sign_in)
        expect(page.locator("h1")).to_be_visible()
        assert "/demo" not in page.url, "the link is good once"


def test_a_mail_written_in_one_tab_is_seen_in_the_other_with_the_time_since_it_was_sent(
    demo: State, owner: list[Any], browser: Browser
):
    with tab(browser, demo.address, cookies=owner) as opened:
        page = opened.go("/demo")
        page.evaluate("window.isTheSame = true")
        mailbox = page.context.new_page()
        mailbox.goto(f"{demo.mailbox_page}?ready=form_de")
        mailbox.locator("[name=subject]").fill("Anfrage aus dem anderen Reiter")
        mailbox.locator("form button.primary").click()
        mailbox.wait_for_url("**/?sent")
        shown = effect(page, "Anfrage aus dem anderen Reiter")
        expect(shown).to_contain_text(re.compile(r"received \d+\.\d s\s+client \d+\.\d s"))
        received, client = (float(one) for one in re.findall(r"(\d+\.\d) s", shown.inner_text()))
        assert received <= client

        enquiry = demo_mail.Enquiry("Nele Petersen", "nele@example.org")
        letter = demo_mail.mail(enquiry, demo.recipient, "Anfrage, die unterwegs war")
        letter.replace_header(demo_mail.SENT_AT, str(time.time_ns() // 1_000_000 - 30_000))
        host, _, port = demo.smtp.rpartition(":")
        demo_mail.deliver(letter, host, int(port))
        late = effect(page, "Anfrage, die unterwegs war")
        expect(late).to_contain_text(re.compile(r"received [34]\d s\s+client [34]\d s"))
        assert page.evaluate("window.isTheSame"), "it came without loading the page anew"
        opened.must_be_accessible()
        page.set_viewport_size({"width": PHONE, "height": 844})
        opened.must_fit()


def test_what_moves_while_the_page_is_looking_is_looked_at_too(demo: State, owner: list[Any], browser: Browser):
    moved = (
        "document.dispatchEvent(new CustomEvent('live:runs', {detail: {runs: [], missed: true, ids: [], zaps: []}}))"
    )
    with tab(browser, demo.address, cookies=owner) as opened:
        page = opened.go("/demo")
        expect(page.locator("#demo-list")).to_contain_text("Done", timeout=30_000)
        with held(page, f"{demo.address}/demo") as answers:
            page.evaluate(moved)
            answers.must_be_asked()
            page.evaluate(moved)
            answers.come()
            page.evaluate("document.querySelector('#demo-list ul').dataset.old = ''")
            answers.come()
        expect(page.locator("#demo-list ul:not([data-old])")).to_be_visible()


def test_the_zap_that_is_taken_along_asks_for_both_accounts_in_a_fresh_installation(
    demo: State, owner: list[Any], browser: Browser, opens: Opens, own_house: House, tmp_path: Path
):
    file = tmp_path / "taken-along.yaml"
    with tab(browser, demo.address, cookies=owner) as opened:
        page = opened.go("/demo/onwards")
        opened.must_be_accessible()
        with page.expect_download() as downloading:
            page.get_by_role("link", name="Download the zap").click()
        downloading.value.save_as(file)
    text = file.read_text("utf-8")
    assert "invoice2go.create_client" in text
    of_the_demo = ("demo", "sandbox", "localhost", "127.0.0.1", "connection", *map(str, demo.ports.values()))
    assert [word for word in of_the_demo if word in text.lower()] == []

    with opens(own_house) as fresh:
        page = fresh.go("/zaps/import")
        page.locator("input[type=file]").set_input_files(file)
        page.locator("main form button.primary").click()
        page.wait_for_selector("#editor[data-ready]")
        expect(page.locator("input.zap-name")).to_have_value(ZAP)
        expect(page.locator("[data-switch]")).to_have_attribute("aria-checked", "false")
        page.locator(".editor-head summary", has_text="What is missing").click()
        missing = page.locator(".to-fix a")
        expect(missing).to_have_count(2)
        fields = [(one.get_attribute("data-step"), one.get_attribute("data-field")) for one in missing.all()]
        assert fields == [("trigger", "connection"), ("client", "connection")]
