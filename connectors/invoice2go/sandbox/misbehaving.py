"""The folded part of the sandbox's page where a person lets it fail, as `control` does for tests."""

from typing import Any

from aiohttp import web

from connectors.invoice2go.sandbox import faults
from connectors.invoice2go.sandbox.state import SERVICE, Service
from connectors.invoice2go.sandbox.words import WORDS
from connectors.practice import guards, pages
from connectors.practice.markup import Html, tag
from connectors.practice.words import Words, words_for

PLACE = "/?misbehaving#misbehave"


async def change(request: web.Request) -> web.Response:
    """POST /misbehave: one more fault, or with `do=behave` none any more."""
    words, service = words_for(request, WORDS), request.app[SERVICE]
    if not guards.is_own_form(request):
        return _sorry(words, "foreign_form", 403)
    form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    if form.get("do") == "behave":
        service.faults.clear()
    else:
        try:
            service.faults.add(faults.fault_of(form))
        except (ValueError, OverflowError):
            return _sorry(words, "bad_numbers", 422)
    return web.Response(status=303, headers={"Location": PLACE, **pages.HEADERS})


def section(words: Words, *, unfolded: bool) -> Html:
    """The form."""
    choices = [tag("option", words(kind), value=kind) for kind in faults.KINDS]
    fault = tag("select", *choices, id="kind", name="kind")
    times = tag("input", type="number", id="times", name="times", value=1, min=1, max=1_000_000, required=True)
    seconds = tag(
        "input", type="number", id="seconds", name="seconds", value=3, min=0, max=600, step="any", required=True
    )
    hint = tag("p", words("seconds_hint"), class_="hint")
    numbers = tag("div", _field(words, "times", times), _field(words, "seconds", seconds), class_="row")
    do = tag("button", words("do"), class_="primary", name="do", value="misbehave")
    behave = tag("button", words("behave"), name="do", value="behave", formnovalidate=True)
    form = tag(
        "form", _field(words, "kind", fault, label="fault"), numbers, hint, tag("div", do, behave, class_="buttons"),
        method="post", action="/misbehave", autocomplete="off",
    )  # fmt: skip
    lead = tag("p", words("misbehave_lead"), class_="quiet")
    return tag("details", tag("summary", words("misbehave")), lead, form, class_="fold", id="misbehave", open=unfolded)


def waiting(service: Service, words: Words) -> list[Html]:
    """The faults still to come, if there are any."""
    rows = [tag("li", _waits(words, fault)) for fault in service.faults.shown()]
    listing = tag("ul", *rows, class_="bullets")
    return [tag("div", tag("p", words("waiting"), class_="quiet"), listing, class_="card faults")] if rows else []


def _waits(words: Words, fault: dict[str, Any]) -> str:
    return words("waits", fault=words(fault["kind"]), times=fault["times"])


def _field(words: Words, name: str, control: Html, *, label: str = "") -> Html:
    return tag("div", tag("label", words(label or name), for_=name), control, class_="field")


def _sorry(words: Words, why: str, status: int) -> web.Response:
    frame = pages.Frame(words, words("title"), back=(PLACE, words("all")))
    return pages.page(frame, tag("p", words(why), class_="lead"), status=status)
