"""Finding connectors: installed ones and those in the data folder; what is broken is reported and skipped."""

import logging
import sys

import pytest

from engine.errors import NotFound
from engine.registry import Registry, until_unchanged
from engine.sdk.connector import Connector
from tests.engine.zaps.apps import REGISTRY, billing

GOOD = """
from pydantic import BaseModel
from zapwerk import Connector, Context, Record

{key} = Connector("{key}", title="{title}")

class Line(BaseModel):
    text: str

class Written(Record):
    pass

@{key}.action()
async def write(ctx: Context, given: Line) -> Written:
    return Written(id=given.text)
"""


@pytest.fixture
def folder(tmp_path):
    yield tmp_path
    for name in [one for one in sys.modules if one.startswith("zapwerk_connector_")]:
        del sys.modules[name]


def add(folder, name, source):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(source, "utf-8")


def own(registry, folder):
    """What came from the folder, without the installed connectors."""
    return [one for one in registry.broken if one.where.startswith(str(folder))]


def test_installed_connectors_are_found_by_their_entry_points():
    assert "invoice2go" in Registry.load(None).connectors


def test_files_and_packages_in_the_folder_are_found(folder):
    add(folder, "tasko.py", GOOD.format(key="tasko", title="Tasko"))
    add(folder, "deep/__init__.py", "from .inner import deep\n")
    add(folder, "deep/inner.py", GOOD.format(key="deep", title="Deep"))
    add(folder, "_private.py", "raise RuntimeError\n")
    add(folder, ".hidden.py", "raise RuntimeError\n")
    add(folder, "notes.txt", "nothing")
    registry = Registry.load(folder)
    assert registry.action("tasko.write").use == "tasko.write"
    assert registry.action("deep.write").connector == "deep"
    assert own(registry, folder) == []


def test_a_folder_that_does_not_exist_holds_nothing(folder):
    assert own(Registry.load(folder / "none"), folder) == []


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import does_not_exist_at_all\n", "It could not be loaded: ModuleNotFoundError: No module named"),
        ("x = (\n", "Its code has a syntax error in line 1"),
        ("raise SystemExit(3)\n", "It tried to end the program while it was loaded."),
        ("x = 1\n", "bad.py holds no Connector."),
        ("1 / 0\n", "It could not be loaded: ZeroDivisionError: division by zero"),
        ("class E(Exception):\n    def __str__(self): raise self\nraise E()\n", "It could not be loaded: E: no reason"),
        ("\0", "It could not be loaded: "),
        (GOOD.format(key="invoice2go", title="Copy"), "There is another connector with the key “invoice2go”"),
        ("from zapwerk import Connector\nx = Connector('Bad Key', title='X')\n", "It could not be loaded: TypeError"),
    ],
)
def test_a_broken_connector_is_reported_and_the_others_work(folder, caplog, source, reason):
    add(folder, "bad.py", source)
    add(folder, "tasko.py", GOOD.format(key="tasko", title="Tasko"))
    with caplog.at_level(logging.WARNING):
        registry = Registry.load(folder)
    [broken] = own(registry, folder)
    assert broken.name == "bad"
    assert broken.reason.startswith(reason) or "null bytes" in broken.reason
    assert "tasko" in registry.connectors
    assert "connector “bad”" in caplog.text


def test_a_file_named_like_a_module_shadows_nothing(folder):
    add(folder, "json.py", GOOD.format(key="jsonapp", title="J"))
    Registry.load(folder)
    import json

    assert json.loads("1") == 1


def test_loading_again_reads_what_was_edited(folder):
    add(folder, "tasko.py", GOOD.format(key="tasko", title="Tasko"))
    assert Registry.load(folder).connectors["tasko"].title == "Tasko"
    add(folder, "tasko.py", GOOD.format(key="tasko", title="Tasks"))
    assert Registry.load(folder).connectors["tasko"].title == "Tasks"


@pytest.mark.parametrize(
    ("ask", "use", "message"),
    [
        ("operation", "biling.create_client", "There is no app “biling”. Did you mean “billing”?"),
        (
            "operation",
            "billing.create_clint",
            "Billing has nothing called “billing.create_clint”. Did you mean “billing.create_client”?",
        ),
        ("operation", "nothing", "There is no app “nothing”."),
        ("trigger", "billing.create_client", "“billing.create_client” is an action, not a trigger."),
        ("action", "billing.find_client", "“billing.find_client” is a search, not an action."),
        ("search", "post.new_mail", "“post.new_mail” is a polling trigger, not a search."),
        ("connector_of", "", "No app is chosen yet."),
        ("operation", "billing", "Nothing of Billing is chosen yet."),
    ],
)
def test_what_is_not_there_is_told_with_the_nearest(ask, use, message):
    with pytest.raises(NotFound) as missing:
        getattr(REGISTRY, ask)(use)
    assert str(missing.value) == message


def test_operations_are_found_by_what_zap_files_call_them():
    assert REGISTRY.trigger("post.new_mail").key == "new_mail"
    assert REGISTRY.search("billing.find_client").key == "find_client"
    assert REGISTRY.operation("billing.create_client") is REGISTRY.action("billing.create_client")
    assert REGISTRY.connector_of("billing.create_client") is billing


def test_a_registry_cannot_be_changed():
    with pytest.raises(TypeError):
        REGISTRY.connectors["x"] = Connector("x", title="X")  # type: ignore[index]


def test_whoever_looks_more_than_once_looks_again_when_the_code_was_edited_meanwhile():
    before, after = Registry.of(billing), Registry.of(billing)
    answers = iter([before, after, after, after])
    assert [one is after for one in until_unchanged(lambda: next(answers))] == [False, True]
    assert list(until_unchanged(lambda: before)) == [before]
