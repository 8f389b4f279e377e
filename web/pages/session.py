"""Who is signed in in this browser: asked by the scripts of a page that may be older than the sign-in."""

from fastapi.responses import JSONResponse

from web import guarded
from web.rendering import PRIVATE
from web.site import By

router = guarded.router()


@router.get("/session")
def session(by: By) -> JSONResponse:
    """The person's id, and what their forms must bring: both “” where nobody is. Other sites cannot read it."""
    return JSONResponse({"person": by.person.id if by.person else "", "csrf": by.csrf}, headers=PRIVATE)
