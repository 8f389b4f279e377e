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
PLACE = r"^([0-9]{1,15}-[0-9a-z]{1,40})?$"


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


class Notices(Page[NoticeShown]):
    """The open matters, the newest first."""

    more: bool = Field(description="There are further ones: `next` leads to them.")


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
def notices(
    request: Request,
    here: Here,
    limit: Limit = 50,
    after: Annotated[
        str, Query(pattern=PLACE, description="Where to go on: what `next` of the page before says.")
    ] = "",
) -> Notices:
    """List what a person should know. A matter goes when it is settled; one that comes up again is the newest."""
    moment, _, notice_id = after.partition("-")
    with here.runtime.database.read() as session:
        found = stored_notices.still_open(session, limit + 1, behind=(int(moment), notice_id) if after else None)
    some, more = found[:limit], len(found) > limit
    following = url_of(request, after="{}-{}".format(*stored_notices.place(some[-1]))) if more else None
    return Notices(items=[NoticeShown.model_validate(one) for one in some], next=following, more=more)


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
