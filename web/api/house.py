"""The house itself: whether zaps run, what a person should know, and the audit log."""

from datetime import datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import Field

from engine.store import notices as stored_notices
from web.api.paging import Limit
from web.api.routing import router as new_router
from web.api.schemas import Language, Page, Shown, Values, url_of
from web.health import not_ready
from web.languages import words
from web.site import By, Here

router = new_router("", "House")

LAST = 2**53 - 1


class HealthShown(Shown):
    """Whether zaps run; `reasons` say why not."""

    ready: bool
    reasons: list[str]
    version: str


class NoticeShown(Shown):
    """Something a person should know. `count` is how often it came up."""

    id: str
    matter: str = Field(examples=["connection:0m3zt8k2v4q9x1c7b5"])
    sentence: str
    zap_id: str
    count: int
    created_at: datetime
    updated_at: datetime


class Notices(Shown):
    """The open matters, the newest first."""

    items: list[NoticeShown]
    more: bool


class AuditEntry(Shown):
    """One thing that somebody did. `person` and `subject` are names at that time."""

    id: int
    at: datetime
    action: str = Field(examples=["zap.published"])
    person_id: str
    person: str
    subject_id: str
    subject: str
    address: str
    details: Values


class AuditPage(Page[AuditEntry]):
    """The audit log, the newest entry first."""


@router.get("/health")
def health(here: Here, language: Language) -> HealthShown:
    """Ask whether zaps run. Answers with 200 in any case; /readyz is for load balancers."""
    reasons = not_ready(here.runtime, here.engine)
    _ = words(language).gettext
    return HealthShown(ready=not reasons, reasons=[_(one) for one in reasons], version=here.version)


@router.get("/notices")
def notices(here: Here, limit: Limit = 50) -> Notices:
    """List what a person should know. A matter goes when it is settled."""
    with here.runtime.database.read() as session:
        found = stored_notices.still_open(session, limit + 1)
    return Notices(items=[NoticeShown.model_validate(one) for one in found[:limit]], more=len(found) > limit)


@router.post("/notices/read", status_code=204)
def read(here: Here, by: By) -> None:
    """Mark what came up until now as read, for yourself."""
    here.runtime.notices.mark_read(by.somebody.id)


@router.get("/audit")
def audit(
    request: Request,
    here: Here,
    person: Annotated[str, Query(max_length=100, description="Somebody's id.")] = "",
    action: Annotated[str, Query(max_length=100, description="An action, or how several begin: “zap.”.")] = "",
    subject: Annotated[str, Query(max_length=100, description="The id of what it was done with.")] = "",
    limit: Limit = 50,
    after: Annotated[int, Query(ge=1, le=LAST, description="Only what was before this entry.")] = LAST,
) -> AuditPage:
    """Read who did what."""
    page = here.runtime.people.audit.page(before=after, person_id=person, action=action, subject_id=subject, size=limit)
    following = url_of(request, after=str(page.next)) if page.next else None
    return AuditPage(items=[AuditEntry.model_validate(one) for one in page.entries], next=following)
