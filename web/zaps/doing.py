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
        """The version that is live, whatever its draft is: publishing is confirmed on a page of its own."""
        if zap.is_on:
            return
        if zap.published is None:
            raise _MustBePublished(zap.id)
        switched = await self.here.runtime.switching.live_on(zap.id, catch_up=wish.catch_up)
        self.here.engine.queue.ring()
        await self._tell(Action.ZAP_SWITCHED_ON, zap, version=switched.version)

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
        if zap.id in wish.was_on and zap.published is not None:
            await self._on(Wish(Doing.ON, (zap.id,), catch_up=True), zap)

    async def _tell(self, action: Action, zap: Outline, **details: int) -> None:
        by, tell = self.by, self.here.runtime.people.audit.tell

        def write() -> None:
            tell(action, person=by.person, subject_id=zap.id, subject=zap.name, details=details, address=by.address)

        await run_in_threadpool(write)

    def _refusal(self, zap: Outline, error: ZapwerkError) -> Refusal:
        _ = words(self.by.language).gettext
        if isinstance(error, _MustBePublished):
            href, link = f"/zaps/{zap.id}/publish", _("Look and publish")
            return Refusal(zap.id, shown(zap.name), _("It was never published."), href, link)
        if isinstance(error, Problems):
            first = error.problems[0]
            href = f"/zaps/{zap.id}?step={first.step}" if first.step else f"/zaps/{zap.id}"
            return Refusal(zap.id, shown(zap.name), self._sentence(zap, first), href, _("Mend it"))
        return Refusal(zap.id, shown(zap.name), self._sentence(zap, error), f"/zaps/{zap.id}", _("Open"))

    def _sentence(self, zap: Outline, said: Problem | ZapwerkError) -> str:
        vocabulary = Vocabulary(self.here.runtime.registry(), self.by.language)
        return shown(vocabulary.told(said, zap.uses.trigger.partition(".")[0]))


class _MustBePublished(ZapwerkError):
    """Nothing of it is live."""


def said(outcome: Outcome, language: str) -> str:
    """What was done, as a sentence for the foot of the page."""
    texts = words(language)
    _, names, number = texts.gettext, [shown(zap.name) for zap in outcome.done], len(outcome.done)
    if number == 1:
        one = {
            Doing.ON: _with_changes(outcome.done[0], _),
            Doing.OFF: _("“%(name)s” is off."),
            Doing.MOVE: _("“%(name)s” was moved."),
            Doing.DELETE: _("“%(name)s” was deleted."),
            Doing.RESTORE: _("“%(name)s” is back."),
        }
        return one[outcome.doing] % {"name": names[0], "number": outcome.done[0].published}
    many = {
        Doing.ON: texts.ngettext("%(count)s zap is on.", "%(count)s zaps are on.", number),
        Doing.OFF: texts.ngettext("%(count)s zap is off.", "%(count)s zaps are off.", number),
        Doing.MOVE: texts.ngettext("%(count)s zap was moved.", "%(count)s zaps were moved.", number),
        Doing.DELETE: texts.ngettext("%(count)s zap was deleted.", "%(count)s zaps were deleted.", number),
        Doing.RESTORE: texts.ngettext("%(count)s zap is back.", "%(count)s zaps are back.", number),
    }
    return many[outcome.doing] % {"count": number} + _how_many_with_changes(outcome, language)


def _with_changes(zap: Outline, _: Callable[[str], str]) -> str:
    """Which version is on is said where it is not what is drawn."""
    if not zap.differs:
        return _("“%(name)s” is on.")
    return _("“%(name)s” is on, as version %(number)s. Its draft has changes that are not published.")


def _how_many_with_changes(outcome: Outcome, language: str) -> str:
    changed = sum(zap.differs for zap in outcome.done) if outcome.doing is Doing.ON else 0
    said = words(language).ngettext(
        "%(count)s of them has changes that are not published; its live version is on.",
        "%(count)s of them have changes that are not published; their live versions are on.",
        changed,
    )
    return f" {said % {'count': changed}}" if changed else ""


_OPPOSITE = {Doing.ON: Doing.OFF, Doing.OFF: Doing.ON, Doing.DELETE: Doing.RESTORE}


def _undo(wish: Wish, done: Iterable[Outline]) -> str:
    """How to take it back. Switching on again publishes nothing."""
    zaps = list(done)
    if not zaps or len(zaps) > UNDO_MOST:
        return ""
    if wish.doing is Doing.MOVE:
        before = {zap.folder for zap in zaps}
        return _address(Doing.MOVE, zaps, ("folder", before.pop())) if len(before) == 1 else ""
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
