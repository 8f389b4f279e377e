"""The demo's own page: cause and effect side by side, and how to go on with one's own accounts. Only in a demo."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fastapi import Request
from fastapi.responses import Response

from engine.errors import NotFound, Sentence
from engine.history.finding import Filter, HistoryRow
from engine.store import facts, zaps
from web import demo_watching, guarded, states
from web.pages.zap_files import as_file
from web.rendering import Page, page
from web.site import By, Here, Site
from web.states import Look
from web.visitors import Visitor
from web.vocabulary import Vocabulary

router = guarded.router()

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
    """One mail and what became of it, in milliseconds since it was sent; `after_ms` is None while it is under way.
    `client` says that there is a client now."""

    run_id: str
    label: str
    sent_at: datetime
    received_ms: float
    after_ms: float | None
    client: bool
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


@router.get("/demo/onwards/zap")
def taken_along(here: Here, by: By) -> Response:
    """The demo's zap as a file, in which the accounts are left to be chosen."""
    stage = _stage(here)
    return as_file(here, by, stage.zap_id, accounts=False)


def _stage(here: Site) -> Stage:
    """Raises `NotFound` where no demo runs."""
    with here.runtime.database.read() as session:
        told = json.loads(facts.get(session, facts.DEMO) or "null")
        if told is None:
            raise NotFound(Sentence("There is no demo here.", "Hier gibt es keine Demo."))
        zap = zaps.find(session, told["zap"])
    return Stage(told["mailbox"], told["clients"], zap.id, zap.name)


def _effects(here: Site, by: Visitor, stage: Stage) -> list[Effect]:
    found = here.runtime.history.page(Filter(zap_ids=(stage.zap_id,)), limit=SHOWN)
    vocabulary = Vocabulary(here.runtime.registry(), by.language)
    return [_effect(here, by, row, vocabulary) for row in found.rows]


def _effect(here: Site, by: Visitor, row: HistoryRow, vocabulary: Vocabulary) -> Effect:
    detail = here.runtime.control.show(row.id)
    sent_at, client_at = demo_watching.sent_at(detail), demo_watching.client_at(detail)
    ended_at = client_at or row.finished_at
    return Effect(
        run_id=row.id,
        label=row.label,
        sent_at=sent_at,
        received_ms=_ms(sent_at, row.created_at),
        after_ms=_ms(sent_at, ended_at) if ended_at else None,
        client=client_at is not None,
        look=states.of_run(row.state, by.language),
        problem=vocabulary.error("", row.problem),
    )


def _ms(begin: datetime, end: datetime) -> float:
    return max((end - begin).total_seconds(), 0.0) * 1000
