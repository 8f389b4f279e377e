"""Starts `zapwerk` commands without the seconds that importing takes: a process that has imported the program forks for
each. What runs is the whole command, from its command line on, as a process of its own.

`python -m tests.nursery` takes a line of JSON for each order and answers with one; `Nursery` speaks to it.
"""

import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

PRELOADED = ("web.cli", "web.serving", "web.app", "web.api.nouns", "uvicorn.protocols.http.auto", "uvicorn.loops.auto")
LOOKS_EVERY = 0.02  # seconds, while a process is waited for


@dataclass(frozen=True)
class Nursery:
    """A running one."""

    process: "subprocess.Popen[str]"
    _speaking: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def begin(
        self, *words: str, environ: Mapping[str, str], output: Path | None = None, errors: Path | None = None
    ) -> "Forked":
        """A command's process. What it writes goes to these files, or where the nursery's own errors go."""
        order = {"begin": words, "environ": dict(environ), "folder": str(Path.cwd())}
        pid = self._ask({**order, "output": str(output or ""), "errors": str(errors or "")})
        return Forked(self, int(pid))

    def run(self, *words: str, environ: Mapping[str, str], output: Path) -> str:
        """A command, to its end; returns what it wrote. Raises `AssertionError` if it failed."""
        output.write_text("")
        status = self.begin(*words, environ=environ, output=output, errors=output).wait()
        assert status == 0, f"{words} ended with {status}: {output.read_text()}"
        return output.read_text()

    def status(self, pid: int) -> int | None:
        """None while it lives; else its exit status, negative for the signal that ended it."""
        found: int | None = self._ask({"look": pid})
        return found

    def _ask(self, order: dict[str, Any]) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with self._speaking:
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        assert answer, "the nursery has died"
        return json.loads(answer)


@dataclass(frozen=True)
class Forked:
    """A process of the nursery, as `subprocess` shows its own."""

    nursery: Nursery
    pid: int

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def poll(self) -> int | None:
        return self.nursery.status(self.pid)

    def wait(self, timeout: float | None = None) -> int:
        """Raises `subprocess.TimeoutExpired`."""
        ends = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if ends is not None and time.monotonic() > ends:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            time.sleep(LOOKS_EVERY)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


@contextmanager
def opened() -> Iterator[Nursery]:
    """A nursery; its processes end with it."""
    with _begun() as process:
        try:
            yield Nursery(process)
        finally:
            process.communicate()


@cache
def ours() -> Nursery:
    """This process's own; `end` ends it."""
    return Nursery(_begun())


def end() -> None:
    """Ends this process's own, if there is one."""
    if ours.cache_info().currsize:
        ours().process.communicate()
        ours.cache_clear()


def _begun() -> "subprocess.Popen[str]":
    pipe, command = subprocess.PIPE, [sys.executable, "-m", "tests.nursery"]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1)


class Children:
    """The forked processes, in the nursery."""

    def __init__(self) -> None:
        self._alive: set[int] = set()
        self._ended: dict[int, int] = {}

    def answer(self, order: dict[str, Any]) -> int | None:
        if "begin" in order:
            pid = begun(order)
            self._alive.add(pid)
            return pid
        return self._status(order["look"])

    def _status(self, pid: int) -> int | None:
        if pid in self._alive:
            found, status = os.waitpid(pid, os.WNOHANG)
            if found == 0:
                return None
            self._alive.remove(pid)
            self._ended[pid] = os.waitstatus_to_exitcode(status)
        return self._ended[pid]

    def end(self) -> None:
        """Whoever wanted them is gone."""
        for pid in self._alive:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def begun(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        become(order)
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def become(order: dict[str, Any]) -> None:
    """The command, in this process."""
    from web import cli

    os.environ.clear()
    os.environ.update(order["environ"])
    time.tzset()
    os.chdir(order["folder"])
    for number, file in (
        (0, os.open(os.devnull, os.O_RDONLY)),
        (1, written(order["output"])),
        (2, written(order["errors"])),
    ):
        os.dup2(file, number)
    sys.argv = ["zapwerk", *order["begin"]]
    cli.main()


def written(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT) if path else 2


def preload() -> None:
    for name in PRELOADED:
        importlib.import_module(name)
    for entry in importlib.metadata.entry_points(group="zapwerk.connectors"):
        if entry.load().sandbox:
            importlib.import_module(entry.load().sandbox.partition(":")[0])


def main() -> None:
    preload()
    children = Children()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(children.answer(json.loads(line))) + "\n")
        sys.stdout.flush()
    children.end()


if __name__ == "__main__":
    main()
