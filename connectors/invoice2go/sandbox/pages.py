"""The sandbox's pages for people: what was created, and the consent page. Everything from outside is escaped."""

from collections.abc import Mapping
from html import escape
from typing import Any

from aiohttp import web

from connectors.invoice2go.sandbox.state import SCOPES, SERVICE, Service

NEWEST = 200  # records of each kind on the front page
WORDS = {
    "accounts": "see your accounts",
    "clients": "see and create clients",
    "items": "see and create items",
}
COLUMNS = {
    "clients": {"name": "Client name", "email": "Email", "phone": "Phone", "billing_address": "Billing address"},
    "items": {"name": "Item name", "code": "Item code", "rate": "Rate", "description": "Description"},
}
STYLE = """
:root { color-scheme: light dark; --line: #8884; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.practice { border: 1px solid var(--line); border-radius: 1rem; padding: .1rem .7rem; font-size: .8rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem 1.2rem .4rem 0; border-bottom: 1px solid var(--line); }
td { white-space: pre-line; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  thead { display: none; }
  tr { display: block; padding: .4rem 0; border-bottom: 1px solid var(--line); }
  th, td { display: block; padding: .1rem 0; border: 0; }
}
label { display: block; margin: .4rem 0; }
button { font: inherit; padding: .4rem 1.2rem; margin: 1rem .6rem 0 0; }
"""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


async def style(_request: web.Request) -> web.Response:
    """GET /style.css"""
    return web.Response(text=STYLE, content_type="text/css", headers={"X-Content-Type-Options": "nosniff"})


async def front(request: web.Request) -> web.Response:
    """GET /: the accounts with their quotas, and the newest clients and items."""
    service = request.app[SERVICE]
    parts = [paragraph("A stand-in to practise with. It is not Invoice2go, and nothing here is real.")]
    for account in service.store.accounts():
        parts.append(f"<h2>{escape(account['name'])}</h2>")
        parts += [_records(service, account, kind) for kind in COLUMNS]
    return page("Invoice2go sandbox", "".join(parts))


async def record(request: web.Request) -> web.Response:
    """GET /clients/{id} or /items/{id}"""
    service, kind = request.app[SERVICE], request.match_info["kind"]
    found = None
    for account in service.store.accounts():
        found = found or service.store.record(account["id"], kind, request.match_info["id"])
    if found is None:
        return page("Not found", paragraph("There is no such record, or it was reset."), status=404)
    rows = "".join(f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>" for name, value in found.items())
    return page(str(found["name"]), f'<table>{rows}</table><p><a href="/">All clients and items</a></p>')


def consent(asked: Mapping[str, str], scopes: list[str]) -> web.Response:
    """The question whether Zapwerk may do what it asks for."""
    hidden = "".join(
        f'<input type="hidden" name="{_text(name)}" value="{_text(value)}">'
        for name, value in asked.items()
        if name not in ("grant", "decision")
    )
    ticks = "".join(
        f'<label><input type="checkbox" name="grant" value="{scope}" checked> {WORDS[scope]}</label>'
        for scope in SCOPES
        if scope in scopes
    )
    return page(
        "Allow Zapwerk?",
        paragraph("Zapwerk asks to use your practice account. It would be allowed to:")
        + f'<form method="post" action="/oauth/authorize">{hidden}{ticks}'
        '<button name="decision" value="allow">Allow</button><button name="decision" value="deny">Deny</button></form>',
    )


def page(title: str, content: str, *, status: int = 200) -> web.Response:
    """A whole page. `content` is HTML, the title is not."""
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/style.css"></head><body>'
        f'<main><h1>{escape(title)} <span class="practice">Practice</span></h1>{content}</main></body></html>'
    )
    return web.Response(text=html, content_type="text/html", status=status, headers=HEADERS)


def paragraph(words: str) -> str:
    return f"<p>{escape(words)}</p>"


def _records(service: Service, account: Mapping[str, Any], kind: str) -> str:
    rows, total = service.store.listed(account["id"], kind, {}, newest=True, limit=NEWEST, offset=0)
    limit = account[f"{kind}_quota"]
    heading = f"<h3>{kind.capitalize()} {total}{'' if limit is None else f'/{limit}'}</h3>"
    head = "".join(f"<th>{title}</th>" for title in COLUMNS[kind].values())
    body = "".join(f"<tr>{_cells(kind, row)}</tr>" for row in rows)
    return f"{heading}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if rows else heading


def _cells(kind: str, row: Mapping[str, Any]) -> str:
    link = f'<a href="/{kind}/{_text(row["id"])}">{_text(row["name"])}</a>'
    rest = [_text(row.get(name, "")) for name in COLUMNS[kind] if name != "name"]
    return "".join(f"<td>{cell}</td>" for cell in [link, *rest])


def _text(value: Any) -> str:
    return escape(str(value))
