"""The question whether Zapwerk may use the practice account: who asks, for what. Called by `oauth`."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from aiohttp import web

from connectors.invoice2go.sandbox.state import SCOPES, SERVICE
from connectors.invoice2go.sandbox.words import WORDS
from connectors.practice import pages
from connectors.practice.markup import Html, foreign, tag
from connectors.practice.words import Words, words_for


def question(request: web.Request, asked: Mapping[str, str], scopes: list[str]) -> web.Response:
    """The page with Allow and Deny; `asked` was checked and stands in the form."""
    words = words_for(request, WORDS)
    account = request.app[SERVICE].store.accounts()[0]["name"]
    who = tag(
        "p", pages.picture("key"), foreign(words("who", place=urlsplit(asked["redirect_uri"]).netloc)), class_="who"
    )
    legend = tag("legend", words("would"), class_="label")
    ticks = [_tick(words, scope) for scope in SCOPES if scope in scopes]
    choices = tag("fieldset", legend, tag("ul", *ticks, class_="scopes"), class_="field")
    form = tag("form", *_hidden(asked), choices, _buttons(words), method="post", action="/oauth/authorize")
    card = tag("div", who, tag("p", words("asks", account=account)), form, class_="card")
    frame = pages.Frame(words, words("may_it"), question=True)
    return pages.page(frame, tag("p", words("no_real"), class_="lead"), card)


def refused(request: web.Request, why: str) -> web.Response:
    """The browser is not sent back: it stays here, and reads why."""
    words = words_for(request, WORDS)
    return pages.page(pages.Frame(words, words("sign_in")), tag("p", words(why), class_="lead"), status=400)


def _hidden(asked: Mapping[str, str]) -> list[Html]:
    kept = {name: value for name, value in asked.items() if name not in ("grant", "decision")}
    return [tag("input", type="hidden", name=name, value=value) for name, value in kept.items()]


def _tick(words: Words, scope: str) -> Html:
    box = tag("input", type="checkbox", name="grant", value=scope, checked=True)
    return tag("li", tag("label", box, words(f"may_{scope}")))


def _buttons(words: Words) -> Html:
    allow = tag("button", words("allow"), name="decision", value="allow", class_="primary")
    return tag("div", allow, tag("button", words("deny"), name="decision", value="deny"), class_="buttons")
