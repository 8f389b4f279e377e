"""An installation: sandboxes and `zapwerk serve` as real processes, and the command line, for tests and benchmarks."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from smtplib import SMTP
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from tests import commands, nursery, plain
from tests.nursery import Forked
from tests.waiting import free_port, wait_until

READY_WITHIN = 90.0  # seconds: five alone, many times that beside other tests
ZAPWERK = str(Path(sys.executable).with_name("zapwerk"))

FORM_MAIL = """From: Webseite <form@shop.example>\r
Reply-To: {name} <{email}>\r
To: office@firma.example\r
Subject: {subject}\r
Message-ID: <{stamp}@shop.example>\r
Date: Mon, 02 Nov 2026 10:00:00 +0100\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: 8bit\r
\r
Name: {name}\r
E-Mail: {email}\r
Nachricht: {text}\r
"""


def form_mail(name: str, email: str, *, subject: str = "Anfrage", text: str = "Bitte ein Angebot.") -> bytes:
    """A mail as a contact form sends it: From is the web site, Reply-To the customer."""
    return FORM_MAIL.format(name=name, email=email, subject=subject, text=text, stamp=time.time_ns()).encode()


@contextmanager
def child(command: list[str], environ: Mapping[str, str] | None = None) -> "Iterator[subprocess.Popen[str]]":
    """A process that is told to stop at the end, and killed if it does not."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, env={**os.environ, **(environ or {})}, stdin=pipe, stdout=pipe, text=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()


@contextmanager
def sandbox(app: str, folder: Path, *, port: int = 0) -> Iterator[dict[str, Any]]:
    """A connector's sandbox as a process; gives its addresses."""
    words = ("sandbox", app, "--folder", str(folder), "--port", str(port))
    with TemporaryDirectory() as corner:
        said = Path(corner, "said.json")
        process = nursery.ours().begin(*words, environ=os.environ, output=said)
        try:
            yield json.loads(wait_until(lambda: _line_of(said), READY_WITHIN, what=f"the sandbox of {app}"))
        finally:
            process.terminate()
            process.wait(READY_WITHIN)


def _line_of(file: Path) -> str:
    text = file.read_text() if file.exists() else ""
    return text if text.endswith("\n") else ""


@dataclass
class Installation:
    """One data folder, and the environment its commands run in. Unless it is `forked`, `serve` begins as it does for
    people: where its memory or its libraries are the matter."""

    data: Path
    environ: dict[str, str] = field(default_factory=dict)
    forked: bool = True

    def run(self, *words: str, code: int = 0) -> str:
        """Runs a command, in this process; fails when it does not end with `code`. Gives what it wrote to stdout."""
        done = commands.invoke(*words, environ={**self.environ, "ZAPWERK_DATA": str(self.data)})
        assert done.exit_code == code, f"{words} ended with {done.exit_code}: {done.output}{done.exception!r}"
        return done.stdout

    def show(self, *words: str) -> Any:
        """Runs a command with --json; gives what it says."""
        return json.loads(self.run(*words, "--json"))

    def fill_in(self, app: str, profile: str, values: Mapping[str, str]) -> None:
        self.run("apps", "set", app, "--profile", profile, *(f"{name}={value}" for name, value in values.items()))

    def connect(self, app: str, name: str, values: Mapping[str, str], *more: str) -> None:
        settings = [word for key, value in values.items() for word in ("--set", f"{key}={value}")]
        self.run("connections", "add", app, "--name", name, *settings, *more)

    def switch_on(self, zap: str) -> None:
        """Imports a zap's YAML and switches it on."""
        file = self.data.parent / f"{time.time_ns()}.yaml"
        file.write_text(zap)
        self.run("zaps", "import", str(file), "--enable")

    @contextmanager
    def serving(self) -> "Iterator[Served]":
        """`zapwerk serve`, ready."""
        served = Served(self, free_port())
        served.start()
        try:
            yield served
        finally:
            served.stop()


@dataclass
class Served:
    """A running `zapwerk serve` that can be killed and started again."""

    installation: Installation
    port: int
    process: "Forked | subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Returns when it is ready."""
        words = ("serve", "--port", str(self.port))
        environ = {**os.environ, **self.installation.environ, "ZAPWERK_DATA": str(self.installation.data)}
        if self.installation.forked:
            self.process = nursery.ours().begin(*words, environ=environ)
        else:
            self.process = subprocess.Popen([ZAPWERK, *words], env=environ, stdin=subprocess.DEVNULL)
        wait_until(self.is_ready, READY_WITHIN, what="serve was ready")

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"serve ended with {self.process.returncode}"
        try:
            return plain.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """SIGKILL: no time for anything."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(40)


class Books:
    """The Invoice2go sandbox's own account of what was created in it."""

    def __init__(self, url: str) -> None:
        self._client = plain.Client(base_url=url, timeout=60)

    def state(self) -> dict[str, Any]:
        """Everything it holds, without the calls it had."""
        found: dict[str, Any] = self._client.get("/sandbox/state", params={"calls_after": 10**9}).json()
        return found

    def clients(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.state()["clients"]
        return found

    def names(self) -> list[str]:
        return sorted(client["name"] for client in self.clients())

    def created(self, name: str) -> float | None:
        """When a client of this name was stored, as seconds since 1970; None if there is none."""
        found = next((client for client in reversed(self.clients()) if client["name"] == name), None)
        return datetime.fromisoformat(found["created_at"]).timestamp() if found else None

    def order(self, what: str, **order: Any) -> None:
        """Tells the sandbox to misbehave, or which limits it has."""
        self._client.post(f"/sandbox/{what}", json=order).raise_for_status()

    def close(self) -> None:
        self._client.close()


def send_by_smtp(told: Mapping[str, Any], *mails: bytes) -> None:
    """Puts mails into the demo mailbox as any mail program does."""
    host, port = told["facts"]["smtp"].split(":")
    with SMTP(host, int(port)) as client:
        for mail in mails:
            client.sendmail("form@shop.example", [told["facts"]["address"]], mail)
