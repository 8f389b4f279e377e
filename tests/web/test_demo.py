"""`zapwerk demo` as processes: a mail becomes a client, nothing else is touched, nobody is left behind."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from email import message_from_bytes, policy
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from engine.errors import Refused
from tests import plain
from tests.waiting import wait_until
from web import demo_folder, demo_mail
from web.cli import app
from web.demo_children import port_for
from web.demo_clients import Sandbox

COMMAND = [sys.executable, "-m", "web.cli", "demo"]
ENVIRON = {**os.environ, "ZAPWERK_DATA": "never-made", "ZAPWERK_PORT": "1", "ZAPWERK_SECRET_KEY": "x" * 40}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's folder: the tests go on where the one before ended."""
    return tmp_path_factory.mktemp("demo") / "demo-data"


@pytest.fixture
def running(folder: Path) -> "Iterator[subprocess.Popen[str]]":
    """A demo that keeps running, on other ports than before: those are taken."""
    known = demo_folder.read(folder).ports
    with ExitStack() as stack:
        for port in known.values():
            stack.enter_context(closing(socket.create_server(("127.0.0.1", port))))
        command = [*COMMAND, "--folder", str(folder)]
        process = stack.enter_context(
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**ENVIRON, "PYTHONUNBUFFERED": "1"})
        )
        stack.callback(process.kill)
        yield process


def until_said(process: "subprocess.Popen[str]", words: str) -> str:
    assert process.stdout is not None
    return next(line for line in process.stdout if words in line)


def test_once_shows_the_client_as_the_sandbox_has_it_and_ends(folder: Path):
    done = subprocess.run(
        [*COMMAND, "--once", "--folder", str(folder)],
        cwd=folder.parent, env=ENVIRON, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told, _, client = done.stdout.partition("The client, as the Invoice2go sandbox has it now:")
    assert [words in told for words in ("Mail sent", "Mail received", "Run begun", "Client created")] == [True] * 4
    assert "billing_address" in client
    assert "@example.org" in client
    assert not (folder.parent / "never-made").exists()
    assert demo_folder.read(folder).smtp == ""


def test_it_goes_on_with_what_is_there_and_leaves_nobody_behind_when_killed(
    folder: Path, running: "subprocess.Popen[str]"
):
    until_said(running, "Client created")
    state = demo_folder.running(folder)
    clients = Sandbox(state.base_url, state.key)
    before = {client["email"] for client in clients.clients()}
    assert len(before) == 2
    send = ["demo", "send", "--folder", str(folder), "--name", "Erika Beispiel", "--phone", "030 23125 111"]
    assert CliRunner().invoke(app, send).exit_code == 0
    until_said(running, "Client created")
    assert CliRunner().invoke(app, send).exit_code == 0
    until_said(running, "Client was there already")
    (erika,) = clients.clients(name="Erika Beispiel")
    assert erika["phone"] == "+493023125111"
    letter = {"name": "Nele Petersen", "address": "nele@example.org", "subject": "Anfrage", "text": "Guten Tag"}
    assert plain.post(state.mailbox_page, data=letter, headers={"Origin": state.mailbox_page}).status_code == 303
    until_said(running, "Client created")
    assert "nele@example.org" in plain.get(state.page).text
    again = CliRunner().invoke(app, ["demo", "--folder", str(folder)])
    assert (again.exit_code, "runs already" in again.output) == (1, True)
    children = psutil.Process(running.pid).children(recursive=True)
    assert len(children) == 3
    running.kill()
    wait_until(lambda: not any(child.is_running() for child in children), 30)


def test_sending_to_a_demo_that_does_not_run_says_how_to_start_it(folder: Path):
    done = CliRunner().invoke(app, ["demo", "send", "--folder", str(folder)])
    assert done.exit_code == 1
    assert f"zapwerk demo --folder {folder}" in done.output


@pytest.mark.parametrize("more", [(), ("--fresh",), ("--once", "--fresh")], ids=["", "fresh", "once"])
def test_a_folder_with_something_else_is_never_touched(tmp_path: Path, more: tuple[str, ...]):
    (tmp_path / "thesis.txt").write_text("years of work")
    done = CliRunner().invoke(app, ["demo", "--folder", str(tmp_path), *more])
    assert done.exit_code == 1
    assert "something else" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_fresh_empties_the_folder_and_keeps_the_ports(tmp_path: Path):
    demo_folder.write(tmp_path, demo_folder.State(ports={"mailbox": 4711}, key="old"))
    (tmp_path / "mailbox").mkdir()
    with demo_folder.taken(tmp_path, fresh=True) as state:
        assert state == demo_folder.State(ports={"mailbox": 4711})
        assert {path.name for path in tmp_path.iterdir()} == {"demo.json", "demo.lock"}


def test_a_damaged_state_is_as_good_as_none(tmp_path: Path):
    (tmp_path / "demo.json").write_text("{")
    assert demo_folder.read(tmp_path) == demo_folder.State()
    (tmp_path / "demo.json").write_text(json.dumps({"unknown": 1}))
    assert demo_folder.read(tmp_path) == demo_folder.State()


def test_a_port_that_is_taken_or_has_a_taken_neighbour_is_replaced():
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        taken = server.getsockname()[1]
        assert port_for(taken) != taken
        assert port_for(taken - 1, neighbours=2) != taken - 1
    free = port_for(None)
    assert port_for(free) == free
    assert port_for(free, taken=[free]) != free


def test_each_enquiry_is_of_somebody_new():
    known: set[str] = set()
    for _ in range(300):
        found = demo_mail.somebody(known)
        assert found.name not in known
        assert found.email.isascii()
        known.add(found.name)


def test_the_mail_is_from_the_site_and_to_be_answered_to_the_person():
    enquiry = demo_mail.Enquiry("Jürgen Weiß", "j@example.org", message="Zeile eins\nZeile zwei <b>")
    mail = message_from_bytes(demo_mail.mail(enquiry, "me@example.org").as_bytes(), policy=policy.default)
    assert mail["Reply-To"] == "j@example.org"
    assert "kontaktformular@" in mail["From"]
    assert mail["Subject"] == "Anfrage über Ihr Kontaktformular: Jürgen Weiß"
    text, html = (part.get_content() for part in mail.iter_parts())
    assert "Nachricht: Zeile eins\nZeile zwei <b>" in text
    assert "Zeile eins<br>Zeile zwei &lt;b&gt;" in html


@pytest.mark.parametrize("enquiry", [demo_mail.Enquiry("A\nBcc: x", "a@b.example"), demo_mail.Enquiry("A", "a\nb")])
def test_a_line_break_cannot_forge_a_header(enquiry: demo_mail.Enquiry):
    with pytest.raises(Refused):
        demo_mail.mail(enquiry, "me@example.org")


def test_a_sandbox_that_there_is_not_is_a_sentence(tmp_path: Path):
    words = ("sandbox", "gmail", "--folder", str(tmp_path))
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, done.stderr) == (1, "Gmail has no sandbox.\n")
