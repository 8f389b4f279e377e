"""Nothing that was drawn moves while a page loads, also where scripts and styles come late over a slow line."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser.chromium import PHONE, WIDE
from tests.web.browser.conftest import Opens
from tests.web.browser.house import House, house
from tests.web.installation import PASSWORD, ZAP

pytestmark = pytest.mark.browser

SHOP = Path(__file__).parent.parent / "shop.py"
ORDERS = ("Ada", "Nobody", "Berta")  # Nobody's fails
MOST = 0.01  # of the score that Chromium counts; 0.1 is called good
SLOW_LINE = {"offline": False, "latency": 120, "downloadThroughput": 400_000, "uploadThroughput": 100_000}
COUNT = """
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) {
      if (one.hadRecentInput) continue;
      const nodes = one.sources.map((source) => source.node).filter(Boolean);
      window.shifts.push([one.value, nodes.map((node) => node.id || node.className || node.nodeName).join(' ')]);
    }
  }).observe({type: 'layout-shift', buffered: true});
"""
SETTLED = """
  () => new Promise((done) => {
    let frames = 40;
    const next = () => (frames-- ? requestAnimationFrame(next) : done());
    document.fonts.ready.then(next);
  })
"""
PAGES = {
    "zaps": "/zaps",
    "editor": "/zaps/{zap}",
    "a step in the editor": "/zaps/{zap}?step=parcel",
    "history": "/history",
    "history, searched": "/history?q=nobody&state=failed",
    "a run": "/history/{run}",
    "connections": "/connections",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, browser: object) -> Iterator[House]:
    """A zap that ran for three orders."""
    folder = tmp_path_factory.mktemp("shifts")
    (folder / "data" / "connectors").mkdir(parents=True)
    (folder / "data").chmod(0o700)
    shutil.copy(SHOP, folder / "data" / "connectors" / "shop.py")
    orders = folder / "corner" / "orders"
    orders.mkdir(parents=True)
    with house(folder) as served:
        served.installation.connect("shop", "shop", {"folder": str(orders.parent), "password": PASSWORD})
        served.installation.switch_on(ZAP.format(name="Parcels"))
        for number, who in enumerate(ORDERS, 1):
            part = orders / f"{number:04}.part"
            part.write_text(who)
            part.rename(part.with_suffix(".txt"))
        yield served


def ids(page: Page, url: str) -> dict[str, str]:
    """The zap and its newest run, once all orders were worked on."""
    page.goto(f"{url}/history")
    expect(page.locator(".run-row .status.good, .run-row .status.bad")).to_have_count(len(ORDERS), timeout=30_000)
    run = page.locator(".run-row").first.get_attribute("data-run")
    page.goto(f"{url}/zaps")
    zap = page.locator(".zap-row").first.get_attribute("data-zap")
    return {"run": run or "", "zap": zap or ""}


@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_nothing_moves_while_pages_load_over_a_slow_line(shop: House, opens: Opens, width: int):
    moved = {}
    with opens(shop, width=width) as tab:
        page = tab.page
        known = ids(page, shop.url)
        page.add_init_script(COUNT)
        line = page.context.new_cdp_session(page)
        line.send("Network.enable")
        line.send("Network.emulateNetworkConditions", SLOW_LINE)
        line.send("Network.setCacheDisabled", {"cacheDisabled": True})
        for name, path in PAGES.items():
            page.goto(shop.url + path.format(**known))
            page.evaluate(SETTLED)
            moved[name] = page.evaluate("window.shifts")
        page.evaluate("document.body.style.marginTop = '200px'")  # to see that it counts
        page.evaluate(SETTLED)
        assert page.evaluate("window.shifts.length") > len(moved["connections"])
    too_much = {name: found for name, found in moved.items() if sum(value for value, _ in found) >= MOST}
    assert too_much == {}
