"""A data folder that was copied or moved: an owner says which one this is, and until then everything waits."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from fastapi import Form, Request
from fastapi.responses import Response

from engine.errors import Sentence
from engine.people.audit import Action
from web import guarded
from web.languages import words
from web.rendering import Page, go, page
from web.site import By, Here

router = guarded.router()


@dataclass(frozen=True)
class PlacePage(Page):
    """`said` is why everything waits; “” where nothing does."""

    template: ClassVar[str] = "settings/place.html"
    nav: ClassVar[str] = "settings"
    said: str
    folder: str


@router.get("/place")
def place(request: Request, here: Here, by: By) -> Response:
    """Says whether this is the place that is known."""
    said = here.engine.elsewhere
    told = said.within(by.language) if isinstance(said, Sentence) else said
    return page(request, PlacePage(told, str(here.runtime.settings.data.resolve())))


@router.post("/place")
def decide(request: Request, here: Here, by: By, this_is: Annotated[Literal["the_one", "a_copy"], Form()]) -> Response:
    """This is the one, and the other one is gone; or a copy, which becomes an installation of its own."""
    _, tell = words(by.language).gettext, here.runtime.people.audit.tell
    if not here.engine.elsewhere:  # somebody decided meanwhile
        return go(request, "/place")
    if this_is == "the_one":
        here.runtime.place.take()
        tell(Action.SETTINGS_ADOPTED, person=by.person, address=by.address)
        return go(request, "/zaps", _("This is the one. Everything begins within a second or two."))
    count = here.runtime.place.part()
    tell(Action.SETTINGS_PARTED, person=by.person, address=by.address, details={"zaps": count})
    return go(request, "/zaps", _("This is an installation of its own now, with all zaps off."))
