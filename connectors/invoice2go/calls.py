"""The calls to the service: create one record, walk through a list. Nothing leaves except through here.

A profile that may not be used yet is refused here once more, whoever calls.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import httpx

from connectors.invoice2go import bodies, replies
from connectors.invoice2go.bodies import Row
from connectors.invoice2go.profile import Invoice2goProfile
from zapwerk import Context, PermanentFailure

MAX_PAGES = 2000


@dataclass(frozen=True)
class Listed:
    """One page of a list. `ahead` is how far the service's clock is ahead of ours, to about a second."""

    rows: list[Row]
    ahead: timedelta | None


def profile_of(ctx: Context) -> Invoice2goProfile:
    """The connection's profile, if it may be used."""
    profile = ctx.profile
    assert isinstance(profile, Invoice2goProfile)
    why_not = profile.problem()
    if why_not:
        raise PermanentFailure(why_not)
    return profile


def path_of(ctx: Context, path: str) -> str:
    """`path` with the id of the connection's account, which is the service's own text and therefore quoted."""
    if "{account}" in path and ctx.account is None:
        raise PermanentFailure("This connection does not know its Invoice2go account; check the connection.")
    return path.replace("{account}", quote(ctx.account.id, safe="") if ctx.account else "")


async def create(ctx: Context, path: str, body: Row, names: Mapping[str, str]) -> Row:
    """Make one record, with our reference where the service keeps one; returns it as the service shows it."""
    profile = profile_of(ctx)
    if profile.reference_field and ctx.idempotency_key:
        bodies.place(body, profile.reference_field, ctx.idempotency_key)
    response = await ctx.http.post(path_of(ctx, path), json=body, explain=replies.explain(profile, names))
    return replies.created(response, profile)


async def pages(ctx: Context, path: str, filters: Mapping[str, str] | None = None) -> AsyncIterator[Listed]:
    """The pages of a list, read one after the other while they are asked for.

    Ends at the last page, at an empty one, or at one that brings nothing new (a service that ignores page numbers).
    """
    profile = profile_of(ctx)
    known: set[str | None] = set()
    for page in range(1, MAX_PAGES + 1):
        response = await ctx.http.get(
            path_of(ctx, path), params=_params(profile, page, filters or {}), explain=replies.explain(profile, {})
        )
        rows, total = replies.listed(response, profile)
        ids = {replies.id_of(row, profile) for row in rows}
        if ids <= known:
            return
        yield Listed(rows, clock_ahead(response, ctx.now()))
        known |= ids
        if not profile.page_param or (total is not None and page >= total):
            return
    raise PermanentFailure("The list at Invoice2go is too long to be searched; the profile needs a filter for it.")


def clock_ahead(response: httpx.Response, now: datetime) -> timedelta | None:
    """How far the service's clock is ahead of ours, by its Date header; None if it does not say."""
    try:
        said = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None
    return (said if said.tzinfo else said.replace(tzinfo=UTC)) - now


def _params(profile: Invoice2goProfile, page: int, filters: Mapping[str, str]) -> dict[str, str | int]:
    params: dict[str, str | int] = {**profile.list_params, **filters}
    if profile.page_param:
        params[profile.page_param] = page
    if profile.page_size_param:
        params[profile.page_size_param] = profile.page_size
    return params
