"""Fields whose choices only the service knows, in a real browser: several of them, and those that depend on others."""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.web.browser.answers import held
from tests.web.browser.chromium import PHONE, Tab
from tests.web.browser.conftest import Opens
from tests.web.browser.house import House, house
from tests.web.browser.office import choose, new_zap, open_step, saved

pytestmark = pytest.mark.browser

CONNECTOR = '''
from typing import Annotated
from pydantic import BaseModel, Field
from zapwerk import Choice, Choices, Connector, Context, Record

depot = Connector("depot", title="Depot")
SHELVES = {"north": ["upper", "middle", "lower"], "south": ["lower", "cellar"]}


async def halls(ctx: Context, given: BaseModel, search: str) -> list[Choice]:
    return [Choice(name, name.capitalize()) for name in SHELVES if search.lower() in name]


async def shelves(ctx: Context, given: "Parcel", search: str) -> list[Choice]:
    names = SHELVES.get(getattr(given, "hall", ""), [])
    return [Choice(name, f"Shelf {name}") for name in names if search.lower() in f"shelf {name}"]


class Parcel(BaseModel):
    hall: Annotated[str, Choices(halls)] = Field(title="Hall")
    shelf: Annotated[str, Choices(shelves, depends=("hall",))] = Field(title="Best place")
    also: Annotated[list[str], Choices(shelves, depends=("hall",))] = Field([], title="Other places")


class Put(Record):
    hall: str = Field(title="Hall")


@depot.action()
async def put(ctx: Context, given: Parcel) -> Put:
    """Put a parcel somewhere."""
    return Put(id="1", hall=given.hall)
'''


@pytest.fixture(scope="module")
def depot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with the depot among its connectors."""
    folder = tmp_path_factory.mktemp("depot")
    (folder / "data" / "connectors").mkdir(parents=True, mode=0o700)
    (folder / "data").chmod(0o700)
    (folder / "data" / "connectors" / "depot.py").write_text(CONNECTOR)
    with house(folder) as made:
        yield made


@pytest.fixture(params=["en"])
def tab(depot: House, opens: Opens, request: pytest.FixtureRequest) -> Iterator[Tab]:
    with opens(depot, language=request.param, allowed=("ERR_FAILED",)) as made:
        page = made.page
        new_zap(page, made.url)
        choose(page, "webhook")
        open_step(page, "step1")
        choose(page, "depot")
        page.wait_for_selector('[data-panel="put"]')
        yield made


def stored(data: Path) -> dict[str, Any]:
    """What is filled in at the newest zap's step."""
    with sqlite3.connect(data / "zapwerk.db") as database:
        (draft,) = database.execute("SELECT draft FROM zap ORDER BY created_at DESC LIMIT 1").fetchone()
    found: dict[str, Any] = json.loads(draft)["steps"][0]["with"]
    return found


def box(page: Page, label: str) -> Locator:
    return page.get_by_role("combobox", name=label, exact=False)


def pick(page: Page, label: str, option: str) -> None:
    """Chooses without a mouse."""
    box(page, label).blur()
    box(page, label).focus()
    options = page.locator("choices-field", has=box(page, label)).locator(".choices-list > [data-value]")
    expect(options.filter(has_text=option)).to_be_visible()
    for _ in range(1 + options.all_text_contents().index(option)):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def chips(page: Page) -> Locator:
    return page.locator(".chips > .chip")


def test_several_are_picked_and_taken_away_by_keyboard_and_there_after_a_reload(tab: Tab, depot: House):
    page, data = tab.page, depot.installation.data
    pick(page, "Hall", "North")
    pick(page, "Other places", "Shelf upper")
    pick(page, "Other places", "Shelf lower")
    expect(chips(page)).to_have_text(["Shelf upper", "Shelf lower"])
    expect(page.locator("choices-field [role=status]", has_text="“Shelf lower” was added.")).to_be_attached()
    page.keyboard.type("{{ trigger.body }}")
    page.keyboard.press("Tab")
    expect(chips(page)).to_have_count(3)
    saved(page)
    upper, lower = ({"value": name, "label": f"Shelf {name}"} for name in ("upper", "lower"))
    assert stored(data)["also"] == [upper, lower, "{{ trigger.body }}"]

    page.reload()
    expect(chips(page)).to_have_text(["Shelf upper", "Shelf lower", "{{ trigger.body }}"])
    tab.must_be_accessible()
    page.get_by_role("button", name="Remove: Shelf upper").press("Enter")
    expect(chips(page).first.get_by_role("button")).to_be_focused()
    box(page, "Other places").focus()
    page.keyboard.press("Backspace")
    expect(chips(page)).to_have_text(["Shelf lower"])
    saved(page)
    assert stored(data)["also"] == [lower]
    chips(page).get_by_role("button").click()
    saved(page)
    assert "also" not in stored(data)


def test_what_was_picked_survives_a_save_that_fails(tab: Tab, depot: House):
    page = tab.page

    def fails(route: Route) -> None:
        route.abort()

    pick(page, "Hall", "North")
    pick(page, "Other places", "Shelf upper")
    saved(page)
    page.route("**/draft/value", fails)
    pick(page, "Other places", "Shelf middle")
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "unsaved")
    expect(chips(page)).to_have_text(["Shelf upper", "Shelf middle"])
    page.unroute("**/draft/value", fails)
    saved(page)
    assert [one["value"] for one in stored(depot.installation.data)["also"]] == ["upper", "middle"]


def test_a_choice_is_marked_when_what_it_depends_on_changes_and_it_is_not_there_any_more(tab: Tab):
    page = tab.page
    pick(page, "Hall", "North")
    pick(page, "Best place", "Shelf lower")
    pick(page, "Other places", "Shelf lower")
    pick(page, "Other places", "Shelf upper")
    saved(page)
    gone = page.locator(".choices-gone")
    expect(gone).to_have_count(0)

    pick(page, "Hall", "South")
    expect(gone).to_have_text(["“Shelf upper” is not one of the choices any more."])
    expect(page.locator(".chip.gone")).to_have_text(["Shelf upper"])
    expect(box(page, "Best place")).to_have_value("Shelf lower")
    tab.must_be_accessible()

    pick(page, "Hall", "North")
    expect(gone).to_have_count(0)
    pick(page, "Best place", "Shelf upper")
    pick(page, "Hall", "South")
    expect(gone).to_have_count(2)
    expect(box(page, "Best place")).to_have_attribute("aria-invalid", "true")
    saved(page)
    page.reload()
    expect(gone).to_have_count(2)
    page.set_viewport_size({"width": PHONE, "height": 844})
    tab.must_fit()
    tab.must_be_accessible()

    pick(page, "Best place", "Shelf cellar")
    page.get_by_role("button", name="Remove: Shelf upper").press("Enter")
    expect(gone).to_have_count(0)
    saved(page)


def test_what_was_taken_away_meanwhile_is_not_marked_when_the_service_answers_at_last(tab: Tab):
    page = tab.page
    pick(page, "Hall", "North")
    pick(page, "Best place", "Shelf upper")
    saved(page)
    with held(page, re.compile(r"/choices\?.*q=Shelf%20upper$")) as answers:
        pick(page, "Hall", "South")
        answers.must_be_asked()
        pick(page, "Best place", "Shelf cellar")
        while answers.come():
            pass
    expect(page.locator(".choices-gone")).to_have_count(0)
    saved(page)


@pytest.mark.parametrize("tab", ["de"], indirect=True)
def test_it_is_said_in_german(tab: Tab):
    page = tab.page
    pick(page, "Hall", "North")
    pick(page, "Best place", "Shelf upper")
    pick(page, "Hall", "South")
    expect(page.locator(".choices-gone")).to_have_text(["„Shelf upper“ steht nicht mehr zur Auswahl."])
