"""Who gets in where: every route with every role, as the table in web/access.py says."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from engine.engine import Engine
from engine.people.roles import Role
from engine.people.sign_ins import csrf_of
from engine.runtime import Runtime
from engine.settings import Settings
from tests.web.browser.house import House, house
from tests.web.visitors import visitor
from web import app
from web.access import ACCESS, HELD_BY, Need

VISITORS = (None, Role.VIEWER, Role.EDITOR, Role.OWNER)
REFUSED = [
    pytest.param(route, role, id=f"{role or 'nobody'} {route}")
    for route, need in ACCESS.items()
    for role in VISITORS
    if (HELD_BY[role] if role else Need.ANYONE) < need
]
ALLOWED = [
    pytest.param(route, role, id=f"{role or 'nobody'} {route}")
    for route, need in ACCESS.items()
    for role in VISITORS
    if (HELD_BY[role] if role else Need.ANYONE) >= need and route.startswith("GET ")
]


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("access")) as made:
        yield made


def address(path: str) -> str:
    """The route with something in its places; whether that exists is asked only after whether one may."""
    return re.sub(r"\{\w+(:path)?\}", "1", path)


def routes(made: FastAPI) -> Iterator[str]:
    """All that the guard stands before: the address of webhooks is none of them."""
    for one in made.routes:
        if isinstance(one, APIRoute):
            yield from (f"{method} {one.path}" for method in one.methods or ())
        elif hasattr(one, "effective_route_contexts"):  # the API, which is read now
            yield from (
                f"{method} {route.path}" for route in one.effective_route_contexts() for method in route.methods
            )


def asked(there: House, route: str, role: Role | None) -> tuple[int, str]:
    """The status, and where it leads."""
    method, path = route.split(" ")
    who = visitor(there, role)
    headers = {"x-csrf": csrf_of(there.tokens[role]) if role else ""}
    with who.client.stream(method, address(path), headers=headers) as answer:
        return answer.status_code, answer.headers.get("location", "")


def is_refused(status: int, location: str) -> bool:
    return status in (401, 403) or (status == 303 and location.startswith("/sign-in"))


@pytest.mark.parametrize(("route", "role"), REFUSED)
def test_nobody_gets_in_where_the_table_says_no(there: House, route: str, role: Role | None):
    status, location = asked(there, route, role)
    assert is_refused(status, location)
    assert status != 403 or role is not None


@pytest.mark.parametrize(("route", "role"), ALLOWED)
def test_whoever_may_look_gets_in(there: House, route: str, role: Role | None):
    status, location = asked(there, route, role)
    assert status < 500
    assert route == "GET /welcome" or not is_refused(status, location)


def test_every_route_is_in_the_table_and_every_entry_is_a_route(tmp_path: Path):
    runtime = Runtime(Settings(data=tmp_path / "data"))
    engine = Engine(runtime)
    made = app.create(runtime, engine)
    there_are = set(routes(made))
    engine.writer.close()
    runtime.database.close()
    assert {"not in the table": there_are - set(ACCESS), "no such route": set(ACCESS) - there_are} == {
        "not in the table": set(),
        "no such route": set(),
    }


@pytest.mark.parametrize("route", [one for one in ACCESS if one.startswith("POST ") and ACCESS[one] > Need.ANYONE])
def test_a_form_without_its_token_does_nothing(there: House, route: str):
    answer = visitor(there, Role.OWNER).client.post(address(route.split(" ")[1]))
    assert answer.status_code == 403


@pytest.mark.parametrize("route", [one for one in ACCESS if one.startswith("POST ")])
@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"origin": "null"}], ids=["foreign", "null"])
def test_a_form_of_another_site_does_nothing(there: House, route: str, headers: dict[str, str]):
    owner = visitor(there, Role.OWNER)
    answer = owner.client.post(
        address(route.split(" ")[1]), headers={**headers, "x-csrf": csrf_of(there.tokens[Role.OWNER])}
    )
    assert answer.status_code == 403


def test_a_browser_that_says_it_came_from_elsewhere_is_believed(there: House):
    owner = visitor(there, Role.OWNER)
    headers = {"x-csrf": owner.csrf, "sec-fetch-site": "cross-site"}
    del owner.client.headers["origin"]
    assert owner.client.post("/sign-out", headers=headers).status_code == 403
    assert owner.is_signed_in()


@pytest.mark.parametrize("route", [one for one in ACCESS if one.split(" ")[1].startswith("/api/v1/")])
@pytest.mark.parametrize("token", ["x", "zw_nothing", ""], ids=["rubbish", "no such token", "empty"])
def test_who_brings_a_token_that_is_not_good_is_nobody_whatever_the_cookie_says(there: House, route: str, token: str):
    method, path = route.split(" ")
    headers = {"authorization": f"Bearer {token}".strip(), "origin": "https://evil.example"}
    answer = visitor(there, Role.OWNER).client.request(method, address(path), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_token_that_was_revoked_is_not_made_good_by_a_cookie(there: House):
    owner = visitor(there, Role.OWNER)
    ours = {"x-csrf": owner.csrf}
    made = owner.client.post("/api/v1/tokens", json={"name": "ended", "role": "viewer"}, headers=ours).json()
    headers = {"authorization": f"Bearer {made['secret']}"}
    assert owner.client.get("/api/v1/me", headers=headers).json()["role"] == "viewer"
    owner.client.delete(f"/api/v1/tokens/{made['id']}", headers=ours)
    assert owner.client.get("/api/v1/me", headers=headers).status_code == 401
