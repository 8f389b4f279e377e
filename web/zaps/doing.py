"""Does something with one zap or many of them, one after the other, and says what came of each. Called by `pages.zaps`.

What cannot be done with one zap is told with its name and the place where it can be mended; the others go on.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool

from engine.editing.listing import UNDELETED_WITHIN
from engine.errors import Problem, Problems, ZapwerkError
from engine.people.audit import Action
from engine.store import outlines
from engine.store.listing import Listed, count
from engine.store.outlines import Outline
from engine.store.states import RunState
from web.forms.fields import told
from web.languages import words
from web.site import Site
from web.trees import shown
from web.visitors import Visitor
from web.vocabulary import Vocabulary

MOST = 1000  # zaps at once
COUNTED_TO = 1000  # runs
UNDO_MOST = 150  # zaps whose ids fit into an address
PATH = "/zaps/many"


class Doing(StrEnum):
    """What can be done with zaps."""

    ON = "on"
    OFF = "off"
    MOVE = "move"
    DELETE = "delete"
    RESTORE = "restore"


@dataclass(frozen=True)
class Wish:
    """What shall be done. `was_on` are those of the zaps that are switched on again when they are restored.

    `hold` keeps runs back that have not begun when a zap is switched off; `catch_up` lets a zap that is switched on go
    on from where it stood.
    """

    doing: Doing
    zap_ids: Sequence[str]
    folder: str = ""
    hold: bool = False
    catch_up: bool = False
    was_on: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Refusal:
    """A zap that it was not done with: why, and where that can be mended."""

    id: str
    name: str
    sentence: str
    href: str
    link: str


@dataclass(frozen=True)
class Outcome:
    """What came of a wish. `undo` is what to post to, to take it back; “” where that cannot be."""

    doing: Doing
    done: tuple[Outline, ...]
    refused: tuple[Refusal, ...]
    undo: str = ""


@dataclass(frozen=True)
class Waiting:
    """The runs of some zaps that have not ended: queued, later (a pause, another try), on hold or to be checked."""

    queued: int
    later: int
    held: int

    @property
    def going_on(self) -> int:
        return self.queued + self.later


@dataclass(frozen=True)
class Hands:
    """Does it for one visitor."""

    here: Site
    by: Visitor

    async def do(self, wish: Wish) -> Outcome:
        """What was asked, as far as it can be done. Zaps that are gone are passed over."""
        zaps = await run_in_threadpool(self.zaps, wish)
        done: list[Outline] = []
        refused: list[Refusal] = []
        for zap in zaps:
            try:
                await self._one(wish, zap)
                done.append(zap)
            except ZapwerkError as error:
                refused.append(self._refusal(zap, error))
        return Outcome(wish.doing, tuple(done), tuple(refused), _undo(wish, done))

    def zaps(self, wish: Wish) -> list[Outline]:
        """The zaps that are meant, by name."""
        runtime, wanted = self.here.runtime, set(wish.zap_ids[:MOST])
        with runtime.database.read() as session:
            if wish.doing is Doing.RESTORE:
                gone = runtime.outlines.deleted(session, since=runtime.now() - UNDELETED_WITHIN)
                return [zap for zap in gone if zap.id in wanted]
            return runtime.outlines.some(session, wanted)

    def waiting(self, zap_ids: Sequence[str]) -> Waiting:
        """What of their runs has not ended; counted up to a thousand of each."""
        with self.here.runtime.database.read() as session:
            connection = session.connection()

            def counted(*states: RunState) -> int:
                return count(connection, Listed(zap_ids=zap_ids, states=states), COUNTED_TO) if zap_ids else 0

            return Waiting(
                queued=outlines.queued(session, zap_ids),
                later=counted(RunState.WAITING, RunState.RETRYING),
                held=counted(RunState.HELD, RunState.NEEDS_REVIEW),
            )

    async def _one(self, wish: Wish, zap: Outline) -> None:
        acts: dict[Doing, Callable[[Wish, Outline], Awaitable[None]]] = {
            Doing.ON: self._on,
            Doing.OFF: self._off,
            Doing.MOVE: self._move,
            Doing.DELETE: self._delete,
            Doing.RESTORE: self._restore,
        }
        await acts[wish.doing](wish, zap)

    async def _on(self, wish: Wish, zap: Outline) -> None:
        """Only what is live already: publishing is confirmed on a page of its own."""
        if zap.is_on:
            return
        if zap.differs:
            raise _MustBePublished(zap.id)
        await self.here.runtime.switching.on(zap.id, catch_up=wish.catch_up, by=self.by.somebody.id)
        await self._tell(Action.ZAP_SWITCHED_ON, zap)

    async def _off(self, wish: Wish, zap: Outline) -> None:
        if not zap.is_on:
            return
        await run_in_threadpool(self.here.runtime.switching.off, zap.id, hold_waiting=wish.hold)
        await self._tell(Action.ZAP_SWITCHED_OFF, zap)

    async def _move(self, wish: Wish, zap: Outline) -> None:
        await run_in_threadpool(self.here.runtime.editing.listing.set_folder, zap.id, wish.folder)
        await self._tell(Action.ZAP_MOVED, zap)

    async def _delete(self, wish: Wish, zap: Outline) -> None:
        await run_in_threadpool(self.here.runtime.switching.delete, zap.id)
        await self._tell(Action.ZAP_DELETED, zap)

    async def _restore(self, wish: Wish, zap: Outline) -> None:
        await run_in_threadpool(self.here.runtime.editing.listing.undelete, zap.id, by=self.by.somebody.id)
        await self._tell(Action.ZAP_RESTORED, zap)
        if zap.id in wish.was_on and not zap.differs:
            await self._on(Wish(Doing.ON, (zap.id,), catch_up=True), zap)

    async def _tell(self, action: Action, zap: Outline) -> None:
        def write() -> None:
            self.here.runtime.people.audit.tell(
                action, person=self.by.person, subject_id=zap.id, subject=zap.name, address=self.by.address
            )

        await run_in_threadpool(write)

    def _refusal(self, zap: Outline, error: ZapwerkError) -> Refusal:
        _ = words(self.by.language).gettext
        if isinstance(error, _MustBePublished):
            sentence = (
                _("It has changes that are not published yet.") if zap.published else _("It was never published.")
            )
            return Refusal(zap.id, shown(zap.name), sentence, f"/zaps/{zap.id}/publish", _("Look and publish"))
        if isinstance(error, Problems):
            first = error.problems[0]
            href = f"/zaps/{zap.id}?step={first.step}" if first.step else f"/zaps/{zap.id}"
            return Refusal(zap.id, shown(zap.name), self._sentence(zap, first), href, _("Mend it"))
        sentence = self._in_words(zap, error.within(self.by.language))
        return Refusal(zap.id, shown(zap.name), sentence, f"/zaps/{zap.id}", _("Open"))

    def _sentence(self, zap: Outline, problem: Problem) -> str:
        return self._in_words(zap, told(problem, self.by.language))

    def _in_words(self, zap: Outline, sentence: str) -> str:
        """What an app said, in the reader's language where its connector knows it."""
        vocabulary = Vocabulary(self.here.runtime.registry(), self.by.language)
        return shown(vocabulary.error(zap.uses.trigger.partition(".")[0], sentence))


class _MustBePublished(ZapwerkError):
    """The draft is not what is live."""


def said(outcome: Outcome, language: str) -> str:
    """What was done, as a sentence for the foot of the page."""
    texts = words(language)
    _, names, number = texts.gettext, [shown(zap.name) for zap in outcome.done], len(outcome.done)
    if number == 1:
        one = {
            Doing.ON: _("“%(name)s” is on."),
            Doing.OFF: _("“%(name)s” is off."),
            Doing.MOVE: _("“%(name)s” was moved."),
            Doing.DELETE: _("“%(name)s” was deleted."),
            Doing.RESTORE: _("“%(name)s” is back."),
        }
        return one[outcome.doing] % {"name": names[0]}
    many = {
        Doing.ON: texts.ngettext("%(count)s zap is on.", "%(count)s zaps are on.", number),
        Doing.OFF: texts.ngettext("%(count)s zap is off.", "%(count)s zaps are off.", number),
        Doing.MOVE: texts.ngettext("%(count)s zap was moved.", "%(count)s zaps were moved.", number),
        Doing.DELETE: texts.ngettext("%(count)s zap was deleted.", "%(count)s zaps were deleted.", number),
        Doing.RESTORE: texts.ngettext("%(count)s zap is back.", "%(count)s zaps are back.", number),
    }
    return many[outcome.doing] % {"count": number}


_OPPOSITE = {Doing.ON: Doing.OFF, Doing.OFF: Doing.ON, Doing.DELETE: Doing.RESTORE}


def _undo(wish: Wish, done: Iterable[Outline]) -> str:
    """How to take it back. Switching on again is offered only where that publishes nothing."""
    zaps = list(done)
    if not zaps or len(zaps) > UNDO_MOST:
        return ""
    if wish.doing is Doing.MOVE:
        before = {zap.folder for zap in zaps}
        return _address(Doing.MOVE, zaps, ("folder", before.pop())) if len(before) == 1 else ""
    if wish.doing is Doing.OFF and any(zap.differs for zap in zaps):
        return ""
    opposite = _OPPOSITE.get(wish.doing)
    was_on = [("was_on", zap.id) for zap in zaps if zap.is_on] if wish.doing is Doing.DELETE else []
    return _address(opposite, zaps, ("catch_up", "1"), *was_on) if opposite else ""


def _address(doing: Doing, zaps: Iterable[Outline], *more: tuple[str, str]) -> str:
    return f"{PATH}?{urlencode([('doing', doing), *(('zap', zap.id) for zap in zaps), *more])}"


@dataclass(frozen=True)
class Asking:
    """What is asked before something is done: with which zaps, and what it would do to their runs."""

    doing: Doing
    zaps: tuple[Outline, ...]
    waiting: Waiting
    folders: tuple[str, ...] = ()
    names: tuple[str, ...] = field(default=())

    @property
    def on(self) -> int:
        """How many of them are on."""
        return sum(zap.is_on for zap in self.zaps)
