"""The short form of the harness: ten kills, and nothing is lost or doubled. `CHAOS_SEED=7` repeats one.

On a machine that does nothing else it takes half a minute.
"""

import json
import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest

from tests.chaos import report
from tests.chaos.plan import Size
from tests.chaos.play import played

SIZE = Size(
    kills=10, events=500, seed=int(os.environ.get("CHAOS_SEED") or time.time_ns() // 1_000_000 % 100_000), lag=2.0
)


@pytest.mark.timeout(400)
def test_no_event_is_lost_or_doubled_however_often_the_engine_is_killed():
    # Not in pytest's folder: Dovecot reads mail as another user, and the names of its sockets must be short.
    place = Path(tempfile.mkdtemp(prefix="zapwerk-"))
    place.chmod(0o755)
    print(f"the seed is {SIZE.seed}: CHAOS_SEED={SIZE.seed} repeats it; everything is in {place}")
    done = played(place / "chaos", SIZE)
    print(report.table(done))
    assert done.verdict.findings == [], report.wrong(done.verdict.findings, place / "chaos" / "data")
    told = json.loads(json.dumps(report.as_json(done)))
    assert told["kills"] == SIZE.kills
    assert told["events"] >= SIZE.events
    assert sum(told["misbehaved"].values()) > 20
    assert sum(told["kills in calls"].values()) >= 2
    for kind in ("idempotency keys", "a reliable lookup", "a lookup that lags"):
        assert told["services"][kind]["in_review"] == 0
    shutil.rmtree(place)  # kept if anything above was wrong
