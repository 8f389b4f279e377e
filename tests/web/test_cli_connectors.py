"""`zapwerk connectors list`, `new` and `check`."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.project import ROOT
from tests.web.installation import Installation, flat

FAULTY = """
from datetime import timedelta
from collections.abc import AsyncIterator
from pydantic import BaseModel, Field
from zapwerk import ApiKey, Connector, Context, Record

faulty = Connector("faulty", title="Faulty", base_url="api.{host}", auth=[ApiKey()])


class Wish(BaseModel):
    name: str
    size: int = Field(1, title="Size")


class Thing(Record):
    id: str = "same"


@faulty.action(sentence="make {nmae}")
async def make(ctx: Context, given: Wish) -> Thing:
    return Thing(id="1")
"""


def write(installation: Installation, name: str, text: str) -> Path:
    path = installation.data / "connectors" / name
    path.write_text(text, "utf-8")
    return path


def found(installation: Installation) -> dict[str, Any]:
    return {one["key"]: one for one in installation.json("connectors", "list")}


def test_the_list_says_where_each_comes_from_and_what_it_can_do(installation: Installation):
    shown = found(installation)
    assert shown["shop"]["where"] == str(installation.data / "connectors" / "shop.py")
    assert (shown["shop"]["package"], shown["shop"]["version"]) == ("", 1)
    assert (shown["shop"]["triggers"], shown["shop"]["actions"]) == (["new_order"], ["send_parcel"])
    assert shown["imap"]["where"] == "connectors.mail.imap:imap"
    assert shown["imap"]["package"].startswith("zapwerk ")


def test_a_broken_one_is_listed_with_reason_file_and_line(installation: Installation):
    path = write(installation, "bad.py", "\n\nx = (\n")
    bad = found(installation)["bad"]
    assert (bad["file"], bad["line"]) == (str(path), 3)
    assert "syntax error in line 3" in bad["problem"]
    assert f"bad cannot be loaded ({path}:3)" in flat(installation.run("connectors", "list").stdout)


def test_what_a_connector_prints_while_it_is_imported_does_not_spoil_the_answer(installation: Installation):
    write(
        installation, "loud.py", "print('hello')\nfrom zapwerk import Connector\nloud = Connector('loud', title='L')\n"
    )
    assert "loud" in found(installation)
    assert installation.json("connectors", "check", "loud", code=1)["ok"] is False


def test_the_doctor_names_a_broken_connector_with_file_and_line(installation: Installation):
    path = write(installation, "bad.py", "\n1 / 0\n")
    installation.run("migrate")
    told = {one["matter"]: one for one in installation.json("doctor", code=1)["findings"]}
    assert told["connector bad"]["state"] == "wrong"
    assert f"({path}:2)" in told["connector bad"]["sentence"]


# new


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a new connector in it, as the command wrote it."""
    folder = tmp_path_factory.mktemp("begun")
    Installation(folder / "data", folder).run("connectors", "new", "my_app", "--in", str(folder / "mine"))
    return folder / "mine"


def checked_by(tool: str, *words: str, folder: Path) -> None:
    command = [sys.executable, "-m", tool, *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_new_connector_has_nothing_to_mend_and_nothing_to_hint_at(begun: Path, installation: Installation):
    assert installation.json("connectors", "check", str(begun / "my_app.py"))["findings"] == []


def test_a_new_connector_passes_its_own_tests(begun: Path):
    checked_by("pytest", "-q", "-p", "no:cacheprovider", ".", folder=begun)


def test_a_new_connector_is_typed_strictly_and_formatted(begun: Path):
    checked_by("mypy", "--strict", "--no-incremental", "my_app.py", "test_my_app.py", folder=begun)
    for words in (("check", "--config"), ("format", "--check", "--config")):
        checked_by("ruff", *words, str(ROOT / "pyproject.toml"), ".", folder=begun)


def test_a_new_connector_goes_into_the_data_folder_and_only_it_is_loaded(installation: Installation):
    made = installation.json("connectors", "new", "my_app")
    assert Path(made["file"]) == installation.data / "connectors" / "my_app.py"
    assert Path(made["test"]).is_file()
    shown = found(installation)
    assert shown["my_app"]["title"] == "My app"
    assert [key for key, one in shown.items() if one["problem"]] == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("My-App", "cannot be a connector’s key", id="not a name"),
        pytest.param("../escape", "cannot be a connector’s key", id="a path"),
        pytest.param("class", "has a meaning of its own", id="a word of Python"),
        pytest.param("test_app", "has a meaning of its own", id="a test"),
        pytest.param("shop", "There is a connector “shop” already", id="taken"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(installation: Installation, name: str, said: str):
    before = sorted(installation.data.rglob("*.py"))
    assert said in flat(installation.run("connectors", "new", name, code=1).stderr)
    assert sorted(installation.data.rglob("*.py")) == before


def test_nothing_is_written_over(installation: Installation):
    test = write(installation, "test_mine.py", "mine = 1\n")
    assert "is there already" in flat(installation.run("connectors", "new", "mine", code=1).stderr)
    assert test.read_text() == "mine = 1\n"
    assert not test.with_name("mine.py").exists()


# check


def test_a_check_names_everything_with_file_line_and_remedy(installation: Installation):
    path = write(installation, "faulty.py", FAULTY)
    answer = installation.json("connectors", "check", "faulty", code=1)
    problems = {(one["subject"], one["line"]) for one in answer["findings"] if one["weight"] == "problem"}
    assert problems == {("faulty", 7), ("make.name", 11), ("make", 15), ("make", 19)}
    said = " ".join(f"{one['sentence']} {one['remedy']}" for one in answer["findings"])
    for expected in ("no @check", "{host}", "no address", "no docstring", "{nmae}", "has no title", "has a default"):
        assert expected in said
    assert {one["file"] for one in answer["findings"]} == {str(path)}
    hints = [one["sentence"] for one in answer["findings"] if one["weight"] == "hint"]
    assert any("a person must say what became of it" in hint for hint in hints)


def test_a_check_can_be_read_like_a_compiler_s_words(installation: Installation):
    path = write(installation, "faulty.py", FAULTY)
    done = installation.run("connectors", "check", "faulty", code=1)
    assert f"{path}:11: problem: make.name: It has no title." in done.stdout
    assert done.stderr.endswith("hints.\n")


def test_a_choice_that_depends_on_what_is_no_other_field_is_a_problem(installation: Installation):
    text = (ROOT / "docs/connectors/samples/tasko.py").read_text()
    path = installation.data / "connectors" / "tasko.py"
    path.write_text(text.replace("Choices(lists)", 'Choices(lists, depends=("folder", "list_id"))'))
    findings = installation.json("connectors", "check", str(path), code=1)["findings"]
    said = {one["sentence"] for one in findings if one["weight"] == "problem"}
    assert "Its choices depend on “folder”, which is no other field of InList." in said
    assert "Its choices depend on “list_id”, which is no other field of InList." in said


def test_hints_alone_are_no_failure(installation: Installation):
    answer = installation.json("connectors", "check", str(ROOT / "docs/connectors/samples/tasko.py"))
    assert answer["ok"] is True


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        pytest.param("\nx = (\n", 2, "syntax error", id="a syntax error"),
        pytest.param("x = 1\n", None, "holds no Connector", id="no connector"),
        pytest.param(FAULTY + "\n@faulty.action()\nasync def bad(ctx, given): ...\n", 23, "bad", id="a signature"),
    ],
)
def test_what_cannot_be_loaded_is_a_problem_with_its_place(
    installation: Installation, tmp_path: Path, text: str, line: int | None, said: str
):
    path = tmp_path / "faulty.py"
    path.write_text(text)
    (problem,) = installation.json("connectors", "check", str(path), code=1)["findings"]
    assert (problem["weight"], problem["line"]) == ("problem", line)
    assert said in problem["sentence"]


def test_texts_in_another_language_are_looked_at(installation: Installation):
    write(installation, "shop.de.toml", 'titel = "Laden"\n[triggers.new_order]\ntitle = "Neue Bestellung"\n')
    findings = installation.json("connectors", "check", "shop")["findings"]
    said = {one["sentence"]: one["line"] for one in findings if one["subject"] == "shop.de"}
    assert said["“titel” names nothing of this connector."] == 1
    assert "“title” is not translated." in said
    assert "“triggers.new_order.title” is not translated." not in said
    write(installation, "shop.de.toml", "= nonsense")
    findings = installation.json("connectors", "check", "shop", code=1)["findings"]
    assert [one["weight"] for one in findings if one["subject"] == "shop.de"] == ["problem"]


def test_our_own_connectors_have_nothing_to_mend(installation: Installation):
    ours = [one["key"] for one in installation.json("connectors", "list") if one["package"].startswith("zapwerk ")]
    answers = {key: installation.run("connectors", "check", key).exit_code for key in ours}
    assert set(answers.values()) == {0}


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("shpo", "There is no connector “shpo”. Did you mean “shop”?"),
        ("nowhere/app.py", "There is no file nowhere/app.py."),
        ("./", "is no connector. Name a file that ends with .py"),
    ],
)
def test_what_is_not_there_is_told(installation: Installation, named: str, said: str):
    assert said in flat(installation.run("connectors", "check", named, code=1).stderr)
