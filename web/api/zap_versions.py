"""Published versions of zaps: the list, what differs between two, and the way back into the draft."""

from itertools import islice
from typing import Annotated

from fastapi import Query, Request, Response

from engine.people.audit import Action
from engine.store import zaps
from web.api import zap_views
from web.api.doing import tell_of
from web.api.paging import Limit
from web.api.routing import router as new_router
from web.api.schemas import Language, Number, url_of
from web.api.secrets import blotted
from web.api.zap_schemas import (
    Difference,
    Differences,
    DraftShown,
    RevisionSent,
    VersionLine,
    VersionPage,
    VersionShown,
)
from web.site import By, Here

router = new_router("/zaps/{zap_id}/versions", "Versions")

MOST_DIFFERENCES = 1_000
HIGHEST = 1_000_000_000


@router.get("")
def every(
    request: Request,
    here: Here,
    zap_id: str,
    limit: Limit = 20,
    after: Annotated[int, Query(ge=1, le=HIGHEST, description="Only older ones than this.")] = HIGHEST,
) -> VersionPage:
    """List the published versions, the newest first."""
    older = [one for one in here.runtime.editing.versions.list(zap_id) if one.number < after]
    found = [VersionLine.model_validate(one) for one in older[:limit]]
    more = url_of(request, after=str(found[-1].number)) if len(older) > limit else None
    return VersionPage(items=found, next=more)


@router.get("/compare")
def compare(
    here: Here,
    zap_id: str,
    a: Annotated[int, Query(ge=1, le=HIGHEST, description="The number of a version.")],
    b: Annotated[int | None, Query(ge=1, le=HIGHEST, description="Of another one; left out for the draft.")] = None,
) -> Differences:
    """Compare two versions, or a version with the draft."""
    found = here.runtime.editing.versions.compare(zap_id, a, b)
    shown = [Difference.model_validate(one) for one in islice(found, MOST_DIFFERENCES)]
    return Differences(items=shown, more=len(found) > MOST_DIFFERENCES)


@router.get("/{number}")
def one(here: Here, zap_id: str, number: Number) -> VersionShown:
    """Get what was published under a number."""
    with here.runtime.database.read() as session:
        stored = zaps.find(session, zap_id)
        zap = zaps.version(session, stored.id, number)
    return VersionShown(number=number, zap=blotted(zap, here.runtime.registry()))


@router.post("/{number}/restore")
def restore(
    here: Here, by: By, language: Language, response: Response, zap_id: str, number: Number, sent: RevisionSent
) -> DraftShown:
    """Put an old version into the draft, as one change. What is live stays live."""
    draft = here.runtime.editing.versions.restore(zap_id, number, revision=sent.revision, by=by.somebody.id)
    tell_of(here, by, Action.ZAP_EDITED, draft, version=number)
    response.headers["etag"] = f'"{draft.revision}"'
    return zap_views.draft(here, draft, language)
