"""The page about the API, followed word by word against a real installation."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from engine.people.roles import Role
from engine.runtime import Runtime
from engine.settings import Settings
from tests.docs import walking
from tests.project import ROOT
from tests.web.browser.house import house

PAGE = ROOT / "docs" / "api.md"
FENCES = re.compile(r"^```\w+$", re.MULTILINE)
TOKEN = "zw_the-token-you-were-shown"


@pytest.mark.skipif(shutil.which("curl") is None, reason="left out: needs curl")
def test_whoever_types_the_examples_is_answered_as_the_page_says(tmp_path: Path):
    page = PAGE.read_text("utf-8")
    reader = walking.reader_in(tmp_path / "empty", Path(sys.executable).parent)
    with house(tmp_path) as made:
        for said, ours in (("http://127.0.0.1:8000", made.url), (TOKEN, token(tmp_path / "data"))):
            assert said in page
            page = page.replace(said, ours)
        found = walking.blocks(page)
        assert len(found) == len(FENCES.findall(page))
        for block in found:
            reader.follow(block)


def token(data: Path) -> str:
    """Of the owner."""
    runtime = Runtime(Settings(data=data))
    try:
        owner = next(one for one in runtime.people.accounts.every() if one.role is Role.OWNER)
        return runtime.people.tokens.make(owner, "reader", Role.EDITOR).secret
    finally:
        runtime.database.close()
