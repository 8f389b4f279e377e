"""Installations that were restored from a backup, or copied: for the tests of the pages about backups."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

from engine.people.roles import Role
from tests import plain, processes
from tests.processes import Served
from tests.waiting import free_port
from tests.web.browser.house import House, signed_in
from tests.web.conftest import made_in
from tests.web.installation import Installation

ZAPS = ("Parcels", "Letters of thanks, one for every order")


class Waiting(Served):
    """One that is not ready, because it waits for a person: started when it answers at all."""

    def is_ready(self) -> bool:
        try:
            return plain.get(f"http://127.0.0.1:{self.port}/readyz").status_code == 503
        except httpx.TransportError:
            return False


@contextmanager
def restored(folder: Path) -> Iterator[House]:
    """Two zaps wait for a decision; each did an order before the backup, and one after it."""
    data, tokens = _in_a_thread(_restored, folder)
    with processes.Installation(data).serving() as served:
        yield House(served, tokens)


@contextmanager
def copied(folder: Path) -> Iterator[House]:
    """A copy of a data folder, which waits to be told which one it is."""
    data, tokens = _in_a_thread(_copied, folder)
    served = Waiting(processes.Installation(data), free_port())
    served.start()
    try:
        yield House(served, tokens)
    finally:
        served.stop()


Made = tuple[Path, dict[Role, str]]


def _in_a_thread(make: Callable[[Path], Made], folder: Path) -> Made:
    """While a browser is open, its event loop runs in this thread, and a command could not run another."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(make, folder).result()


def _restored(folder: Path) -> Made:
    original = made_in(folder)
    original.connect()
    for name in ZAPS:
        original.switch_on(name)
    tokens = signed_in(original.data)
    original.order("Ada")
    original.work(2)
    code = original.run("backup", "code").stdout.strip()
    original.run("backup", str(folder / "b.zip"))
    original.order("Grace")
    original.work(4)
    again = Installation(folder / "restored", original.shop)
    again.run("restore", str(folder / "b.zip"), "--code", code)
    return again.data, tokens


def _copied(folder: Path) -> Made:
    original = made_in(folder)
    original.connect()
    original.switch_on()
    tokens = signed_in(original.data)
    original.work(0)
    shutil.copytree(original.data, folder / "copy")
    return folder / "copy", tokens
