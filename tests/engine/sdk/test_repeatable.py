"""Whether an action may be called twice: always, by the connection's profile, or by what it is given as well."""

from typing import Any

import pytest
from pydantic import BaseModel

from zapwerk import ApiKey, Connector, Context, NoAuth, Record


class Given(BaseModel):
    method: str = "GET"


def by_both(profile: Any, given: Given) -> bool:
    return bool(profile) and given.method == "GET"


def action(repeatable: Any) -> Any:
    app = Connector("app", title="App")

    @app.action(repeatable=repeatable)
    async def act(ctx: Context, given: Given) -> Record:
        """Acts."""
        return Record(id="1")

    return act


@pytest.mark.parametrize(
    ("repeatable", "profile", "method", "answer"),
    [
        (True, None, "POST", True),
        (False, None, "GET", False),
        (lambda profile: bool(profile), "yes", "POST", True),
        (lambda profile: bool(profile), "", "GET", False),
        (by_both, "yes", "GET", True),
        (by_both, "yes", "POST", False),
        (by_both, "", "GET", False),
    ],
    ids=["always", "never", "this profile", "not this profile", "this input", "not this input", "neither"],
)
def test_an_action_says_whether_it_may_be_called_twice(repeatable: Any, profile: Any, method: str, answer: bool):
    assert action(repeatable).repeatable(profile, Given(method=method)) is answer


def test_the_input_may_be_left_out_where_nobody_asks_for_it():
    assert action(lambda profile: bool(profile)).repeatable("yes") is True


@pytest.mark.parametrize(
    ("auth", "needed"),
    [([NoAuth()], False), ([ApiKey()], True), ([ApiKey(), NoAuth()], False), ([NoAuth(), ApiKey()], False)],
    ids=["none", "a key", "a key or none", "none or a key"],
)
def test_a_connection_is_optional_where_the_app_can_be_used_without_signing_in(auth: Any, needed: bool):
    assert Connector("app", title="App", auth=auth).needs_connection is needed
