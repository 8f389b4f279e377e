"""Schemathesis asks every operation that OpenAPI tells of: with what succeeds, with what fits, and with what does not.

No answer is a fault of the server, and each is as the document says. The same is asked each time.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from engine.people.roles import Role
from tests.web.api.desk import Desk
from tests.web.api.ground import Ground
from tests.web.api.house_ground import Call

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
FITTING, NOT_FITTING = 4, 4  # how often each operation is asked
ENOUGH = 0.9  # of the operations must have succeeded
PHASES = (Phase.explicit, Phase.generate)  # what fails is told as it is, not made smaller
NOT_REACHED = {
    "runs.file",  # no toy has files
    "connections.sign_in_again",  # or is signed in to in a browser
    "notice_ways.test",  # nobody here takes notices; test_house has somebody who does
}

pytestmark = pytest.mark.timeout(400)


@dataclass
class Explored:
    """What came of it, by operation."""

    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def succeeded(self) -> set[str]:
        return {name for name, found in self.statuses.items() if any(200 <= status < 300 for status in found)}


@dataclass
class Explorer:
    """Asks as owner, over HTTP."""

    desk: Desk
    ground: Ground
    session: requests.Session
    found: Explored = field(default_factory=Explored)
    turns: Iterator[int] = field(default_factory=count)

    def explore(self, operation: Any) -> None:
        name = operation.definition.raw["operationId"]
        self.found.statuses[name] = Counter()
        self._ask_well(operation, name)
        takes = "requestBody" in operation.definition.raw or operation.definition.raw.get("parameters")
        for mode, times in ((GenerationMode.POSITIVE, FITTING), (GenerationMode.NEGATIVE, NOT_FITTING)):
            self._ask_often(operation, name, mode, times if takes else 1)

    def _ask_well(self, operation: Any, name: str) -> None:
        call: Call = self.ground.call(name)
        case = operation.Case(path_parameters=call.path, query=call.query, headers={})
        if call.body is not None:
            case.body = call.body
            case.media_type = "application/yaml" if isinstance(call.body, bytes) else "application/json"
        elif "requestBody" in operation.definition.raw:
            case.body, case.media_type = {}, "application/json"
        self._asked(case, name)

    def _ask_often(self, operation: Any, name: str, mode: GenerationMode, times: int) -> None:
        health = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]

        @settings(
            max_examples=times,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=health,
            phases=PHASES,
        )
        @given(operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            self._lead_somewhere(case, operation)
            self._keep_small(case)
            self._asked(case, name)

        try:
            ask()
        except Exception as error:
            if "Unsatisfiable" not in type(error).__name__:  # what nothing can be wrong with
                self.found.failures.append(f"{name}: {type(error).__name__}: {error}")

    def _lead_somewhere(self, case: Any, operation: Any) -> None:
        """Three of four have ids that there are; the others have those that were made up."""
        if next(self.turns) % 4:
            names = [one["name"] for one in operation.definition.raw.get("parameters", ()) if one["in"] == "path"]
            case.path_parameters = {name: self.ground.scratch(name) for name in names}

    def _keep_small(self, case: Any) -> None:
        """All runs replayed again and again would be more each time: only those of one zap, which are on hold."""
        body = case.body if isinstance(case.body, dict) else {}
        if case.operation.path.endswith("/runs/many") and isinstance(body.get("filter"), dict):
            body["filter"]["zap"] = [self.ground.waiting]

    def _asked(self, case: Any, name: str) -> None:
        response = case.call(base_url=self.desk.house.url, session=self.session)
        self.found.statuses[name][response.status_code] += 1
        try:
            case.validate_response(response, checks=CHECKS)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            told = "; ".join(str(one) for one in getattr(error, "exceptions", [error]))
            self.found.failures.append(f"{name}: {told[:1500]}")


@pytest.fixture(scope="module")
def document(desk: Desk) -> dict[str, Any]:
    answer = desk.viewer.ask("GET", "/api/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture(scope="module")
def explored(desk: Desk, document: dict[str, Any]) -> Explored:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {desk.secrets[Role.OWNER]}"
        explorer = Explorer(desk, Ground(desk), session)
        schema = schemathesis.openapi.from_dict(document)
        for result in schema.get_all_operations():
            assert isinstance(result, Ok)
            explorer.explore(result.ok())
    return explorer.found


def test_no_answer_is_a_fault_and_each_is_as_the_document_says(explored: Explored):
    assert not explored.failures, "\n\n".join(explored.failures)


def test_nearly_every_operation_succeeds(explored: Explored):
    missed = set(explored.statuses) - explored.succeeded()
    assert missed <= NOT_REACHED, {name: explored.statuses[name] for name in missed - NOT_REACHED}
    assert len(explored.succeeded()) >= ENOUGH * len(explored.statuses)


def test_the_document_tells_of_every_operation_what_it_needs_and_gives(document: dict[str, Any]):
    operations = [(path, method, one) for path, item in document["paths"].items() for method, one in item.items()]
    assert len(operations) > 70
    for path, method, one in operations:
        assert one["summary"], path
        assert one["tags"], path
        assert one["x-role"] in ("viewer", "editor", "owner")
        assert {"401", "403"} <= set(one["responses"]), path
        assert all("content" in answer for code, answer in one["responses"].items() if code != "204"), (path, method)
    assert len({one["operationId"] for _, _, one in operations}) == len(operations)
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert "HTTPValidationError" not in json.dumps(document)
