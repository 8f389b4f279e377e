"""Pausing by hand: everything from the page or the command line, one zap from its row."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.people.roles import Role
from engine.runtime import Runtime
from engine.settings import Settings
from engine.store import zaps
from engine.store.states import ZapState
from tests.web.browser.house import House, house
from tests.web.visitors import visitor

ZAP = """
zapwerk: 1
name: Hourly
trigger: {use: schedule.every, with: {every: 1, unit: hours}}
steps: [{key: only, filter: {all: [{value: "{{ trigger.id }}", is: exists}]}}]
"""


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("pausing")) as made:
        yield made


def test_everything_is_paused_on_every_page_until_it_goes_on(there: House):
    editor, viewer = visitor(there, Role.EDITOR), visitor(there, Role.VIEWER)
    editor.get("/pausing")
    assert "Pause everything" in editor.said
    assert editor.post("/pausing").status_code == 303
    viewer.get("/history")
    assert "Everything is paused" in viewer.said
    assert viewer.post("/pausing/end").status_code == 403
    assert editor.post("/pausing/end").status_code == 303
    viewer.get("/history")
    assert "Everything is paused" not in viewer.said


def test_the_command_line_pauses_everything_too(there: House):
    there.installation.run("pause")
    viewer = visitor(there, Role.VIEWER, language="de")
    viewer.get("/zaps")
    assert "Alles ist pausiert" in viewer.said
    there.installation.run("resume")
    viewer.get("/zaps")
    assert "Alles ist pausiert" not in viewer.said


def test_a_paused_zap_goes_on_from_its_row(there: House, tmp_path: Path):
    (tmp_path / "zap.yaml").write_text(ZAP)
    there.installation.run("zaps", "import", str(tmp_path / "zap.yaml"), "--enable")
    editor = visitor(there, Role.EDITOR)
    zap_id = state(there, pause=True)[0]
    assert f"/zaps/{zap_id}/paused" in editor.get("/zaps").text
    editor.get(f"/zaps/{zap_id}/paused")
    assert "This zap is paused" in editor.said
    assert "Somebody paused it." in editor.said
    assert editor.post(f"/zaps/{zap_id}/resume").status_code == 303
    assert state(there)[1] == ZapState.ON
    assert editor.get(f"/zaps/{zap_id}/paused").status_code == 303
    assert editor.post(f"/zaps/{zap_id}/pause").headers["location"] == f"/zaps/{zap_id}/paused"
    assert state(there)[1] == ZapState.PAUSED
    german = visitor(there, Role.VIEWER, language="de")
    german.get("/zaps")
    assert "Er wurde von Hand pausiert." in german.said
    assert german.post(f"/zaps/{zap_id}/resume").status_code == 403


def state(there: House, *, pause: bool = False) -> tuple[str, str]:
    runtime = Runtime(Settings(data=there.installation.data))
    try:
        with runtime.database.read() as session:
            zap = zaps.find(session, "Hourly")
        if pause:
            assert runtime.pausing.pause(zap.id)
        with runtime.database.read() as session:
            return zap.id, zaps.find(session, "Hourly").state
    finally:
        runtime.database.close()
