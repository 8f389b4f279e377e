"""How states look and what they are called: an icon, a word and a colour each. docs/glossary.md has the words."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.store.states import ConnectionState, RunState, ZapState
from web.languages import words


@dataclass(frozen=True)
class Look:
    """`kind` is good, warn, bad, busy or "" (quiet)."""

    kind: str
    icon: str
    word: str


def _(text: str) -> str:
    """Marks a text for translation; it is translated when it is shown."""
    return text


RUNS: dict[RunState, Look] = {
    RunState.QUEUED: Look("", "clock", _("Queued")),
    RunState.RUNNING: Look("busy", "loader", _("Running")),
    RunState.WAITING: Look("", "clock", _("Waiting")),
    RunState.SUCCEEDED: Look("good", "circle-check", _("Done")),
    RunState.FILTERED: Look("", "filter", _("Filtered out")),
    RunState.STOPPED: Look("", "ban", _("Stopped")),
    RunState.HANDLED: Look("warn", "circle-check", _("Failed, handled")),
    RunState.FAILED: Look("bad", "circle-x", _("Failed")),
    RunState.RETRYING: Look("warn", "rotate-ccw", _("Trying again")),
    RunState.HELD: Look("warn", "circle-pause", _("On hold")),
    RunState.NEEDS_REVIEW: Look("bad", "circle-alert", _("Please check")),
    RunState.CANCELLED: Look("", "x", _("Cancelled")),
}
ZAPS: dict[ZapState, Look] = {
    ZapState.DRAFT: Look("", "pencil", _("Draft")),
    ZapState.OFF: Look("", "circle", _("Off")),
    ZapState.ON: Look("good", "circle-dot", _("On")),
    ZapState.PAUSED: Look("warn", "circle-pause", _("Paused")),
}
CONNECTIONS: dict[ConnectionState, Look] = {
    ConnectionState.ACTIVE: Look("good", "circle-check", _("Active")),
    ConnectionState.RECONNECT: Look("bad", "unlink", _("Needs reconnecting")),
    ConnectionState.REMOVED: Look("", "ban", _("Removed")),
}


def of_run(state: RunState, language: str) -> Look:
    return _told(RUNS[state], language)


def of_zap(state: ZapState, language: str) -> Look:
    return _told(ZAPS[state], language)


def of_connection(state: ConnectionState, language: str) -> Look:
    return _told(CONNECTIONS[state], language)


def _told(look: Look, language: str) -> Look:
    translate: Callable[[str], str] = words(language).gettext
    return Look(look.kind, look.icon, translate(look.word))
