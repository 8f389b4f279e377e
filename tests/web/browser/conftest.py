"""The browser that the tests of this folder share."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from engine.people.roles import Role
from tests.web.browser.chromium import Tab, chromium, tab
from tests.web.browser.house import House, house

Opens = Callable[..., AbstractContextManager[Tab]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one module: while Playwright is open, its event loop runs in this thread, and no other may."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One installation for the tests of a module: they may look, or use names of their own."""
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture
def own_house(tmp_path: Path) -> Iterator[House]:
    """An installation for one test."""
    with house(tmp_path) as made:
        yield made


@pytest.fixture
def opens(browser: Browser) -> Opens:
    """`opens(house, role, language=…, scheme=…, width=…)` is a tab of somebody who is signed in."""

    @contextmanager
    def opened(where: House, role: Role | None = Role.OWNER, **how: Any) -> Iterator[Tab]:
        with tab(browser, where.url, cookies=where.cookies(role) if role else None, **how) as made:
            yield made

    return opened
