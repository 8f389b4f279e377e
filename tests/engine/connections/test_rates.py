"""A connection's rate is never exceeded in any window, and those who wait are served in order."""

import asyncio
from datetime import timedelta

from engine.connections.rates import Turns
from engine.sdk.schedules import Rate
from tests.engine.connections.loops import looped


async def times_of(turns: Turns, calls: int) -> list[float]:
    loop, times = asyncio.get_running_loop(), []

    async def one() -> None:
        await turns.take()
        times.append(loop.time())

    await asyncio.gather(*(one() for _ in range(calls)))
    return times


@looped
async def test_no_window_holds_more_calls_than_the_rate_allows():
    per = 0.1
    times = await times_of(Turns(Rate(3, per=timedelta(seconds=per))), 10)
    assert all(later - earlier >= per - 0.005 for earlier, later in zip(times, times[3:], strict=False))
    assert times[-1] - times[0] < 5


@looped
async def test_without_a_rate_nobody_waits():
    async with asyncio.timeout(1):
        await times_of(Turns(None), 1000)


@looped
async def test_turns_come_in_the_order_they_were_asked_for():
    turns, order = Turns(Rate(1, per=timedelta(milliseconds=5))), []

    async def one(number: int) -> None:
        await turns.take()
        order.append(number)

    await asyncio.gather(*(one(number) for number in range(8)))
    assert order == list(range(8))


@looped
async def test_who_gives_up_waiting_takes_no_turn():
    now = [0.0]
    turns = Turns(Rate(1, per=timedelta(seconds=10)), clock=lambda: now[0])
    await turns.take()
    waiting = [asyncio.create_task(turns.take()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    waiting[1].cancel()
    await asyncio.wait(waiting[:2])
    now[0] = 10.0
    turns._serve()
    await asyncio.wait_for(waiting[2], 5)


@looped
async def test_a_turn_that_comes_as_its_taker_gives_up_goes_to_the_next():
    now = [0.0]
    turns = Turns(Rate(1, per=timedelta(seconds=10)), clock=lambda: now[0])
    await turns.take()
    first, second = asyncio.create_task(turns.take()), asyncio.create_task(turns.take())
    await asyncio.sleep(0)
    now[0] = 10.0
    turns._serve()
    first.cancel()
    await asyncio.wait({first})
    await asyncio.wait_for(second, 5)
