"""A notice as people are told of it: what it is about in one sentence, why, and where it is dealt with. Pure.

The mails, the webhook and the page say the same words. Several runs of one zap that wait for a decision are one line.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from engine.notices import words
from engine.store.notices import Notice
from engine.texts import Texts
from engine.zaps.retold import retold

OF_ACCOUNTS = ("connection", "disconnected")
COUNTED = frozenset(words.ONE_OF_MANY)


@dataclass(frozen=True)
class Names:
    """What things are called: zaps and connections by id; `texts` translate a connector's sentences, by connection."""

    zaps: Mapping[str, str] = field(default_factory=dict)
    connections: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, Texts] = field(default_factory=dict)


@dataclass(frozen=True)
class Matter:
    """`said` is the whole in a sentence, `why` what was found out, or “”. `path` leads to where it is dealt with.

    `over` is when it was settled, None while it is open.
    """

    kind: str
    said: str
    why: str
    path: str
    zap: str
    zap_id: str
    count: int
    since: datetime
    over: datetime | None
    notices: tuple[str, ...]


def told(notices: Sequence[Notice], names: Names, language: str) -> list[Matter]:
    """The matters in these notices, in their order; those of runs are put together by zap."""
    return [_matter(group, names, language) for group in _grouped(notices)]


def _grouped(notices: Iterable[Notice]) -> list[list[Notice]]:
    groups: dict[tuple[str, ...], list[Notice]] = {}
    for one in notices:
        over = "over" if one.closed_at else ""
        key = (one.kind, one.zap_id, over) if one.kind == "review" else (one.id,)
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def _matter(group: Sequence[Notice], names: Names, language: str) -> Matter:
    newest = group[-1]
    count = len(group) if len(group) > 1 else newest.count
    over = newest.closed_at is not None
    return Matter(
        kind=newest.kind,
        said=_over(newest, names, language) if over else _up(newest, count, names, language),
        why="" if over or len(group) > 1 else _why(newest, names, language),
        path=_path(newest, many=len(group) > 1),
        zap=names.zaps.get(newest.zap_id, ""),
        zap_id=newest.zap_id,
        count=count,
        since=min(one.created_at for one in group),
        over=newest.closed_at,
        notices=tuple(one.id for one in group),
    )


def _up(notice: Notice, count: int, names: Names, language: str) -> str:
    single = words.ONE_OF_MANY.get(notice.kind) if count == 1 else None
    sentence = single or words.COMES_UP.get(notice.kind)
    if sentence is None:
        return _in_its_own_words(notice, names, language)
    return sentence.within(language).format(name=_name(notice, names, language), count=count)


def _over(notice: Notice, names: Names, language: str) -> str:
    sentence = words.LEFT[notice.left] if notice.left else words.IS_OVER.get(notice.kind)
    if sentence is None:
        return words.OVER_OTHERWISE.within(language).format(said=_in_its_own_words(notice, names, language))
    return sentence.within(language).format(name=_name(notice, names, language))


def _in_its_own_words(notice: Notice, names: Names, language: str) -> str:
    """With the zap's name before it, unless the sentence has it already."""
    said, zap = _retold(notice, names, language), names.zaps.get(notice.zap_id, "")
    return f"{zap}: {said}" if zap and zap not in said else said


def _why(notice: Notice, names: Names, language: str) -> str:
    """What was found out, where the sentence of the kind does not say it already."""
    if notice.kind not in words.COMES_UP or notice.kind in ("flood", "disconnected"):
        return ""
    return _retold(notice, names, language)


def _retold(notice: Notice, names: Names, language: str) -> str:
    """In the words of the connector that it is about; of any, where that is not known."""
    if notice.german:
        return notice.within(language)
    own = names.texts.get(notice.subject)
    some = [own] if own else list({id(one): one for one in names.texts.values()}.values())
    return retold(notice.sentence, language, *some)


def _name(notice: Notice, names: Names, language: str) -> str:
    if notice.kind in OF_ACCOUNTS:
        return names.connections.get(notice.subject) or words.said("a_connection", language)
    return names.zaps.get(notice.zap_id) or words.said("a_zap", language)


def _path(notice: Notice, *, many: bool) -> str:
    match notice.kind:
        case "connection" | "disconnected":
            return f"/connections/{notice.subject}"
        case "review":
            return f"/history?state=needs_review&zap={notice.zap_id}" if many else f"/history/{notice.subject}"
        case "failed":
            return f"/history?state=failed&zap={notice.zap_id}"
        case "restored":
            return "/restored"
        case "copied":
            return "/place"
        case "backup":
            return "/settings/backups"
        case "disk":
            return "/settings/storage"
        case "flood" | "quota" | "attention" | "order" | "paused":
            return f"/history?state=held&zap={notice.zap_id}"
        case _:
            return f"/zaps/{notice.zap_id}" if notice.zap_id else "/notices"
