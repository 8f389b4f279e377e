"""What the editor's scripts may change in a draft, by name: each takes what was sent and gives the new draft."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

from engine.editing.draft import Draft
from engine.editing.drafts import Drafts, Seen
from engine.errors import NotFound, Problem, Problems, Refused
from engine.runtime import Runtime
from engine.zaps.conditions import Group
from engine.zaps.model import TRIGGER
from web.drafting import choosing
from web.forms.posted import posted

Sent = Sequence[tuple[str, str]]
LONGEST_VALUE = 200_000  # characters in one field
LONGEST_FILTER = 500_000


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
        raise NotFound("There is no such change.")
    given = dict(sent)
    revision = given.get("revision", "")
    if not revision.isdigit():
        raise Refused("The change did not say which revision it is about.")
    asked = Asked(runtime, zap_id, given.get("step", ""), sent, Seen(revision=int(revision), by=by))
    does, redraws = CHANGES[change]
    return does(asked), redraws


def _value(asked: Asked) -> Draft:
    """Fills in one field of the step; empty clears it."""
    field = asked.get("field")
    operation = asked.runtime.registry().operation(_use(asked))
    if any(len(value) > LONGEST_VALUE for _, value in asked.sent):
        raise Problems([Problem(f"This is longer than {LONGEST_VALUE:,} characters.", asked.step, field)])
    raw = posted(operation.form, asked.sent).get(field)
    empty = raw in ("", None, [], {})
    return asked.drafts.put_value(asked.zap_id, asked.step, field, None if empty else raw, **asked.seen)


def _use(asked: Asked) -> str:
    drawn = asked.drafts.get(asked.zap_id).step(asked.step)
    return str(getattr(drawn, "use", ""))


def _filter(asked: Asked) -> Draft:
    text = asked.get("group")
    if len(text) > LONGEST_FILTER:
        raise Refused("These conditions are too long.")
    try:
        group = Group.model_validate(json.loads(text))
    except (ValueError, ValidationError) as error:
        raise Refused("These conditions cannot be read; please load the page again.") from error
    return asked.drafts.set_filter(asked.zap_id, asked.step, group, **asked.seen)


def _app(asked: Asked) -> Draft:
    draw = choosing.app(asked.runtime, asked.step, asked.get("app"))
    return asked.drafts.change(asked.zap_id, draw, **asked.seen)


def _event(asked: Asked) -> Draft:
    draw = choosing.event(asked.runtime, asked.step, asked.get("use"))
    return asked.drafts.change(asked.zap_id, draw, **asked.seen)


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
    return asked.drafts.move_step(asked.zap_id, asked.step, int(asked.get("index", "0") or 0), **asked.seen)


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
