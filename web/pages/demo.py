"""The demo's own page: cause and effect side by side, and how to go on with one's own accounts. Only in a demo."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import Response

from engine.errors import NotFound
from engine.history.finding import Filter
from engine.store import facts, zaps
from web import states
from web.rendering import Page, page
from web.site import By, Here, Site
from web.states import Look
from web.visitors import Visitor

router = APIRouter()

SHOWN = 8  # mails


@dataclass(frozen=True)
class Stage:
    """Where the demo's stand-ins have their pages, and its zap."""

    mailbox: str
    clients: str
    zap_id: str
    zap: str


@dataclass(frozen=True)
class Effect:
    """One mail and what became of it; `after_ms` is None while it is under way."""

    run_id: str
    label: str
    received_at: datetime
    after_ms: float | None
    look: Look
    problem: str


@dataclass(frozen=True)
class DemoPage(Page):
    """What happened last, and where to make more happen."""

    template: ClassVar[str] = "demo/page.html"
    nav: ClassVar[str] = "zaps"
    stage: Stage
    effects: tuple[Effect, ...]
    marker: str


@dataclass(frozen=True)
class OnwardsPage(Page):
    """How the demo's zap becomes one's own."""

    template: ClassVar[str] = "demo/onwards.html"
    nav: ClassVar[str] = "zaps"
    stage: Stage


@router.get("/demo")
def demo(request: Request, here: Here, by: By) -> Response:
    """Write a mail in one tab, see the client in another; the times stand here."""
    stage = _stage(here)
    marker = here.runtime.changes.marker()
    return page(request, DemoPage(stage, tuple(_effects(here, by, stage)), marker))


@router.get("/demo/onwards")
def onwards(request: Request, here: Here) -> Response:
    """“Now with your accounts”."""
    return page(request, OnwardsPage(_stage(here)))


def _stage(here: Site) -> Stage:
    """Raises `NotFound` where no demo runs."""
    with here.runtime.database.read() as session:
        told = json.loads(facts.get(session, facts.DEMO) or "null")
        if told is None:
            raise NotFound("There is no demo here.")
        zap = zaps.find(session, told["zap"])
    return Stage(told["mailbox"], told["clients"], zap.id, zap.name)


def _effects(here: Site, by: Visitor, stage: Stage) -> list[Effect]:
    found = here.runtime.history.page(Filter(zap_ids=(stage.zap_id,)), limit=SHOWN)
    return [
        Effect(
            run_id=row.id,
            label=row.label,
            received_at=row.created_at,
            after_ms=(row.finished_at - row.created_at).total_seconds() * 1000 if row.finished_at else None,
            look=states.of_run(row.state, by.language),
            problem=row.problem,
        )
        for row in found.rows
    ]
