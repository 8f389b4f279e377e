"""Answers of the server that are held back until a test lets them come."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Route


class Answers:
    """What was asked of one address since it is held. `address` is a glob or a pattern, as Playwright takes it."""

    def __init__(self, page: Page, address: str | re.Pattern[str]) -> None:
        self._page, self._address = page, address
        self._asked: list[Route] = []

    def hold(self, route: Route) -> None:
        self._asked.append(route)

    def must_be_asked(self, within: float = 15.0) -> None:
        """Waits until something was asked; fails after so many seconds."""
        until = time.monotonic() + within
        while not self._asked:
            assert time.monotonic() < until, f"{self._address} was not asked within {within:g} s"
            self._page.wait_for_timeout(10)

    def come(self) -> int:
        """Lets the first that is held come, and what the page does with it happen; how many are still held."""
        self.must_be_asked()
        route = self._asked.pop(0)
        with self._page.expect_response(lambda one: one.request.url == route.request.url) as answer:
            route.continue_()
        answer.value.finished()
        self._page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return len(self._asked)


@contextmanager
def held(page: Page, address: str | re.Pattern[str]) -> Iterator[Answers]:
    """Holds the answers of an address; one that is still held at the end never comes."""
    answers = Answers(page, address)
    page.route(address, answers.hold)
    try:
        yield answers
    finally:
        page.unroute(address, answers.hold)
