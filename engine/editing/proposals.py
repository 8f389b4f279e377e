"""Mappings that propose themselves: for the empty fields of a step, what of the data at hand belongs there.

Told by names in German and English, and by kinds; entries of a web form come before all else. Between two that are
equally good nothing is proposed, and nothing that cannot be read as the field asks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic.fields import FieldInfo

from engine.editing.data import Data, DataField
from engine.editing.draft import Draft
from engine.editing.previews import Previews, PreviewState
from engine.editing.synonyms import is_known, meaning_of
from engine.editing.words import Words
from engine.registry import AnyOperation, Registry
from engine.sdk.fields import Kind, Shape, fields_of
from engine.zaps.model import ActionStep
from engine.zaps.plain import is_blank

_KINDS = frozenset(
    {
        Kind.TEXT, Kind.LONG_TEXT, Kind.HTML, Kind.INTEGER, Kind.DECIMAL, Kind.MONEY, Kind.DATE, Kind.TIME,
        Kind.DATETIME, Kind.EMAIL, Kind.URL, Kind.PHONE, Kind.COUNTRY, Kind.CURRENCY,
    }
)  # fmt: skip
_FORMS = ("labelled", "fields", "form", "answers")  # what mappings with the entries of a web form are called
_PEOPLE = ("sender", "customer", "client", "contact", "buyer", "author")
_OF_KIND: Mapping[Kind, str] = {Kind.EMAIL: "email", Kind.PHONE: "phone", Kind.COUNTRY: "country"}
_OF_PEOPLE = ("email", "name")  # what a record's person stands in for where a form does not say it


class Why(StrEnum):
    """Why something is proposed."""

    LABEL = "label"  # the entry of a web form is called so
    NAME = "name"
    KIND = "kind"


@dataclass(frozen=True)
class Proposal:
    """What could be filled into a field, and where it comes from."""

    field: str
    template: str
    why: Why
    source: DataField


@dataclass(frozen=True)
class _Candidate:
    """A value at hand: what its name means, and how it was found."""

    field: DataField
    meaning: str
    why: Why
    person: bool = False


@dataclass(frozen=True)
class Proposals:
    """Makes them."""

    registry: Callable[[], Registry]
    data: Data
    previews: Previews

    def of(self, draft: Draft, step: str, language: str = "en") -> tuple[Proposal, ...]:
        """For each field of a step that is empty and for which there is one best value. Raises `NotFound`."""
        drawn, words = draft.step(step), Words(self.registry(), language)
        operation = words.operation_of(drawn) if isinstance(drawn, ActionStep) else None
        if operation is None or not isinstance(drawn, ActionStep):
            return ()
        at_hand = [one for group in self.data.of(draft, step, language) for one in _candidates(group.fields)]
        made = []
        for name, info, shape in fields_of(operation.form):
            if shape.kind in _KINDS and is_blank(drawn.with_.get(name)) and name != "if_exists":
                found = _best(_meanings(operation, name, info, shape, words), at_hand, name)
                if found is not None and self._fits(draft, step, found, language):
                    made.append(found)
        return tuple(made)

    def _fits(self, draft: Draft, step: str, proposal: Proposal, language: str) -> bool:
        seen = self.previews.of(draft, step, proposal.field, proposal.template, language)
        return seen.state is not PreviewState.PROBLEM


def _meanings(operation: AnyOperation, name: str, info: FieldInfo, shape: Shape, words: Words) -> tuple[str, ...]:
    """What a field may be called, the surest first: its title, the title in the person's language, its name."""
    titles = (info.title or "", words.field(operation, name, info), name)
    told = tuple(dict.fromkeys(meaning_of(title) for title in titles if title))
    by_kind = _OF_KIND.get(shape.kind)
    return told if by_kind is None or any(map(is_known, told)) else (*told, by_kind)


def _candidates(fields: Sequence[DataField]) -> Iterator[_Candidate]:
    """The values that stand for something by themselves: fields of a record, entries of a form, what a person has."""
    for one in fields:
        called = _last_name(one)
        if not one.children:
            if one.sample != "":
                yield _Candidate(one, meaning_of(called), Why.NAME)
        elif called in _FORMS:
            yield from (_Candidate(entry, meaning_of(entry.title), Why.LABEL) for entry in one.children if entry.sample)
        elif called in _PEOPLE:
            yield from _of_person(one)


def _of_person(person: DataField) -> Iterator[_Candidate]:
    for one in person.children:
        called = _last_name(one)
        meaning = "email" if called == "address" and "@" in (one.sample or "@") else meaning_of(called)
        if not one.children and one.sample != "":
            yield _Candidate(one, meaning, Why.NAME, person=True)


def _best(meanings: Sequence[str], at_hand: Sequence[_Candidate], name: str) -> Proposal | None:
    for meaning in meanings:
        found = [one for one in at_hand if one.meaning == meaning]
        chosen = _only([one for one in found if one.why is Why.LABEL])
        person = _only([one for one in found if one.person]) if meaning in _OF_PEOPLE else None
        if chosen is not None:
            return Proposal(name, _template(chosen, person), Why.LABEL, chosen.field)
        if any(one.why is Why.LABEL for one in found):
            return None
        bare = _only([one for one in found if not one.person]) or (person if not _plain(found) else None)
        if bare is not None:
            return Proposal(name, _template(bare, None), Why.KIND if bare.person else Why.NAME, bare.field)
    return None


def _plain(found: Sequence[_Candidate]) -> bool:
    return any(not one.person and one.why is Why.NAME for one in found)


def _only(found: Sequence[_Candidate]) -> _Candidate | None:
    return found[0] if len(found) == 1 else None


def _template(chosen: _Candidate, otherwise: _Candidate | None) -> str:
    if otherwise is None:
        return chosen.field.template
    return f"{{{{ {chosen.field.path} | default: {otherwise.field.path} }}}}"


def _last_name(field: DataField) -> str:
    """What a field is called in its record: the end of its path."""
    return field.title if field.path.endswith("]") else field.path.rpartition(".")[2]
