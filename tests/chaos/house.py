"""One installation of real processes that the harness plays with: services, mailbox, senders, and the engine, which is
started and killed. Everything that the harness later compares stands in its folder.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests import nursery, plain
from tests.chaos import mailbox as mailboxes
from tests.chaos.mailbox import Mailbox
from tests.chaos.plan import SERVICES, Hook, Mail, Order, Size
from tests.chaos.zaps import ZAPS
from tests.nursery import Forked, Nursery
from tests.processes import child
from tests.waiting import free_port, wait_until

CONNECTORS = Path(__file__).parent / "connectors"
STARTS_WITHIN = 60.0  # seconds
MOVING = ("queued", "running")


@dataclass
class House:
    """`folder` holds the ledger (effects.jsonl), what was accepted (accepted.jsonl), the engine's data and its log."""

    folder: Path
    port: int
    services: httpx.Client
    mailbox: Mailbox
    nursery: Nursery
    senders: "subprocess.Popen[str]"
    environ: Mapping[str, str]
    hooks: dict[str, str] = field(default_factory=dict)
    engine: Forked | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def accepted(self) -> Path:
        return self.folder / "accepted.jsonl"

    @property
    def pid(self) -> int:
        """Of the engine."""
        assert self.engine is not None
        return self.engine.pid

    @property
    def log(self) -> Path:
        return self.folder / "engine.log"

    def furnish(self) -> None:
        """Connections, and every zap switched on."""
        shutil.copytree(CONNECTORS, self.data / "connectors", ignore=shutil.ignore_patterns("__*"))
        for service in SERVICES:
            self.connect(service, service, {"url": str(self.services.base_url)})
        self.connect("imap", "mailbox", self.mailbox.settings)
        for name, text in ZAPS.items():
            file = self.folder / f"{name}.yaml"
            file.write_text(text)
            self.run("zaps", "import", str(file), "--enable")
        for service in SERVICES:
            self.hooks[service] = json.loads(self.run("zaps", "show", service, "--json"))["trigger"]["url"]

    def connect(self, app: str, name: str, values: dict[str, str]) -> None:
        settings = [word for key, value in values.items() for word in ("--set", f"{key}={value}")]
        self.run("connections", "add", app, "--name", name, *settings)

    def run(self, *words: str) -> str:
        """A command's answer."""
        return self.nursery.run(*words, environ=self.environ, output=self.folder / "command.out")

    def start(self) -> None:
        """The engine's process, which is not ready yet."""
        words = ("serve", "--port", str(self.port))
        self.engine = self.nursery.begin(*words, environ=self.environ, output=self.log, errors=self.log)

    def until_ready(self) -> None:
        """Returns when the engine is ready, or has died."""
        wait_until(lambda: self.is_dead() or self.is_ready(), STARTS_WITHIN, what=f"the engine; see {self.log}")

    def is_ready(self) -> bool:
        time.sleep(0.03)
        try:
            return plain.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def is_dead(self) -> bool:
        assert self.engine is not None
        return self.engine.poll() is not None

    def kill(self) -> None:
        """SIGKILL, and nothing of it is left."""
        assert self.engine is not None
        self.engine.kill()
        status = self.engine.wait()
        assert status == -signal.SIGKILL, f"the engine ended by itself with {status}; see {self.log}"

    def stop(self) -> None:
        """In good order, also under load."""
        assert self.engine is not None
        self.engine.terminate()
        status = self.engine.wait()
        assert status == 0, f"the engine stopped with {status}; see {self.log}"

    def send(self, hooks: Iterable[Hook], orders: Iterable[Order]) -> None:
        """One burst; the senders go on until it is accepted."""
        burst = [{**asdict(hook), "url": self.hooks[hook.service]} for hook in hooks]
        assert self.senders.stdin is not None
        self.senders.stdin.write(json.dumps([*burst, *map(asdict, orders)]) + "\n")
        self.senders.stdin.flush()

    def deliver(self, mails: Iterable[Mail]) -> None:
        for mail in mails:
            self.mailbox.deliver(mail.reference, mail.address)
            with self.accepted.open("a") as lines:
                lines.write(json.dumps({"zap": "mails", "reference": mail.reference, "status": 250}) + "\n")

    def tell(self, path: str, **words: Any) -> None:
        """The services."""
        self.services.put(path, json=words).raise_for_status()

    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = self.services.get("/state").json()
        return found

    def let_time_pass(self) -> None:
        """Makes what waits for a rung of the ladder, or for its next check, due: while the engine is dead."""
        with closing(sqlite3.connect(self.data / "zapwerk.db", timeout=30)) as database, database:
            database.execute("UPDATE run SET due_at = created_at WHERE state = 'retrying'")
            database.execute("UPDATE watch SET next_poll_at = 0 WHERE every > 0")

    def is_moving(self) -> bool:
        """Whether a run is due or executed."""
        return any(self.runs().get(state) for state in MOVING)

    def runs(self) -> dict[str, int]:
        """How many stand in each state."""
        with closing(sqlite3.connect(f"file:{self.data / 'zapwerk.db'}?mode=ro", uri=True, timeout=30)) as database:
            return dict(database.execute("SELECT state, count(*) FROM run GROUP BY state").fetchall())


@contextmanager
def built(folder: Path, size: Size) -> Iterator[House]:
    """Everything but the engine."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    (folder / "mail").mkdir(mode=0o755)
    with ExitStack() as stack:
        words = [str(folder), str(size.seed), str(size.lag)]
        services = stack.enter_context(child([sys.executable, "-m", "tests.chaos.services", *words]))
        mailbox = stack.enter_context(mailboxes.opened(folder / "mail", size.seed))
        assert services.stdout is not None
        address = services.stdout.readline().strip()
        client = stack.enter_context(httpx.Client(base_url=address, timeout=30))
        port = free_port()
        environ = {**os.environ, **mailbox.environ, **_environ(folder, port, size)}
        forking = stack.enter_context(nursery.opened())
        senders = [sys.executable, "-m", "tests.chaos.senders", f"{address}/orders", str(folder / "accepted.jsonl")]
        house = House(folder, port, client, mailbox, forking, stack.enter_context(child(senders)), environ)
        house.furnish()
        yield house


def _environ(folder: Path, port: int, size: Size) -> dict[str, str]:
    return {
        "ZAPWERK_DATA": str(folder / "data"),
        "ZAPWERK_PORT": str(port),
        "ZAPWERK_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
        "ZAPWERK_LOG_LEVEL": "WARNING",
        "ZAPWERK_PARALLEL_RUNS": str(size.parallel),
        "CHAOS_LAG": str(size.lag),
    }
