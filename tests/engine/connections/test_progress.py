"""`ctx.progress`: who waits for a check hears how far it is, from functions of both colours; elsewhere nobody does."""

from collections.abc import Callable
from typing import Any

import pytest

from engine.connections.contexts import LiveConnection
from engine.sdk.connector import Connector
from engine.sdk.context import BlockingContext, Context
from engine.sdk.records import Account
from tests.engine.connections.loops import looped
from tests.engine.connections.probe import calling


def of_threads() -> Connector:
    connector = Connector("tasko", title="Tasko")

    @connector.check
    def account(ctx: BlockingContext) -> Account:
        ctx.progress("server", "Server {host}", "begun", host="a")
        ctx.progress("server", "Server {host}", host="a")
        return Account("1", "One")

    return connector


def of_tasks() -> Connector:
    connector = Connector("tasko", title="Tasko")

    @connector.check
    async def account(ctx: Context) -> Account:
        ctx.progress("server", "Server {host}", "begun", host="a")
        ctx.progress("server", "Server {host}", host="a")
        return Account("1", "One")

    return connector


COLOURS = pytest.mark.parametrize("made", [of_threads, of_tasks], ids=["blocking", "async"])


@COLOURS
@looped
async def test_who_waits_for_a_check_is_told_how_far_it_is(tmp_path: Any, made: Callable[[], Connector]) -> None:
    told: list[tuple[tuple[str, ...], dict[str, Any]]] = []
    async with calling(tmp_path) as calls:
        await calls.check(LiveConnection.without(made()), lambda *said, **values: told.append((said, values)))
    assert told == [(("server", "Server {host}", "begun"), {"host": "a"}), (("server", "Server {host}"), {"host": "a"})]


@COLOURS
@looped
async def test_where_nobody_waits_nothing_happens(tmp_path: Any, made: Callable[[], Connector]) -> None:
    async with calling(tmp_path) as calls:
        assert (await calls.check(LiveConnection.without(made()))).label == "One"
