"""After a restore: all zaps came back paused, and people say for each how it goes on."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from engine.backup.restored import Choice, Restoration, Restored
from engine.errors import NotFound, ZapwerkError
from engine.people.audit import Action
from engine.sdk.errors import ConnectorError
from engine.store.states import ZapState
from web import guarded
from web.bodies import form_of
from web.languages import words
from web.rendering import Page, go, page
from web.site import By, Here, Site
from web.trees import shown
from web.visitors import Visitor

router = guarded.router()

PATH = "/restored"
MOST = 10_000  # fields of one form


@dataclass(frozen=True)
class RestoredLine:
    """One zap. `choice` is what was decided, or what is proposed; `problem` why that could not be done."""

    id: str
    name: str
    was_paused: bool
    choice: str
    held: int
    open: int
    problem: str = ""


@dataclass(frozen=True)
class RestoredPage(Page):
    """`file` is “” for an installation that was never restored. `to_look_at` counts the runs that are held for it."""

    template: ClassVar[str] = "settings/restored.html"
    nav: ClassVar[str] = "settings"
    file: str
    made_at: datetime | None
    restored_at: datetime | None
    waiting: tuple[RestoredLine, ...]
    decided: tuple[RestoredLine, ...]
    to_look_at: int
    may_edit: bool


@dataclass(frozen=True)
class _Sent:
    """What was chosen: for `only` one zap, or for all of them; `every` is the same for all, or “”."""

    choices: Mapping[str, str]
    only: str = ""
    every: str = ""

    def of(self, zap_id: str) -> Choice | None:
        try:
            return Choice(self.every or self.choices.get(zap_id, ""))
        except ValueError:
            return None


@dataclass
class _Outcome:
    done: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


@router.get("/restored")
def restored(request: Request, here: Here, by: By) -> Response:
    """Shows what waits, and what was decided."""
    return page(request, _page(here.runtime.restored.show(), by))


@router.post("/restored")
async def decide(request: Request, here: Here, by: By) -> Response:
    """Lets zaps go on: one, or all that wait, each as chosen."""
    form = await form_of(request, MOST)
    sent = {name: str(value) for name, value in form.items()}
    choices = {name.removeprefix("zap."): value for name, value in sent.items() if name.startswith("zap.")}
    wanted = _Sent(choices, sent.get("only", ""), sent.get("every", ""))
    before = await asyncio.to_thread(here.runtime.restored.show)
    waiting = [one for one in before.undecided if wanted.only in ("", one.zap_id)] if before else []
    outcome = await _decided(here, by, waiting, wanted)
    return await run_in_threadpool(_answer, request, here, by, wanted, outcome)


@router.post("/restored/look")
async def look(request: Request, here: Here, by: By) -> Response:
    """Asks the apps once more what is there already."""
    await here.runtime.looking_there.look_again()
    return go(request, PATH, words(by.language).gettext("The apps are asked again; the history shows what they say."))


async def _decided(here: Site, by: Visitor, waiting: Sequence[Restored], wanted: _Sent) -> _Outcome:
    outcome = _Outcome()
    for one in waiting:
        choice = wanted.of(one.zap_id)
        if choice is None:
            outcome.problems[one.zap_id] = words(by.language).gettext("Please choose one of the three.")
            continue
        try:
            await here.runtime.restored.decide(one.zap_id, choice)
        except NotFound:  # somebody deleted it meanwhile
            continue
        except ZapwerkError as error:
            outcome.problems[one.zap_id] = error.within(by.language)
        except ConnectorError as error:
            outcome.problems[one.zap_id] = error.sentence
        else:
            outcome.done.append(one.zap_id)
            await asyncio.to_thread(_tell, here, by, one, choice)
    return outcome


def _tell(here: Site, by: Visitor, one: Restored, choice: Choice) -> None:
    here.runtime.people.audit.tell(
        Action.ZAP_DECIDED,
        person=by.person,
        subject_id=one.zap_id,
        subject=one.name,
        address=by.address,
        details={"choice": choice.value},
    )


def _answer(request: Request, here: Site, by: Visitor, wanted: _Sent, outcome: _Outcome) -> Response:
    if outcome.problems:
        return page(request, _page(here.runtime.restored.show(), by, wanted, outcome.problems), 422)
    ngettext, count = words(by.language).ngettext, len(outcome.done)
    said = ngettext("%(count)s zap goes on.", "%(count)s zaps go on.", count) % {"count": count}
    return go(request, PATH, said if count else "")


def _page(
    found: Restoration | None, by: Visitor, sent: _Sent | None = None, problems: Mapping[str, str] | None = None
) -> RestoredPage:
    if found is None:
        return RestoredPage("", None, None, (), (), 0, by.may_edit)
    lines = [_line(one, sent, problems or {}) for one in found.zaps]
    return RestoredPage(
        file=shown(found.file),
        made_at=found.made_at,
        restored_at=found.restored_at,
        waiting=tuple(line for line, one in zip(lines, found.zaps, strict=True) if one.choice is None),
        decided=tuple(line for line, one in zip(lines, found.zaps, strict=True) if one.choice is not None),
        to_look_at=found.to_look_at,
        may_edit=by.may_edit,
    )


def _line(one: Restored, sent: _Sent | None, problems: Mapping[str, str]) -> RestoredLine:
    chosen = one.choice or (sent.of(one.zap_id) if sent else None) or Choice.HOLD
    was_paused = one.was == ZapState.PAUSED
    return RestoredLine(
        one.zap_id, shown(one.name), was_paused, chosen.value, one.held, one.open, shown(problems.get(one.zap_id, ""))
    )
