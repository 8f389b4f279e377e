"""Runs of an app that is used without a connection."""

from typing import Any

from pydantic import BaseModel

from engine.store import zaps
from engine.store.states import RunState
from engine.zaps.model import ActionStep, TriggerUse, Zap
from tests.engine.benches import Bench, in_a_loop
from zapwerk import ApiKey, AuthFailed, Connector, Context, NoAuth, Record


class Nothing(BaseModel):
    """No input."""


def refusing() -> Connector:
    app = Connector("open", title="Open", auth=[ApiKey(), NoAuth()])

    @app.action()
    async def ask(ctx: Context, given: Nothing) -> Record:
        """Asks."""
        raise AuthFailed("It wants a sign-in.")

    return app


async def zap_of(bench: Bench, step: ActionStep) -> str:
    toys: Any = (await bench.connect()).id
    zap = Zap(name="z", trigger=TriggerUse(use="toy.new_thing", connection=toys), steps=(step,))
    with bench.runtime.database.write() as session:
        stored = zaps.create(session, zap, now=bench.now())
    await bench.runtime.switching.on(stored.id)
    return stored.id


@in_a_loop
async def test_a_refused_sign_in_where_there_is_none_fails_the_run_instead_of_holding_it_for_ever(bench: Bench):
    bench.connectors.append(refusing())
    await bench.crash()
    zap = await zap_of(bench, ActionStep(key="asked", use="open.ask"))
    (run,) = await bench.done(zap, "ball")
    assert (run.state, run.field, run.problem) == (RunState.FAILED, "connection", "It wants a sign-in.")
