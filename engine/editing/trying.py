"""Tests of a draft: the last records of its trigger, and single steps, which are really done with the samples.

No event, run or cursor comes of it. What a test brought is kept as the step's sample. Called by the editor's pages.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from engine.connections.calls import Calls
from engine.connections.contexts import Asked, LiveConnection, Purpose
from engine.connections.stored import Connections, NotUsable
from engine.editing import founds
from engine.editing.draft import Draft
from engine.editing.drafts import Drafts
from engine.editing.founds import Founds
from engine.editing.previews import references_of
from engine.editing.samples import Samples
from engine.editing.sentences import said
from engine.editing.tried import Failure, Remedy, Tried, TriedOutcome, after_error, not_arrived
from engine.editing.words import Words
from engine.errors import NotFound, Problem, Refused, Sentence
from engine.registry import Registry
from engine.runs import rendering
from engine.runs.rendering import Refusal
from engine.sdk.connector import Action, Search
from engine.sdk.errors import CannotTell
from engine.sdk.records import Record
from engine.store.encoding import plain
from engine.triggers.recent import Recents
from engine.zaps.model import ActionStep, FilterStep, TriggerUse

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Will:
    """What a test would do: `does` in words, in `app`, as `connection`; `changes` is False where it only reads.

    `if_exists` is what would follow if there is one like it already (“” where nobody looks). `made_up` says that it
    would be done with data that no app gave, `uses_quota` that it counts toward a quota of the plan, if that has one.
    """

    does: str
    app: str
    connection: str
    changes: bool
    if_exists: str = ""
    made_up: bool = False
    uses_quota: bool = False


@dataclass(frozen=True)
class Trying:
    """Tests drafts. Used on the event loop that runs the calls."""

    drafts: Drafts
    samples: Samples
    registry: Callable[[], Registry]
    connections: Connections
    recents: Recents
    calls: Calls
    now: Callable[[], datetime]
    settle: timedelta | None = None
    _busy: set[tuple[str, str]] = field(default_factory=set)

    async def trigger_records(self, zap_id: str, more: int = 0) -> Founds:
        """The last records of the trigger, three at a time; of a webhook, what was received last.

        Raises `Problems` where the trigger needs attention first, `Refused` where it cannot be asked.
        """
        draft = await asyncio.to_thread(self.drafts.get, zap_id)
        count = min(founds.AT_A_TIME * (max(more, 0) + 1), founds.MOST)
        recent = await founds.look(self.recents, draft, count + 1, self._words())
        return founds.shown(recent, draft, count)

    async def test_step(self, zap_id: str, step: str, *, by: str = "") -> Tried:
        """Does one step with the samples, really: an action changes something at its app. Never raises for that.

        Raises `NotFound`, and `Refused` while the same step is being tested already.
        """
        draft = await asyncio.to_thread(self.drafts.get, zap_id)
        with self._alone(draft.id, step):
            tried = await self._tested(draft, step)
            if tried.output is not None:
                await asyncio.to_thread(self.samples.keep, draft.id, step, tried.output, drawn=draft.step(step))
            elif tried.outcome.is_failure:
                await asyncio.to_thread(self.samples.doubt, draft.id, step)
        log.info("zap %s: step %s was tested by %s: %s", draft.id, step, by or "somebody", tried.outcome)
        return tried

    def what_it_will_do(self, draft: Draft, step: str, language: str = "en") -> Will:
        """For the words beside the button. Raises `NotFound`."""
        drawn, words = draft.step(step), Words(self.registry(), language)
        made_up = any(not one.real for key in references_of(drawn) if (one := draft.samples.get(key)) is not None)
        if isinstance(drawn, FilterStep):
            return Will(words.step(drawn), "", "", changes=False, made_up=made_up)
        operation = words.operation_of(drawn)
        does = words.does(operation) if operation else ""
        asks = isinstance(operation, Action) and operation.find_like is not None
        return Will(
            does=does,
            app=words.app(drawn.app),
            connection=self._name_of(drawn),
            changes=isinstance(operation, Action),
            if_exists=str(drawn.with_.get("if_exists", "use")) if asks else "",
            made_up=made_up,
            uses_quota=isinstance(operation, Action) and operation.uses_quota,
        )

    def _name_of(self, drawn: TriggerUse | ActionStep) -> str:
        if drawn.connection is None:
            return ""
        try:
            return self.connections.live(drawn.connection).name
        except NotUsable:
            return ""

    def _words(self) -> Words:
        return Words(self.registry(), "en")

    def is_under_way(self, zap_id: str, step: str) -> bool:
        """Whether the step is being tested just now."""
        return (zap_id, step) in self._busy

    @contextmanager
    def _alone(self, zap_id: str, step: str) -> Iterator[None]:
        """A second click must not do it twice."""
        if (zap_id, step) in self._busy:
            raise Refused(said("busy"))
        self._busy.add((zap_id, step))
        try:
            yield
        finally:
            self._busy.discard((zap_id, step))

    async def _tested(self, draft: Draft, step: str) -> Tried:
        drawn = draft.step(step)
        if isinstance(drawn, TriggerUse):
            raise NotFound(said("trigger_is_no_step"))
        trial = _Trial(draft, drawn, self._words())
        hindrance = trial.hindrance()
        if hindrance is not None:
            return hindrance
        if isinstance(drawn, FilterStep):
            return trial.filtered(drawn)
        try:
            live = await self.connections.serving(drawn.use, drawn.connection)
            operation = self.registry().operation(drawn.use)
        except (NotFound, NotUsable) as error:
            return trial.unusable(error)
        form = rendering.given(self.connections.typed.opened(drawn), operation, trial.scope, draft.zap.locale)
        if isinstance(form, Refusal):
            return trial.refused(form)
        begun = asyncio.get_running_loop().time()
        call = _Call(self, trial, live, drawn, form)
        tried = await (call.search(operation) if isinstance(operation, Search) else call.act(operation))
        took = timedelta(seconds=asyncio.get_running_loop().time() - begun)
        return replace(tried, input=plain(form), took=took)


@dataclass(frozen=True)
class _Trial:
    """One step that is tested, with the samples there are."""

    draft: Draft
    drawn: ActionStep | FilterStep
    words: Words

    @property
    def scope(self) -> dict[str, Any]:
        return self.draft.scope(before=self.drawn.key)

    def tried(self, outcome: TriedOutcome, sentence: Sentence, **more: Any) -> Tried:
        use = "" if isinstance(self.drawn, FilterStep) else self.drawn.use
        return Tried(self.drawn.key, use, outcome, sentence, **more)

    def hindrance(self) -> Tried | None:
        """Why it cannot be tested yet, if so."""
        wrong = self.draft.at(self.drawn.key)
        if wrong:
            remedy = Remedy.CONNECTION if wrong[0].field == "connection" else Remedy.FIELD
            first = wrong[0].message
            told = first if isinstance(first, Sentence) else Sentence(first, wrong[0].within("de"))
            return self._problem(said("problems", said=told), wrong, remedy)
        missing = [key for key in references_of(self.drawn) if key not in self.scope]
        if missing:
            title = self.words.step(self.draft.step(missing[0]))
            return self._problem(said("no_sample", step=title), (), Remedy.CHOOSE_SAMPLE)
        return None

    def filtered(self, step: FilterStep) -> Tried:
        verdict = rendering.verdict(step, self.scope, self.draft.zap.locale)
        if isinstance(verdict, Refusal):
            return self.refused(verdict)
        if verdict.passed:
            output = {"passed": True, "reason": verdict.reason}
            return self.tried(TriedOutcome.PASSED, said("passed"), output=output)
        return self.tried(TriedOutcome.FILTERED, said("filtered"), output={"passed": False, "reason": verdict.reason})

    def refused(self, refusal: Refusal) -> Tried:
        german = "; ".join(problem.within("de") for problem in refusal.problems)
        problems = tuple(replace(one, step=self.drawn.key) for one in refusal.problems)
        told = said("not_fitting", said=Sentence(refusal.sentence, german))
        return self._problem(told, problems, Remedy.FIELD)

    def unusable(self, error: NotFound | NotUsable) -> Tried:
        field = "connection" if isinstance(error, NotUsable) else "use"
        told = Sentence(str(error), error.within("de"))
        return self._problem(told, (Problem(told, self.drawn.key, field),), Remedy.CONNECTION)

    def failed(self, failure: Failure) -> Tried:
        return self.tried(failure.outcome, failure.sentence, remedy=failure.remedy, problems=failure.problems)

    def _problem(self, told: Sentence, problems: tuple[Problem, ...], remedy: Remedy) -> Tried:
        return self.tried(TriedOutcome.PROBLEM, told, problems=problems, remedy=remedy)


@dataclass(frozen=True)
class _Call:
    """The call of a test: once, and never again by itself."""

    trying: Trying
    trial: _Trial
    live: LiveConnection
    step: ActionStep
    form: BaseModel

    async def search(self, search: Search[Any, Any]) -> Tried:
        try:
            found = await self.trying.calls.find(search, Asked(self.live, Purpose.SEARCH), self.form)
        except Exception as error:  # noqa: BLE001 (decided by consequence)
            return self._failed(error, changes=False)
        if found is not None:
            return self._got(TriedOutcome.FOUND, "found", found)
        goes_on = self.step.if_empty == "go_on"
        told = said("nothing_go_on" if goes_on else "nothing_stop", app=self.live.connector.title)
        return self.trial.tried(TriedOutcome.NOTHING, told, output={} if goes_on else None)

    async def act(self, action: Any) -> Tried:
        assert isinstance(action, Action)
        given, if_exists = rendering.passed_on(action, self.form), rendering.if_exists(self.form)
        asked = self._asked()
        if action.find_like is not None and if_exists != "create":
            try:
                already = await self.trying.calls.existing(action, asked, given)
            except Exception as error:  # noqa: BLE001 (decided by consequence)
                return self._failed(error, changes=False)
            if already is not None:
                return self._got(TriedOutcome.EXISTS, "exists_stop" if if_exists == "stop" else "exists", already)
        try:
            return self._got(TriedOutcome.DONE, "done", await self.trying.calls.act(action, asked, given))
        except Exception as error:  # noqa: BLE001 (decided by consequence)
            await self.trying.calls.ended(error)
            return await self._found_out(action, asked, given, error)

    async def _found_out(self, action: Action[Any, Any], asked: Asked, given: BaseModel, error: Exception) -> Tried:
        """Where the outcome is unknown, the app is asked whether it arrived, if it can tell; nothing is repeated."""
        failed = self._failed(error, changes=True)
        if failed.outcome is not TriedOutcome.UNKNOWN or action.find_this is None:
            return failed
        settles = action.settles if self.trying.settle is None else self.trying.settle
        await asyncio.sleep(settles.total_seconds())
        try:
            arrived = await self.trying.calls.look_up(action, asked, given)
        except CannotTell:
            return failed
        except Exception:
            log.info("a test of %s: whether it arrived could not be asked", action.use, exc_info=True)
            return failed
        if arrived is not None:
            return self._got(TriedOutcome.DONE, "done", arrived)
        return self.trial.failed(not_arrived(self.live, error, self.trial.words))

    def _asked(self) -> Asked:
        """As no run asks: with a key of its own, so that no run's call is taken for this one."""
        key = secrets.token_hex(20)
        return Asked(self.live, Purpose.ACTION, idempotency_key=key, started_at=self.trying.now())

    def _got(self, outcome: TriedOutcome, code: str, record: Record) -> Tried:
        return self.trial.tried(outcome, said(code, app=self.live.connector.title), output=plain(record))

    def _failed(self, error: Exception, *, changes: bool) -> Tried:
        words = self.trial.words
        return self.trial.failed(after_error(error, self.step.key, self.live, words, changes=changes))
