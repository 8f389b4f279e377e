"""What a look at the apps found, in the reader's words. Used by the page “Where is it?” and the command line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from engine.registry import Registry
from engine.triggers.at_the_app import Looked, Place, Present, There
from engine.zaps.values import title_of
from web.languages import words
from web.states import Look
from web.vocabulary import Vocabulary


@dataclass(frozen=True)
class PresentView:
    """A record that an app has. `href` leads to its run, else to its zap."""

    look: Look
    label: str
    said: str
    href: str
    zap: str
    at: datetime | None


@dataclass(frozen=True)
class LookedView:
    """A zap whose app was looked at. `problem` says why it could not be; `back_to` is None where nothing tells, and
    `more` says that further records of it are such as were asked for."""

    zap_id: str
    zap: str
    records: int
    back_to: datetime | None
    more: bool
    problem: str


@dataclass(frozen=True)
class ThereView:
    """`more` says that there are zaps that were not looked at; `is_whole` that every app answered."""

    found: tuple[PresentView, ...]
    looked: tuple[LookedView, ...]
    more: bool

    @property
    def is_whole(self) -> bool:
        return not self.more and not any(one.problem for one in self.looked)


def view(there: There, registry: Registry, language: str, *, but: Iterable[str] = ()) -> ThereView:
    """What was found, without records whose run is shown already: `but` are the ids of these runs."""
    shown = set(but)
    found = [one for one in there.found if one.run is None or one.run.id not in shown]
    return ThereView(
        found=tuple(_present(one, registry, language) for one in found),
        looked=tuple(_looked(one, Vocabulary(registry, language)) for one in there.looked),
        more=there.more,
    )


def said(one: Present, registry: Registry, language: str) -> str:
    """How a record at the app stands to its zap, in a sentence."""
    _ = words(language).gettext
    if one.place is Place.LEFT_OUT and one.because:
        inputs = ", ".join(_input(one.use, name, registry, language) for name in one.because)
        return _("The trigger’s settings leave it out, because of %(inputs)s.") % {"inputs": inputs}
    return {
        Place.RUN: _("It came in."),
        Place.FORGOTTEN: _("It came in then. What became of it is older than what is kept."),
        Place.BEFORE: _("It was there already when the zap was switched on, so the zap did nothing with it."),
        Place.LEFT_OUT: _("The trigger’s settings leave it out."),
        Place.NEXT: _("It is at the app, and comes in with the next check."),
        Place.OFF: _("It is at the app, and did not come in, because its zap is switched off."),
    }[one.place]


def _input(use: str, name: str, registry: Registry, language: str) -> str:
    """“Leave out automatic mail”, in the quotes of the language."""
    english = title_of(name, registry.operation(use).form.model_fields[name])
    title = Vocabulary(registry, language).fields(use)(f"fields.{name}.title", english)
    return f"„{title}“" if language == "de" else f"“{title}”"


def _present(one: Present, registry: Registry, language: str) -> PresentView:
    return PresentView(
        look=_look(one.place, language),
        label=one.label,
        said=said(one, registry, language),
        href=f"/history/{one.run.id}" if one.run else f"/zaps/{one.zap_id}",
        zap=one.zap,
        at=one.at,
    )


def _looked(one: Looked, vocabulary: Vocabulary) -> LookedView:
    problem = vocabulary.told(one.problem, one.use.partition(".")[0]) if one.problem else ""
    return LookedView(one.zap_id, one.zap, one.records, one.back_to, one.more, problem)


def _look(place: Place, language: str) -> Look:
    _ = words(language).gettext
    return {
        Place.RUN: Look("good", "check", _("Came in")),
        Place.FORGOTTEN: Look("", "eraser", _("Long ago")),
        Place.BEFORE: Look("", "history", _("Already there")),
        Place.LEFT_OUT: Look("", "filter", _("Left out")),
        Place.NEXT: Look("", "clock", _("Comes next")),
        Place.OFF: Look("", "circle-pause", _("Zap is off")),
    }[place]
