"""Sets the demo's installation up: profile, connections, the zap, switched on. Does again only what is not so yet."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from engine.connections.connecting import Wish
from engine.errors import NotFound
from engine.runtime import Runtime
from engine.sdk.records import Sandbox
from engine.store import connections, zapfiles, zaps
from engine.store.states import ZapState
from engine.store.zaps import StoredZap

ZAP_FILE = Path(__file__).parent / "demo_zap.yaml"
ZAP = "Gmail + Invoice2go Kunden-hinzufügen-Zap"
MAILBOX = "demo mailbox"
INVOICES = "Invoice2go sandbox"
PROFILE = "sandbox"


async def set_up(runtime: Runtime, mailbox: Sandbox, invoices: Sandbox) -> str:
    """The id of the zap, which is on afterwards. Raises `Refused` and its like when something does not work."""
    connector = runtime.registry().connector("invoice2go")
    await asyncio.to_thread(runtime.connections.set_profile, connector, PROFILE, dict(invoices.profile), trusted=True)
    await _connected(runtime, Wish("imap", MAILBOX, mailbox.credentials, trusted=True))
    await _connected(runtime, Wish("invoice2go", INVOICES, invoices.credentials, "token", PROFILE, trusted=True))
    zap = await asyncio.to_thread(_imported, runtime)
    if zap.state != ZapState.ON:
        await runtime.switching.on(zap.id)
    return zap.id


async def _connected(runtime: Runtime, wish: Wish) -> None:
    """Adds the connection, or leads the one there is to where the sandbox is today."""
    known = await asyncio.to_thread(_connection_id, runtime, wish.name)
    if known is None:
        await runtime.connecting.add(wish)
    else:
        await runtime.connecting.reconnect(known, wish.values, trusted=True)


def _connection_id(runtime: Runtime, name: str) -> str | None:
    with runtime.database.read() as session:
        try:
            return connections.find(session, name).id
        except NotFound:
            return None


def _imported(runtime: Runtime) -> StoredZap:
    with runtime.database.write() as session:
        try:
            return zaps.find(session, ZAP)
        except NotFound:
            text = ZAP_FILE.read_text("utf-8")
            return zapfiles.bring_in(session, text, runtime.registry(), now=runtime.now())


def sandbox_of(line: Mapping[str, object]) -> Sandbox:
    """What a sandbox's process printed when it was ready."""
    values = {name: line[name] for name in ("url", "profile", "credentials", "facts")}
    return Sandbox(**values)  # type: ignore[arg-type]
