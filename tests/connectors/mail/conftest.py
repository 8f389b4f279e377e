"""Leaves the tests with Dovecot out where it is not installed, and says how to get it."""

import pytest

from tests.connectors.mail import dovecot


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if dovecot.installed():
        return
    without = [item for item in items if item.get_closest_marker("dovecot")]
    if without:
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item not in without]


def pytest_report_header() -> str:
    if dovecot.installed():
        return "dovecot: installed"
    return "dovecot: not installed, its tests are left out; to get it: apt-get install dovecot-imapd"
