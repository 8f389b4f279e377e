"""Every benchmark, as `python -m benchmarks --quick` runs it: it ends, and what it counts is complete."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import BESIDE, PARTS, drawn
from benchmarks.figures import spread, table
from tests.project import ROOT

TIMEOUT = 250  # seconds: real processes, on a machine that may do other things too
pytestmark = pytest.mark.timeout(TIMEOUT + 20)


def quick(part: str, folder: Path) -> dict[str, Any]:
    """The figures of a part, from the file of JSON."""
    output = folder / "bench.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--only", part, "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(output) in done.stdout
    told = json.loads(output.read_text())
    assert set(told) == {"at", "machine", "size", "figures"}
    figures: dict[str, Any] = told["figures"][part]
    return figures


def test_limits_are_rates(tmp_path: Path):
    figures = quick("limits", tmp_path)
    assert len(figures) == 5
    assert all(isinstance(rate, int) and rate > 0 for rate in figures.values())


def test_throughput_counts_every_effect_once(tmp_path: Path):
    figures = quick("throughput", tmp_path)
    assert figures["runs"] == figures["effects"] == figures["different effects"] == 50
    assert figures["states of runs"] == {"succeeded": 100}
    assert figures["runs a second"] > 0
    assert figures["bytes of database per run"] > 1024


def test_a_killed_queue_drains_to_its_last_effect(tmp_path: Path):
    figures = quick("queue", tmp_path)
    assert figures["queued"] == 200
    assert 0 < figures["drained after the restart"] <= 200
    assert sum(figures["states of runs"].values()) == 400
    assert set(figures["states of runs"]) <= {"succeeded", "needs_review"}


def test_neighbours_with_dead_services_leave_room(tmp_path: Path):
    figures = quick("neighbours", tmp_path)
    for beside in ("alone", "refusing", "hanging"):
        assert figures[f"{beside}: runs a second"] > 0
        assert set(figures[f"{beside}: accept to effect, ms"]) == {"p50", "p99", "max"}
    assert figures["hanging: runs of the neighbours still waiting"] > 0


def test_the_history_is_asked_while_runs_are_executed(tmp_path: Path):
    figures = quick("history", tmp_path)
    assert figures["runs"] == 200
    assert figures["bytes of index per run"] > 0
    for name in ("first page", "zaps", "a run", "a key in the editor", "its preview"):
        assert set(figures[name]) == {"p50", "p95", "cpu p50", "cpu p95"}
    assert figures["slowest question p95, ms"] > 0
    assert figures["slowest page p95, ms"] > 0


def test_pruning_tells_its_longest_slice_and_what_it_costs_the_runs(tmp_path: Path):
    figures = quick("pruning", tmp_path)
    assert figures["contents deleted"] > 0
    assert figures["longest slice, ms"] > 0
    assert figures["share of the rate that is left"] > 0


@pytest.mark.parametrize("part", ["start", "wire"])
def test_what_measures_one_thing_ends_with_figures(part: str, tmp_path: Path):
    assert all(figure > 0 for figure in quick(part, tmp_path).values())


def test_polling_tells_how_late_checks_were(tmp_path: Path):
    figures = quick("polling", tmp_path)["20 zaps"]
    assert figures["checks a second"] > 0
    assert set(figures["lateness, ms"]) == {"p50", "p99", "max"}


def test_every_mail_becomes_a_client_once(tmp_path: Path):
    figures = quick("mail", tmp_path)
    assert figures["clients"] == figures["different clients"] == 3 + 3 + 5


def test_a_part_that_fails_is_told_and_the_others_are_kept(tmp_path: Path):
    broken = "import benchmarks.__main__ as b, sys; b.PARTS['limits'] = b.Part(quick='--nonsense'); sys.exit(b.main())"
    words = ["--quick", "--only", "limits", "wire", "--output", str(tmp_path / "bench.json")]
    done = subprocess.run(
        [sys.executable, "-c", broken, *words], cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert done.returncode == 1
    assert "limits ended with 2" in done.stderr
    assert set(json.loads((tmp_path / "bench.json").read_text())["figures"]) == {"wire"}


def test_ours_stand_beside_the_limits_with_their_share():
    figures = {"wire": {"ctx.http, requests a second": 500, "bare aiohttp, requests a second": 2000}}
    told = drawn("2 cores", figures)
    assert "| requests out through ctx.http a second | 500     | bare aiohttp, requests a second: 2,000 | 25%" in told


def test_what_stands_beside_a_limit_belongs_to_a_part():
    assert {part for one in BESIDE for part, _ in (one.ours, one.limit)} <= set(PARTS)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        pytest.param([], {"p50": 0, "p99": 0, "max": 0}, id="nothing"),
        pytest.param([0.002], {"p50": 2, "p99": 2, "max": 2}, id="one"),
        pytest.param([n / 1000 for n in range(100, -1, -1)], {"p50": 50, "p99": 99, "max": 100}, id="many, unordered"),
    ],
)
def test_times_are_told_in_milliseconds(seconds: list[float], told: dict[str, float]):
    assert spread(seconds) == told


def test_a_table_has_a_line_for_each_figure():
    assert table({"runs": 50_000, "accept, ms": {"p50": 1.5}}) == "runs        50,000\naccept, ms  p50 1.5"
