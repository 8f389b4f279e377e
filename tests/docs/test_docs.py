"""The docs hold what the code says: tables, links, examples, commands and states cannot go stale."""

import re
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import create_model

import zapwerk
from engine.errors import Problems
from engine.settings import PREFIX, Settings
from engine.store.states import RunState
from engine.zaps import files as zap_files
from engine.zaps import values
from engine.zaps.locales import Locale
from tests import project
from tests.project import ROOT, named
from zapwerk import testing

PAGES = [path for path in project.files() if path.suffix == ".md"]
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)(?:#[^)]*)?\)")
FENCED = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def examples(language: str) -> list[Any]:
    """All fenced pieces in this language, each named by its page."""
    found = [(page, one[2]) for page in PAGES for one in FENCED.finditer(page.read_text("utf-8")) if one[1] == language]
    return [pytest.param(code, id=f"{named(page)}-{number}") for number, (page, code) in enumerate(found)]


def test_the_reference_says_what_the_code_says():
    script = subprocess.run(
        [sys.executable, "scripts/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (script.returncode, script.stdout, script.stderr) == (0, "", "")


def test_every_setting_is_listed():
    page = text("docs/reference/settings.md")
    assert [name for name in Settings.model_fields if f"`{PREFIX}{name.upper()}`" not in page] == []


def test_the_reference_lists_exactly_the_names_of_the_sdk():
    block = re.search(r"<!-- begin sdk -->(.*?)<!-- end sdk -->", text("docs/reference/sdk.md"), re.DOTALL)
    assert block is not None
    described = re.findall(r"^(?:###|\|) `(\w+)`", block[1], re.MULTILINE)
    assert sorted(described) == sorted(zapwerk.__all__)


def test_every_name_of_the_sdk_says_what_it_is():
    page = text("docs/reference/sdk.md")
    entries = re.split(r"^### `", page, flags=re.MULTILINE)[1:]
    without_code = [re.sub(r"```py\n.*?```", "", entry, flags=re.DOTALL) for entry in entries]
    silent = [entry.partition("`")[0] for entry in without_code if not re.search(r"^[A-Z`(“]\w*", entry, re.MULTILINE)]
    assert len(entries) > 50
    assert silent + re.findall(r"^\| `(\w+)` \|  \|", page, re.MULTILINE) == []


def test_the_reference_lists_what_tests_of_a_connector_use():
    block = re.search(r"<!-- begin testing -->(.*?)<!-- end testing -->", text("docs/reference/sdk.md"), re.DOTALL)
    assert block is not None
    assert sorted(re.findall(r"^### `(\w+)`", block[1], re.MULTILINE)) == sorted(testing.__all__)


@pytest.mark.parametrize(
    ("kind", "typed", "is_read_as"),
    [
        ("Duration", "1 h 30 min", timedelta(minutes=90)),
        ("Duration", "PT5M", timedelta(minutes=5)),
        ("Email", "Anna <anna@example.com>", "anna@example.com"),
        ("Url", "example.com", "https://example.com"),
        ("Phone", "030/123-45", "+493012345"),
        ("Country", "Deutschland", "DE"),
        ("Currency", "€", "EUR"),
        ("Money", "1.234,50 €", Decimal("1234.50")),
    ],
)
def test_kinds_of_fields_are_read_as_the_reference_says(kind: str, typed: str, is_read_as: Any):
    assert typed in text("docs/reference/sdk.md")
    model = create_model("Form", value=(getattr(zapwerk, kind), ...))
    found = values.read(model, {"value": typed}, Locale(language="de", timezone="Europe/Berlin"))
    assert getattr(found, "value") == is_read_as  # noqa: B009 (the model is made here)


@pytest.mark.parametrize("state", RunState)
def test_every_state_of_a_run_has_words_in_both_languages(state):
    row = re.search(rf"^\| `{state}` \| ([^|]+) \| ([^|]+) \| [^|]+ \|$", text("docs/glossary.md"), re.MULTILINE)
    assert row is not None
    assert row.group(1).strip() == state.word
    assert row.group(2).strip()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_between_pages_leads_somewhere(page: Path):
    targets = [page.parent / link for link in LINK.findall(page.read_text("utf-8"))]
    assert [str(target) for target in targets if not target.exists()] == []


def test_every_decision_is_in_the_list():
    pages = {path.name for path in (ROOT / "docs/decisions").glob("[0-9]*.md")}
    assert set(LINK.findall(text("docs/decisions/README.md"))) == pages


@pytest.mark.parametrize("code", examples("yaml"))
def test_a_zap_file_in_the_docs_can_be_read(code: str):
    zap = zap_files.load(code)
    assert zap_files.load(zap_files.dump(zap)) == zap


@pytest.mark.parametrize("code", examples("python"))
def test_python_in_the_docs_is_python(code: str):
    compile(code, "docs", "exec", dont_inherit=True)


def test_make_commands_in_the_docs_exist():
    targets = set(TARGET.findall(text("Makefile")))
    named_in_docs = {
        found
        for page in PAGES
        for found in re.findall(r"(?:^|`)make ([a-z]+)(?:`|$)", page.read_text("utf-8"), re.MULTILINE)
    }
    assert named_in_docs <= targets
    assert {"demo", "test", "serve", "check", "bench", "lock", "clean"} <= targets


def test_a_file_that_is_no_zap_is_told_apart():
    with pytest.raises(Problems):
        zap_files.load("hello: world")
