"""The page about the API: searched, opened by a link, readable by everybody."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.browser.chromium import PHONE, WIDE
from tests.web.browser.conftest import Opens
from tests.web.browser.house import House

pytestmark = pytest.mark.browser


def test_operations_are_found_by_words(served: House, opens: Opens):
    with opens(served) as tab:
        page = tab.go("/api/docs")
        page.get_by_label("Search the operations").fill("rehearsal begin")
        expect(page.locator("details[data-operation]:visible")).to_have_count(1)
        expect(page.get_by_role("status").filter(has_text="operations")).to_have_text(
            re.compile(r"^1 of \d+ operations$")
        )
        page.get_by_label("Search the operations").fill("no such words")
        expect(page.get_by_text("No operation has these words.")).to_be_visible()


def test_a_link_leads_to_an_operation_and_on_to_what_it_gives(served: House, opens: Opens):
    with opens(served) as tab:
        page = tab.go("/api/docs#runs.every")
        opened = page.locator("details[open]")
        expect(opened).to_have_count(1)
        expect(opened).to_contain_text("/api/v1/runs")
        expect(opened).to_contain_text("Authorization: Bearer $ZAPWERK_TOKEN")
        opened.get_by_role("link", name="list of RunLine").click()
        expect(page.locator("details#schema-RunLine")).to_have_attribute("open", "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("language", "width"), [("en", WIDE), ("de", PHONE)])
def test_everybody_can_read_it(served: House, opens: Opens, language: str, width: int, scheme: Any):
    with opens(served, language=language, width=width, scheme=scheme) as tab:
        page = tab.go("/api/docs")
        page.locator("details[data-operation]").first.locator("summary").click()
        expect(page.locator("details[open]")).to_have_count(1)
        tab.must_be_accessible()
        tab.must_fit()
