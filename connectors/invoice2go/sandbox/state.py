"""The running sandbox's parts, as its handlers find them: `request.app[SERVICE]`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from connectors.invoice2go.sandbox.faults import Faults
from connectors.invoice2go.sandbox.store import Store

SCOPES = ("accounts", "clients", "items")
CLIENT_ID = "zapwerk-practice"


@dataclass
class Switches:
    """What the service honours; `POST /sandbox/settings` changes it while it runs."""

    idempotency: bool = True
    references: bool = True
    filters: bool = True


@dataclass(frozen=True)
class Service:
    """One sandbox."""

    store: Store
    faults: Faults
    switches: Switches
    client_secret: str
    key: str
    redirect_uris: frozenset[str]
    token_lifetime: float
    local_only: bool


SERVICE = web.AppKey("service", Service)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
