"""A real browser for tests: Chromium of the system, driven by Playwright, that minds what a page does wrong."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as TookTooLong

PATH = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, PHONE = 1440, 390
HEIGHTS = {WIDE: 900, PHONE: 844}
WATCH_POLICY = """
document.addEventListener('securitypolicyviolation', (event) => {
  console.error('policy: ' + event.violatedDirective + ' refused ' + event.blockedURI);
});
"""
PATIENCE = 30_000  # milliseconds for what a page does at once: other tests may keep the machine busy
AXE_WITHIN = 80.0  # seconds; on an idle machine a page takes one, the longest one six
LOOK = """(number) => {
  if (window.axeLook?.number !== number) {
    if (!window.axe) { %s }
    const look = window.axeLook = {number};
    const looking = axe.run({resultTypes: ["violations"]});
    looking.then((found) => (look.end = {found}), (error) => (look.end = {error: `${error}`}));
  }
  return window.axeLook.end;
}""".replace("%s", AXE_SCRIPT)
"""Begins when it is first asked, and gives what axe found when it is done."""
LOOKS = count(1)

expect.set_options(timeout=PATIENCE)


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser; each test gets a context of its own in it."""
    arguments = [*ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else ARGUMENTS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PATH, args=arguments)
        yield browser
        browser.close()


@dataclass
class Tab:
    """A page of a context of its own. `faults` are errors of scripts, console and content policy."""

    page: Page
    url: str
    faults: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def must_be_accessible(self, *, within: float = AXE_WITHIN) -> None:
        """Fails with what axe finds on the page as it stands, and when it has not ended within so many seconds."""
        found = AxeResults(self._looked_over(within))
        assert found.violations_count == 0, found.generate_report()

    def _looked_over(self, within: float) -> Any:
        """What axe says. It is waited for, because `evaluate` has no limit: a page that hangs would hang the test."""
        try:
            end = self.page.wait_for_function(LOOK, arg=next(LOOKS), timeout=within * 1000, polling=50).json_value()
        except TookTooLong as error:
            raise AssertionError(f"axe did not come to an end within {within:g} s on {self.page.url}") from error
        assert "found" in end, f"axe could not look at {self.page.url}: {end['error']}"
        return end["found"]

    def must_fit(self) -> None:
        """Fails when the page is wider than the window."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} is {wide} px too wide"

    def must_be_faultless(self) -> None:
        assert self.faults == [], "\n".join(self.faults)


@contextmanager
def tab(
    browser: Browser,
    url: str,
    *,
    cookies: list[Any] | None = None,
    language: str = "en",
    scheme: Literal["light", "dark"] = "light",
    width: int = WIDE,
    zone: str = "Europe/Berlin",
    allowed: tuple[str, ...] = (),
) -> Iterator[Tab]:
    """A tab; at its end it must have been faultless. `allowed` are parts of console errors that a test is about."""
    context: BrowserContext = browser.new_context(
        locale="de-DE" if language == "de" else "en-GB",
        color_scheme=scheme,
        viewport={"width": width, "height": HEIGHTS[width]},
        timezone_id=zone,
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    context.set_default_navigation_timeout(60_000)  # with everything of a page, beside other tests
    context.add_init_script(WATCH_POLICY)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    if cookies:
        context.add_cookies(cookies)
    opened = Tab(context.new_page(), url)

    def console(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(part in message.text for part in allowed):
            opened.faults.append(message.text)

    context.on("console", console)
    opened.page.on("pageerror", lambda error: opened.faults.append(str(error)))
    try:
        yield opened
        opened.must_be_faultless()
    finally:
        context.close()
