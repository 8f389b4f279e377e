"""What this repository promises about itself: sizes, imports, entry points, lock files, and words that must not be."""

import importlib.metadata
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from engine.loading import ENTRY_POINTS
from engine.registry import Registry
from tests import project
from tests.project import PACKAGES, ROOT, functions, imported, modules, named

MAX_FILE = 400  # lines; tests may be a little longer, with their cases in one place
MAX_TEST_FILE = 500
MAX_BODY = 50  # lines of one function
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-build.txt")
BEHIND = {
    "apscheduler": {"engine/triggers/clock.py", "engine/triggers/counting.py"},  # it ticks, and it counts times
    "cryptography": {"engine/connections/vault.py"},
    "liquid": {"engine/zaps/syntax.py"},
}
# In pieces, so that this file does not hold what it looks for.
FORBIDDEN = {
    "the address of a package index": r"https?://[\w.:@-]*/(?:pypi/)?simple\b|files\."
    + r"pythonhosted\.org|--(?:extra-)?index"
    + "-url (?:=|http)",
    "a folder of somebody’s machine": r"(?<![\w.~$}])/(?:work|root|home|Users)" + r"/[\w.]",
    "a note of unfinished work": r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b",
}


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_every_connector_in_the_tree_is_declared_as_an_entry_point(pyproject):
    declared = pyproject["project"]["entry-points"][ENTRY_POINTS]
    described = {
        found.group(1)
        for path in modules("connectors")
        for found in re.finditer(r'\bConnector\(\s*"(\w+)"', path.read_text("utf-8"))
    }
    assert described == set(declared)


def test_every_declared_connector_loads_under_its_own_key(pyproject):
    declared = pyproject["project"]["entry-points"][ENTRY_POINTS]
    registry = Registry.load()
    ours = [one for one in registry.broken if one.name in declared]
    assert not ours
    assert {key: registry.connector(key).key for key in declared} == {key: key for key in declared}


def test_the_installed_project_declares_what_the_tree_declares(pyproject):
    installed = importlib.metadata.distribution("zapwerk").entry_points
    names = {entry.name: entry.value for entry in installed.select(group=ENTRY_POINTS)}
    assert names == pyproject["project"]["entry-points"][ENTRY_POINTS], "please install again: pip install -e ."


@pytest.mark.parametrize("library", BEHIND)
def test_a_library_with_opinions_is_imported_in_one_file_for_each_idea(library):
    assert {named(path) for path in modules(*PACKAGES) if library in imported(path)} == BEHIND[library]


def test_only_the_settings_read_the_environment():
    readers = {
        named(path)
        for path in modules("engine", "zapwerk")
        if re.search(r"os\.(?:environ|getenv)", path.read_text("utf-8"))
    }
    assert readers == {"engine/settings.py"}


def test_every_folder_with_python_is_a_package():
    folders = {path.parent for path in modules(*PACKAGES, "tests")}
    revisions = ROOT / "engine/store/migrations/versions"  # Alembic reads these files itself
    assert [named(one) for one in sorted(folders - {revisions}) if not (one / "__init__.py").is_file()] == []


@pytest.mark.parametrize(
    ("folders", "limit"),
    [pytest.param((*PACKAGES, "scripts"), MAX_FILE, id="code"), pytest.param(("tests",), MAX_TEST_FILE, id="tests")],
)
def test_files_are_short(folders: tuple[str, ...], limit: int):
    lengths = {named(path): len(path.read_text("utf-8").splitlines()) for path in modules(*folders)}
    assert {name: lines for name, lines in lengths.items() if lines > limit} == {}


def test_functions_are_short():
    sized = [one for path in modules(*PACKAGES, "scripts") if "versions" not in path.parts for one in functions(path)]
    assert [(name, lines) for name, lines in sized if lines > MAX_BODY] == []


def test_every_module_says_what_it_is_for():
    silent = [
        named(path)
        for path in modules(*PACKAGES)
        if path.read_text("utf-8").strip() and not path.read_text("utf-8").lstrip().startswith('"""')
    ]
    assert silent == []


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what):
    pattern = re.compile(FORBIDDEN[what])
    found = {named(path): line for path in project.files() for line in _matching(path, pattern)}
    assert found == {}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_is_pinned_with_hashes(lock):
    requirements = _requirements(ROOT / lock)
    assert len(requirements) > 5
    assert [one for one in requirements if not re.match(r"[\w.\[\]-]+==\S+ .*--hash=sha256:", one)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_address(lock):
    assert "://" not in (ROOT / lock).read_text("utf-8")


def test_demo_and_tests_run_on_the_same_versions():
    run, dev = (_pins(ROOT / lock) for lock in LOCKS[:2])
    assert {name: (pin, dev[name]) for name, pin in run.items() if dev.get(name) != pin} == {}


def test_what_builds_the_project_is_locked_as_the_project_declares_it(pyproject):
    asked = (ROOT / "requirements-build.in").read_text("utf-8").splitlines()
    assert set(pyproject["build-system"]["requires"]) <= set(asked)


def _matching(path: Path, pattern: re.Pattern[str]) -> list[str]:
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        return []
    return [line.strip() for line in text.splitlines() if pattern.search(line)]


def _requirements(lock: Path) -> list[str]:
    """The requirements of a lock file, each on one line."""
    lines = [line for line in lock.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    return [one for one in "\n".join(lines).replace("\\\n", " ").splitlines() if one.strip()]


def _pins(lock: Path) -> dict[str, str]:
    return {one.partition("==")[0]: one.partition("==")[2].split()[0] for one in _requirements(lock)}
