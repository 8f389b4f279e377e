"""The sandbox's API: accounts, clients and items, as the profile describes them."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from connectors.invoice2go.sandbox import oauth, rules
from connectors.invoice2go.sandbox.faults import refusal
from connectors.invoice2go.sandbox.state import SERVICE, Handler, Service
from connectors.invoice2go.sandbox.store import QuotaFull, Row, mark_of
from connectors.invoice2go.searching import folded

MAX_PAGE_SIZE = 100
MAX_KEY = 255
RECORD = web.RequestKey("record", str)


class Answered(Exception):
    """Ends a handler with this answer."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


@web.middleware
async def signed_in(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Asks for a token with the permission that the path needs."""
    scopes = oauth.granted_scope(request.app[SERVICE], request.headers.get("Authorization", ""))
    if scopes is None:
        return refusal(401, "not_signed_in", "The access token is missing, unknown or too old.")
    needed = request.match_info.get("kind") or "accounts"
    if needed not in scopes:
        return refusal(403, "insufficient_scope", "This permission was not granted.", permission=needed)
    try:
        return await handler(request)
    except Answered as answered:
        return answered.answer


async def accounts(request: web.Request) -> web.Response:
    """GET /api/accounts"""
    found = request.app[SERVICE].store.accounts()
    shown = [
        {
            "id": row["id"],
            "name": row["name"],
            "default": row["position"] == 0,
            "quota": {kind: {"used": row[kind], "limit": row[f"{kind}_quota"]} for kind in ("clients", "items")},
        }
        for row in found
    ]
    return _list(shown, page=1, size=max(len(shown), 1), total=len(shown))


async def listed(request: web.Request) -> web.Response:
    """GET /api/accounts/{account}/{kind}"""
    account, kind = _place(request)
    service = request.app[SERVICE]
    page, size = _number(request, "page", 1, 1_000_000), _number(request, "page_size", 50, MAX_PAGE_SIZE)
    newest = request.query.get("sort", "") == "-created_at"
    found, total = service.store.listed(
        account, kind, _filters(service, kind, request.query), newest=newest, limit=size, offset=(page - 1) * size
    )
    return _list([_shown(request, kind, row) for row in found], page=page, size=size, total=total)


async def one(request: web.Request) -> web.Response:
    """GET /api/accounts/{account}/{kind}/{id}"""
    account, kind = _place(request)
    found = request.app[SERVICE].store.record(account, kind, request.match_info["id"])
    if found is None:
        return refusal(404, "not_found", "There is no such record.")
    return web.json_response({"meta": {"status": 200}, "data": _shown(request, kind, found)})


async def create(request: web.Request) -> web.Response:
    """POST /api/accounts/{account}/{kind}: committed before it is answered."""
    account, kind = _place(request)
    service = request.app[SERVICE]
    body = await _body(request)
    key = request.headers.get("Idempotency-Key", "") if service.switches.idempotency else ""
    if len(key) > MAX_KEY:
        return refusal(400, "bad_request", "The Idempotency-Key is too long.")
    known = _known_answer(service, f"{account}/{kind}", key, body)
    record = known or _created(service, account, kind, key, body)
    request[RECORD] = record["id"]
    headers = {"Idempotency-Replayed": "true"} if known else {}
    answer = {"meta": {"status": 201}, "data": _shown(request, kind, record)}
    return web.json_response(answer, status=201, headers=headers)


def _created(service: Service, account: str, kind: str, key: str, body: Row) -> Row:
    refused = rules.refused_fields(kind, body)
    if refused:
        raise Answered(refusal(422, "invalid", refused[0]["message"], fields=refused))
    kept = body if service.switches.references else {k: v for k, v in body.items() if k != "external_reference"}
    try:
        with service.store.together():
            record = service.store.create(account, kind, kept)
            if key:
                values = (f"{account}/{kind}", key, _print(body), json.dumps(record))
                service.store.write("INSERT INTO answers VALUES (?, ?, ?, ?)", *values)
            return record
    except QuotaFull as full:
        words = f"{kind.capitalize()} {full.used}/{full.limit}: the plan allows no more."
        raise Answered(refusal(402, "quota_reached", words, until=full.until)) from full


def _known_answer(service: Service, place: str, key: str, body: Row) -> Row | None:
    if not key:
        return None
    found = service.store.row("SELECT asked, record FROM answers WHERE place = ? AND key = ?", place, key)
    if found is None:
        return None
    if found["asked"] != _print(body):
        raise Answered(refusal(422, "idempotency_key_reused", "This Idempotency-Key came with another body before."))
    record: Row = json.loads(found["record"])
    return record


def _print(body: Row) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


async def _body(request: web.Request) -> Row:
    if request.content_type != "application/json":
        raise Answered(refusal(415, "bad_request", "The body must be application/json."))
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise Answered(refusal(400, "bad_request", "The body is no JSON.")) from None
    if not isinstance(body, dict):
        raise Answered(refusal(400, "bad_request", "The body must be an object."))
    return body


def _place(request: web.Request) -> tuple[str, str]:
    account, kind = request.match_info["account"], request.match_info["kind"]
    if all(row["id"] != account for row in request.app[SERVICE].store.accounts()):
        raise Answered(refusal(404, "not_found", "There is no such account."))
    return account, kind


def _filters(service: Service, kind: str, query: Mapping[str, str]) -> dict[str, str]:
    """The columns to filter by. A service without filters ignores the parameters."""
    where: dict[str, str] = {}
    mark = query.get("email" if kind == "clients" else "code")
    if service.switches.filters and "name" in query:
        where["name"] = folded(query["name"])
    if service.switches.filters and mark is not None:
        where["mark"] = mark_of(kind, mark) or ""
    if service.switches.references and "external_reference" in query:
        where["reference"] = folded(query["external_reference"])
    return where


def _number(request: web.Request, name: str, default: int, limit: int) -> int:
    given = request.query.get(name, str(default))
    if not (given.isascii() and given.isdigit() and len(given) < 9 and int(given) >= 1):
        raise Answered(refusal(400, "bad_request", f"{name} must be a number from 1."))
    return min(int(given), limit)


def _shown(request: web.Request, kind: str, row: Row) -> Row:
    return {**row, "url": f"{request.scheme}://{request.host}/{kind}/{row['id']}"}


def _list(rows: list[dict[str, Any]], *, page: int, size: int, total: int) -> web.Response:
    pagination = {"page": page, "page_size": size, "total": total, "total_pages": -(-total // size)}
    return web.json_response({"meta": {"status": 200}, "pagination": pagination, "data": rows})
