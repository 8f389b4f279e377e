"""Every page there is, wide and on a phone, light and dark, in both languages: accessible, no wider than the window, no
error in the console. A page that nobody put in this list fails the test.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser.chromium import PHONE, WIDE, Tab
from tests.web.browser.conftest import Opens
from tests.web.browser.house import House, house
from tests.web.installation import PASSWORD, ZAP
from web.access import ACCESS

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).parent
SHOP = FOLDER.parent / "shop.py"
ORDERS = {"Ada": "done", "Nobody": "failed", "Mystery": "review"}  # what becomes of each
NAME = "Parcels & <Päckchen> der Niederlassung Süd, Kundenbestellungsannahme"
UNFINISHED = """
zapwerk: 1
name: Called
language: de
trigger: {use: webhook.catch}
steps:
  - {key: only, filter: {any: [{value: "{{ trigger.body.total }}", is: contains, to: "100"}]}}
  - {key: call, use: http.request, with: {method: POST, url: "https://x.example/"}}
"""

PAGES: dict[str, tuple[str, ...]] = {
    "/zaps": ("/zaps", "/zaps?q=nothing-is-called-so", "/zaps?state=off", "/zaps?app=shop"),
    "/zaps/import": ("/zaps/import",),
    "/zaps/{zap_id}": (
        "/zaps/{zap}",
        "/zaps/{zap}?step=trigger",
        "/zaps/{zap}?step=parcel",
        "/zaps/{draft}?step=trigger",
        "/zaps/{draft}?step=only",
        "/zaps/{draft}?step=call",
    ),
    "/zaps/{zap_id}/settings": ("/zaps/{zap}/settings", "/zaps/{draft}/settings"),
    "/zaps/{zap_id}/checks": ("/zaps/{zap}/checks",),
    "/zaps/{zap_id}/failed": ("/zaps/{zap}/failed",),
    "/zaps/{zap_id}/paused": ("/zaps/{zap}/paused",),
    "/zaps/{zap_id}/keeping": ("/zaps/{zap}/keeping",),
    "/zaps/{zap_id}/rehearsal": ("/zaps/{zap}/rehearsal",),
    "/zaps/{zap_id}/publish": ("/zaps/{zap}/publish", "/zaps/{draft}/publish"),
    "/zaps/{zap_id}/versions": ("/zaps/{zap}/versions", "/zaps/{draft}/versions"),
    "/zaps/{zap_id}/versions/compare": ("/zaps/{zap}/versions/compare?a=1",),
    "/pausing": ("/pausing",),
    "/history": (
        "/history",
        "/history?state=failed",
        "/history?state=needs_review",
        "/history?q=nobody-is-called-so",
    ),
    "/history/{run_id}": ("/history/{done}", "/history/{failed}", "/history/{review}"),
    "/where": ("/where", "/where?q=Ada", "/where?q=nobody-is-called-so"),
    "/connections": ("/connections",),
    "/connections/new": (
        "/connections/new",
        "/connections/new?app=shop",
        "/connections/new?app=imap",
        "/connections/new?app=invoice2go",
        "/connections/new?app=http",
    ),
    "/connections/{connection_id}": ("/connections/{connection}",),
    "/connections/{connection_id}/reconnect": ("/connections/{connection}/reconnect",),
    "/connections/{connection_id}/disconnect": ("/connections/{connection}/disconnect",),
    "/apps": ("/apps",),
    "/apps/{key}": ("/apps/shop", "/apps/invoice2go", "/apps/gmail", "/apps/imap"),
    "/notices": ("/notices",),
    "/settings": ("/settings",),
    "/settings/security": ("/settings/security",),
    "/settings/security/second-factor": ("/settings/security/second-factor",),
    "/settings/tokens": ("/settings/tokens",),
    "/settings/about": ("/settings/about",),
    "/settings/notices": ("/settings/notices",),
    "/settings/notices/first": ("/settings/notices/first",),
    "/settings/people": ("/settings/people",),
    "/settings/people/invite": ("/settings/people/invite",),
    "/settings/audit": ("/settings/audit",),
    "/settings/storage": ("/settings/storage",),
    "/settings/backups": ("/settings/backups",),
    "/restored": ("/restored",),
    "/place": ("/place",),
    "/settings/erase": ("/settings/erase",),
}
"""The routes of pages, and where to look at each, in each of its states that addresses lead to."""

MISSING = ("/zaps/000000000000000000", "/history/000000000000000000", "/connections/nothing", "/nothing")
SIGNED_OUT = ("/sign-in", "/welcome", "/welcome/nothing", "/join/nothing", "/password/nothing", "/enter/nothing")

ELSEWHERE = {
    "/sign-in": "test_coming.py",
    "/welcome": "test_coming.py",
    "/welcome/{token}": "test_coming.py",
    "/join/{token}": "test_coming.py",
    "/password/{token}": "test_coming.py",
    "/enter/{token}": "test_demo_pages.py",
    "/demo": "test_demo_pages.py",
    "/demo/onwards": "test_demo_pages.py",
    "/connections/{connection_id}/connected": "test_connecting.py",
    "/oauth/return": "test_whole_path.py",
    "/api/docs": "test_api_page.py",
}
"""Pages that come only after something was done, and the test that does it and looks at them."""

NO_PAGES = {
    "/",
    "/demo/onwards/zap",
    "/healthz",
    "/readyz",
    "/metrics",
    "/live",
    "/session",
    "/favicon.ico",
    "/static/{digest}/{path:path}",
    "/apps/{key}/icon.svg",
    "/settings/backups/standing",
    "/settings/backups/files/{name}",
    "/history/news",
    "/history/zaps",
    "/history/{run_id}/files/{ref}",
    "/history/{run_id}/page",
    "/connections/checks/{check}",
    "/zaps/news",
    "/zaps/ask",
    "/zaps/new",
    "/zaps/{zap_id}/export",
    "/zaps/{zap_id}/panel",
    "/zaps/{zap_id}/revision",
    "/zaps/{zap_id}/choices",
    "/zaps/{zap_id}/try",
    "/zaps/{zap_id}/try/records",
    "/zaps/{zap_id}/try/waited",
    "/zaps/{zap_id}/proposals",
    "/zaps/{zap_id}/publish/records",
    "/zaps/{zap_id}/rehearsal/{rehearsal_id}/rows",
    "/zaps/{zap_id}/rehearsal/{rehearsal_id}/rows/{number}",
}
"""What is downloaded, redirects, or is put into a page that is in the other lists."""


def test_every_page_is_in_a_list():
    routes = {route.removeprefix("GET ") for route in ACCESS if route.startswith("GET ") and "/api/" not in route}
    routes |= {"/api/docs"}
    assert routes - set(PAGES) - set(ELSEWHERE) - NO_PAGES == set()
    assert (set(PAGES) | set(ELSEWHERE) | NO_PAGES) - routes == set(), "these are gone"
    for name in set(ELSEWHERE.values()):
        assert "must_be_accessible()" in (FOLDER / name).read_text(), name


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, browser: object) -> Iterator[House]:
    """A zap with a run of each outcome, one that is not finished, and a connection."""
    folder = tmp_path_factory.mktemp("every")
    (folder / "data" / "connectors").mkdir(parents=True)
    (folder / "data").chmod(0o700)
    shutil.copy(SHOP, folder / "data" / "connectors" / "shop.py")
    orders = folder / "corner" / "orders"
    orders.mkdir(parents=True)
    with house(folder) as served:
        made = served.installation
        made.connect("shop", "shop", {"folder": str(orders.parent), "password": PASSWORD})
        made.switch_on(ZAP.format(name=NAME))
        (folder / "called.yaml").write_text(UNFINISHED)
        made.run("zaps", "import", str(folder / "called.yaml"))
        for number, who in enumerate(ORDERS, 1):
            part = orders / f"{number:04}.part"
            part.write_text(who)
            part.rename(part.with_suffix(".txt"))
        yield served


@pytest.fixture
def known(shop: House, opens: Opens) -> dict[str, str]:
    """The ids that the addresses need, once all orders were worked on."""
    with opens(shop) as tab:
        page = tab.go("/history")
        ended = page.locator(".run-row .status.good, .run-row .status.bad, .run-row .status.warn")
        expect(ended).to_have_count(len(ORDERS), timeout=30_000)
        found = {state: id_of(page, ".run-row", who, "data-run") for who, state in ORDERS.items()}
        tab.go("/zaps")
        found["zap"] = id_of(page, ".zap-row", "Parcels", "data-zap")
        found["draft"] = id_of(page, ".zap-row", "Called", "data-zap")
        tab.go("/connections")
        link = page.locator("main a[href^='/connections/']:not([href*='new'])").first.get_attribute("href")
        found["connection"] = (link or "").rpartition("/")[2]
    assert all(found.values())
    return found


def id_of(page: Page, rows: str, text: str, attribute: str) -> str:
    return page.locator(rows, has_text=text).first.get_attribute(attribute) or ""


PARTS = 6  # so that no test takes long
HOW = [
    pytest.param({"language": "en", "scheme": "light", "width": WIDE}, id="wide, light, English"),
    pytest.param({"language": "de", "scheme": "dark", "width": PHONE}, id="phone, dark, German"),
]


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("how", HOW)
def test_every_page_is_accessible_and_fits(
    shop: House, known: dict[str, str], opens: Opens, how: dict[str, Any], part: int
):
    with opens(shop, **how) as tab:
        paths = [path.format(**known) for several in PAGES.values() for path in several]
        assert faults_of(tab, paths[part::PARTS]) == {}


@pytest.mark.parametrize("how", HOW)
def test_what_a_look_at_the_app_finds_is_accessible_and_fits(
    shop: House, known: dict[str, str], opens: Opens, how: dict[str, Any]
):
    with opens(shop, **how) as tab:
        tab.go("/where?q=Ada").locator("form[method=post][action='/where'] button").click()
        tab.page.wait_for_selector("#there-title")
        tab.must_be_accessible()
        tab.must_fit()


@pytest.mark.parametrize("how", HOW)
def test_pages_that_are_not_there_are_accessible_and_fit(shop: House, opens: Opens, how: dict[str, Any]):
    with opens(shop, allowed=("404", "status of 4"), **how) as tab:
        assert faults_of(tab, MISSING) == {}
    with opens(shop, None, allowed=("404", "status of 4"), **how) as tab:
        assert faults_of(tab, SIGNED_OUT) == {}


def faults_of(tab: Tab, paths: Any) -> dict[str, str]:
    """What is wrong, by address."""
    found: dict[str, str] = {}
    for path in paths:
        page = tab.go(path)
        page.wait_for_selector("h1")
        for look in (tab.must_be_accessible, tab.must_fit, tab.must_be_faultless):
            try:
                look()
            except AssertionError as error:
                found[path] = f"{found.get(path, '')}{error}\n"
        tab.faults.clear()
    return found
