"""The last seven days of a zap as a small drawing of bars, and as a sentence. Pure; shown in the rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from babel.dates import format_date
from markupsafe import Markup, escape

from engine.history.figures import DAYS, ZapFigures
from engine.store.states import RunState
from web import moments
from web.languages import words

HEIGHT, WIDTH, STEP = 24, 8, 11  # pixels: of the drawing, of a bar, from bar to bar
TOTAL = STEP * (DAYS - 1) + WIDTH
ROOM_FOR_MARK = 6  # above the bars, for the mark of a day with failures
LEAST = 2  # pixels of what is there at all
DONE = (RunState.SUCCEEDED, RunState.HANDLED, RunState.STOPPED)
BASE = HEIGHT - 1
KINDS = ("done", "filtered", "failed")


@dataclass(frozen=True)
class Week:
    """`svg` is the drawing as markup: made here, as a template would take as long for it as for the rest of a row."""

    sentence: str
    svg: Markup
    is_empty: bool


def drawn(figures: ZapFigures, language: str) -> Week:
    """The drawing; the highest bar takes the whole height."""
    days = [_counts(day.counts) for day in figures.days]
    most = max((sum(one.values()) for one in days), default=0)
    said = _said({kind: sum(one[kind] for one in days) for kind in KINDS}, language)
    _ = words(language).gettext
    sentence = _("The last 7 days: %(counts)s.") % {"counts": said} if said else _("No runs in the last 7 days.")
    named = zip(figures.days, days, strict=True)
    bars = "".join(
        _bar(place, day.day, tuple(counts.items()), most, language) for place, (day, counts) in enumerate(named)
    )
    attributes = f'width="{TOTAL}" height="{HEIGHT}" viewBox="0 0 {TOTAL} {HEIGHT}"'
    kind = "week nothing" if not most else "week"
    svg = f'<svg class="{kind}" role="img" aria-label="{escape(sentence)}" {attributes}>{bars}</svg>'
    return Week(sentence, Markup(svg), is_empty=not most)  # noqa: S704 - texts are escaped, all else is counted


@lru_cache(maxsize=4_000)
def _bar(place: int, day: date, by_kind: tuple[tuple[str, int], ...], most: int, language: str) -> str:
    """One day; a dot stands over one with failures, so that they are not told by colour alone. Kept, since a page that
    is brought up to date has hundreds of them that did not change."""
    x, top, drawn, counts = place * STEP, BASE, [], dict(by_kind)
    for kind in KINDS:
        if counts[kind]:
            height = max(round(counts[kind] / most * (BASE - ROOM_FOR_MARK)), LEAST)
            top -= height
            drawn.append(_rectangle(kind, x, top, height))
    if counts["failed"]:
        drawn.append(f'<circle class="mark" cx="{x + WIDTH // 2}" cy="{max(top - 3, 2)}" r="2"/>')
    nothing = words(language).gettext("no runs")
    title = escape(f"{_name(day, language)}: {_said(counts, language) or nothing}")
    whole = _rectangle("day", x, 0, HEIGHT)
    return f"<g><title>{title}</title>{whole}{''.join(drawn)}{_rectangle('base', x, BASE, 1)}</g>"


def _rectangle(kind: str, x: int, y: int, height: int) -> str:
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{WIDTH}" height="{height}"/>'


@lru_cache(maxsize=64)
def _name(day: date, language: str) -> str:
    return format_date(day, "EEEE, d. MMMM" if language == "de" else "EEEE, d MMMM", locale=language)


def _counts(by_state: Mapping[RunState, int]) -> dict[str, int]:
    return {
        "done": sum(by_state.get(state, 0) for state in DONE),
        "filtered": by_state.get(RunState.FILTERED, 0),
        "failed": by_state.get(RunState.FAILED, 0),
    }


def _said(counts: Mapping[str, int], language: str) -> str:
    """“14 done, 3 filtered out, 2 failed”; “” for nothing."""
    if not any(counts.values()):
        return ""
    _ = words(language).gettext
    texts = (_("%(count)s done"), _("%(count)s filtered out"), _("%(count)s failed"))
    named = zip(KINDS, texts, strict=True)
    return ", ".join(text % {"count": moments.number(counts[kind], language)} for kind, text in named if counts[kind])
