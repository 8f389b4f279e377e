"""`zapwerk serve --reload-connectors`, as a process: a package that its author is working on."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.engine.test_registry import GOOD
from tests.waiting import wait_until

PATIENCE = 30.0  # seconds


class Author:
    """Somebody with an editable install of a package and a running Zapwerk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.write("acme-1.2.dist-info/METADATA", "Metadata-Version: 2.1\nName: acme\nVersion: 1.2\n")
        self.write("acme-1.2.dist-info/entry_points.txt", "[zapwerk.connectors]\nacme = acme.app:acme\n")
        self.write("acme/__init__.py", "")
        self.write("acme/app.py", GOOD.format(key="acme", title="Acme"))

    def write(self, name: str, text: str) -> None:
        path = self.folder / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    @contextmanager
    def serving(self, *words: str) -> "Iterator[subprocess.Popen[bytes]]":
        command = [sys.executable, "-m", "web.cli", "--data", str(self.folder / "data"), "serve", "--port", "0", *words]
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(self.folder / "site"), *sys.path])}
        with self.log.open("wb") as log:
            process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stderr=log)
        try:
            self.until("Zapwerk is ready")
            yield process
        finally:
            process.terminate()
            process.wait(40)

    def said(self) -> str:
        return self.log.read_text("utf-8")

    def until(self, words: str) -> None:
        wait_until(lambda: words in self.said(), PATIENCE, what=f"“{words}”")


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path)


def test_edits_of_an_installed_package_are_taken_up_when_asked_for(author: Author):
    with author.serving("--reload-connectors"):
        author.write("acme/app.py", GOOD.format(key="acme", title="Acme") + "\nacme.version = 2\n")
        author.until("connector “acme” was loaded again (version 2, acme.app:acme)")
        author.write("acme/app.py", "1 / 0\n")
        author.until("ZeroDivisionError")
        assert "Until it is mended what was loaded before stays in use." in author.said()


def test_without_being_asked_only_the_data_folder_is_looked_at(author: Author):
    with author.serving():
        author.write("acme/app.py", GOOD.format(key="acme", title="Edited"))
        own = author.folder / "data" / "connectors" / "mine.py"
        own.parent.mkdir()
        own.write_text(GOOD.format(key="mine", title="Mine"))
        author.until("connector “mine” is new")
        assert "acme" not in author.said()
