"""What a rehearsal found, as the page shows it: a line for each record, what is in it, and the sum of all in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from engine.rehearsal.rows import OUTCOMES, Foreseen, Quota, Row, Would, quotas
from engine.zaps.labels import label_of
from web import trees
from web.drafting import fields
from web.drafting.fields import Sent
from web.drafting.naming import Mend, Naming, place
from web.languages import words
from web.states import Look
from web.trees import Tree, shown

GLANCE = 160  # characters of what would be sent, in a line
MOST_MENDS = 8


@dataclass(frozen=True)
class Line:
    """One record. `glance` is what would be sent, or why nothing is; `same_as` an earlier line with the same calls."""

    number: int
    label: str
    at: datetime | None
    outcome: str
    look: Look
    glance: str
    same_as: int | None


@dataclass(frozen=True)
class Tally:
    """How many lines of one outcome there are, and in words."""

    outcome: str
    look: Look
    count: int
    words: str


@dataclass(frozen=True)
class Troubled:
    """A problem that lines have, and the way to its field."""

    mend: Mend
    count: int
    first: int


@dataclass(frozen=True)
class StepSeen:
    """What one step would do with one record. `record` is what is there already, or what was found."""

    key: str
    app: str
    title: str
    look: Look
    said: str
    sent: tuple[Sent, ...]
    record_title: str
    record: Tree | None
    mends: tuple[Mend, ...]


@dataclass(frozen=True)
class Drawn:
    """Draws the rows of one rehearsal in one language."""

    naming: Naming
    zap_id: str

    def line(self, row: Row) -> Line:
        return Line(
            number=row.number,
            label=shown(row.label),
            at=row.at,
            outcome=row.outcome.value,
            look=self._look_of(row),
            glance=shown(self._glance(row))[: GLANCE + 1],
            same_as=row.same_as,
        )

    def tallies(self, rows: Sequence[Row]) -> tuple[Tally, ...]:
        """The outcomes that there are, in order."""
        found = [(one, [row for row in rows if row.outcome is one]) for one in OUTCOMES]
        return tuple(
            Tally(one.value, self.look(one), len(mine), self._counted(one, mine)) for one, mine in found if mine
        )

    def quotas(self, rows: Sequence[Row]) -> tuple[str, ...]:
        """What would count toward plans' quotas: a sentence for each app."""
        return tuple(self._quota(one) for one in quotas(rows))

    def _quota(self, quota: Quota) -> str:
        _, ngettext = words(self.naming.language).gettext, words(self.naming.language).ngettext
        if quota.exact:
            counts = ngettext(
                "%(num)d of them would count toward your plan’s quota at %(app)s, where the plan has one.",
                "%(num)d of them would count toward your plan’s quota at %(app)s, where the plan has one.",
                quota.count,
            )
        else:
            counts = ngettext(
                "At most %(num)d of them would count toward your plan’s quota at %(app)s, where the plan has one.",
                "At most %(num)d of them would count toward your plan’s quota at %(app)s, where the plan has one.",
                quota.count,
            )
        left = _("How much of it is left, only %(app)s can say.")
        parts = {"num": quota.count, "app": self.naming.vocabulary.app(quota.app)}
        return f"{counts % parts} {left % parts}"

    def troubles(self, rows: Sequence[Row]) -> tuple[Troubled, ...]:
        """What is to be mended, each thing once."""
        found: dict[tuple[str, str, str], Troubled] = {}
        for row in rows:
            for mend in (mend for step in row.steps for mend in self._mends(step)):
                known = found.get((mend.step, mend.field, mend.sentence))
                count, first = (known.count + 1, known.first) if known else (1, row.number)
                found[mend.step, mend.field, mend.sentence] = Troubled(mend, count, first)
        return tuple(sorted(found.values(), key=lambda one: -one.count)[:MOST_MENDS])

    def steps(self, row: Row) -> tuple[StepSeen, ...]:
        """All that is in a line."""
        return tuple(self._step(row, one) for one in row.steps)

    def look(self, outcome: Would) -> Look:
        look = LOOKS[outcome]
        return Look(look.kind, look.icon, words(self.naming.language).gettext(look.word))

    def _look_of(self, row: Row) -> Look:
        look = self.look(row.outcome)
        if row.outcome is not Would.DO:
            return look
        done = dict.fromkeys(fields.does(self.naming, one.use) for one in row.steps if one.outcome is Would.DO)
        said = ", ".join(done)
        return Look(look.kind, look.icon, said[:1].upper() + said[1:])

    def _counted(self, outcome: Would, rows: Sequence[Row]) -> str:
        ngettext, count = words(self.naming.language).ngettext, len(rows)
        done = {one.use for row in rows for one in row.steps if one.outcome is Would.DO}
        match outcome:
            case Would.DO if len(done) == 1:
                said = ngettext("%(num)d would %(does)s", "%(num)d would %(does)s", count)
                return said % {"num": count, "does": fields.does(self.naming, done.pop())}
            case Would.DO:
                said = ngettext("%(num)d would be acted on", "%(num)d would be acted on", count)
            case Would.EXISTS:
                said = ngettext("%(num)d is already there", "%(num)d are already there", count)
            case Would.FILTERED:
                said = ngettext("%(num)d is filtered out", "%(num)d are filtered out", count)
            case Would.STOPS:
                said = ngettext("%(num)d would stop", "%(num)d would stop", count)
            case Would.PROBLEM:
                said = ngettext("%(num)d would fail", "%(num)d would fail", count)
            case Would.UNCHECKED:
                said = ngettext("%(num)d could not be checked", "%(num)d could not be checked", count)
            case _:
                said = ngettext(
                    "%(num)d goes through with nothing to do", "%(num)d go through with nothing to do", count
                )
        return said % {"num": count}

    def _glance(self, row: Row) -> str:
        deciding = row.deciding
        if row.outcome is Would.DO:
            said = [text for step in row.steps if step.outcome is Would.DO for text in self._sent_in_short(step)]
            return " · ".join(said) or (self.said(deciding) if deciding else "")
        return self.said(deciding) if deciding else ""

    def _sent_in_short(self, step: Foreseen) -> Iterator[str]:
        for one in fields.of_given(self.naming, step.step, step.given, ""):
            if one.text:
                yield f"{one.title}: {' '.join(one.text[:60].split())}"

    def said(self, step: Foreseen) -> str:
        """Why it comes out so."""
        _ = words(self.naming.language).gettext
        match step.outcome:
            case Would.EXISTS:
                name = label_of(step.record, str((step.record or {}).get("id", "")))
                return (_("%(name)s: a run would stop here.") if step.if_exists == "stop" else "%(name)s") % {
                    "name": name
                }
            case Would.NOT_FOUND:
                return _("Nothing was found; a run would stop here.") if step.ends else _("Nothing was found.")
            case Would.PROBLEM if step.problems:
                return " ".join(mend.sentence for mend in self._mends(step))
            case Would.LATER:
                return fields.only_after(
                    self.naming, tuple(dict.fromkeys(one for steps in step.later.values() for one in steps))
                )
            case Would.DO if step.record is not None:
                return _("There is one like it already; another one would be created.")
            case _:
                return self.naming.vocabulary.error(self.naming.app(step.step), step.sentence)

    def _step(self, row: Row, step: Foreseen) -> StepSeen:
        _ = words(self.naming.language).gettext
        at = f"row-{row.number}-{step.step}"
        found = _("Found") if step.outcome is Would.FOUND else _("Already there")
        name = label_of(step.record, "")
        return StepSeen(
            key=step.step,
            app=self.naming.app(step.step),
            title=self.naming.step(step.step),
            look=self.look(step.outcome),
            said=shown("" if step.problems or step.record is not None else self.said(step)),
            sent=(*fields.of_given(self.naming, step.step, step.given, at), *self._later(step)),
            record_title=shown(f"{found}: {name}" if name else found),
            record=self._record(step, at),
            mends=tuple(self._mends(step)),
        )

    def _record(self, step: Foreseen, at: str) -> Tree | None:
        return None if step.record is None else trees.tree(step.record, at, titles=self.naming.record(step.step))

    def _later(self, step: Foreseen) -> Iterator[Sent]:
        for name, steps in step.later.items():
            yield Sent(self.naming.field(step.step, name), note=fields.only_after(self.naming, steps), field=name)

    def _mends(self, step: Foreseen) -> Iterator[Mend]:
        if step.outcome is not Would.PROBLEM:
            return
        if not step.problems:
            said = self.naming.vocabulary.error(self.naming.app(step.step), step.sentence)
            title = self.naming.field(step.step, step.field)
            yield Mend(step.step, self.naming.step(step.step), step.field, title, said, self._place(step, step.field))
        yield from self.naming.mends(self.zap_id, [replace(one, step=step.step) for one in step.problems])

    def _place(self, step: Foreseen, field: str) -> str:
        return place(self.zap_id, step.step, field)


def _(text: str) -> str:
    """Marks a text for translation; it is translated when it is shown."""
    return text


LOOKS: dict[Would, Look] = {
    Would.DO: Look("good", "circle-check", _("Would be done")),
    Would.EXISTS: Look("", "check", _("Already there")),
    Would.PASSES: Look("", "corner-down-right", _("Goes through")),
    Would.FILTERED: Look("", "filter", _("Filtered out")),
    Would.FOUND: Look("good", "search", _("Found")),
    Would.NOT_FOUND: Look("", "search", _("Nothing found")),
    Would.STOPS: Look("", "ban", _("Would stop")),
    Would.PROBLEM: Look("bad", "circle-alert", _("Would fail")),
    Would.UNCHECKED: Look("warn", "circle-help", _("Not checked")),
    Would.LATER: Look("", "clock", _("Known later")),
}
