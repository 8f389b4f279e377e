"""What needs a person, above the list: accounts to reconnect, runs to check or release. Each leads to its place.

Told from how things stand, so that it goes away when they are mended, and from notices about anything else.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from engine.notices import matters
from engine.notices.matters import Names
from engine.runtime import Runtime
from engine.store import listing, notices, zaps
from engine.store.listing import Listed
from engine.store.states import RunState
from web import moments
from web.languages import words
from web.trees import shown
from web.visitors import Visitor
from web.vocabulary import Vocabulary

CAP = 1000  # runs are counted up to here
KNOWN = frozenset({"flood", "quota", "attention", "review", "connection", "disconnected"})
"""What notices are about that is told from how things stand."""
MOST = 6
MOST_LOOKED_AT = 200  # open notices


@dataclass(frozen=True)
class Hint:
    """One matter, and where it is dealt with."""

    kind: str
    icon: str
    text: str
    href: str


def hints(
    runtime: Runtime, session: Session, broken: Mapping[str, str], gone: Collection[str], visitor: Visitor
) -> tuple[Hint, ...]:
    """All of them, the gravest first. `gone` are those of the `broken` accounts that were disconnected."""
    refused = {key: name for key, name in broken.items() if key not in gone}
    found = [
        *(_disconnected(key, name, visitor.language) for key, name in broken.items() if key in gone),
        *_connections(refused, visitor.language),
        *_runs(session, RunState.NEEDS_REVIEW, visitor.language),
        *_runs(session, RunState.HELD, visitor.language),
        *_others(session, Vocabulary(runtime.registry(), visitor.language), visitor.language),
    ]
    return tuple(found[:MOST])


def _disconnected(connection_id: str, name: str, language: str) -> Hint:
    said = words(language).gettext("“%(name)s” was disconnected, and zaps still use it.")
    return Hint("bad", "unlink", said % {"name": shown(name)}, f"/connections/{connection_id}")


def _connections(broken: Mapping[str, str], language: str) -> Iterator[Hint]:
    said = words(language)
    if len(broken) == 1:
        [(connection_id, name)] = broken.items()
        text = said.gettext("“%(name)s” must be reconnected.") % {"name": shown(name)}
        yield Hint("bad", "unlink", text, f"/connections/{connection_id}")
    elif broken:
        text = said.ngettext(
            "%(count)s connection must be reconnected.", "%(count)s connections must be reconnected.", len(broken)
        )
        yield Hint("bad", "unlink", text % {"count": len(broken)}, "/connections")


def _runs(session: Session, state: RunState, language: str) -> Iterator[Hint]:
    count = listing.count(session.connection(), Listed(states=(state,)), CAP)
    if not count:
        return
    said = words(language)
    shown_count = moments.number(count, language) + ("+" if count >= CAP else "")
    if state == RunState.NEEDS_REVIEW:
        text = said.ngettext("%(count)s run is to be checked.", "%(count)s runs are to be checked.", count)
        yield Hint("bad", "circle-alert", text % {"count": shown_count}, "/history?state=needs_review")
    else:
        text = said.ngettext("%(count)s run is on hold.", "%(count)s runs are on hold.", count)
        yield Hint("warn", "circle-pause", text % {"count": shown_count}, "/history?state=held")


def _others(session: Session, vocabulary: Vocabulary, language: str) -> Iterator[Hint]:
    others = [one for one in notices.still_open(session, MOST_LOOKED_AT) if one.kind not in KNOWN]
    if others:
        names = Names(zaps.names(session), texts=vocabulary.every())
        for one in matters.told(others, names, language):
            yield Hint("warn", "bell", shown(one.said), one.path)
