"""Mails that tell of matters: subject, plain text, and simple HTML that says the same. Pure; called by `telling`.

What stands in them may come from strangers (the name of a zap, what a service said): it is text, on one line, and
nothing in it can become a header or markup.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from engine.notices.counting import Counted
from engine.notices.matters import Matter
from engine.notices.receivers import Receiver
from engine.notices.words import said

MOST_LINES = 20
LONGEST_SUBJECT = 120  # characters
LONGEST_LINE = 500
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")

BODY = "margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;color:#1d2b30;background:#faf9f6"
CARD = "max-width:560px;margin:0 auto;padding:24px;border:1px solid #dedcd6;border-radius:8px;background:#ffffff"
SOFT = "margin:16px 0 0;font-size:14px;color:#5a666b"


@dataclass(frozen=True)
class Letter:
    """A mail without its envelope: its words are chosen once, so that one that is sent again says the same."""

    subject: str
    text: str
    html: str

    def kept(self) -> dict[str, Any]:
        """As it is stored until it is sent."""
        return asdict(self)


@dataclass(frozen=True)
class Line:
    """One thing that is told; `href` is where it leads, “” for nowhere."""

    said: str
    why: str = ""
    href: str = ""


@dataclass(frozen=True)
class Part:
    """Lines below a sentence."""

    head: str
    lines: tuple[Line, ...]
    more: int = 0


def news(
    to: Receiver, up: Sequence[Matter], still: Sequence[Matter], over: Sequence[Matter], base: str, *, digest: bool
) -> Letter:
    """What came up, what is still open, and what is settled."""
    parts = [
        _part("digest" if digest else "news", [_line(one, to, base, still=False) for one in up], to),
        _part("news", [_line(one, to, base, still=True) for one in still], to),
        _part("over", [_line(one, to, base, still=False) for one in over], to),
    ]
    shown = [part for part in parts if part.lines]
    links = [Line(said("all", to.language), href=f"{base}/notices")]
    foot = said("why", to.language, address=f"{base}/settings/notices")
    return _letter(to, _subject(to, [*up, *still], over, digest=digest), shown, links, foot)


def test(to: Receiver, base: str) -> Letter:
    """The one that somebody asks for to see whether it arrives."""
    parts = [Part(said("test", to.language), ())]
    foot = said("why", to.language, address=f"{base}/settings/notices")
    return _letter(to, said("subject_test", to.language), parts, [], foot)


@dataclass(frozen=True)
class ZapWeek:
    """What became of a zap's events in a week; `open` are those that wait for a person now. Of those that are `done`,
    `acted` had all steps done; `counted` is what the zap counts."""

    name: str
    zap_id: str
    done: int
    filtered: int
    failed: int
    open: int
    acted: int = 0
    counted: Counted = field(default_factory=Counted)

    @property
    def total(self) -> int:
        return self.done + self.filtered + self.failed + self.open


def weekly(to: Receiver, weeks: Sequence[ZapWeek], base: str) -> Letter:
    """A quiet mail with what each zap did."""
    lines = [_week_line(one, to, base) for one in weeks]
    part = _part("weekly", lines, to) if lines else Part(said("weekly_none", to.language), ())
    done, still = sum(one.done for one in weeks), sum(one.open for one in weeks)
    subject = said("subject_weekly", to.language, done=_number(done, to), open=_number(still, to))
    foot = said("unsubscribe", to.language, address=f"{base}/settings/notices")
    return _letter(to, subject, [part], [Line(said("all", to.language), href=f"{base}/notices")], foot)


def _week_line(week: ZapWeek, to: Receiver, base: str) -> Line:
    counts = {name: _number(getattr(week, name), to) for name in ("total", "done", "filtered", "failed", "open")}
    parts = [_made(week, to), said("week_filtered", to.language, **counts)]
    parts += [said("week_failed", to.language, **counts)] if week.failed else []
    told = ", ".join([*parts, said("week_open", to.language, **counts)])
    came = week.counted.came
    noun = came.of(week.total) if came else said("week_in", to.language)
    return Line(_plain(f"{week.name}: {counts['total']} {noun} → {told}"), href=f"{base}/zaps/{week.zap_id}")


def _made(week: ZapWeek, to: Receiver) -> str:
    """“12 clients, 12 e-mails”; “12 done” where nobody says what its actions make."""
    if not week.counted.made:
        return said("week_done", to.language, done=_number(week.done, to))
    parts = [f"{_number(week.acted, to)} {one.of(week.acted)}" for one in week.counted.made]
    others = week.done - week.acted
    return ", ".join([*parts, *([said("week_ended", to.language, count=_number(others, to))] if others else [])])


def _subject(to: Receiver, up: Sequence[Matter], over: Sequence[Matter], *, digest: bool) -> str:
    if digest:
        return said("subject_digest", to.language)
    if len(up) == 1:
        return up[0].said
    if up:
        return said("subject_many", to.language, count=len(up))
    return over[0].said if len(over) == 1 else said("subject_over", to.language, count=len(over))


def _line(matter: Matter, to: Receiver, base: str, *, still: bool) -> Line:
    whole = matter.said
    if still:
        whole = said("still", to.language, since=_moment(matter.since, to.zone, to.language), said=whole)
    why = [matter.why] if matter.why else []
    if matter.count > 1 and not matter.over and str(matter.count) not in matter.said:
        why.append(said("times", to.language, count=_number(matter.count, to)))
    return Line(_plain(whole), _plain(" ".join(why)), base + matter.path)


def _part(head: str, lines: Sequence[Line], to: Receiver) -> Part:
    return Part(said(head, to.language), tuple(lines[:MOST_LINES]), max(len(lines) - MOST_LINES, 0))


def _letter(to: Receiver, subject: str, parts: Sequence[Part], links: Sequence[Line], foot: str) -> Letter:
    hello = said("hello", to.language, name=_plain(to.name))
    text = [hello, ""]
    html = [f"<p>{escape(hello)}</p>"]
    for part in parts:
        text += [part.head, "", *_as_text(part, to), ""]
        html.append(_as_html(part, to))
    text += [f"{one.said}: {one.href}" for one in links] + ["", "-- ", foot, ""]
    html += [f'<p><a href="{escape(one.href)}">{escape(one.said)}</a></p>' for one in links]
    body = f'<div style="{CARD}">{"".join(html)}<p style="{SOFT}">{_linked(foot)}</p></div>'
    head = f'<!doctype html><html lang="{to.language}"><head><meta charset="utf-8"></head>'
    page = f'{head}<body style="{BODY}">{body}</body></html>'
    return Letter(f"Zapwerk: {_plain(subject)}"[:LONGEST_SUBJECT], "\n".join(text), page)


def _as_text(part: Part, to: Receiver) -> Iterable[str]:
    for line in part.lines:
        yield f"* {line.said}"
        yield from (f"  {one}" for one in (line.why, line.href) if one)
    if part.more:
        yield said("and_more", to.language, count=part.more)


def _as_html(part: Part, to: Receiver) -> str:
    items = []
    for line in part.lines:
        shown = f'<a href="{escape(line.href)}">{escape(line.said)}</a>' if line.href else escape(line.said)
        items.append(f"<li>{shown}{f'<br>{escape(line.why)}' if line.why else ''}</li>")
    more = f"<p>{escape(said('and_more', to.language, count=part.more))}</p>" if part.more else ""
    return f"<p>{escape(part.head)}</p>" + (f"<ul>{''.join(items)}</ul>" if items else "") + more


def _linked(foot: str) -> str:
    """The address at the end of the foot as a link."""
    words, _, address = foot.rpartition(" ")
    return f'{escape(words)} <a href="{escape(address)}">{escape(address)}</a>'


def _plain(text: str) -> str:
    """On one line, with nothing that hides."""
    return " ".join(_HIDDEN.sub(" ", text).split())[:LONGEST_LINE]


def _number(count: int, to: Receiver) -> str:
    return f"{count:,}".replace(",", "." if to.language == "de" else ",")


def _moment(moment: datetime, zone: ZoneInfo, language: str) -> str:
    local = moment.astimezone(zone)
    return f"{local:%d.%m. %H:%M}" if language == "de" else f"{local:%d %b, %H:%M}"
