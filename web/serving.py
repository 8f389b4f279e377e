"""Runs the engine and the web app of one data folder until it is told to stop. Called by `zapwerk serve`."""

import asyncio
import errno
import gc
import ipaddress
import logging
import os
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.connections import prints
from engine.engine import GRACE, Engine
from engine.errors import Refused
from engine.runtime import Runtime
from engine.settings import Settings
from web import lifeline, logs, telling

if TYPE_CHECKING:
    from uvicorn import Server

BACKLOG = 2048
CLOSES_WITHIN = 5  # seconds that open requests may take when it stops

log = logging.getLogger(__name__)


def serve(settings: Settings, *, with_parent: bool = False) -> None:
    """Blocks until SIGTERM or SIGINT; `with_parent`: also until standard input ends.

    Raises `AlreadyRunning`, `Refused` and what opening the runtime raises.
    """
    logs.set_up(settings.log_level)
    with prints.divided():
        runtime = Runtime(settings)
        asyncio.run(_served(runtime, with_parent))


async def _served(runtime: Runtime, with_parent: bool) -> None:
    try:
        engine = Engine(runtime)
        try:
            with _listening(runtime.settings) as listening:
                await _run(runtime, engine, listening, with_parent)
        finally:
            await engine.stop(GRACE)
    finally:
        await runtime.close()


async def _run(runtime: Runtime, engine: Engine, listening: socket.socket, with_parent: bool) -> None:
    """Answers from the first moment on, so that whoever watches sees it starting; then lets the zaps run."""
    server = _server(runtime, engine)
    _stop_on_signals(server)
    if with_parent:
        lifeline.hold(asyncio.get_running_loop(), lambda: _end(server), within=GRACE + CLOSES_WITHIN)
    answering = asyncio.create_task(server.serve(sockets=[listening]))
    await asyncio.to_thread(runtime.served_at, runtime.settings.public_url or _own_address(listening))
    await engine.start()
    # What is there now stays: looking through all of it for garbage kept every request waiting for a tenth of a second.
    gc.freeze()
    _announce(runtime.settings, listening)
    await asyncio.to_thread(_ask_for_an_owner, runtime)
    await answering


def _server(runtime: Runtime, engine: Engine) -> "Server":
    from uvicorn import Config, Server

    from web import app

    made = app.create(runtime, engine)

    class Quiet(Server):
        """Leaves the signals to us: uvicorn raises them again when it has stopped, before we are done."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            """Ends what would stay open for ever before it waits for what is open."""
            made.state.site.live.close()
            await super().shutdown(sockets)

    config = Config(
        made,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=CLOSES_WITHIN,
    )
    return Quiet(config)


def _stop_on_signals(server: "Server") -> None:
    loop, asked = asyncio.get_running_loop(), Counter[str]()

    def stop() -> None:
        asked["to stop"] += 1
        if asked["to stop"] > 1:
            # Nothing is lost: what is not finished is taken over at the next start.
            log.warning("stopping at once")
            logging.shutdown()
            os._exit(1)
        _end(server)
        telling.note("Stopping; what is under way may finish. Once more stops at once.")

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


def _end(server: "Server") -> None:
    server.should_exit = True


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """The port, taken. Raises `Refused`."""
    listening = _bound(settings.host, settings.port)
    try:
        yield listening
    finally:
        listening.close()


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise Refused(f"“{host}” is no address of this computer: {error.strerror}.") from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise Refused(_why_not(error, host, port)) from error
    return listening


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program. Choose another one: zapwerk serve --port {port + 1}"
    if error.errno == errno.EACCES:
        return f"Port {port} may not be used by this user. Choose one from 1024 on: zapwerk serve --port 8000"
    return f"“{host}”, port {port}, cannot be listened on: {error.strerror}."


def must_be_private(host: str, allow_public: bool) -> None:
    """Raises `Refused` for an address that others could reach, unless that was asked for."""
    if allow_public or host == "localhost":
        return
    try:
        private = ipaddress.ip_address(host).is_loopback
    except ValueError:
        private = False
    if not private:
        raise Refused(
            f"On “{host}” Zapwerk could be reached by others, and what people send it could be read on the way. "
            "If something in front of it speaks TLS, or you want that: add --allow-public."
        )


def _own_address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _announce(settings: Settings, listening: socket.socket) -> None:
    address = settings.public_url or _own_address(listening)
    telling.note(f"Zapwerk is ready at {address} (data in {settings.data.resolve()}). Press Ctrl-C to stop.")


def _ask_for_an_owner(runtime: Runtime) -> None:
    """The link with which this installation is set up, while nobody owns it. Each start makes a new one."""
    made = runtime.people.links.set_up()
    if made:
        telling.note(f"Set up Zapwerk, once and within 24 hours, at {made.url}")
