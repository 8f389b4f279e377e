"""`.json()` of an answer that is no JSON: an error by consequence, never a bug of the connector."""

import httpx
import pytest
from aiohttp import web
from pydantic import BaseModel

from engine.sdk.connector import Connector
from engine.sdk.context import Context
from engine.sdk.errors import ConnectorError, OutcomeUnknown, PermanentFailure, TemporaryFailure
from engine.sdk.records import Record
from tests.engine.connections.loops import looped
from tests.engine.connections.servers import web_app
from tests.engine.sdk.test_http import http_to
from zapwerk.testing import Harness

PAGE = "<!doctype html><html><body>We are down for maintenance</body></html>"


def page(status: int = 200, text: str = PAGE, content_type: str = "text/html"):
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, text=text, content_type=content_type)

    return answer


@pytest.mark.parametrize(
    ("method", "status", "kind"),
    [
        pytest.param("GET", 200, TemporaryFailure, id="a read can be tried again"),
        pytest.param("POST", 200, OutcomeUnknown, id="a write that was answered has probably been done"),
        pytest.param("POST", 303, OutcomeUnknown, id="a write that leads elsewhere, too"),
        pytest.param("POST", 500, OutcomeUnknown, id="a write that broke off"),
        pytest.param("POST", 409, PermanentFailure, id="a write that was refused was not done"),
        pytest.param("GET", 404, PermanentFailure, id="a read that was refused"),
    ],
)
@looped
async def test_what_is_no_json_is_told_by_consequence(method, status, kind):
    async with web_app(page(status)) as url, http_to(url) as http:
        answer = await http.request(method, "x", accept=(status,))
        with pytest.raises(kind) as caught:
            answer.json()
    assert isinstance(caught.value, ConnectorError)
    assert caught.value.sentence.startswith(f"The service answered {status} with something that is no JSON (text/html)")


@looped
async def test_what_reads_only_may_be_tried_again_whatever_its_method():
    async with web_app(page()) as url, http_to(url, reads_only=True) as http:
        with pytest.raises(TemporaryFailure):
            (await http.post("search")).json()


@looped
async def test_a_connector_may_still_expect_it_as_any_python_code_would():
    async with web_app(page()) as url, http_to(url) as http:
        for method in ("GET", "POST"):
            with pytest.raises(ValueError, match="no JSON"):
                (await http.request(method, "x")).json()


@looped
async def test_short_texts_are_quoted_and_pages_are_not():
    async with web_app(page(text="Closed on Sundays", content_type="text/plain")) as url, http_to(url) as http:
        with pytest.raises(TemporaryFailure, match="“Closed on Sundays”"):
            (await http.get("x")).json()
    async with web_app(page()) as url, http_to(url) as http:
        with pytest.raises(TemporaryFailure) as caught:
            (await http.get("x")).json()
    assert "doctype" not in str(caught.value)


@looped
async def test_bytes_that_are_no_text_are_no_json_either():
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=b"\xff\xfe\x00{")

    async with web_app(answer) as url, http_to(url) as http:
        with pytest.raises(TemporaryFailure):
            (await http.get("x")).json()


class Wish(BaseModel):
    title: str


class Made(Record):
    title: str


def app() -> Connector:
    made = Connector("made", title="Made", base_url="https://made.example/")

    @made.action()
    async def make(ctx: Context, given: Wish) -> Made:
        """Make it."""
        return Made.model_validate((await ctx.http.post("things", json=given.model_dump())).json())

    return made


def test_an_action_that_is_answered_with_a_page_comes_before_a_person():

    harness = Harness(app(), lambda request: httpx.Response(200, html=PAGE))
    done = harness.do("make", title="x")
    assert done.state == "needs_review"
    harness.close()
