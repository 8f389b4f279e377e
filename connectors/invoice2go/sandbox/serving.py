"""Starts and stops the sandbox: puts its parts together, writes down every call, and lets faults have their turn."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from connectors.invoice2go.sandbox import api, control, faults, misbehaving, oauth, pages
from connectors.invoice2go.sandbox.state import CLIENT_ID, SERVICE, Handler, Service, Switches
from connectors.invoice2go.sandbox.store import Store, moment
from connectors.practice.guards import LOCAL_NAMES, is_local
from connectors.practice.pages import assets
from connectors.practice.words import SHARED, words_for
from zapwerk import Sandbox

FILE = "invoice2go-sandbox.sqlite"
HOST = "127.0.0.1"
STOPS_WITHIN = 0.5  # seconds that calls still held may take when the sandbox is stopped
MAX_BODY = 50 * 2**20  # bytes; seeding comes in one piece
FAULT = web.RequestKey("fault", str)


@asynccontextmanager
async def serve(
    folder: Path,
    port: int = 0,
    *,
    host: str = HOST,
    idempotency: bool = True,
    references: bool = True,
    filters: bool = True,
    clients_quota: int | None = None,
    items_quota: int | None = None,
    accounts: Sequence[str] = ("Musterbetrieb",),
    redirect_uris: Sequence[str] = (),
    token_lifetime: float = 3600.0,
) -> AsyncIterator[Sandbox]:
    """Run the sandbox with its state in `folder`, on a free port unless told which.

    `accounts`, and the quotas of new accounts, count when the folder is new. Sign-ins may return to addresses on this
    computer and to `redirect_uris`.
    """
    store = Store(folder / FILE)
    try:
        _open_accounts(store, accounts, clients_quota, items_quota)
        service = Service(
            store=store,
            faults=faults.Faults(),
            switches=Switches(idempotency, references, filters),
            client_secret=store.setting("client_secret", secrets.token_urlsafe(24)),
            key=store.setting("key", secrets.token_urlsafe(32)),
            redirect_uris=frozenset(redirect_uris),
            token_lifetime=token_lifetime,
            local_only=host in LOCAL_NAMES,
        )
        runner = web.AppRunner(application(service), access_log=None, shutdown_timeout=STOPS_WITHIN)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port)
            await site.start()
            yield _described(service, host, runner.addresses[0][1])
        finally:
            await runner.cleanup()
    finally:
        store.close()


def application(service: Service) -> web.Application:
    """The web application of one sandbox."""
    app = web.Application(middlewares=[_guarded, _written_down, _misbehaving, _api_only], client_max_size=MAX_BODY)
    app[SERVICE] = service
    record = "/api/accounts/{account}/{kind:clients|items}"
    app.add_routes(
        [
            *assets(),
            web.get("/", pages.front),
            web.get("/list", pages.listed),
            web.post("/misbehave", misbehaving.change),
            web.get("/{kind:clients|items}/{id}", pages.record),
            web.get("/oauth/authorize", oauth.show_consent),
            web.post("/oauth/authorize", oauth.take_consent),
            web.post("/oauth/token", oauth.give_token),
            web.get("/api/accounts", api.accounts),
            web.get(record, api.listed),
            web.post(record, api.create),
            web.get(record + "/{id}", api.one),
            web.get("/sandbox/state", control.state),
            web.get("/sandbox/faults", control.list_faults),
            web.post("/sandbox/faults", control.add_fault),
            web.post("/sandbox/reset", control.reset),
            web.post("/sandbox/quota", control.quota),
            web.post("/sandbox/settings", control.settings),
            web.post("/sandbox/seed", control.seed),
            web.post("/sandbox/tokens", control.tokens),
        ]
    )
    return app


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A web page from elsewhere may reach this port under a name of its own: only local names are answered."""
    if request.app[SERVICE].local_only and not is_local(request):
        return web.Response(status=421, text=words_for(request, SHARED)("not_local"))
    return await handler(request)


@web.middleware
async def _written_down(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every call to the API and for tokens is written down when it arrives, and again when it is answered."""
    if not request.path.startswith(("/api/", "/oauth/token")):
        return await handler(request)
    store = request.app[SERVICE].store
    number = store.write(
        "INSERT INTO calls (received_at, method, path, query, key) VALUES (?, ?, ?, ?, ?)",
        moment(),
        request.method,
        _storable(request.path),
        _storable(request.query_string),
        _storable(request.headers.get("Idempotency-Key", "")),
    )
    answer: web.StreamResponse | None = None
    try:
        answer = await handler(request)
        return answer
    finally:
        fault, record = request.get(FAULT), request.get(api.RECORD)
        status = answer.status if answer is not None and not (fault or "").startswith("cut") else None
        store.write(
            "UPDATE calls SET answered_at = ?, status = ?, fault = ?, record = ? WHERE number = ?",
            moment() if status else None,
            status,
            fault,
            record,
            number,
        )


@web.middleware
async def _misbehaving(request: web.Request, handler: Handler) -> web.StreamResponse:
    fault = request.app[SERVICE].faults.take(request.method, request.path)
    if fault is None:
        return await handler(request)
    request[FAULT] = fault.kind
    return await faults.perform(fault, request, handler)


@web.middleware
async def _api_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    return await (api.signed_in(request, handler) if request.path.startswith("/api/") else handler(request))


def _open_accounts(store: Store, names: Sequence[str], clients_quota: int | None, items_quota: int | None) -> None:
    if store.accounts():
        return
    with store.together():
        for position, name in enumerate(names):
            store.write(
                "INSERT INTO accounts (id, name, position, clients_quota, items_quota) VALUES (?, ?, ?, ?, ?)",
                secrets.token_hex(4),
                name,
                position,
                clients_quota,
                items_quota,
            )


def _described(service: Service, host: str, port: int) -> Sandbox:
    url = f"http://{host}:{port}"
    switches = service.switches
    profile = {
        "base_url": f"{url}/api",
        "authorize_url": f"{url}/oauth/authorize",
        "token_url": f"{url}/oauth/token",
        "client_id": CLIENT_ID,
        "client_secret": service.client_secret,
        "idempotency": "true" if switches.idempotency else "false",
        "reference_field": "external_reference" if switches.references else "",
        "reference_param": "external_reference" if switches.references else "",
        "email_param": "email" if switches.filters else "",
        "name_param": "name" if switches.filters else "",
        "code_param": "code" if switches.filters else "",
    }
    facts = {"state": f"{url}/sandbox/state", "page": url}
    return Sandbox(url=url, profile=profile, credentials={"key": service.key}, facts=facts)


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
