"""What the models of the API are made of. Each noun has its own; those of more than one noun stand here."""

from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from web import problems

LONGEST_TEXT = 2_000  # characters of what is typed in one line


class Shown(BaseModel):
    """What the API gives."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Sent(BaseModel):
    """What the API takes: a field that is not known is refused, for it would be thought to count."""

    model_config = ConfigDict(frozen=True, extra="forbid")


ItemT = TypeVar("ItemT")


class Page(Shown, Generic[ItemT]):
    """Some of many."""

    items: list[ItemT]
    next: str | None = Field(description="The path of the page that follows; null at the end.")


class ProblemAt(Shown):
    """One thing to mend."""

    step: str = Field(description="“trigger”, the key of a step, or empty.", examples=["client"])
    field: str = Field(description="The field, with dots between what lies within each other.", examples=["with.email"])
    message: str = Field(examples=["This is missing."])


class Problem(Shown):
    """Why something was not done (RFC 9457), in the language of `Accept-Language`."""

    model_config = ConfigDict(frozen=True, extra="allow")

    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(description="A sentence that says what to do.")
    errors: list[ProblemAt] = Field([], description="What is wrong, by step and field.")


Revision = Annotated[int, Field(ge=0, le=2_000_000_000, description="The revision of the draft that you have seen.")]
Name = Annotated[str, Field(max_length=LONGEST_TEXT)]
Id = Annotated[str, Field(max_length=100)]
Number = Annotated[int, Path(ge=1, le=1_000_000_000)]
More = Annotated[int, Query(ge=0, le=100, description="How often to load three further ones.")]
Language = Annotated[str, Depends(problems.language)]
Values = dict[str, Any]
Moment = datetime | None


def url_of(request: Request, **more: str) -> str:
    """The same path with other parameters, as `next` gives it."""
    address = request.url.include_query_params(**more)
    return f"{address.path}?{address.query}"
