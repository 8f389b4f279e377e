"""`zapwerk serve` as a process: starting, refusing, taking changes up while it runs, stopping."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import plain
from tests.waiting import free_port, wait_until
from tests.web.conftest import made_in
from tests.web.installation import Installation

TAKEN_UP_WITHIN = 2.0  # seconds, as the docs promise; a second more for a busy machine
BUSY = 1.0


def zapwerk(data: Path, *words: str, stdin: int = subprocess.DEVNULL) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "web.cli", "--data", str(data), *words]
    return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    out, errors = process.communicate(timeout=40)
    return process.returncode, out, errors


@dataclass
class Serving:
    """A `zapwerk serve` that is ready."""

    installation: Installation
    process: "subprocess.Popen[str]"
    port: int
    first_line: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def until_sent(self, *people: str, seconds: float = 10.0) -> None:
        """Waits until these parcels, and no more to these people, were sent."""
        parcels = self.installation.parcels
        wait_until(lambda: [who for who in parcels() if who in people] == list(people), seconds)


@contextmanager
def served(installation: Installation) -> Iterator[Serving]:
    installation.connect()
    installation.switch_on()
    port = free_port()
    with zapwerk(installation.data, "serve", "--port", str(port), "--with-parent", stdin=subprocess.PIPE) as process:
        assert process.stderr is not None
        yield Serving(installation, process, port, process.stderr.readline())
        process.kill()


@pytest.fixture
def serving(installation: Installation) -> Iterator[Serving]:
    """One that the test may stop."""
    with served(installation) as found:
        yield found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One for many tests: each has its own customers."""
    with served(made_in(tmp_path_factory.mktemp("shared"))) as found:
        yield found


def test_it_says_in_one_line_where_it_is_and_answers_there(shared: Serving):
    assert shared.first_line.startswith(f"Zapwerk is ready at {shared.address} (data in ")
    assert plain.get(f"{shared.address}/readyz").status_code == 200
    told = {one["matter"]: one["sentence"] for one in shared.installation.json("doctor")["findings"]}
    assert told["engine"] == f"It runs (process {shared.process.pid})."


def test_while_nobody_owns_it_it_says_where_to_set_it_up_and_on_stderr_only(serving: Serving):
    assert serving.process.stderr is not None
    line = serving.process.stderr.readline()
    said = re.fullmatch(r"Set up Zapwerk, once and within 24 hours, at (\S+)\n", line)
    assert said is not None
    assert plain.get(said.group(1)).status_code == 200
    serving.process.terminate()
    _, out, errors = ended(serving.process)
    token = said.group(1).rpartition("/")[2]
    assert (token in out, token in errors) == (False, False)


def test_an_order_becomes_a_parcel(shared: Serving):
    shared.installation.order("Ada")
    shared.until_sent("Ada")


def test_a_second_engine_on_the_folder_is_refused(shared: Serving):
    code, out, errors = ended(zapwerk(shared.installation.data, "serve", "--port", str(free_port())))
    assert (code, out) == (1, "")
    assert f"process {shared.process.pid}" in errors
    assert "Traceback" not in errors


def test_what_is_switched_off_and_on_is_taken_up_while_it_runs(shared: Serving):
    found = shared.installation
    found.run("zaps", "import", str(found.write_zap(name="Second")), "--enable")
    found.order("Grace")
    shared.until_sent("Grace", "Grace", seconds=TAKEN_UP_WITHIN + BUSY)
    found.run("zaps", "disable", "Second")
    found.order("Barbara")
    shared.until_sent("Barbara")
    assert {run["zap"] for run in found.json("runs", "list", "--limit", "1")} == {"Parcels"}


def test_a_decision_and_a_replay_are_taken_up_while_it_runs(shared: Serving):
    found = shared.installation
    found.order("Mystery")
    (run,) = wait_until(lambda: found.json("runs", "list", "--state", "needs_review"), 20)
    found.run("runs", "decide", run["id"], "went-through", "--record-id", "p-1")
    succeeded = ("runs", "list", "--state", "succeeded")
    wait_until(lambda: run["id"] in [one["id"] for one in found.json(*succeeded)], TAKEN_UP_WITHIN + BUSY)
    found.run("runs", "replay", run["id"], "--whole")
    shared.until_sent("Mystery", "Mystery", seconds=TAKEN_UP_WITHIN + BUSY)


def test_the_key_may_change_while_it_runs(shared: Serving):
    shared.installation.run("secrets", "rotate")
    shared.installation.run("secrets", "rotate")
    shared.installation.order("Hedy")
    shared.until_sent("Hedy")
    assert shared.installation.json("connections", "list")[0]["state"] == "active"


def test_a_backup_is_made_while_it_runs(shared: Serving, tmp_path: Path):
    shared.installation.order("Radia")
    shared.installation.run("backup", "code")
    shared.installation.run("backup", str(tmp_path / "backup.tar.gz"))
    shared.until_sent("Radia")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_it_stops_gracefully(serving: Serving, number: signal.Signals):
    os.kill(serving.process.pid, number)
    code, out, errors = ended(serving.process)
    assert (code, out) == (0, "")
    assert "Stopping" in errors
    assert "Traceback" not in errors
    assert "doctor" not in errors


def test_it_stops_also_when_nobody_reads_what_it_says(serving: Serving):
    assert serving.process.stderr is not None
    serving.process.stderr.close()
    serving.process.terminate()
    assert serving.process.wait(40) in (0, 120)  # Python says 120 when it could not write at its end


def test_it_stops_when_whoever_started_it_is_gone(serving: Serving):
    assert serving.process.stdin is not None
    serving.process.stdin.close()
    serving.process.stdin = None
    assert ended(serving.process)[0] == 0


def test_a_connector_that_prints_its_password_does_not_write_it_to_the_log(serving: Serving):
    serving.installation.order("Ada")
    wait_until(serving.installation.parcels)
    serving.process.terminate()
    _, out, errors = ended(serving.process)
    assert "open sesame" not in out + errors


def test_a_taken_port_is_a_sentence(installation: Installation):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        code, out, errors = ended(zapwerk(installation.data, "serve", "--port", str(port)))
    assert (code, out) == (1, "")
    assert errors == f"Port {port} is taken by another program. Choose another one: zapwerk serve --port {port + 1}\n"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_an_address_that_others_can_reach_must_be_asked_for(installation: Installation, host: str):
    assert "--allow-public" in installation.run("serve", "--host", host, code=1).stderr


def test_a_database_of_a_newer_version_is_left_alone(installation: Installation):
    installation.connect()
    with closing(sqlite3.connect(installation.data / "zapwerk.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    assert "newer version" in installation.run("serve", "--port", "0", code=1).stderr
    assert "newer version" in installation.run("migrate", code=1).stderr
