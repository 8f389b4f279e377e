"""The figures for Prometheus: who may read them, and that they are what they say."""

import asyncio
import re

import pytest

from engine.engine import Engine
from engine.people.roles import Role
from engine.runtime import Runtime
from engine.settings import Settings
from tests.web.installation import Installation
from tests.web.test_app import asked, house
from web import metrics

LINE = re.compile(r'[a-z_]+(\{[a-z]+="[\w.+-]+"\})? \d+(\.\d+)?(e[+-]\d+)?')


def test_a_stranger_is_told_nothing(installation: Installation):
    assert "zapwerk_" not in asked(installation, "/metrics").text


def test_a_program_reads_them_with_a_token(installation: Installation):
    async def work() -> None:
        async with house(installation) as found:
            people = found.runtime.people
            link = people.links.set_up()
            assert link is not None
            person = people.accounts.set_up(link.token, "Anna", "anna@example.com", "a calm sea at nine", "", "")
            secret = people.tokens.make(person, "prometheus", Role.VIEWER).secret
            answer = await found.client.get("/metrics", headers={"authorization": f"Bearer {secret}"})
            assert answer.status_code == 200
            assert answer.headers["content-type"] == metrics.CONTENT_TYPE
            assert "zapwerk_ready 0" in answer.text

    asyncio.run(work())


@pytest.fixture
def said(installation: Installation) -> str:
    runtime = Runtime(Settings(data=installation.data))
    engine = Engine(runtime)

    async def work() -> str:
        await engine.start()
        try:
            return await asyncio.to_thread(metrics.text, runtime, engine, "1.2.3")
        finally:
            await engine.stop(1)
            await runtime.close()

    return asyncio.run(work())


def test_each_figure_says_what_it_is_and_has_a_value(said: str):
    lines = said.splitlines()
    described = {line.split()[2] for line in lines if line.startswith("# HELP ")}
    values = [line for line in lines if not line.startswith("#")]
    assert all(LINE.fullmatch(line) for line in values), values
    assert {re.split(r"[ {]", line)[0] for line in values} == described
    assert {'zapwerk_info{version="1.2.3"} 1', "zapwerk_ready 1", 'zapwerk_runs{state="needs_review"} 0'} <= set(values)
    assert 'zapwerk_triggers{state="failing"} 0' in values
