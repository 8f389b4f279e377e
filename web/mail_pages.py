"""HTML from strangers (a mail, mostly) as a page that can be looked at without consequences. Called by routes that show
it in a frame.

Three walls, each enough alone: the markup is rebuilt from a short list of harmless tags, the answer's policy loads and
runs nothing, and it is sandboxed, so that it has no origin, no scripts, no forms and nowhere to go.
"""

import base64
import hashlib
import re

import nh3
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape

from engine.store.encoding import clean
from web.languages import words

LARGEST = 1_000_000  # characters
TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del", "div", "dl", "dt",
    "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "li", "ol", "p", "pre", "q", "s", "small", "span",
    "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
ATTRIBUTES = {"td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "ol": {"start"}, "*": {"dir", "lang"}}
DROPPED_WHOLE = {"script", "style", "title", "noscript", "template", "iframe", "object", "svg", "math"}
STYLE = (
    ":root{color-scheme:light dark;font:15px/1.55 system-ui,sans-serif;overflow-wrap:anywhere}body{margin:16px}"
    "table{max-width:100%}td,th{padding:2px 6px;vertical-align:top;text-align:start}blockquote{margin:8px 0;"
    "padding-inline-start:12px;border-inline-start:2px solid #8888}a{text-decoration:underline}"
    ".note{margin:0 0 16px;padding:8px 12px;border:1px solid #8886;border-radius:6px;font-size:13px}"
)
_STYLE = Markup(STYLE)  # noqa: S704 - our own
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_IMAGE = re.compile(r"<img\b", re.IGNORECASE)


def harmless(html: str) -> str:
    """What is left of the markup: words, tables, lists, emphasis. No addresses, no pictures, no styles."""
    return nh3.clean(
        clean(html[:LARGEST]),
        tags=TAGS,
        attributes=ATTRIBUTES,
        clean_content_tags=DROPPED_WHOLE,
        link_rel=None,
        url_schemes=set(),
        strip_comments=True,
    )


def answer(html: str, language: str) -> HTMLResponse:
    """The page, for a frame of ours."""
    body = Markup('<!doctype html><html lang="{}"><meta charset="utf-8"><title>{}</title><style>{}</style><body>{}{}')
    rest = Markup(harmless(html))  # noqa: S704 - rebuilt from harmless tags
    shown = body.format(language, words(language).gettext("E-mail"), _STYLE, _note(html, language), rest)
    return HTMLResponse(shown, headers=HEADERS)


def _note(html: str, language: str) -> Markup:
    count = len(_IMAGE.findall(html[:LARGEST]))
    if not count:
        return Markup()
    said = words(language).ngettext(
        "One picture is not shown, and links lead nowhere, so that nobody learns that this was opened.",
        "%(num)s pictures are not shown, and links lead nowhere, so that nobody learns that this was opened.",
        count,
    )
    return Markup('<p class="note">{}</p>').format(escape(said % {"num": count}))
