"""Pages of lists: `?limit=` says how many, `?after=` where to go on; `next` of an answer is the path of the next page.

Lists of thousands are paged by the engine, along an index; here are those of hundreds, which are in memory anyway.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, TypeVar

from fastapi import Query, Request

from web.api.schemas import url_of

MOST = 100

Limit = Annotated[int, Query(ge=1, le=MOST, description=f"How many at most; {MOST} are the most.")]
After = Annotated[str, Query(max_length=200, description="Where to go on: what `next` of the page before says.")]

ItemT = TypeVar("ItemT")


def part(
    request: Request, every: Iterable[ItemT], key: Callable[[ItemT], str], limit: int, after: str
) -> tuple[list[ItemT], str | None]:
    """Those behind `after` in the order of their keys, and where to go on. What was removed meanwhile is no matter."""
    rest = sorted((one for one in every if key(one) > after), key=key)
    found = rest[:limit]
    return found, url_of(request, after=key(found[-1])) if len(rest) > limit else None
