"""The sandbox for people: the clients and items it holds, live, and each of them in full. Called by `serving`."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from connectors.invoice2go.sandbox import misbehaving
from connectors.invoice2go.sandbox.state import SERVICE, Service
from connectors.invoice2go.sandbox.store import KINDS, Row
from connectors.invoice2go.sandbox.words import WORDS
from connectors.practice import pages
from connectors.practice.markup import Html, foreign, join, tag
from connectors.practice.words import Words, clock, words_for

NEWEST = 100  # records of each kind on the front page
SECOND_LINE = {"clients": ("email", "phone"), "items": ("code", "rate")}
THIRD_LINE = {"clients": ("billing_address", "notes"), "items": ("description",)}
LONGEST = 200  # characters of a value on the front page


async def front(request: web.Request) -> web.Response:
    """GET /: quotas, the newest clients and items, and the switches for faults."""
    service, words = request.app[SERVICE], words_for(request, WORDS)
    unfolded = "misbehaving" in request.query or bool(service.faults.shown())
    region = pages.live_region(words, "/list", _list(service, words))
    switches = tag("div", misbehaving.section(words, unfolded=unfolded), class_="card narrow")
    lead = tag("p", words("lead"), class_="lead")
    return pages.page(pages.Frame(words, words("title")), lead, region, switches)


async def listed(request: web.Request) -> web.Response:
    """GET /list: the same without the frame, for the page that follows it."""
    service, words = request.app[SERVICE], words_for(request, WORDS)
    return pages.live(request, _version(service, words), lambda: _list(service, words))


async def record(request: web.Request) -> web.Response:
    """GET /clients/{id} or /items/{id}"""
    service, words, kind = request.app[SERVICE], words_for(request, WORDS), request.match_info["kind"]
    found = None
    for account in service.store.accounts():
        found = found or service.store.record(account["id"], kind, request.match_info["id"])
    back = ("/", words("all"))
    if found is None:
        frame = pages.Frame(words, words("not_found"), back=back)
        return pages.page(frame, tag("p", words("unknown"), class_="lead"), status=404)
    rows = [join([tag("dt", words(name)), tag("dd", _value(name, value, words))]) for name, value in found.items()]
    facts = tag("dl", *rows, class_="facts")
    frame = pages.Frame(words, str(found["name"]), back=back)
    return pages.page(frame, facts, *_calls(service, str(found["id"]), words))


def _version(service: Service, words: Words) -> str:
    """Another one after each change of what the page shows."""
    last = service.store.row("SELECT id FROM records ORDER BY number DESC LIMIT 1")
    return json.dumps([words.language, service.store.accounts(), last, service.faults.shown()])


def _list(service: Service, words: Words) -> Html:
    waiting = pages.part("faults", *misbehaving.waiting(service, words))
    accounts = [_account(service, account, words) for account in service.store.accounts()]
    return join([waiting, *accounts])


def _account(service: Service, account: Row, words: Words) -> Html:
    heading = tag("h2", foreign(account["name"]), class_="account")
    kinds = [_records(service, account, kind, words) for kind in KINDS]
    return tag("div", heading, *kinds)


def _records(service: Service, account: Row, kind: str, words: Words) -> Html:
    place = f"{kind}-{account['id']}"
    rows, total = service.store.listed(account["id"], kind, {}, newest=True, limit=NEWEST, offset=0)
    heading = tag("h3", words(kind))
    some = [tag("span", words("newest", shown=NEWEST), class_="count")] if total > NEWEST else []
    top = tag("div", heading, tag("span", _used(account, kind, words), class_="count"), *some, class_="heading")
    none = [] if rows else [tag("p", words(f"no_{kind}"), class_="empty")]
    head = pages.part(place, top, *_meter(account, kind, words), *none)
    listing = pages.entries(place, [_row(kind, row, words) for row in rows])
    return tag("section", head, listing, class_="group")


def _used(account: Row, kind: str, words: Words) -> str:
    limit = account[f"{kind}_quota"]
    return words("unlimited" if limit is None else "used", used=account[kind], limit=limit)


def _meter(account: Row, kind: str, words: Words) -> list[Html]:
    """How full the quota is."""
    limit = account[f"{kind}_quota"]
    if limit is None:
        return []
    most = max(limit, 1)
    value = account[kind] if limit else most
    label = words(f"quota_{kind}")
    bar = tag("meter", min=0, max=most, high=most - 0.5, optimum=0, value=value, aria_label=label)
    return [tag("div", bar, class_="quota")]


def _row(kind: str, row: Mapping[str, Any], words: Words) -> Html:
    name = str(row["name"])
    link = tag("a", foreign(name), href=f"/{kind}/{row['id']}")
    when = tag("span", _moment(row["created_at"], words), class_="when")
    second = [foreign(_short(row[key])) for key in SECOND_LINE[kind] if row.get(key)]
    third = " · ".join(_short(row[key]) for key in THIRD_LINE[kind] if row.get(key))
    return pages.entry(
        str(row["id"]),
        words(f"new_{kind}", name=name),
        tag("div", link, when, class_="first"),
        tag("div", *second, class_="second"),
        tag("div", foreign(third), class_="third"),
    )


def _calls(service: Service, record_id: str, words: Words) -> list[Html]:
    """The API calls that led to this record: a repeated one with the same key is answered with the same record."""
    calls = service.store.rows("SELECT * FROM calls WHERE record = ? ORDER BY number", record_id)
    if not calls:
        return []
    head = tag("tr", *[tag("th", words(name), scope="col") for name in ("came", "call", "answer", "after")])
    rows = [tag("tr", *[tag("td", cell) for cell in _call(call, words)]) for call in calls]
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="calls", aria_labelledby="calls")
    return [
        tag("h2", words("calls"), id="calls", class_="calls-heading"),
        tag("div", table, class_="scroll", tabindex=0, role="region", aria_labelledby="calls"),
    ]


def _call(call: Row, words: Words) -> list[str]:
    came = datetime.fromisoformat(call["received_at"])
    answered = datetime.fromisoformat(call["answered_at"]) if call["answered_at"] else None
    took = f"{(answered - came).total_seconds() * 1000:.0f} ms" if answered else ""
    return [clock(came, words), call["method"], str(call["status"] or words("no_answer")), took]


def _moment(text: Any, words: Words) -> Html:
    return clock(datetime.fromisoformat(str(text)), words)


def _value(name: str, value: Any, words: Words) -> Html:
    return _moment(value, words) if name == "created_at" else foreign(str(value))


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
