"""What a run of a zap in order waits for, in words: for the list of runs and for the page of one."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.store.overlap import Ahead
from engine.store.states import RunState
from web.languages import words


@dataclass(frozen=True)
class AheadView:
    """The earlier run: where it is, what of it keeps the later one, and whether that one may be let pass."""

    href: str
    sentence: str
    may_pass: bool


def ahead(found: Ahead | None, language: str) -> AheadView | None:
    """None for a run that waits for no other."""
    if found is None:
        return None
    return AheadView(f"/history/{found.id}", sentence(found.state, language), found.rests)


def sentence(state: RunState, language: str) -> str:
    """Why a later run waits for one in this state."""
    _: Callable[[str], str] = words(language).gettext
    match state:
        case RunState.RETRYING:
            return _("Waits for an earlier run, which is tried again later.")
        case RunState.HELD:
            return _("Waits for an earlier run, which is on hold.")
        case RunState.NEEDS_REVIEW:
            return _("Waits for an earlier run, which has to be checked.")
        case _:
            return _("Waits for an earlier run, which is not finished.")
