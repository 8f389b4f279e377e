"""Drafts and their changes. The editor sends each change with the revision it saw, and gets the new draft back.

Every change is saved at once and can be undone. Raises `NotFound` for a zap or step there is not, `Conflict` if
somebody saved meanwhile, `Problems` for a value that a zap cannot hold, `Refused` for what makes no sense.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack

from pydantic import JsonValue

from engine.editing import draft, settings
from engine.editing.choosing import Choosing
from engine.editing.draft import Draft
from engine.errors import Conflict, Refused
from engine.registry import Registry
from engine.store import changes, connections, samples, zaps
from engine.store.database import Database
from engine.store.encoding import plain
from engine.store.zaps import StoredZap
from engine.zaps import drawing, paths
from engine.zaps.conditions import Group
from engine.zaps.model import Zap
from engine.zaps.paths import Place
from engine.zaps.remarks import remark

UNTITLED = {"en": "Untitled zap", "de": "Unbenannter Zap"}

Drawing = Callable[[Zap], "Zap | tuple[Zap, str]"]
"""A change: from one zap to the next, maybe with the key of the step it is about."""


class Seen(TypedDict):
    """What every change is told: the revision that the person saw, and the person's id (“” for nobody known)."""

    revision: int
    by: str


@dataclass(frozen=True)
class Drafts:
    """The drafts of one installation."""

    database: Database
    registry: Callable[[], Registry]
    now: Callable[[], datetime]
    sealed: Callable[[Zap], Zap]
    """Seals the secrets that were typed into a zap: nothing else is stored."""

    @property
    def choosing(self) -> Choosing:
        return Choosing(self.database, self.registry)

    def create(
        self,
        *,
        by: str = "",
        name: str = "",
        language: Literal["en", "de"] = "en",
        timezone: str = "UTC",
        country: str | None = None,
        folder: str = "",
        template: Zap | None = None,
    ) -> Draft:
        """A new draft: blank, or drawn as the template. One without a name is an untitled zap, with a number."""
        start = template or drawing.blank("-", language=language, timezone=timezone, country=country)
        wanted = name.strip() or (start.name if template else UNTITLED[language])
        with self.database.write() as session:
            free = wanted if name.strip() else zaps.free_name(session, wanted, form="{name} {number}")
            drawn = self.sealed(settings.checked(start.model_copy(update={"name": free, "id": None})))
            stored = zaps.create(session, drawn, now=self.now(), by=by, folder=folder)
        return self.get(stored.id)

    def get(self, zap_id: str, *, focus: str = "") -> Draft:
        """The draft of a zap, with everything the editor shows of it."""
        with self.database.read() as session:
            return draft.read(session, zap_id, self.registry(), focus=focus)

    def rename(self, zap_id: str, name: str, **seen: Unpack[Seen]) -> Draft:
        """Calls the zap otherwise. Raises `Refused` if another zap has that name."""
        return self.settings(zap_id, {"name": name}, **seen)

    def settings(self, zap_id: str, values: Mapping[str, Any], **seen: Unpack[Seen]) -> Draft:
        """Sets language, timezone, country, concurrency, flood_limit."""
        place = f"settings.{','.join(sorted(values))}"
        return self.change(zap_id, lambda zap: settings.changed(zap, values), place=place, **seen)

    def choose_app(self, zap_id: str, step: str, app: str, **seen: Unpack[Seen]) -> Draft:
        """Chooses the app of the trigger or a step, or none. What was filled in for another app goes; where the app
        has one event, or one account that is signed in, that is chosen as well.
        """
        return self.change(zap_id, self.choosing.app(step, app), **seen)

    def choose_event(self, zap_id: str, step: str, use: str, **seen: Unpack[Seen]) -> Draft:
        """Chooses what the trigger or a step does, and the account if there is only one to choose. The step may be
        called otherwise from then on: see `focus`.
        """
        return self.change(zap_id, self.choosing.event(step, use), **seen)

    def choose_connection(self, zap_id: str, step: str, connection_id: str | None, **seen: Unpack[Seen]) -> Draft:
        """Chooses the account of the trigger or a step, or none. Raises `NotFound` for one that there is not."""

        def drawn(zap: Zap) -> Zap:
            if connection_id:
                self._must_fit(drawing.using(zap, step).app, connection_id)
            return drawing.with_connection(zap, step, connection_id)

        return self._at(zap_id, step, drawn, **seen)

    def put_value(self, zap_id: str, step: str, place: Place, value: JsonValue, **seen: Unpack[Seen]) -> Draft:
        """Fills in a field; None clears it. Typing on in the same field is one change."""
        raw, where = plain(value), f"{step}.{paths.text_of(place)}"
        return self._at(zap_id, step, lambda zap: drawing.with_value(zap, step, place, raw), place=where, **seen)

    def put_values(self, zap_id: str, step: str, values: Mapping[Place, JsonValue], **seen: Unpack[Seen]) -> Draft:
        """Fills in several fields of a step as one change."""

        def drawn(zap: Zap) -> Zap:
            for place, value in values.items():
                zap = drawing.with_value(zap, step, place, plain(value))
            return zap

        return self._at(zap_id, step, drawn, **seen)

    def add_step(
        self, zap_id: str, after: str, kind: Literal["action", "filter"] = "action", **seen: Unpack[Seen]
    ) -> Draft:
        """Adds a step behind another one, or behind the trigger; `focus` is its key."""
        return self.change(zap_id, lambda zap: drawing.with_step_added(zap, after, kind), **seen)

    def duplicate_step(self, zap_id: str, step: str, **seen: Unpack[Seen]) -> Draft:
        """Adds the same step once more behind it; `focus` is its key."""
        return self.change(zap_id, lambda zap: drawing.with_step_duplicated(zap, step), **seen)

    def move_step(self, zap_id: str, step: str, index: int, **seen: Unpack[Seen]) -> Draft:
        """Moves a step to another position, counted from 0."""
        return self._at(zap_id, step, lambda zap: drawing.with_step_moved(zap, step, index), **seen)

    def remove_step(self, zap_id: str, step: str, **seen: Unpack[Seen]) -> Draft:
        """Takes a step away. `drawing.used_later` says what that breaks."""
        return self.change(zap_id, lambda zap: drawing.without_step(zap, step), **seen)

    def retitle(self, zap_id: str, step: str, title: str, **seen: Unpack[Seen]) -> Draft:
        """Gives the trigger or a step a name of its own; “” for its usual one."""
        place = f"{step}/title"
        return self._at(zap_id, step, lambda zap: drawing.with_words(zap, step, title=title), place=place, **seen)

    def note(self, zap_id: str, step: str, note: str, **seen: Unpack[Seen]) -> Draft:
        """Writes a note to the trigger or a step."""
        place = f"{step}/note"
        return self._at(zap_id, step, lambda zap: drawing.with_words(zap, step, note=note), place=place, **seen)

    def set_filter(self, zap_id: str, step: str, group: Group, **seen: Unpack[Seen]) -> Draft:
        """Sets the conditions of a filter."""
        place = f"{step}/filter"
        return self._at(zap_id, step, lambda zap: drawing.with_filter(zap, step, group), place=place, **seen)

    def set_if_empty(self, zap_id: str, step: str, if_empty: Literal["stop", "go_on"], **seen: Unpack[Seen]) -> Draft:
        """Says what happens when a search finds nothing."""
        return self._at(zap_id, step, lambda zap: drawing.with_if_empty(zap, step, if_empty), **seen)

    def replace(self, zap_id: str, another: Zap, **seen: Unpack[Seen]) -> Draft:
        """Draws the zap as another one, under the name it has, as one change."""
        return self.change(zap_id, lambda zap: another.model_copy(update={"name": zap.name, "id": zap.id}), **seen)

    def undo(self, zap_id: str, **seen: Unpack[Seen]) -> Draft:
        """Takes the last change back."""
        return self._retraced(zap_id, changes.back, "nothing_to_undo", **seen)

    def redo(self, zap_id: str, **seen: Unpack[Seen]) -> Draft:
        """Makes the change again that was taken back last."""
        return self._retraced(zap_id, changes.forward, "nothing_to_redo", **seen)

    def change(self, zap_id: str, draw: Drawing, *, place: str = "", **seen: Unpack[Seen]) -> Draft:
        """Changes a draft by a function from one zap to the next. `place` names what is typed on in."""
        with self.database.read() as session:
            stored = zaps.find(session, zap_id)
        if stored.revision != seen["revision"]:
            raise _conflict(stored)
        drawn, focus = _focused(draw(stored.draft))
        drawn = self.sealed(settings.checked(drawn))
        if drawn != stored.draft:
            self._save(stored, drawn, place, seen)
        return self.get(stored.id, focus=focus)

    def _must_fit(self, app: str, connection_id: str) -> None:
        """Raises `Refused` for an account of another app: it would be given to a service that it is not for."""
        with self.database.read() as session:
            stored = connections.find(session, connection_id)
        if stored.app != app:
            connector = self.registry().connectors.get(app)
            raise Refused(remark("other_apps_connection", name=stored.name, app=connector.title if connector else app))

    def _at(self, zap_id: str, step: str, draw: Callable[[Zap], Zap], place: str = "", **seen: Unpack[Seen]) -> Draft:
        return self.change(zap_id, lambda zap: (draw(zap), step), place=place, **seen)

    def _save(self, stored: StoredZap, drawn: Zap, place: str, seen: Seen) -> None:
        now, by = self.now(), seen["by"]
        before, after = zaps.text_of(stored.draft), zaps.text_of(drawn)
        with self.database.write() as session:
            zaps.save_draft(session, stored.id, drawn, revision=stored.revision, now=now, by=by)
            changes.record(session, stored.id, place, before, after, by=by, now=now)
            for old, new in _called_otherwise(stored.draft, drawn):
                samples.move(session, stored.id, old, new)

    def _retraced(self, zap_id: str, step: Callable[..., str | None], nothing: str, **seen: Unpack[Seen]) -> Draft:
        with self.database.write() as session:
            stored = zaps.find(session, zap_id)
            if stored.revision != seen["revision"]:
                raise _conflict(stored)
            text = step(session, stored.id, zaps.text_of(stored.draft))
            if text is None:
                raise Refused(remark(nothing))
            drawn = Zap.model_validate_json(text)
            zaps.save_draft(session, stored.id, drawn, revision=stored.revision, now=self.now(), by=seen["by"])
            for old, new in _called_otherwise(stored.draft, drawn):
                samples.move(session, stored.id, old, new)
        return self.get(stored.id)


def _focused(drawn: Zap | tuple[Zap, str]) -> tuple[Zap, str]:
    return drawn if isinstance(drawn, tuple) else (drawn, "")


def _called_otherwise(before: Zap, after: Zap) -> list[tuple[str, str]]:
    """The step that has another key now, if one has: nothing else changes a key, and only one at a time."""
    if len(before.steps) != len(after.steps):
        return []
    pairs = [(one.key, other.key) for one, other in zip(before.steps, after.steps, strict=True)]
    changed = [(old, new) for old, new in pairs if old != new]
    return changed if len(changed) == 1 else []


def _conflict(stored: StoredZap) -> Conflict:
    said = remark("changed_meanwhile", name=stored.name)
    return Conflict(said, by=stored.updated_by, at=stored.updated_at)
