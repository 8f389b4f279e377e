"""Sets the demo's installation up: profile, connections, the zap, switched on. Does again only what is not so yet."""

import asyncio
import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from engine.connections.connecting import Wish
from engine.errors import NotFound
from engine.people.links import Purpose
from engine.people.roles import Role
from engine.runtime import Runtime
from engine.sdk.records import Sandbox
from engine.store import connections, facts, zapfiles, zaps
from engine.store.states import ZapState
from engine.store.zaps import StoredZap

ZAP_FILE = Path(__file__).parent / "demo_zap.yaml"
ZAP = "Gmail + Invoice2go Kunden-hinzufügen-Zap"
MAILBOX = "demo mailbox"
INVOICES = "Invoice2go sandbox"
PROFILE = "sandbox"
HOST = ("Demo", "demo@zapwerk.example")  # the owner of a demo's installation


async def set_up(runtime: Runtime, mailbox: Sandbox, invoices: Sandbox) -> str:
    """The id of the zap, which is on afterwards. Raises `Refused` and its like when something does not work."""
    await asyncio.to_thread(_remember, runtime, mailbox, invoices)
    connector = runtime.registry().connector("invoice2go")
    await asyncio.to_thread(runtime.connections.set_profile, connector, PROFILE, dict(invoices.profile), trusted=True)
    await _connected(runtime, Wish("imap", MAILBOX, mailbox.credentials, trusted=True))
    await _connected(runtime, Wish("invoice2go", INVOICES, invoices.credentials, "token", PROFILE, trusted=True))
    zap = await asyncio.to_thread(_imported, runtime)
    if zap.state != ZapState.ON:
        await runtime.switching.on(zap.id)
    return zap.id


def sign_in_link(runtime: Runtime) -> str:
    """An address that signs in once, as the demo's owner, whose password nobody knows: each start makes a link."""
    people = runtime.people
    link = people.links.set_up()
    if link is not None:
        host = people.accounts.set_up(link.token, *HOST, secrets.token_urlsafe(24), "", "")
    else:
        host = next(one for one in people.accounts.every() if one.role is Role.OWNER)
    return people.links.make(Purpose.SIGN_IN, person_id=host.id).url


def _remember(runtime: Runtime, mailbox: Sandbox, invoices: Sandbox) -> None:
    """What the demo's own page leads to."""
    told = {"mailbox": mailbox.facts["page"], "clients": invoices.facts["page"], "zap": ZAP}
    with runtime.database.write() as session:
        facts.put(session, facts.DEMO, json.dumps(told))


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
            return zapfiles.bring_in(
                session, text, runtime.registry(), now=runtime.now(), sealed=runtime.connections.typed.sealed
            )


def sandbox_of(line: Mapping[str, object]) -> Sandbox:
    """What a sandbox's process printed when it was ready."""
    values = {name: line[name] for name in ("url", "profile", "credentials", "facts")}
    return Sandbox(**values)  # type: ignore[arg-type]
