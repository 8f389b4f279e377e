"""The tutorial, followed word by word in an empty folder with real processes."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import walking
from tests.docs.walking import Reader
from tests.project import ROOT
from tests.waiting import free_port

PAGE = ROOT / "docs" / "connectors" / "tutorial.md"
FENCES = re.compile(r"^```\w+$", re.MULTILINE)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    reader = walking.reader_in(tmp_path / "empty", Path(sys.executable).parent)
    yield reader
    reader.close()


@pytest.mark.timeout(300)
@pytest.mark.skipif(shutil.which("curl") is None, reason="left out: needs curl")
def test_who_follows_the_tutorial_sees_what_it_says_and_has_a_working_zap(reader: Reader):
    page, port = PAGE.read_text("utf-8"), free_port(2)
    for said, ours in (("8765", port), ("8000", port + 1)):
        assert said in page
        page = page.replace(said, str(ours))
    reader.environ["ZAPWERK_PORT"] = str(port + 1)
    found = walking.blocks(page)
    assert len(found) == len(FENCES.findall(page))
    for block in found:
        reader.follow(block)


def test_the_connector_of_the_tutorial_is_clean_and_typed(tmp_path: Path):

    (tmp_path / "empty" / "data" / "connectors").mkdir(parents=True)
    reader = Reader(tmp_path / "empty", {})
    for block in walking.blocks(PAGE.read_text("utf-8")):
        if block.kind == "python" and "data/connectors/kitchen.py" in block.before:
            reader.follow(block)
    file = str(tmp_path / "empty" / "data" / "connectors" / "kitchen.py")
    config = ("--config", str(ROOT / "pyproject.toml"))
    for words in (("ruff", "check", *config), ("ruff", "format", "--check", *config), ("mypy", "--strict")):
        done = subprocess.run([sys.executable, "-m", *words, file], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("printed", "said", "is_so"),
    [
        ("a 1 b\n", "a … b\n", True),
        ("a 1 b\nmore\n", "a … b\n", False),
        ("", "a\n", False),
        ("a  \n\n", "a\n", True),
        ("a.b", "a…b", True),
        ("axb", "a.b", False),
    ],
)
def test_what_is_printed_is_held_against_the_page(printed: str, said: str, is_so: bool):
    assert walking.fits(printed, said) is is_so
