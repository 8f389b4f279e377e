"""The sample connector of docs/connectors/writing.md does what the guide says of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from engine.errors import Problems, Refused
from engine.registry import Registry
from engine.sdk.connector import Connector
from engine.texts import Texts
from tests.docs.fake_tasko import KEY, FakeTasko
from tests.project import ROOT
from zapwerk.testing import Harness, standard_checks

SAMPLES = ROOT / "docs/connectors/samples"


@pytest.fixture(scope="module")
def tasko() -> Connector:
    """Loaded as from the folder `connectors/` of a data folder."""
    registry = Registry.load(SAMPLES)
    assert [one for one in registry.broken if one.where.startswith(str(SAMPLES))] == []
    return registry.connector("tasko")


@pytest.fixture
def service() -> FakeTasko:
    return FakeTasko()


@pytest.fixture
def harness(tasko: Connector, service: FakeTasko) -> Iterator[Harness]:
    harness = Harness(tasko, service, api_key=KEY)
    yield harness
    harness.close()


def test_it_passes_the_standard_checks_also_in_german(tasko):
    standard_checks(tasko, languages=("de",))
    german = Texts.load(tasko, "de")
    assert german.of("actions.create_task.fields.priority.choices.high", "High") == "hoch"


def test_a_wrong_key_is_refused_when_the_connection_is_added(tasko, service):
    with pytest.raises(Refused, match="no longer accepts the sign-in"):
        Harness(tasko, service, api_key="wrong")


def test_only_tasks_added_after_switching_on_fire_and_each_fires_once(harness, service):
    service.add("old")
    new_task = harness.switch_on("new_task", list_id="home")
    service.add("milk")
    service.add("bread")
    service.add("elsewhere", "shop")
    assert [task.title for task in new_task.poll()] == ["milk", "bread"]
    assert new_task.poll() == []


def test_more_new_tasks_than_fit_on_one_page_all_fire_oldest_first(harness, service):
    new_task = harness.switch_on("new_task", list_id="home")
    for number in range(7):
        service.add(f"task {number}")
    assert [task.title for task in new_task.poll()] == [f"task {number}" for number in range(7)]


def test_the_lists_can_be_searched(harness):
    assert [choice.label for choice in harness.choices("new_task", "list_id", "shop")] == ["Shopping"]


def test_a_task_is_created(harness, service):
    done = harness.do("create_task", list_id="home", title="milk", notes="two litres", priority="high")
    assert done.state == "succeeded"
    assert done.output["title"] == "milk"
    assert service.tasks["home"][0]["notes"] == "two litres"


def test_an_empty_title_never_leaves_the_house(harness, service):
    with pytest.raises(Problems, match="title: Title is empty"):
        harness.do("create_task", list_id="home", title="  ")
    assert service.titles() == []


@pytest.mark.parametrize(
    ("if_exists", "state", "titles"),
    [
        pytest.param("use", "succeeded", ["milk"], id="the task there is stands for the new one"),
        pytest.param("create", "succeeded", ["milk", "milk"], id="another one is made"),
        pytest.param("stop", "stopped", ["milk"], id="the run ends on purpose"),
    ],
)
def test_what_happens_to_a_task_that_exists_is_the_zaps_choice(
    harness: Harness, service: FakeTasko, if_exists: str, state: str, titles: list[str]
) -> None:
    service.add("milk")
    given: dict[str, Any] = {"list_id": "home", "title": "milk", "if_exists": if_exists}
    assert harness.do("create_task", **given).state == state
    assert service.titles() == titles


@pytest.mark.parametrize("mishap", ["answer lost", "lost on the way"])
def test_a_call_that_got_no_answer_is_looked_up_and_leaves_one_task(harness, service, mishap):
    service.mishaps.append(mishap)
    done = harness.do("create_task", list_id="home", title="milk")
    assert done.state == "succeeded"
    assert done.output["title"] == "milk"
    assert service.titles() == ["milk"]


def test_a_task_is_found_by_its_title(harness, service):
    service.add("milk")
    assert harness.do("find_task", list_id="home", title="milk").output["id"] == "t1"
