"""The history in a real browser: what appears without loading, what stays open, deciding, replaying, reading data."""

import re
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser.answers import held
from tests.web.browser.chromium import PHONE
from tests.web.browser.conftest import Opens
from tests.web.browser.house import House, house
from tests.web.installation import PASSWORD, ZAP

pytestmark = pytest.mark.browser

SHOP = Path(__file__).parent.parent / "shop.py"


class Shop:
    """A served installation with a zap that sends a parcel for every order."""

    def __init__(self, folder: Path, served: House) -> None:
        self.folder, self.house, self._numbers = folder, served, count(1)

    def order(self, *people: str) -> None:
        for who in people:
            path = self.folder / "orders" / f"{next(self._numbers):04}.txt"
            part = path.with_suffix(".part")
            part.write_text(who)
            part.rename(path)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("history")
    (folder / "data" / "connectors").mkdir(parents=True)
    (folder / "data").chmod(0o700)
    shutil.copy(SHOP, folder / "data" / "connectors" / "shop.py")
    (folder / "corner" / "orders").mkdir(parents=True)
    with house(folder) as served:
        values = {"folder": str(folder / "corner"), "password": PASSWORD}
        served.installation.connect("shop", "shop", values)
        served.installation.switch_on(ZAP.format(name="Parcels"))
        yield Shop(folder / "corner", served)


def open_run(page: Page, name: str, state: str) -> None:
    """Goes to the newest run of that name, once it is in that state."""
    found = page.locator(".run-row", has_text=name).filter(has_text=state).first
    expect(found).to_be_visible(timeout=20_000)
    found.locator("a.whole").click()
    page.wait_for_url(re.compile(r"/history/[0-9a-z]{18}$"))


def test_a_run_appears_and_ends_without_loading_the_page(shop: Shop, opens: Opens):
    with opens(shop.house) as tab:
        page = tab.go("/history")
        page.evaluate("window.stayed = true")
        shop.order("Ada")
        expect(page.locator(".run-row", has_text="Ada").filter(has_text="Done")).to_be_visible(timeout=20_000)
        assert page.evaluate("window.stayed") is True
        tab.must_be_accessible()
        tab.must_fit()


def test_while_somebody_chooses_new_runs_wait_behind_a_button(shop: Shop, opens: Opens):
    with opens(shop.house) as tab:
        page = tab.go("/history")
        shop.order("Berta")
        expect(page.locator(".run-row", has_text="Berta")).to_be_visible(timeout=20_000)
        page.locator("[data-pick]").first.check()
        expect(page.locator("[data-bulk]")).to_be_visible()
        shop.order("Carla")
        expect(page.locator("[data-new-runs]")).to_have_text("1 new run", timeout=20_000)
        expect(page.locator(".run-row", has_text="Carla")).to_have_count(0)
        page.locator("[data-new-runs]").click()
        expect(page.locator(".run-row", has_text="Carla")).to_be_visible()
        assert page.locator("[data-pick]:checked").count() == 1


def test_a_person_decides_and_the_page_follows_the_run(shop: Shop, opens: Opens):
    with opens(shop.house) as tab:
        page = tab.go("/history")
        shop.order("Mystery")
        open_run(page, "Mystery", "Please check")
        expect(page.get_by_role("heading", name="Did it go through?")).to_be_visible()
        tab.must_be_accessible()
        page.locator(".candidate input").first.check()
        page.get_by_role("button", name="It went through").click()
        expect(page.locator(".run-line .status")).to_have_text("Done", timeout=20_000)
        expect(page.locator("#step-parcel")).to_contain_text("Done")


def test_a_failed_run_is_replayed_and_leads_to_the_new_one(shop: Shop, opens: Opens):
    with opens(shop.house) as tab:
        page = tab.go("/history")
        shop.order("Nobody")
        open_run(page, "Nobody", "Failed")
        first = page.url
        expect(page.locator(".callout.bad")).to_contain_text("Nobody lives there.")
        page.get_by_role("button", name="Replay").click()
        expect(page.get_by_role("dialog")).to_contain_text("1 × Send parcel (Shop)")
        tab.must_be_accessible()
        page.get_by_role("dialog").get_by_role("button", name="Replay").click()
        page.wait_for_url(lambda url: url != first)
        expect(page.locator(".run-facts")).to_contain_text("Replay of")
        expect(page.locator(".run-line .status")).to_have_text("Failed", timeout=20_000)


def test_what_was_opened_stays_open_while_the_page_is_brought_up_to_date(shop: Shop, opens: Opens):
    with opens(shop.house) as tab:
        page = tab.go("/history")
        shop.order("Mystery")
        open_run(page, "Mystery", "Please check")
        page.locator("#card-trigger > summary").click()
        expect(page.locator("#record-trigger")).to_be_visible()
        with opens(shop.house) as other:
            other.go(page.url.removeprefix(shop.house.url))
            other.page.get_by_role("button", name="It went through").click()
            expect(other.page.locator(".run-line .status")).to_have_text("Done", timeout=20_000)
        expect(page.locator(".run-line .status")).to_have_text("Done", timeout=20_000)
        expect(page.locator("#record-trigger")).to_be_visible()


def test_what_moved_while_a_person_was_deciding_is_shown_when_they_turn_away(shop: Shop, opens: Opens):
    with opens(shop.house) as tab:
        page = tab.go("/history")
        shop.order("Mystery")
        open_run(page, "Mystery", "Please check")
        page.locator(".candidate input").first.focus()
        with held(page, page.url) as looks, opens(shop.house) as other:
            other.go(page.url.removeprefix(shop.house.url))
            other.page.get_by_role("button", name="It went through").click()
            expect(other.page.locator(".run-line .status")).to_have_text("Done", timeout=20_000)
            while looks.come():
                pass
        expect(page.locator(".run-line .status")).to_have_text("Please check")
        page.evaluate("document.activeElement.blur()")
        expect(page.locator(".run-line .status")).to_have_text("Done")


def test_data_is_read_copied_and_seen_raw(shop: Shop, opens: Opens):
    with opens(shop.house) as tab:
        page = tab.go("/history")
        shop.order("<img src=x onerror=alert(1)>")
        open_run(page, "onerror", "Done")
        page.locator("#card-trigger > summary").click()
        tree = page.locator("#record-trigger")
        who = tree.locator('[data-path="trigger.who"]')
        who.hover()
        who.locator("[data-copy-value]").click()
        assert page.evaluate("navigator.clipboard.readText()") == "<img src=x onerror=alert(1)>"
        who.locator("[data-copy-path]").click()
        assert page.evaluate("navigator.clipboard.readText()") == "{{ trigger.who }}"
        tree.locator("[data-tree-raw]").click()
        expect(tree.locator("[data-tree-json]")).to_be_visible()
        assert '"who"' in tree.locator("[data-tree-json]").inner_text()


def test_a_text_is_shown_as_the_page_it_is_and_loads_nothing(shop: Shop, opens: Opens):
    with opens(shop.house) as tab:
        page = tab.go("/history")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        shop.order(
            "<p>Guten <b>Tag</b></p><img src='https://spy.example/1.gif'><p><a href='https://spy.example/'>x</a>"
        )
        open_run(page, "Guten", "Done")
        page.locator("#card-trigger > summary").click()
        page.locator("#record-trigger [data-tree-page]").click()
        expect(page.frame_locator(".tree-page").locator("b")).to_have_text("Tag")
        expect(page.frame_locator(".tree-page").locator(".note")).to_contain_text("One picture is not shown")
        assert not [one for one in asked if "spy.example" in one]


def test_many_are_chosen_with_shift_and_dropped_only_after_asking(shop: Shop, opens: Opens):
    with opens(shop.house) as tab:
        page = tab.go("/history?state=failed")
        before = page.locator(".run-row").count()
        shop.order("Nobody", "Nobody")
        expect(page.locator(".run-row")).to_have_count(before + 2)
        page.locator("[data-pick]").first.click()
        page.locator("[data-pick]").nth(1).click(modifiers=["Shift"])
        expect(page.locator("[data-bulk-count]")).to_have_text("2 chosen")
        expect(page.locator('[data-do="drop"]')).to_be_disabled()
        page.locator('[data-do="replay"]').click()
        expect(page.get_by_role("dialog")).to_contain_text("Replay 2 runs?")
        tab.must_be_accessible()
        page.get_by_role("dialog").get_by_role("button", name="Replay").click()
        expect(page.locator(".toast")).to_contain_text("2 runs replayed.")


def test_a_zap_is_found_by_its_name_and_filtered_by(shop: Shop, opens: Opens):
    with opens(shop.house) as tab:
        page = tab.go("/history")
        page.get_by_text("All zaps").first.click()
        page.get_by_role("searchbox", name="Find a zap").fill("parc")
        page.locator(".chooser-found a", has_text="Parcels").click()
        page.wait_for_url("**/history?zap=*")
        expect(page.locator(".filters summary").first).to_contain_text("Parcels")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_works_on_a_phone_in_german(shop: Shop, opens: Opens, scheme: str):
    with opens(shop.house, language="de", scheme=scheme, width=PHONE) as tab:
        shop.order("Nobody")
        page = tab.go("/history?state=failed")
        expect(page.locator("h1")).to_have_text("Verlauf")
        expect(page.locator(".run-row").first).to_be_visible(timeout=20_000)
        tab.must_be_accessible()
        tab.must_fit()
        page.locator(".run-row a.whole").first.click()
        expect(page.locator(".run-line")).to_contain_text("Fehlgeschlagen")
        tab.must_be_accessible()
        tab.must_fit()
