"""For the tests of a connector: the engine's own code over a fake wire.

    def test_only_tasks_added_after_switching_on_fire(fake_tasko):
        harness = Harness(tasko, fake_tasko, api_key="k")
        new_task = harness.switch_on("new_task", project="p1")
        fake_tasko.add("2")
        assert [task.id for task in new_task.poll()] == ["2"]

`standard_checks(connector)` is one test that every connector should pass; `load_connector(path)` gives a connector that
lies in a file.
"""

from zapwerk.testing.checks import standard_checks
from zapwerk.testing.harness import Harness, Outcome, Watched
from zapwerk.testing.loading import load_connector

__all__ = ["Harness", "Outcome", "Watched", "load_connector", "standard_checks"]
