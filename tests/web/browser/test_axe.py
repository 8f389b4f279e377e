"""What the tests of the pages rely on: axe finds what is wrong, and a page that hangs fails the test by name."""

import re
from collections.abc import Iterator

import pytest

from tests.web.browser.chromium import Tab
from tests.web.browser.conftest import Opens
from tests.web.browser.house import House

pytestmark = pytest.mark.browser


@pytest.fixture
def tab(served: House, opens: Opens) -> Iterator[Tab]:
    with opens(served) as made:
        yield made


def test_what_is_wrong_is_found_and_a_page_is_looked_at_anew_each_time(tab: Tab):
    tab.go("/settings")
    tab.must_be_accessible()
    tab.page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    with pytest.raises(AssertionError, match="button-name"):
        tab.must_be_accessible()


@pytest.mark.parametrize(
    "hangs",
    ["window.axe = {run: () => new Promise(() => {})}", "setTimeout(() => { for (;;); })"],
    ids=["axe gives no answer", "the page is busy for ever"],
)
def test_a_page_that_hangs_fails_by_its_name(tab: Tab, hangs: str):
    tab.go("/settings")
    tab.page.evaluate(hangs)
    with pytest.raises(AssertionError, match=re.escape(f"within 1 s on {tab.url}/settings")):
        tab.must_be_accessible(within=1)


def test_what_axe_itself_fails_with_is_said(tab: Tab):
    tab.go("/settings")
    tab.page.evaluate("window.axe = {run: () => Promise.reject(new Error('no luck'))}")
    with pytest.raises(AssertionError, match="no luck"):
        tab.must_be_accessible()
