"""The web app: health, readiness, the way in, headers, and what the access log does not say."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Route

from engine.engine import Engine
from engine.runtime import Runtime
from engine.settings import Settings
from tests.web.installation import Installation
from web import app, assets, guarded
from web.api import Api


@dataclass
class House:
    """An engine that has not started, and its web app."""

    runtime: Runtime
    engine: Engine
    client: httpx.AsyncClient


@asynccontextmanager
async def house(installation: Installation) -> AsyncIterator[House]:
    runtime = Runtime(Settings(data=installation.data))
    engine = Engine(runtime)
    transport = httpx.ASGITransport(app.create(runtime, engine))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield House(runtime, engine, client)
    await engine.stop(1)
    await runtime.close()


def asked(
    installation: Installation, path: str, *, started: bool = True, trouble: str = "", host: str = "test"
) -> httpx.Response:
    async def work() -> httpx.Response:
        async with house(installation) as found:
            if started:
                await found.engine.start()
            found.engine.writer.trouble = trouble
            return await found.client.get(f"http://test{path}", headers={"host": host})

    return asyncio.run(work())


@pytest.mark.parametrize("started", [True, False])
def test_it_is_healthy_as_long_as_it_lives(installation: Installation, started: bool):
    assert asked(installation, "/healthz", started=started).status_code == 200


def test_it_is_ready_once_the_engine_has_started(installation: Installation):
    answer = asked(installation, "/readyz")
    assert answer.status_code == 200
    assert answer.json().items() >= {"ready": True, "reasons": []}.items()
    assert answer.json()["triggers"].keys() == {"ok", "delayed", "failing", "needs_reconnecting", "off"}


def test_it_is_not_ready_before_the_engine_has_started(installation: Installation):
    answer = asked(installation, "/readyz", started=False)
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["The engine is starting or stopping."]


def test_it_is_not_ready_while_the_database_cannot_be_written(installation: Installation):
    # Not started, as the next thing that is written takes the trouble back.
    answer = asked(installation, "/readyz", started=False, trouble="The database cannot be written: disk full")
    assert answer.status_code == 503
    assert "The database cannot be written: disk full" in answer.json()["reasons"]


def test_the_front_page_leads_to_the_zaps_by_way_of_setting_up(installation: Installation):
    answer = asked(installation, "/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/welcome")


def test_the_style_is_its_own_and_may_be_kept_for_ever(installation: Installation):
    answer = asked(installation, assets.load().url(assets.STYLE))
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/", "/welcome", "/healthz", "/readyz", "/nothing", "/docs", "/favicon.ico", "/static/0/nothing"]
)
def test_every_answer_has_the_security_headers(installation: Installation, path: str):
    headers = asked(installation, path).headers
    assert {name: headers.get(name) for name in app.HEADERS} == app.HEADERS
    assert "unsafe" not in headers["content-security-policy"]
    assert "server" not in headers


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/nothing"])
def test_there_is_nothing_else(installation: Installation, path: str):
    assert asked(installation, path).status_code == 404


def test_the_access_log_names_the_route_and_nothing_that_was_in_the_address(
    installation: Installation, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "zapwerk.access")
    asked(installation, "/?token=secret")
    asked(installation, "/welcome/secret")
    asked(installation, "/hooks/secret?code=secret")
    lines: list[Any] = [record.getMessage() for record in caplog.records if record.name == "zapwerk.access"]
    assert [line.partition(" ms=")[0] for line in lines] == [
        "method=GET route=/ status=303",
        "method=GET route=/welcome/{token} status=410",
        "method=GET route=/hooks/{token} status=404",
    ]


@pytest.mark.parametrize(
    ("path", "to"),
    [
        pytest.param("/zaps/", "/zaps", id="a page"),
        pytest.param("/zaps/?q=Anfrage%20%26", "/zaps?q=Anfrage%20%26", id="with a search"),
        pytest.param("/api/v1/zaps/", "/api/v1/zaps", id="of the API"),
        pytest.param("/b%C3%BCro///", "/b%C3%BCro", id="several slashes"),
    ],
)
def test_a_slash_too_many_leads_on_without_the_host_that_was_named(installation: Installation, path: str, to: str):
    answer = asked(installation, path, started=False, host="evil.example")
    assert (answer.status_code, answer.headers["location"]) == (307, to)


@pytest.mark.parametrize("path", ["//evil.example/", "/%5Cevil.example/", "/%0d%0aset-cookie:x/", "///"])
def test_a_slash_too_many_leads_to_nobody_else(installation: Installation, path: str):
    answer = asked(installation, path, started=False, host="evil.example")
    assert not answer.headers.get("location", "").startswith(("//", "/\\", "http"))
    assert "set-cookie" not in answer.headers


def test_a_route_that_asks_no_guard_is_refused():
    router = APIRouter()
    router.add_api_route("/open", app.healthz)
    with pytest.raises(TypeError, match="asks no guard"):
        guarded.add(FastAPI(), [router])


def test_no_route_is_made_while_somebody_waits(installation: Installation):
    runtime = Runtime(Settings(data=installation.data))
    made = app.create(runtime, Engine(runtime))
    assert {type(route) for route in made.routes} <= {Route, APIRoute, Api}
    runtime.database.close()
