"""A page with mapping fields, served with the product's style sheets, scripts and headers; for the tests of the field.

Templates are rendered by the engine itself over one sample, as the product's own preview does.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from playwright.sync_api import Browser, Locator, expect

from engine.zaps import mapping
from engine.zaps.plain import is_blank, text_of
from tests.web.browser.chromium import Tab, tab
from web.app import HEADERS

STATIC = Path(__file__).parents[3] / "web" / "static"
POLICY = HEADERS["content-security-policy"] + (
    "" if "script-src" in HEADERS["content-security-policy"] else "; script-src 'self'; connect-src 'self'"
)
TOKEN = "csrf-of-this-page"
HOSTILE = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>"
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="5" fill="{}"/>'
    '<path d="M6 8l6 5 6-5" stroke="#fff" stroke-width="2" fill="none"/></svg>'
)
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

SAMPLE = {
    "trigger": {
        "subject": "Anfrage: Gartenhaus",
        "text": "Guten Tag,\nbitte rufen Sie mich an.",
        "amount": 1234.5,
        "date": "2026-12-31",
        "sender": {"name": "Web site", "address": "form@example.org"},
        "labelled": {
            "Name": "Ada Lovelace",
            "E-Mail": "ada@example.org",
            "Straße": "Hauptstr. 1",
            "Nachricht": HOSTILE,
        },
    },
    "client": {"id": "c-17", "name": "Ada Lovelace"},
}


def _field(
    path: str, title: str, kind: str = "text", sample: str = "", *children: dict[str, object]
) -> dict[str, object]:
    return {"path": path, "title": title, "kind": kind, "sample": sample, "children": list(children)}


TREE = {
    "groups": [
        {
            "step": "trigger",
            "title": "New e-mail",
            "app": "gmail",
            "icon": "/apps/gmail/icon.svg",
            "fields": [
                _field("trigger.subject", "Subject", "text", "Anfrage: Gartenhaus"),
                _field("trigger.text", "Text", "long_text", "Guten Tag, bitte rufen Sie mich an."),
                _field("trigger.amount", "Amount", "decimal", "1234.5"),
                _field("trigger.date", "Date", "date", "2026-12-31"),
                _field("trigger.cc", "Cc", "list"),
                _field(
                    "trigger.sender", "Sender", "model", "",
                    _field("trigger.sender.name", "Sender’s name", "text", "Web site"),
                    _field("trigger.sender.address", "Sender’s address", "email", "form@example.org"),
                ),
                _field(
                    "trigger.labelled", "Labelled", "mapping", "",
                    _field("trigger.labelled['Name']", "Name", "text", "Ada Lovelace"),
                    _field("trigger.labelled['E-Mail']", "E-Mail", "email", "ada@example.org"),
                    _field("trigger.labelled['Straße']", "Straße", "text", "Hauptstr. 1"),
                    _field("trigger.labelled['Nachricht']", HOSTILE, "text", HOSTILE),
                ),
                _field(
                    "trigger.reply_to", "Reply to", "model", "",
                    _field("trigger.reply_to.address", "Address", "email", "reply@example.org"),
                ),
                _field(
                    "trigger.bounce", "Bounces to", "model", "",
                    _field("trigger.bounce.address", "Address", "email", "bounce@example.org"),
                ),
            ],
        },
        {
            "step": "client",
            "title": "Create client",
            "app": "invoice2go",
            "icon": "/apps/invoice2go/icon.svg",
            "fields": [
                _field("client.id", "Client ID", "text", "c-17"),
                _field("client.name", "Name", "text", "Ada Lovelace"),
            ],
        },
        {
            "step": "task",
            "title": "Find client",
            "app": "invoice2go",
            "icon": "/apps/invoice2go/icon.svg",
            "fields": [_field("task.id", "Client ID")],
        },
    ],
    "texts": {},
}  # fmt: skip


@dataclass(frozen=True)
class Given:
    """One field of the page."""

    template: str = ""
    kind: str = "text"
    rows: int = 1
    proposal: str = ""


@dataclass
class Desk:
    """The running page; `asked` are the templates that previews were asked for, with their tokens."""

    url: str
    fields: list[Given]
    asked: list[tuple[str, str]] = field(default_factory=list)
    around: str = "{}"

    def page(self) -> str:
        shown = "".join(shown_field(number, one) for number, one in enumerate(self.fields))
        tree = json.dumps(TREE).replace("<", "\\u003c")
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Fields</title>'
            f'<meta name="viewport" content="width=device-width"><meta name="csrf" content="{TOKEN}">'
            + "".join(
                f'<link rel="stylesheet" href="/css/{sheet.name}">' for sheet in sorted((STATIC / "css").iterdir())
            )
            + f'<script type="application/json" id="data-client">{tree}</script>'
            '<script src="/vendor/htmx-4.0.1.min.js"></script>'
            '<script type="module" src="/js/mapping/field.js"></script></head>'
            '<body><main class="alone"><div class="card"><h1 class="hidden-text">Fields</h1>'
            + self.around.replace("{}", f'<form class="form" id="form" novalidate>{shown}</form>')
            + "</div></main></body></html>"
        )


def shown_field(number: int, given: Given) -> str:
    """The HTML of one field, as the product's forms write it."""
    proposal = f' data-proposal="{escape(given.proposal)}"' if given.proposal else ""
    style = "input one-line" if given.rows == 1 else "input"
    return (
        f'<div class="field"><label id="l{number}" for="f{number}">Field {number}</label>'
        f'<mapped-field data-tree="data-client" data-kind="{given.kind}" data-preview="/preview"{proposal}>'
        f'<textarea id="f{number}" name="given.f{number}" class="{style}" rows="{given.rows}" '
        f'aria-describedby="h{number}">\n{escape(given.template)}</textarea></mapped-field>'
        f'<p class="help" id="h{number}">What the client is called.</p></div>'
    )


def previewed(template: str) -> dict[str, object]:
    """What the engine makes of a template with the sample."""
    try:
        value = mapping.render(template, SAMPLE)
    except mapping.MappingError as error:
        return {"text": "", "problem": str(error.problems[0].message), "empty": False}
    return {"text": text_of(value), "problem": "", "empty": is_blank(value)}


@contextmanager
def desk(*fields: Given) -> Iterator[Desk]:
    """A page with these fields, as long as the block lasts."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/":
                self._answer("text/html; charset=utf-8", made.page().encode())
            elif self.path.startswith("/apps/"):
                self._answer("image/svg+xml", ICON.format("#3b6fb5" if "gmail" in self.path else "#2f8f6b").encode())
            else:
                file = (STATIC / self.path.lstrip("/")).resolve()
                known = file.is_relative_to(STATIC) and file.is_file()
                self._answer(
                    TYPES.get(file.suffix, "text/plain"), file.read_bytes() if known else b"", 200 if known else 204
                )

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            (template,) = parse_qs(body)["template"]
            made.asked.append((template, self.headers.get("X-CSRF", "")))
            self._answer("application/json", json.dumps(previewed(template)).encode())

        def _answer(self, kind: str, body: bytes, status: int = 200) -> None:
            self.send_response(status)
            for name, value in {**HEADERS, "content-security-policy": POLICY, "content-type": kind}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            with suppress(ConnectionError):  # the page asked for something newer meanwhile
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests say what went wrong."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    made = Desk(f"http://127.0.0.1:{server.server_port}", list(fields))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Shown(Tab):
    """A page of mapping fields."""

    desk: Desk = field(default_factory=lambda: Desk("", []))

    def editor(self, number: int = 0) -> Locator:
        return self.page.locator(".mapping-editor").nth(number)

    def value(self, number: int = 0) -> str:
        return self.page.locator("textarea[name]").nth(number).input_value()

    def at_end(self, number: int = 0) -> None:
        self.editor(number).focus()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.press("ArrowRight")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def pills(self, number: int = 0) -> list[str]:
        return self.editor(number).locator(".pill .pill-title").all_inner_texts()

    def paste(self, text: str, number: int = 0) -> None:
        self.page.evaluate("text => navigator.clipboard.writeText(text)", text)
        self.editor(number).focus()
        self.press("Control+v")


Shows = Callable[..., Shown]


@contextmanager
def showing(browser: Browser) -> Iterator[Shows]:
    """`show(field, …, around=…, width=…)` opens a page of its own; all are closed at the end."""
    with ExitStack() as open_ones:

        def show(*fields: Given, around: str = "{}", **how: object) -> Shown:
            served = open_ones.enter_context(desk(*(fields or (Given(),))))
            served.around = around
            opened = open_ones.enter_context(tab(browser, served.url, **how))  # type: ignore[arg-type]
            shown = Shown(opened.page, opened.url, opened.faults, served)
            shown.go("/")
            expect(shown.editor()).to_have_count(1)
            return shown

        yield show
