"""Told to stop in the middle of much work: it ends in time, nothing is lost or doubled, nobody is asked anything."""

from pathlib import Path

from tests.faults.shops import shop
from tests.waiting import wait_until

EACH = 0.3  # seconds: so that all of them together take longer than an end
PEOPLE = [f"Person {number}" for number in range(95)]  # more at once would be a flood


def test_it_ends_in_time_and_goes_on_after_the_next_start(tmp_path: Path):
    with shop(tmp_path / "data", tmp_path / "corner") as running:
        (running.corner / "seconds.txt").write_text(str(EACH))
        running.order(*PEOPLE)
        wait_until(lambda: len(running.sent()) > 5, 60, what="the first parcels")
        running.served.stop()
        assert running.served.process is not None
        assert running.served.process.returncode == 0
        assert len(running.sent()) < len(PEOPLE), "it was in the middle"
        assert running.runs()["running"] == 0
        running.served.start()
        wait_until(lambda: running.runs() == {"succeeded": len(PEOPLE)}, 60, what="the runs of all orders")
        assert running.sent() == dict.fromkeys(PEOPLE, 1)
