"""How quickly `zapwerk serve` is ready at its second start, and how much memory it has when idle.

    python -m benchmarks.start [--runs N] [--idle SECONDS] [--budget] [--json]

Starts real processes on a data folder of its own, with bytecode as `make` leaves it. With `--budget` the exit code is 1
when a figure is over its limit: 2.5 s until `/readyz` says 200, 140 MB resident after 5 s of idling.
"""

import argparse
import compileall
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

READY_WITHIN = 2.5  # seconds
RESIDENT_BELOW = 140.0  # MB
IDLES_FOR = 5.0  # seconds
GIVES_UP_AFTER = 60.0
HOME = Path(__file__).parent.parent


@dataclass(frozen=True)
class Measured:
    """One start."""

    ready: float
    resident: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--idle", type=float, default=IDLES_FOR)
    parser.add_argument("--budget", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    for name in ("zapwerk", "engine", "connectors", "web"):
        compileall.compile_dir(HOME / name, quiet=2)
    with tempfile.TemporaryDirectory() as folder:
        start(Path(folder), idle=0)  # the first start makes the database
        found = [start(Path(folder), idle=given.idle) for _ in range(given.runs)]
    ready = statistics.median(one.ready for one in found)
    resident = statistics.median(one.resident for one in found)
    if given.json:
        print(json.dumps({"ready, seconds": round(ready, 2), "memory when idle, MB": round(resident)}))
    else:
        _say(found, ready, resident)
    over = ready > READY_WITHIN or resident > RESIDENT_BELOW
    return 1 if over and given.budget else 0


def _say(found: list[Measured], ready: float, resident: float) -> None:
    seconds = " ".join(f"{one.ready:.2f}" for one in found)
    print(f"ready after {ready:.2f} s (median of {seconds}; limit {READY_WITHIN} s)")
    print(f"resident when idle: {resident:.0f} MB (limit {RESIDENT_BELOW:.0f} MB)")


def start(data: Path, *, idle: float) -> Measured:
    """Starts, waits until it is ready, lets it idle, and stops it."""
    port = free_port()
    command = [sys.executable, "-m", "web.cli", "--data", str(data), "serve", "--port", str(port)]
    begun = time.monotonic()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=HOME)
    try:
        ready = until_ready(f"http://127.0.0.1:{port}/readyz") - begun
        time.sleep(idle)
        return Measured(ready, resident_mb(process.pid))
    finally:
        process.terminate()
        process.wait()


def until_ready(address: str) -> float:
    """The moment at which it answered 200."""
    ends_at = time.monotonic() + GIVES_UP_AFTER
    while time.monotonic() < ends_at:
        try:
            with urllib.request.urlopen(address, timeout=1):
                return time.monotonic()
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
    raise SystemExit("it did not get ready")


def resident_mb(process: int) -> float:
    """Resident memory, from /proc."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
