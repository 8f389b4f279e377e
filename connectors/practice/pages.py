"""Whole pages of a stand-in, and the lists in them that update by themselves (`assets/live.js`)."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from connectors.practice.markup import Html, tag
from connectors.practice.words import Words

ASSETS = Path(__file__).parent / "assets"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    # “no-referrer” would make browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Vary": "Accept-Language",
}


@dataclass(frozen=True)
class Frame:
    """What is around the content. `back` leads to the list that the page belongs to."""

    words: Words
    title: str
    heading: str = ""
    back: tuple[str, str] | None = None
    question: bool = False  # a narrow page with one form, which may lead to another address


def page(frame: Frame, *content: str, status: int = 200) -> web.Response:
    """A whole page."""
    html = tag("html", _head(frame), _body(frame, content), lang=frame.words.language)
    # Browsers hold form-action against every redirect after a form, and a consent's leads back to who asked.
    policy = POLICY if frame.question else f"{POLICY}; form-action 'self'"
    return _answer(f"<!doctype html>{html}", status, policy)


def fragment(content: Html) -> web.Response:
    """A part of a page, for `live.js`."""
    return _answer(content, 200, "default-src 'none'")


def live(request: web.Request, version: str, content: Callable[[], Html]) -> web.Response:
    """A part of a page if it is another one than the page has; made only then."""
    mark = f'"{hashlib.sha256(version.encode()).hexdigest()[:24]}"'
    if request.headers.get("If-None-Match") == mark:
        return web.Response(status=304, headers={"ETag": mark, **HEADERS})
    answer = fragment(content())
    answer.headers["ETag"] = mark
    return answer


def live_region(words: Words, address: str, *content: str) -> Html:
    """What updates by itself from `address`, below a line that says so and what came."""
    status = tag("span", role="status", data_live=words("live"), data_lost=words("lost"))
    line = tag("p", tag("span", class_="dot", aria_hidden="true"), status, class_="live", hidden=True)
    without = tag("noscript", tag("p", words("no_script"), class_="quiet"))
    return tag("div", line, without, *content, data_from=address, class_="region")


def part(name: str, *content: str) -> Html:
    """A piece of a live region that is replaced when it changes."""
    return tag("div", *content, data_part=name)


def entries(name: str, rows: Iterable[Html]) -> Html:
    """A list in a live region: its rows (`entry`) come and go one by one, and stay as they are meanwhile."""
    return tag("ol", *rows, class_="entries", data_list=name)


def entry(key: str, said: str, *content: str) -> Html:
    """A row; `said` is what a screen reader hears when it comes."""
    return tag("li", *content, data_key=key, data_said=said)


def picture(name: str) -> Html:
    """One of our SVG files in assets/, for the eye only."""
    return Html((ASSETS / f"{name}.svg").read_text("utf-8").strip())


async def style(_request: web.Request) -> web.StreamResponse:
    """GET /style.css"""
    return _asset("style.css")


async def script(_request: web.Request) -> web.StreamResponse:
    """GET /live.js"""
    return _asset("live.js")


async def icon(_request: web.Request) -> web.StreamResponse:
    """GET /icon.svg"""
    return _asset("icon.svg")


def assets() -> list[web.RouteDef]:
    """The routes that every page needs."""
    return [web.get("/style.css", style), web.get("/live.js", script), web.get("/icon.svg", icon)]


def _asset(name: str) -> web.StreamResponse:
    kind = KINDS[Path(name).suffix]
    text = (ASSETS / name).read_text("utf-8")
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
    return web.Response(text=text, content_type=kind, charset="utf-8", headers=headers)


def _answer(html: str, status: int, policy: str) -> web.Response:
    headers = {**HEADERS, "Content-Security-Policy": policy}
    return web.Response(text=html, content_type="text/html", status=status, headers=headers)


def _head(frame: Frame) -> Html:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", frame.title),
        tag("link", rel="icon", href="/icon.svg"),
        tag("link", rel="stylesheet", href="/style.css"),
        tag("script", type="module", src="/live.js"),
    )


def _body(frame: Frame, content: Iterable[str]) -> Html:
    words = frame.words
    skip = tag("a", words("skip"), href="#content", class_="skip")
    way = [tag("a", picture("back"), frame.back[1], href=frame.back[0], class_="back")] if frame.back else []
    mark = tag("span", words("practice"), class_="mark")
    heading = tag("h1", frame.heading or frame.title)
    header = tag("header", *way, tag("div", heading, mark, class_="title"))
    main = tag("main", *content, id="content", tabindex="-1")
    return tag("body", skip, header, main, class_="question" if frame.question else None)
