"""Async tests: `@looped` runs one on a loop of its own; `until` waits for a condition with a deadline."""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any

DEADLINE = 10.0  # seconds


def looped(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @functools.wraps(test)
    def run(*args: Any, **options: Any) -> None:
        asyncio.run(test(*args, **options))

    return run


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.005)
