"""Taking up edits of connectors: what is loaded again, what stays, and what a broken edit leaves alone."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.reloading import Connectors, Watching
from tests.engine.test_registry import GOOD
from tests.waiting import wait_until

Look = Callable[[], frozenset[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    known = set(sys.modules)
    yield tmp_path / "connectors"
    for name in set(sys.modules) - known:
        del sys.modules[name]


def add(folder: Path, name: str, source: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(source, "utf-8")


def tasko(title: str = "Tasko", key: str = "tasko") -> str:
    return GOOD.format(key=key, title=title)


def taken_up(connectors: Connectors) -> frozenset[str]:
    """What changed, once the edit has settled."""
    connectors.look()
    return connectors.look()


def test_a_new_file_is_taken_up_also_when_there_was_no_folder(folder):
    connectors = Connectors(folder)
    add(folder, "tasko.py", tasko())
    assert taken_up(connectors) == {"tasko"}
    assert connectors.registry.action("tasko.write").connector == "tasko"
    assert connectors.registry.origins["tasko"].where == str(folder / "tasko.py")


def test_an_edit_makes_another_registry_and_leaves_the_old_one_as_it_was(folder):
    add(folder, "tasko.py", tasko("Before"))
    connectors = Connectors(folder)
    before = connectors.registry
    add(folder, "tasko.py", tasko("Afters"))  # of the same length, perhaps within the same second
    assert taken_up(connectors) == {"tasko"}
    assert before.connectors["tasko"].title == "Before"
    assert connectors.registry.connectors["tasko"].title == "Afters"


def test_what_was_not_edited_is_the_very_same_object(folder):
    add(folder, "tasko.py", tasko())
    add(folder, "other.py", tasko(key="other"))
    connectors = Connectors(folder)
    before = connectors.registry.connectors
    add(folder, "tasko.py", tasko("Edited"))
    taken_up(connectors)
    assert connectors.registry.connectors["other"] is before["other"]
    assert connectors.registry.connectors["invoice2go"] is before["invoice2go"]


def test_nothing_is_loaded_again_while_nothing_is_edited(folder):
    add(folder, "tasko.py", tasko())
    connectors = Connectors(folder)
    before = connectors.registry
    assert [connectors.look() for _ in range(3)] == [frozenset()] * 3
    assert connectors.registry is before


def test_an_edit_is_taken_up_only_when_it_has_settled(folder):
    connectors = Connectors(folder)
    add(folder, "tasko.py", "from zapw")
    assert connectors.look() == frozenset()
    add(folder, "tasko.py", tasko())
    assert connectors.look() == frozenset()
    assert connectors.look() == {"tasko"}
    assert connectors.registry.broken == ()


@pytest.mark.parametrize(
    ("edit", "line", "reason"),
    [
        pytest.param("x = (\n", 1, "syntax error in line 1", id="a syntax error"),
        pytest.param("\n1 / 0\n", 2, "ZeroDivisionError", id="an error while it is loaded"),
        pytest.param("x = 1\n", None, "holds no Connector", id="no connector in it"),
        pytest.param(
            tasko() + "\n@tasko.action()\nasync def bad(ctx, given): ...\n",
            17,
            "bad",
            id="a signature that does not fit",
        ),
    ],
)
def test_a_broken_edit_is_reported_and_the_last_good_version_stays_in_use(folder, caplog, edit, line, reason):
    add(folder, "tasko.py", tasko())
    connectors = Connectors(folder)
    good = connectors.registry.connectors["tasko"]
    modules = sys.modules["zapwerk_connector_tasko"]
    add(folder, "tasko.py", edit)
    with caplog.at_level(logging.WARNING):
        assert taken_up(connectors) == frozenset()
    assert connectors.registry.connectors["tasko"] is good
    assert sys.modules["zapwerk_connector_tasko"] is modules
    (broken,) = connectors.registry.broken
    assert (broken.name, broken.line, broken.kept) == ("tasko", line, ("tasko",))
    assert reason in broken.reason
    assert "what was loaded before stays in use" in caplog.text
    add(folder, "tasko.py", tasko("Mended"))
    assert taken_up(connectors) == {"tasko"}
    assert (connectors.registry.connectors["tasko"].title, connectors.registry.broken) == ("Mended", ())


def test_a_broken_edit_is_reported_once(folder, caplog):
    add(folder, "tasko.py", "x = (\n")
    connectors = Connectors(folder)
    for _ in range(3):
        connectors.look()
    assert caplog.text.count("syntax error") == 1


def test_a_new_file_that_is_broken_is_left_out_until_it_is_mended(folder):
    connectors = Connectors(folder)
    add(folder, "tasko.py", "1 / 0")
    taken_up(connectors)
    assert [(one.name, one.kept) for one in connectors.registry.broken] == [("tasko", ())]
    with pytest.raises(Exception, match=r"The connector “tasko” \(.*tasko\.py\) cannot be used\. .*ZeroDivisionError"):
        connectors.registry.connector("tasko")


def test_a_removed_file_takes_its_connector_with_it_and_brings_it_back(folder):
    add(folder, "tasko.py", tasko())
    connectors = Connectors(folder)
    (folder / "tasko.py").unlink()
    assert taken_up(connectors) == {"tasko"}
    assert "tasko" not in connectors.registry.connectors
    add(folder, "tasko.py", tasko())
    assert taken_up(connectors) == {"tasko"}
    assert "tasko" in connectors.registry.connectors


def test_a_file_that_is_replaced_by_another_of_the_same_size_and_time_is_an_edit(folder):
    add(folder, "tasko.py", tasko("Before"))
    connectors = Connectors(folder)
    add(folder, "tasko.new", tasko("Afters"))
    stamp = (folder / "tasko.py").stat().st_mtime_ns

    os.utime(folder / "tasko.new", ns=(stamp, stamp))
    (folder / "tasko.new").rename(folder / "tasko.py")
    assert taken_up(connectors) == {"tasko"}
    assert connectors.registry.connectors["tasko"].title == "Afters"


def test_any_module_of_a_package_and_any_text_counts(folder):
    add(folder, "deep/__init__.py", "from .inner import deep\n")
    add(folder, "deep/inner.py", tasko("Before", key="deep"))
    add(folder, "tasko.py", tasko())
    connectors = Connectors(folder)
    add(folder, "deep/inner.py", tasko("Afters", key="deep"))
    assert taken_up(connectors) == {"deep"}
    assert connectors.registry.connectors["deep"].title == "Afters"
    add(folder, "tasko.de.toml", 'title = "Aufgaben"\n')
    assert taken_up(connectors) == {"tasko"}


def test_bytecode_of_the_same_second_and_size_is_not_believed(folder, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for number, title in enumerate(("Before", "Afters")):
        add(folder, "deep/__init__.py", "from .inner import deep\n")
        add(folder, "deep/inner.py", tasko(title, key="deep"))
        os.utime(folder / "deep" / "inner.py", ns=(10**18 + number, 10**18 + number))
        if title == "Before":
            connectors = Connectors(folder)
    assert list(folder.rglob("inner.*.pyc"))
    assert taken_up(connectors) == {"deep"}
    assert connectors.registry.connectors["deep"].title == "Afters"


def test_tests_and_private_files_are_no_connectors(folder):
    for name in ("test_tasko.py", "tasko_test.py", "conftest.py", "_helpers.py", "tests/__init__.py"):
        add(folder, name, "raise RuntimeError\n")
    assert Connectors(folder).registry.broken == ()


def test_the_first_one_with_a_key_keeps_it_as_at_a_start(folder):
    add(folder, "b.py", tasko("Second"))
    connectors = Connectors(folder)
    add(folder, "a.py", tasko("First"))
    assert taken_up(connectors) == {"tasko"}
    assert connectors.registry.connectors["tasko"].title == "First"
    assert [one.name for one in connectors.registry.broken] == ["b"]
    assert Connectors(folder).registry.connectors["tasko"].title == "First"


class Package:
    """A distribution with two connectors, as if it were installed in an editable way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        info = folder / "acme-1.2.dist-info"
        add(info, "METADATA", "Metadata-Version: 2.1\nName: acme\nVersion: 1.2\n")
        add(info, "entry_points.txt", "[zapwerk.connectors]\none = acme.one:one\ntwo = acme.two:two\n")
        add(folder, "acme/__init__.py", "")
        add(folder, "acme/shared.py", "TITLE = 'Before'\n")
        for key in ("one", "two"):
            text = tasko("Before", key=key).replace('title="Before"', "title=TITLE")
            add(folder, f"acme/{key}.py", f"from acme.shared import TITLE\n{text}")

    def write(self, name: str, text: str) -> None:
        add(self.folder, f"acme/{name}", text)


@pytest.fixture
def package(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return Package(tmp_path / "site")


def titles(connectors: Connectors) -> list[str]:
    return [connectors.registry.connectors[key].title for key in ("one", "two")]


def test_an_installed_package_is_loaded_again_with_all_its_modules(folder, package):
    connectors = Connectors(folder, packages=True)
    before = connectors.registry.connectors["invoice2go"]
    assert connectors.registry.origins["one"].package == "acme 1.2"
    package.write("shared.py", "TITLE = 'Afters'\n")
    assert taken_up(connectors) == {"one", "two"}
    assert titles(connectors) == ["Afters", "Afters"]
    assert connectors.registry.connectors["invoice2go"] is before


def test_an_installed_package_is_left_alone_unless_asked_for(folder, package):
    connectors = Connectors(folder)
    package.write("shared.py", "TITLE = 'Afters'\n")
    assert taken_up(connectors) == frozenset()
    assert titles(connectors) == ["Before", "Before"]


def test_a_broken_edit_of_an_installed_package_changes_none_of_its_connectors(folder, package):
    connectors = Connectors(folder, packages=True)
    module = sys.modules["acme.one"]
    package.write("shared.py", "TITLE = 'Afters'\n")
    package.write("two.py", "1 / 0\n")
    assert taken_up(connectors) == frozenset()
    assert titles(connectors) == ["Before", "Before"]
    assert sys.modules["acme.one"] is module
    assert [(one.name, one.line, one.kept) for one in connectors.registry.broken] == [("two", 1, ("two",))]


def test_one_thread_looks_and_tells_what_changed(folder):
    connectors, told = Connectors(folder), list[frozenset[str]]()
    watching = Watching(connectors, told.append, every=0.01)
    watching.start()
    add(folder, "tasko.py", tasko())
    wait_until(lambda: told == [{"tasko"}], what="the new connector")
    watching.stop()
    add(folder, "tasko.py", tasko("Edited"))
    assert taken_up(connectors) == {"tasko"}  # nobody else took it up
    assert len(told) == 1


def test_a_connector_that_never_stops_being_loaded_does_not_keep_the_engine_from_stopping(folder, monkeypatch):
    connectors = Connectors(folder)
    watching = Watching(connectors, lambda changed: None, every=0.01)
    watching.start()
    begun = folder / "begun"
    wait = f"import pathlib, threading\npathlib.Path({str(begun)!r}).touch()\nthreading.Event().wait(60)\n"
    add(folder, "slow.py", wait)
    wait_until(begun.exists, what="the import to begin")
    monkeypatch.setattr("engine.reloading.STOPS_WITHIN", 0.1)
    watching.stop()
    assert "slow" not in connectors.registry.connectors
