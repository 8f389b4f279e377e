"""The demo in a browser: its link signs in, cause and effect stand side by side, and the zap can be taken along."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.processes import child
from tests.waiting import wait_until
from tests.web.browser.chromium import PHONE, tab
from web import demo_folder
from web.demo_folder import State

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


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


def test_the_link_signs_in_once_and_the_page_shows_what_became_of_the_first_mail(demo: State, browser: Browser):
    with tab(browser, demo.address, allowed=("410",)) as opened:
        page = opened.page
        page.goto(demo.sign_in)
        if page.url == demo.sign_in:
            page.get_by_role("button").first.click()
        page.wait_for_url("**/demo")
        expect(page.locator("#demo-list")).to_contain_text("Done", timeout=30_000)
        opened.must_be_accessible()
        page.set_viewport_size({"width": PHONE, "height": 844})
        opened.must_fit()
        leads_to = [link.get_attribute("href") for link in page.locator(".demo-path a").all()]
        assert demo.mailbox_page in leads_to
        assert demo.page in leads_to
        opened.go("/demo/onwards")
        opened.must_be_accessible()
        with page.expect_download() as downloading:
            page.locator('a[href$="/export"]').click()
        assert "invoice2go.create_client" in downloading.value.path().read_text("utf-8")
        page.context.clear_cookies()
        page.goto(demo.sign_in)
        expect(page.locator("h1")).to_be_visible()
        assert "/demo" not in page.url, "the link is good once"
