"""The notices: what needs a person now, what was settled lately, and what could not be delivered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fastapi import Request
from fastapi.responses import Response

from engine.notices.matters import Matter
from engine.notices.notices import Board
from engine.store.dispatches import Dispatch
from engine.store.notice_ways import Kind
from web import guarded
from web.languages import words
from web.rendering import Page, go, page
from web.site import By, Here
from web.trees import shown

router = guarded.router()

PATH = "/notices"
ICONS = {
    "connection": "unlink",
    "disconnected": "unlink",
    "failed": "circle-x",
    "review": "circle-alert",
    "flood": "circle-pause",
    "quota": "circle-pause",
    "paused": "circle-pause",
}
GRAVE = frozenset({"connection", "disconnected", "failed", "review"})


@dataclass(frozen=True)
class MatterLine:
    """One matter. `told` is when this reader was told of it outside of this page."""

    icon: str
    kind: str
    said: str
    why: str
    path: str
    count: int
    since: datetime
    is_new: bool
    told: datetime | None
    settled: datetime | None


@dataclass(frozen=True)
class StuckLine:
    """A mail or call that did not arrive: `again` is when it is tried next, None when it was given up."""

    by_mail: bool
    problem: str
    made: datetime
    again: datetime | None


@dataclass(frozen=True)
class NoticesPage(Page):
    """`stuck` only owners see: they can do something about it."""

    template: ClassVar[str] = "notices/list.html"
    open: tuple[MatterLine, ...]
    settled: tuple[MatterLine, ...]
    stuck: tuple[StuckLine, ...]
    any_new: bool


@router.get("/notices")
def notices(request: Request, here: Here, by: By) -> Response:
    """Shows them."""
    board = here.runtime.notices.board(by.somebody.id, by.language)
    lines = tuple(_line(one, board) for one in board.open)
    shown_page = NoticesPage(
        open=lines,
        settled=tuple(_line(one, board) for one in board.settled),
        stuck=_stuck(board, by.language) if by.is_owner else (),
        any_new=any(one.is_new for one in lines),
    )
    return page(request, shown_page)


@router.post("/notices/read")
def read(request: Request, here: Here, by: By) -> Response:
    """What came up until now is no news for this person any more."""
    here.runtime.notices.mark_read(by.somebody.id)
    return go(request, PATH, words(by.language).gettext("All notices are marked as read."))


def _line(matter: Matter, board: Board) -> MatterLine:
    told = [board.told[one] for one in matter.notices if one in board.told]
    return MatterLine(
        icon="circle-check" if matter.over else ICONS.get(matter.kind, "bell"),
        kind="good" if matter.over else "bad" if matter.kind in GRAVE else "warn",
        said=shown(matter.said),
        why=shown(matter.why),
        path=matter.path if matter.path != PATH else "",
        count=matter.count if str(matter.count) not in matter.said else 1,
        since=matter.since,
        is_new=not board.new.isdisjoint(matter.notices),
        told=min(told, default=None),
        settled=matter.over,
    )


def _stuck(board: Board, language: str) -> tuple[StuckLine, ...]:
    return (*_lines(board.waiting, language, given_up=False), *_lines(board.given_up, language, given_up=True))


def _lines(dispatches: Sequence[Dispatch], language: str, *, given_up: bool) -> list[StuckLine]:
    return [
        StuckLine(
            by_mail=one.kind is Kind.MAIL,
            problem=shown(one.problem.within(language)),
            made=one.created_at,
            again=None if given_up else one.due_at,
        )
        for one in dispatches
    ]
