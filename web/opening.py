"""Opens what a command needs: settings, the database alone (quick), or the whole runtime. Used by the `cli_…` modules.

The engine is imported when it is needed, so that `--help` and mistakes in the command answer at once.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

if TYPE_CHECKING:
    from engine.registry import Registry
    from engine.runtime import Runtime
    from engine.sdk.connector import Connector
    from engine.settings import Settings
    from engine.store.database import Database

T = TypeVar("T")


@dataclass
class Given:
    """What stands before the command, and how its answer is wanted."""

    data: Path | None = None
    json: bool = False


def given(ctx: typer.Context) -> Given:
    """The options of this call."""
    found = ctx.find_root().obj
    return found if isinstance(found, Given) else Given()


def settings(ctx: typer.Context, **more: Any) -> "Settings":
    """From the environment and `--data`. Raises `Refused`."""
    from engine.settings import from_environment

    return from_environment(os.environ, data=given(ctx).data, **more)


@contextmanager
def database(ctx: typer.Context) -> "Iterator[Database]":
    """The database alone, up to date."""
    without_httpx_command()
    from engine import folder
    from engine.store import migrate
    from engine.store.database import Database

    chosen = settings(ctx)
    folder.prepare(chosen.data)
    opened = Database(chosen.database)
    try:
        migrate.upgrade(opened)
        yield opened
    finally:
        opened.close()


def with_runtime(ctx: typer.Context, work: "Callable[[Runtime], Awaitable[T]]") -> T:
    """What `work` gives, with the runtime open around it. Connectors' prints and secrets stay out of our output."""
    chosen = settings(ctx)
    return asyncio.run(worked(chosen, work))


def run(chosen: "Settings", connector: "Connector", work: "Callable[[Runtime], Awaitable[T]]") -> T:
    """`with_runtime` for one connector, wherever it comes from."""
    from engine.registry import Registry

    return asyncio.run(worked(chosen, work, Registry.of(connector)))


async def worked(
    chosen: "Settings", work: "Callable[[Runtime], Awaitable[T]]", registry: "Registry | None" = None
) -> T:
    """`with_runtime` inside an event loop."""
    without_httpx_command()
    from engine.connections import prints
    from engine.runtime import Runtime
    from web import logs

    logs.set_up("DEBUG" if chosen.log_level == "DEBUG" else "ERROR")
    with prints.divided():
        runtime = Runtime(chosen, registry=registry)
        try:
            return await work(runtime)
        finally:
            await runtime.close()


def without_httpx_command() -> None:
    """httpx loads a command line of its own when it is imported, with Pygments and Rich: 0.1 s and 4 MB for nothing.

    A None in `sys.modules` is Python's way to say that a module cannot be had; httpx goes on without it.
    """
    import sys

    if "httpx" not in sys.modules:
        sys.modules["httpx._main"] = None  # type: ignore[assignment]
