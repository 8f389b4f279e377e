"""What every kind of link says when it is good no more: why that may be, and whom to ask for a new one."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import Request
from fastapi.responses import Response

from engine.people.links import Purpose
from web.rendering import Page, page


@dataclass(frozen=True)
class DeadLinkPage(Page):
    """`purpose` is what the link was for."""

    template: ClassVar[str] = "coming/dead.html"
    purpose: str
    set_up: bool


def dead(request: Request, purpose: Purpose) -> Response:
    """410 with a page. `set_up` there says whether there is an owner to ask."""
    accounts = request.app.state.site.runtime.people.accounts
    return page(request, DeadLinkPage(str(purpose), accounts.has_owner()), 410)
