"""What the editor's scripts may change in a draft, by name: each takes what was sent and gives the new draft."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from engine.editing.draft import Draft
from engine.editing.drafts import Drafts, Seen
from engine.errors import NotFound, Problem, Problems, Refused, Sentence
from engine.runtime import Runtime
from engine.store import zaps
from engine.zaps import drawing
from engine.zaps.conditions import Group
from engine.zaps.model import TRIGGER
from engine.zaps.remarks import remark
from web import amounts, strict_json
from web.forms.posted import posted
from web.forms.stored import with_stored

Sent = Sequence[tuple[str, str]]
LONGEST_VALUE = 200_000  # characters in one field
LONGEST_FILTER = 500_000
UNWELCOME = Sentence(
    "There is an invisible sign in this that no text may hold. Please type it again instead of pasting it.",
    "Darin ist ein unsichtbares Zeichen, das kein Text enthalten darf. Bitte tippen Sie es neu, statt es einzufügen.",
)
UNREADABLE = Sentence(
    "These conditions cannot be read; please load the page again.",
    "Diese Bedingungen sind nicht lesbar; bitte laden Sie die Seite neu.",
)
NO_PLACE = Sentence(
    "The change did not say where the step goes; please load the page again.",
    "Die Änderung sagt nicht, wohin der Schritt soll; bitte laden Sie die Seite neu.",
)


@dataclass(frozen=True)
class Asked:
    """One change as it was sent."""

    runtime: Runtime
    zap_id: str
    step: str
    sent: Sent
    seen: Seen

    @property
    def drafts(self) -> Drafts:
        return self.runtime.editing.drafts

    def get(self, name: str, default: str = "") -> str:
        """What was sent last under a name."""
        return next((value for key, value in reversed(self.sent) if key == name), default)


def make(runtime: Runtime, zap_id: str, change: str, sent: Sent, by: str) -> tuple[Draft, bool]:
    """The new draft, and whether the panel looks different. Raises what the drafts raise; `NotFound` for no change."""
    if change not in CHANGES:
        raise NotFound(Sentence("There is no such change.", "Diese Änderung gibt es nicht."))
    given = dict(sent)
    bad = next((name for name, value in sent if "\x00" in value), None)
    if bad is not None:
        raise Problems([Problem(UNWELCOME, given.get("step", ""), given.get("field", bad))])
    revision = amounts.number(given.get("revision", ""))
    if revision is None:
        raise Refused(
            Sentence(
                "The change did not say which revision it is about.",
                "Die Änderung sagt nicht, zu welchem Stand sie gehört.",
            )
        )
    asked = Asked(runtime, zap_id, given.get("step", ""), sent, Seen(revision=revision, by=by))
    does, redraws = CHANGES[change]
    return does(asked), redraws


def _value(asked: Asked) -> Draft:
    """Fills in one field of the step; empty clears it."""
    field = asked.get("field")
    use, values = _stored(asked)
    operation = asked.runtime.registry().operation(use)
    if any(len(value) > LONGEST_VALUE for _, value in asked.sent):
        raise Problems([Problem(remark("setting_too_long", most=LONGEST_VALUE), asked.step, field)])
    raw = posted(operation.form, with_stored(asked.sent, values)).get(field)
    empty = raw in ("", None, [], {})
    return asked.drafts.put_value(asked.zap_id, asked.step, field, None if empty else raw, **asked.seen)


def _stored(asked: Asked) -> tuple[str, Mapping[str, Any]]:
    """What the step does, and what is filled in."""
    with asked.runtime.database.read() as session:
        drawn = drawing.step_of(zaps.find(session, asked.zap_id).draft, asked.step)
    return str(getattr(drawn, "use", "")), getattr(drawn, "with_", {})


def _filter(asked: Asked) -> Draft:
    text = asked.get("group")
    if len(text) > LONGEST_FILTER:
        raise Refused(Sentence("These conditions are too long.", "Diese Bedingungen sind zu lang."))
    try:
        given = strict_json.read(text)
        bad = strict_json.unwelcome(given)
        group = Group.model_validate(given)
    except ValueError as error:
        raise Refused(UNREADABLE) from error
    if bad:
        raise Problems([Problem(UNWELCOME, asked.step, f"filter.{place}") for place in bad])
    return asked.drafts.set_filter(asked.zap_id, asked.step, group, **asked.seen)


def _app(asked: Asked) -> Draft:
    return asked.drafts.choose_app(asked.zap_id, asked.step, asked.get("app"), **asked.seen)


def _event(asked: Asked) -> Draft:
    return asked.drafts.choose_event(asked.zap_id, asked.step, asked.get("use"), **asked.seen)


def _connection(asked: Asked) -> Draft:
    return asked.drafts.choose_connection(asked.zap_id, asked.step, asked.get("connection") or None, **asked.seen)


def _rename(asked: Asked) -> Draft:
    return asked.drafts.rename(asked.zap_id, asked.get("name"), **asked.seen)


def _settings(asked: Asked) -> Draft:
    names = ("language", "timezone", "country", "concurrency", "flood_limit")
    values = {name: asked.get(name) or None for name in names if any(key == name for key, _ in asked.sent)}
    return asked.drafts.settings(asked.zap_id, values, **asked.seen)


def _add(asked: Asked) -> Draft:
    kind: Literal["action", "filter"] = "filter" if asked.get("kind") == "filter" else "action"
    return asked.drafts.add_step(asked.zap_id, asked.get("after", TRIGGER), kind, **asked.seen)


def _move(asked: Asked) -> Draft:
    index = amounts.number(asked.get("index"))
    if index is None:
        raise Refused(NO_PLACE)
    return asked.drafts.move_step(asked.zap_id, asked.step, index, **asked.seen)


def _if_empty(asked: Asked) -> Draft:
    choice: Literal["stop", "go_on"] = "go_on" if asked.get("if_empty") == "go_on" else "stop"
    return asked.drafts.set_if_empty(asked.zap_id, asked.step, choice, **asked.seen)


def _propose(asked: Asked) -> Draft:
    """Takes all proposals for the step's empty fields."""
    draft = asked.drafts.get(asked.zap_id)
    found = asked.runtime.editing.proposals.of(draft, asked.step)
    return asked.drafts.put_values(asked.zap_id, asked.step, {one.field: one.template for one in found}, **asked.seen)


Change = Callable[[Asked], Draft]
CHANGES: Mapping[str, tuple[Change, bool]] = {
    "value": (_value, False),
    "filter": (_filter, False),
    "conditions": (_filter, True),
    "title": (lambda asked: asked.drafts.retitle(asked.zap_id, asked.step, asked.get("title"), **asked.seen), False),
    "note": (lambda asked: asked.drafts.note(asked.zap_id, asked.step, asked.get("note"), **asked.seen), False),
    "name": (_rename, False),
    "settings": (_settings, False),
    "app": (_app, True),
    "event": (_event, True),
    "connection": (_connection, True),
    "if-empty": (_if_empty, False),
    "add": (_add, True),
    "duplicate": (lambda asked: asked.drafts.duplicate_step(asked.zap_id, asked.step, **asked.seen), True),
    "move": (_move, True),
    "remove": (lambda asked: asked.drafts.remove_step(asked.zap_id, asked.step, **asked.seen), True),
    "undo": (lambda asked: asked.drafts.undo(asked.zap_id, **asked.seen), True),
    "redo": (lambda asked: asked.drafts.redo(asked.zap_id, **asked.seen), True),
    "propose": (_propose, True),
}
"""By name: what it does, and whether the panel must be drawn anew (False while a person types in it)."""
