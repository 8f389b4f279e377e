"""Finds records at the service, for two different questions.

`this_call`: did *this very call* arrive? By our reference, or else by the only exact match made since the call began.
`like`: is there one like it already? By what identifies it (e-mail, code), else by its exact name.
"""

import unicodedata
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from connectors.invoice2go import calls, replies
from connectors.invoice2go.bodies import Row, cleaned
from connectors.invoice2go.profile import Invoice2goProfile
from zapwerk import CannotTell, Context

CLOCKS_AGREE = timedelta(seconds=2)  # a Date header is exact to one second
MAY_DIFFER = timedelta(seconds=10)
MAX_CANDIDATES = 10
UNCERTAIN = "Invoice2go holds something like it, but whether this call made it cannot be told."


@dataclass(frozen=True)
class Wanted:
    """What is looked for: `mark` is what identifies it (“email”, “code”), as our name, the filter for it, the value."""

    path: str
    names: Mapping[str, str]
    name: str
    mark: str
    mark_value: str
    mark_param: str
    fold_case: bool


class Age(Enum):
    """A match against the moment the call began."""

    SINCE = "since"
    OLDER = "older"
    UNSURE = "unsure"


def folded(value: Any) -> str:
    """Text for comparing: one spelling of accents, single spaces."""
    text = str(value) if isinstance(value, str | int) else ""
    return " ".join(unicodedata.normalize("NFC", cleaned(text)).split())


async def this_call(ctx: Context, wanted: Wanted, sent: Row) -> Row | None:
    """The record that this call made, None if it made none, or `CannotTell`."""
    profile = calls.profile_of(ctx)
    if not (profile.reference_field and ctx.idempotency_key):
        return await _by_likeness(ctx, profile, wanted, sent)
    found = await _by_reference(ctx, profile, wanted)
    if found is None:
        await _must_keep_references(ctx, profile, wanted)
    return found


async def like(ctx: Context, wanted: Wanted) -> Row | None:
    """The record with the same mark; else one of the same name that carries no mark (another mark is another one)."""
    profile = calls.profile_of(ctx)
    by_name = {profile.name_param: wanted.name} if profile.name_param else {}
    if wanted.mark_value and not wanted.mark_param:
        return await _marked_or_namesake(ctx, wanted)
    if wanted.mark_value:
        async for row in _rows(ctx, wanted, {wanted.mark_param: wanted.mark_value}):
            if _has_mark(row, wanted):
                return row
    async for row in _rows(ctx, wanted, by_name):
        if _is_namesake(row, wanted):
            return row
    return None


def age(created: datetime | None, started: datetime, ahead: timedelta | None) -> Age:
    """Whether a record is from before or after our call began, judged across two clocks."""
    if created is None:
        return Age.UNSURE
    agree = ahead is not None and abs(ahead) <= CLOCKS_AGREE
    began = started if agree or ahead is None else started + ahead
    if created >= (began if agree else began + MAY_DIFFER):
        return Age.SINCE
    return Age.OLDER if ahead is not None and created < began - MAY_DIFFER else Age.UNSURE


async def _marked_or_namesake(ctx: Context, wanted: Wanted) -> Row | None:
    """In one reading of the whole list, for a service that cannot filter by the mark."""
    namesake = None
    async for row in _rows(ctx, wanted, {}):
        if _has_mark(row, wanted):
            return row
        if namesake is None and _is_namesake(row, wanted):
            namesake = row
    return namesake


async def _by_reference(ctx: Context, profile: Invoice2goProfile, wanted: Wanted) -> Row | None:
    param = profile.reference_param
    async for page in calls.pages(ctx, wanted.path, {param: ctx.idempotency_key} if param else {}):
        for row in page.rows:
            if replies.found(row, profile.reference_field) == ctx.idempotency_key:
                return row
        if _reaches_back(ctx, profile, page):
            return None
    return None


async def _must_keep_references(ctx: Context, profile: Invoice2goProfile, wanted: Wanted) -> None:
    """Raises `CannotTell` for a record like it, not older than the call, without a reference: perhaps none are kept."""
    since, unsure = await _alike(ctx, profile, wanted)
    bare = [row for row in (*since, *unsure) if not replies.found(row, profile.reference_field)]
    if bare:
        candidates = [replies.shown(row, wanted.names, profile) for row in bare[:MAX_CANDIDATES]]
        raise CannotTell(UNCERTAIN, candidates=candidates)


async def _by_likeness(ctx: Context, profile: Invoice2goProfile, wanted: Wanted, sent: Row) -> Row | None:
    since, unsure = await _alike(ctx, profile, wanted)
    exact = [row for row in since if _says_the_same(row, sent)]
    if len(since) == 1 and exact and not unsure:
        return exact[0]
    if not since and not unsure:
        return None
    candidates = [replies.shown(row, wanted.names, profile) for row in [*since, *unsure][:MAX_CANDIDATES]]
    raise CannotTell(UNCERTAIN, candidates=candidates)


async def _alike(ctx: Context, profile: Invoice2goProfile, wanted: Wanted) -> tuple[list[Row], list[Row]]:
    """Records with the same name and mark: those made since the call began, and those nobody can be sure about."""
    by_age: dict[Age, list[Row]] = {one: [] for one in Age}
    async for page in calls.pages(ctx, wanted.path, {profile.name_param: wanted.name} if profile.name_param else {}):
        for row in page.rows:
            if _same_name(row, wanted) and _mark_of(row, wanted) == _folded_mark(wanted.mark_value, wanted):
                by_age[_age_of(ctx, profile, row, page)].append(row)
        if _reaches_back(ctx, profile, page):
            break
    return by_age[Age.SINCE], by_age[Age.UNSURE]


def _age_of(ctx: Context, profile: Invoice2goProfile, row: Row, page: calls.Listed) -> Age:
    if ctx.started_at is None:
        return Age.UNSURE
    return age(replies.created_at(row, profile), ctx.started_at, page.ahead)


def _reaches_back(ctx: Context, profile: Invoice2goProfile, page: calls.Listed) -> bool:
    """Whether this page of a list, newest first, ends before our call began: then the rest cannot matter."""
    if not (profile.newest_first and page.rows):
        return False
    return _age_of(ctx, profile, page.rows[-1], page) is Age.OLDER


async def _rows(ctx: Context, wanted: Wanted, filters: Mapping[str, str]) -> AsyncIterator[Row]:
    async for page in calls.pages(ctx, wanted.path, filters):
        for row in page.rows:
            yield row


def _same_name(row: Row, wanted: Wanted) -> bool:
    return folded(replies.found(row, wanted.names.get("name", "name"))) == folded(wanted.name)


def _has_mark(row: Row, wanted: Wanted) -> bool:
    return _mark_of(row, wanted) == _folded_mark(wanted.mark_value, wanted)


def _is_namesake(row: Row, wanted: Wanted) -> bool:
    return _same_name(row, wanted) and not (wanted.mark_value and _mark_of(row, wanted))


def _mark_of(row: Row, wanted: Wanted) -> str:
    theirs = wanted.names.get(wanted.mark, "")
    return _folded_mark(replies.found(row, theirs) if theirs else None, wanted)


def _folded_mark(value: Any, wanted: Wanted) -> str:
    return folded(value).casefold() if wanted.fold_case else folded(value)


def _says_the_same(row: Row, sent: Row) -> bool:
    """Whether the record holds what was sent; what the service does not show says nothing."""
    return all(
        _says_the_same(shown, value) if isinstance(value, dict) and isinstance(shown, dict) else _equal(shown, value)
        for name, value in sent.items()
        if (shown := row.get(name)) is not None
    )


def _equal(shown: Any, sent: Any) -> bool:
    if folded(shown) == folded(sent) and not isinstance(shown, float):
        return True
    try:
        return Decimal(str(shown)) == Decimal(str(sent))
    except InvalidOperation:
        return bool(shown == sent)
