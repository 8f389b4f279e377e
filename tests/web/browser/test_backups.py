"""The pages about backups in a browser: made while one looks on, decided after a restore, and a copied data folder."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.browser.attic import ZAPS, copied, restored
from tests.web.browser.chromium import PHONE, WIDE, Tab
from tests.web.browser.conftest import Opens
from tests.web.browser.house import House

pytestmark = pytest.mark.browser

HOW = [
    pytest.param({"language": "en", "scheme": "light", "width": WIDE}, id="wide, light, English"),
    pytest.param({"language": "de", "scheme": "dark", "width": PHONE}, id="phone, dark, German"),
]
PATIENCE = 30_000  # ms


@pytest.fixture(scope="module")
def attic(tmp_path_factory: pytest.TempPathFactory, browser: object) -> Iterator[House]:
    with restored(tmp_path_factory.mktemp("attic")) as served:
        yield served


def must_be_fine(tab: Tab, *paths: str) -> None:
    for path in paths:
        tab.go(path)
        tab.must_be_accessible()
        tab.must_fit()


@pytest.mark.parametrize("how", HOW)
def test_what_waits_is_said_on_every_page_which_stays_accessible(attic: House, opens: Opens, how: dict[str, Any]):
    with opens(attic, **how) as tab:
        must_be_fine(tab, "/zaps", "/restored", "/settings/backups")


def test_a_backup_is_made_while_one_looks_on_and_a_code_is_shown_once(attic: House, opens: Opens):
    with opens(attic) as tab:
        page = tab.go("/settings/backups")
        expect(page.get_by_text("There is no backup yet.")).to_be_visible()
        page.get_by_role("button", name="Make a backup now").click()
        expect(page.get_by_text("The backup is made and was read again.")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_text("Opened and read as a whole, before it counted")).to_be_visible()
        tab.must_be_accessible()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        assert re.fullmatch(r"zapwerk-\d{8}T\d{6}Z\.zip", download.value.suggested_filename)
        page.get_by_role("button", name="Make a new code").click()
        page.get_by_role("dialog").get_by_role("button", name="Make a new code").click()
        shown = page.get_by_label("Your recovery code").input_value()
        assert len(shown.replace("-", "")) == 24
        tab.must_be_accessible()
        page.get_by_role("link", name="I have kept it").click()
        expect(page.get_by_role("heading", name="Recovery code")).to_be_visible()
        assert shown not in page.content()


def test_zaps_go_on_as_decided_one_by_one_and_all_at_once(attic: House, opens: Opens):
    with opens(attic) as tab:
        page = tab.go("/restored")
        one = page.get_by_role("radiogroup", name=ZAPS[1])
        one.get_by_label("Skip to now").check()
        one.get_by_role("button", name="Only this one").click()
        expect(page.get_by_text("1 zap goes on.")).to_be_visible()
        page.get_by_role("button", name="Let the zap go on").click()
        expect(page.get_by_text("Everything is decided.")).to_be_visible()
        look = page.get_by_role("link", name="1 to look at")
        expect(reloading(look, page)).to_be_visible(timeout=PATIENCE)
        tab.must_be_accessible()
        look.click()
        expect(page.get_by_role("link", name="Grace")).to_be_visible()


def reloading(found: Any, page: Any) -> Any:
    """What comes a moment later, when the first check is over."""
    for _ in range(20):
        if found.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    return found


def test_a_copy_waits_until_an_owner_says_that_it_is_the_one(tmp_path_factory: pytest.TempPathFactory, opens: Opens):
    with copied(tmp_path_factory.mktemp("copied")) as house, opens(house) as tab:
        page = tab.go("/zaps")
        page.get_by_text("This data folder was copied or moved").get_by_role("link", name="Open").click()
        expect(page.get_by_role("heading", name="Is this the one?")).to_be_visible()
        tab.must_be_accessible()
        page.get_by_role("button", name="This is the one").click()
        page.get_by_role("dialog").get_by_role("button", name="Yes, this is the one").click()
        expect(page.get_by_text("This is the one. Everything begins")).to_be_visible()
