"""What a person can do about a run that did not simply succeed: one sentence, and where to go. Called by its view."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from engine.history.details import RunDetail
from engine.store.runs import Run
from engine.store.states import Hold, RunState
from web.languages import words


@dataclass(frozen=True)
class Remedy:
    """What to do, and a link to where it is done."""

    sentence: str
    href: str = ""
    link: str = ""


NOTHING = Remedy("")


def of(detail: RunDetail, language: str) -> Remedy:
    """“” where there is nothing to do."""
    _: Callable[[str], str] = words(language).gettext
    match detail.run.state:
        case RunState.FAILED:
            return _after_failure(detail, _)
        case RunState.HELD:
            return _of_hold(detail.run, _, detail.disconnected)
        case RunState.RETRYING:
            return Remedy(_("Nothing has to be done: it is tried again by itself. Nothing was done twice."))
        case _:
            return NOTHING


def _after_failure(detail: RunDetail, _: Callable[[str], str]) -> Remedy:
    run = detail.run
    if run.field == "connection":
        return Remedy(_("Choose or repair the connection of this step, then replay the run."), **_field(detail, _))
    if run.field and not detail.deleted:
        said = _("Mend the field in the zap and publish it, then replay the run with the newest version.")
        return Remedy(said, **_field(detail, _))
    if run.field:
        return NOTHING
    return Remedy(_("When what stood in the way is gone, replay the run. What was done is not done again."))


def _field(detail: RunDetail, _: Callable[[str], str]) -> dict[str, str]:
    query = urlencode({"step": detail.run.step, "field": detail.run.field})
    return {"href": f"/zaps/{detail.run.zap_id}?{query}", "link": _("Open the field")}


def _of_hold(run: Run, _: Callable[[str], str], disconnected: str) -> Remedy:
    kind, _colon, about = run.hold.partition(":")
    if disconnected:
        said = _("Use another account instead. The runs that wait then go on with that one by themselves.")
        return Remedy(said, f"/connections/{about}", _("Use another account"))
    zap = {"href": f"/zaps/{run.zap_id}", "link": _("Open the zap")}
    match kind:
        case Hold.CONNECTION:
            said = _("Reconnect the account. The runs that wait for it then go on by themselves, in order.")
            return Remedy(said, f"/connections/{about}", _("Open the connection"))
        case Hold.FLOOD:
            return Remedy(_("More came in at once than usual, so this run waits for you. Release it or drop it."))
        case Hold.QUOTA:
            return Remedy(_("The plan’s limit at the app is reached. Release it when there is room again."))
        case Hold.OFF:
            return Remedy(_("The zap was switched off before this run began. Release it to let it go on."), **zap)
        case Hold.PAUSED:
            return Remedy(_("The zap is paused. The run goes on when the zap does, or when you release it."), **zap)
        case Hold.RESTORED:
            said = _("A backup was restored, so this may be done already. Look there first, then release or cancel it.")
            return Remedy(said)
        case _:
            return Remedy(_("The zap needs attention. Mend it, then release the run."), **zap)
