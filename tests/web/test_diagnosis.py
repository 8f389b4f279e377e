"""`zapwerk doctor`"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.connections.vault import new_key
from engine.store.watches import Watch
from tests.web.installation import Installation
from web import diagnosis

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
WATCH = Watch(
    zap_id="z", connection_id="c", source="s", listens="", active=True, listening=False, waits_for="", generation=1,
    cursor=None, every_ms=60_000, token="", next_poll_at=NOW, last_check_at=NOW, last_success_at=NOW, failures=0,
    problem="", warning="",
)  # fmt: skip


def wrong(installation: Installation) -> dict[str, str]:
    told = installation.json("doctor", code=1)
    assert not told["ok"]
    return {one["matter"]: one["sentence"] for one in told["findings"] if one["state"] == "wrong"}


def test_a_healthy_installation_is_well(switched_on: Installation):
    told = switched_on.json("doctor")
    assert told["ok"]
    assert {one["state"] for one in told["findings"]} == {"ok", "note"}
    assert "Everything is well." in switched_on.run("doctor").stderr


def test_before_the_first_start_there_is_nothing_wrong_and_nothing_made(installation: Installation, tmp_path: Path):
    installation.data = tmp_path / "new"
    assert installation.json("doctor")["ok"]
    assert not installation.data.exists()


def test_a_folder_that_others_can_read_is_wrong(connected: Installation):
    connected.data.chmod(0o755)
    (connected.data / "secret.key").chmod(0o644)
    found = wrong(connected)
    assert "chmod 700" in found["data folder"]
    assert "chmod 600" in found["key file"]


def test_another_key_is_wrong(connected: Installation):
    (connected.data / "secret.key").write_bytes(new_key())
    assert "not the key that sealed" in wrong(connected)["key"]


def test_a_missing_key_is_wrong_and_none_is_made(connected: Installation):
    (connected.data / "secret.key").unlink()
    assert "missing" in wrong(connected)["key"]
    assert not (connected.data / "secret.key").exists()


def test_a_database_that_is_none_is_wrong(connected: Installation):
    (connected.data / "zapwerk.db").write_bytes(b"this is no database" * 100)
    assert "Restore a backup" in wrong(connected)["database"]


def test_a_broken_connector_is_wrong(connected: Installation):
    (connected.data / "connectors" / "bad.py").write_text("1 +")
    assert "syntax error" in wrong(connected)["connector bad"]


def test_a_zap_whose_connector_is_gone_is_wrong(switched_on: Installation):
    (switched_on.data / "connectors" / "shop.py").unlink()
    assert "shop" in wrong(switched_on)["zap Parcels"]


def test_a_trigger_that_fails_and_a_connection_that_is_refused_are_wrong(switched_on: Installation):
    switched_on.order("Ada")
    path = switched_on.data / "connectors" / "shop.py"
    path.write_text(path.read_text().replace("sent = Sent(", 'raise AuthFailed("Closed for you.")\n    sent = Sent('))
    switched_on.work(1)
    found = wrong(switched_on)
    assert found["connection shop"] == "It needs reconnecting: Closed for you."
    assert "waits for its connection" in found["zap Parcels"]
    assert "Closed for you." in found["notice"]


@pytest.mark.parametrize(
    ("watch", "running", "said"),
    [
        pytest.param(WATCH, True, "", id="checked just now"),
        pytest.param(replace(WATCH, waits_for="c"), True, "repaired", id="waits for its connection"),
        pytest.param(replace(WATCH, problem="No answer.", failures=3), True, "No answer.", id="the last check failed"),
        pytest.param(
            replace(WATCH, last_success_at=NOW - timedelta(hours=1)), True, "60 min ago", id="silent for an hour"
        ),
        pytest.param(replace(WATCH, last_success_at=NOW - timedelta(hours=1)), False, "", id="the engine is off"),
        pytest.param(
            replace(WATCH, last_success_at=NOW - timedelta(hours=1), every_ms=3_600_000), True, "", id="once an hour"
        ),
    ],
)
def test_a_trigger_is_trusted_only_while_it_is_checked(watch: Watch, running: bool, said: str):
    found = diagnosis.silent(watch, running, NOW)
    assert said in found
    assert bool(found) == bool(said)


def test_another_distribution_with_one_of_our_names_is_wrong():
    owners = {"web": ["web.py", "zapwerk"], "engine": ["zapwerk"]}
    (said,) = diagnosis.clashing(owners, lambda name: None)
    assert "web.py" in said


def test_a_module_that_comes_from_elsewhere_is_wrong():
    (said,) = diagnosis.clashing({}, lambda name: Path("elsewhere") if name == "web" else None)
    assert "elsewhere" in said
