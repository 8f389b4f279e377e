"""Zaps as files that people pass on: out without secrets, in as a draft whatever is still to be chosen. For pages.

`store.zapfiles` is stricter: the command line takes in only what could be switched on as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from engine.editing import choosing
from engine.editing.draft import Draft
from engine.editing.drafts import Drafts
from engine.store import connections, zaps
from engine.store.database import Database
from engine.zaps import files, sealing
from engine.zaps.model import ActionStep, Zap


@dataclass(frozen=True)
class Exported:
    """A zap as a file. `left_out` are the fields whose secrets are not in it, as (step, field)."""

    name: str
    text: str
    left_out: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Sharing:
    """Made by a page over what it needs of the runtime."""

    database: Database
    drafts: Drafts

    def export(self, zap_id: str, *, accounts: bool = True) -> Exported:
        """The draft as a file; its connections are named in it, or left to be chosen without `accounts`. Raises
        `NotFound`."""
        with self.database.read() as session:
            stored = zaps.find(session, zap_id)
            names = {one.id: one.name for one in connections.every(session)}
        zap = self.drafts.sealed(stored.draft).with_connections(lambda id_: names.get(id_, id_))
        zap = zap if accounts else _connected(zap, lambda app, name: None)
        left_out = dict.fromkeys((step, str(place[0])) for step, place in sealing.places(zap))
        return Exported(stored.name, files.dump(sealing.without(zap)), tuple(left_out))

    def bring_in(self, text: str, *, by: str = "") -> Draft:
        """A draft of what a file draws, under a name that is free. What is named there and not known here is left to
        be chosen. Raises `Problems` for what is no zap file, with line and column.
        """
        zap = files.load(text)
        with self.database.read() as session:
            known = {one.name.lower(): (one.id, one.app) for one in connections.every(session)}
        return self.drafts.create(by=by, template=_connected(zap, partial(_named, known)))

    def from_template(self, template: Zap, *, by: str = "") -> Draft:
        """A draft of a template. An account is chosen where an app has exactly one."""
        with self.database.read() as session:
            by_app = choosing.usable(session)
        return self.drafts.create(by=by, template=_connected(template, partial(_only_one, by_app)))


def _connected(zap: Zap, choose: Any) -> Zap:
    """The zap with the connections that `choose(app, name)` gives; None for none."""

    def chosen(user: Any) -> Any:
        return user.model_copy(update={"connection": choose(user.app, user.connection)})

    steps = tuple(chosen(step) if isinstance(step, ActionStep) else step for step in zap.steps)
    return zap.model_copy(update={"trigger": chosen(zap.trigger), "steps": steps})


def _named(known: Mapping[str, tuple[str, str]], app: str, name: str | None) -> str | None:
    found = known.get((name or "").lower())
    return found[0] if found and found[1] == app else None


def _only_one(by_app: Mapping[str, list[str]], app: str, _name: str | None) -> str | None:
    accounts = by_app.get(app, [])
    return accounts[0] if len(accounts) == 1 else None
