"""How tests and the demo look into the sandbox and make it misbehave: `/sandbox/…`. Answers and bodies are JSON.

Changes ask for `Content-Type: application/json`, which a foreign web page cannot send without being asked first.
"""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from aiohttp import web

from connectors.invoice2go.sandbox import faults, oauth, rules
from connectors.invoice2go.sandbox.state import SERVICE, Service

Given = dict[str, Any]


async def state(request: web.Request) -> web.Response:
    """GET /sandbox/state: everything; with `?calls_after=N` only the calls since the N-th."""
    service = request.app[SERVICE]
    after = request.query.get("calls_after", "0")
    number = int(after) if after.isascii() and after.isdigit() and len(after) < 16 else 0
    shown = {
        "accounts": service.store.accounts(),
        "clients": service.store.every("clients"),
        "items": service.store.every("items"),
        "calls": service.store.rows("SELECT * FROM calls WHERE number > ? ORDER BY number", number),
        "faults": service.faults.shown(),
        "settings": asdict(service.switches),
    }
    return web.json_response(shown)


async def list_faults(request: web.Request) -> web.Response:
    """GET /sandbox/faults: those still to come, and what kinds there are."""
    return web.json_response({"faults": request.app[SERVICE].faults.shown(), "kinds": faults.KINDS})


async def add_fault(request: web.Request) -> web.Response:
    """POST /sandbox/faults {kind, times, path, method, seconds}; {kind: "none"} takes all back."""
    service, given = request.app[SERVICE], await _given(request)
    if given.get("kind") == "none":
        service.faults.clear()
        return await list_faults(request)
    try:
        service.faults.add(faults.fault_of(given))
    except (ValueError, TypeError, OverflowError) as error:
        raise _wrong(str(error)) from error
    return await list_faults(request)


async def reset(request: web.Request) -> web.Response:
    """POST /sandbox/reset: clients, items, calls and faults are gone; accounts, quotas and sign-ins stay."""
    await _given(request)
    service = request.app[SERVICE]
    service.store.forget_work()
    service.faults.clear()
    return await state(request)


async def quota(request: web.Request) -> web.Response:
    """POST /sandbox/quota {clients, items, until, account}: numbers, or null for no limit."""
    service, given = request.app[SERVICE], await _given(request)
    account = given.get("account") or service.store.accounts()[0]["id"]
    for kind in ("clients", "items"):
        if kind in given:
            limit = _limit(given[kind])
            service.store.write(f"UPDATE accounts SET {kind}_quota = ? WHERE id = ?", limit, account)  # noqa: S608
    if "until" in given:
        service.store.write("UPDATE accounts SET quota_until = ? WHERE id = ?", _until(given["until"]), account)
    return web.json_response({"accounts": service.store.accounts()})


async def settings(request: web.Request) -> web.Response:
    """POST /sandbox/settings {idempotency, references, filters}: what the service honours from now on."""
    service, given = request.app[SERVICE], await _given(request)
    known = asdict(service.switches)
    if not all(name in known and isinstance(value, bool) for name, value in given.items()):
        raise _wrong(f"settings are true or false: {', '.join(known)}")
    for name, value in given.items():
        setattr(service.switches, name, value)
    return web.json_response({"settings": asdict(service.switches)})


async def seed(request: web.Request) -> web.Response:
    """POST /sandbox/seed {clients: […], items: […]}: records that were there before; `created_at` may be given."""
    service, given = request.app[SERVICE], await _given(request)
    account = given.get("account") or service.store.accounts()[0]["id"]
    made = {}
    with service.store.together():
        for kind in ("clients", "items"):
            made[kind] = [_seeded(service, account, kind, one) for one in given.get(kind, [])]
    return web.json_response({kind: len(ids) for kind, ids in made.items()})


async def tokens(request: web.Request) -> web.Response:
    """POST /sandbox/tokens {"do": "expire" | "revoke"}: access tokens run out, or all OAuth sign-ins end."""
    service, given = request.app[SERVICE], await _given(request)
    match given.get("do"):
        case "expire":
            oauth.expire_tokens(service)
        case "revoke":
            oauth.revoke_tokens(service)
        case _:
            raise _wrong("`do` must be “expire” or “revoke”")
    return web.json_response({})


def _seeded(service: Service, account: str, kind: str, one: Any) -> str:
    if not isinstance(one, dict):
        raise _wrong("each record must be an object")
    body = {name: value for name, value in one.items() if name != "created_at"}
    refused = rules.refused_fields(kind, body)
    if refused:
        raise _wrong(refused[0]["message"])
    at = _until(one["created_at"]) if "created_at" in one else None
    record = service.store.create(account, kind, body, at=at or "", counted=False)
    return str(record["id"])


def _limit(value: Any) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31):
        return value
    raise _wrong("a quota is a number, or null for none")


def _until(value: Any) -> str | None:
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise _wrong("times must be in ISO 8601, or null") from None


async def _given(request: web.Request) -> Given:
    if request.content_type != "application/json":
        raise _wrong("send Content-Type: application/json")
    try:
        given = json.loads(await request.read() or b"{}")
    except (ValueError, RecursionError):
        raise _wrong("the body is no JSON") from None
    if not isinstance(given, dict):
        raise _wrong("the body must be an object")
    return given


def _wrong(words: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=json.dumps({"error": words}), content_type="application/json")
