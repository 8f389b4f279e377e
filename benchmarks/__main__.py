"""Everything that is measured, as one table and as JSON.

    python -m benchmarks [--quick | --full] [--only PART ...] [--output FILE]

`make bench` calls it: about a quarter of an hour. `--full` takes the sizes that docs/performance.md tells of;
`--quick` takes the least that shows that everything works, and its figures mean nothing. Each part is a process of its
own; run alone, its module says more.
"""

import argparse
import json
import os
import platform
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import shown

OUTPUT = Path(".cache/bench.json")
HOME = Path(__file__).parent.parent

Figures = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Part:
    """A benchmark, and how large it is made: usually, quickly, in full."""

    usual: str = ""
    quick: str = ""
    full: str = ""

    def words(self, size: str) -> list[str]:
        given: str = getattr(self, size)
        return [*given.split(), "--json"]


PARTS = {
    "limits": Part(quick="--requests 100 --seconds 0.1"),
    "throughput": Part("--runs 20000", "--runs 50 --calm 20 --bare 100", "--runs 50000"),
    "queue": Part("--runs 10000", "--runs 200 --few 100", "--runs 100000"),
    "neighbours": Part(quick="--zaps 3 --backlog 60 --runs 20", full="--backlog 1000 --runs 3000"),
    "history": Part("--runs 100000", "--zaps 5 --runs 200 --rounds 2 --rate 20", "--runs 1000000"),
    "pruning": Part("--runs 20000", "--zaps 5 --runs 400 --seconds 2", "--runs 200000 --seconds 60"),
    "polling": Part("--zaps 10000 --seconds 60", "--zaps 20 --every 2 --seconds 3"),
    "start": Part("--runs 3", "--runs 1 --idle 0.1", "--runs 5"),
    "wire": Part(quick="--seconds 0.5"),
    "mail": Part("--single 50 --burst 500", "--single 3 --burst 5", "--single 200 --burst 5000"),
}


@dataclass(frozen=True)
class Beside:
    """A figure of ours beside the machine's own limit: part and name of each."""

    what: str
    ours: tuple[str, str]
    limit: tuple[str, str]

    def row(self, figures: Figures) -> tuple[str, ...] | None:
        """None if one of them was not measured."""
        try:
            ours, limit = (figures[part][name] for part, name in (self.ours, self.limit))
        except KeyError:
            return None
        return (self.what, shown(ours), f"{self.limit[1]}: {shown(limit)}", f"{ours / limit:.0%}")


BESIDE = (
    Beside(
        "webhook → effect, runs a second",
        ("throughput", "runs a second"),
        ("throughput", "bare FastAPI, POSTs a second"),
    ),
    Beside(
        "webhooks accepted a second meanwhile",
        ("throughput", "accepted a second"),
        ("throughput", "bare FastAPI, POSTs a second"),
    ),
    Beside(
        "webhook → effect, runs a second", ("throughput", "runs a second"), ("limits", "SQLite FULL, commits a second")
    ),
    Beside(
        "webhook → effect, runs a second",
        ("throughput", "runs a second"),
        ("limits", "aiohttp, requests a second to the sink"),
    ),
    Beside(
        "our writer, rows a second of 50 at once",
        ("limits", "our writer, rows a second of 50 at once"),
        ("limits", "SQLite FULL, rows a second in commits of 50"),
    ),
    Beside(
        "requests out through ctx.http a second",
        ("wire", "ctx.http, requests a second"),
        ("wire", "bare aiohttp, requests a second"),
    ),
)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    size = options.add_mutually_exclusive_group()
    size.add_argument("--quick", dest="size", action="store_const", const="quick", default="usual")
    size.add_argument("--full", dest="size", action="store_const", const="full")
    options.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    options.add_argument("--output", type=Path, default=OUTPUT)
    given = options.parse_args()
    begun = datetime.now(UTC)
    measured = {name: _measured(name, PARTS[name].words(given.size)) for name in given.only}
    figures = {name: found for name, found in measured.items() if found is not None}
    told = {"at": begun.isoformat(timespec="seconds"), "machine": machine(), "size": given.size, "figures": figures}
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(json.dumps(told, indent=1) + "\n")
    print(drawn(told["machine"], figures))
    print(f"\nThe same as JSON: {given.output}")
    return 0 if len(figures) == len(measured) else 1


def machine() -> str:
    """What it ran on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB of memory, {platform.system()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def drawn(ran_on: str, figures: Figures) -> str:
    """The table: ours beside the limits, then everything by part."""
    beside = [row for one in BESIDE if (row := one.row(figures))]
    every = [(part, name, shown(figure)) for part, found in figures.items() for name, figure in found.items()]
    head = f"\n{ran_on}; load {os.getloadavg()[0]:.1f}\n"
    return "\n\n".join(
        [
            head,
            *([_table(("What", "Zapwerk", "This machine's limit", "Share"), beside)] if beside else []),
            _table(("Part", "Figure", "Measured"), every),
        ]
    )


def _measured(name: str, words: list[str]) -> dict[str, Any] | None:
    """A part's figures; None if it failed."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *words]
    sys.stderr.write(f"python {' '.join(command[1:])} … ")
    sys.stderr.flush()
    begun = time.monotonic()
    done = subprocess.run(command, cwd=HOME, stdout=subprocess.PIPE, text=True, check=False)
    sys.stderr.write(f"{time.monotonic() - begun:.0f} s\n")
    if done.returncode:
        sys.stderr.write(f"{name} ended with {done.returncode}\n{done.stdout}")
        return None
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """In Markdown, with even columns."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [head, tuple("-" * width for width in widths), *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


if __name__ == "__main__":
    sys.exit(main())
