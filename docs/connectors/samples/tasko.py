"""Tasko, a made-up app for lists of tasks: react to new tasks, create tasks, never twice.

This is the sample of docs/connectors/writing.md. Put into the folder `connectors/` of a data folder it is an app.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from zapwerk import (
    Account,
    ApiKey,
    Choice,
    Choices,
    Connector,
    Context,
    Labels,
    LongText,
    More,
    OAuth2,
    Rate,
    Record,
)

tasko = Connector(
    "tasko",
    title="Tasko",
    description="Lists of tasks for small teams.",
    base_url="https://api.tasko.example/v1/",
    rate=Rate(2, per=timedelta(seconds=1)),
    auth=[
        OAuth2(
            authorize="https://tasko.example/authorize",
            token="https://tasko.example/token",  # noqa: S106 (an address)
            scopes=("tasks",),
        ),
        ApiKey(header="X-Api-Key", help="In Tasko: Settings → Developer → API keys."),
    ],
)


@tasko.check
async def account(ctx: Context) -> Account:
    """Runs before a connection is saved, and says whose account it is."""
    me = (await ctx.http.get("me")).json()
    return Account(id=me["id"], label=me["email"])


async def lists(ctx: Context, given: BaseModel, search: str) -> list[Choice]:
    """The task lists a person can choose from."""
    rows = (await ctx.http.get("lists", params={"q": search})).json()
    return [Choice(row["id"], row["name"]) for row in rows]


class InList(BaseModel):
    """Which list is watched. Another list is another place, with a beginning of its own."""

    list_id: Annotated[str, Choices(lists)] = Field(title="List")


class NewTask(InList):
    """What a task needs."""

    title: str = Field(title="Title", min_length=1, max_length=200)
    notes: LongText | None = Field(None, title="Notes")
    priority: Annotated[Literal["low", "high"] | None, Labels({"low": "Low", "high": "High"}), More()] = Field(
        None, title="Priority"
    )


class Task(Record):
    """A task, as Tasko shows it. Fields that are not named here are kept too."""

    title: str = Field(title="Title")
    notes: str | None = Field(None, title="Notes")
    url: str = Field("", title="Page")


@tasko.trigger(every=timedelta(minutes=5), sentence="a task is added to {list_id}")
async def new_task(ctx: Context, given: InList) -> AsyncIterator[Task]:
    """A task is added to a list."""
    async for row in ctx.http.pages(_tasks(given), params={"sort": "-created"}, rows="tasks", cursor="next"):
        yield Task.model_validate(row)


@tasko.action(sentence="create a task in {list_id}", settles=timedelta(seconds=2))
async def create_task(ctx: Context, given: NewTask) -> Task:
    """Adds a task to a list."""
    body = given.model_dump(exclude={"list_id"}, exclude_none=True)
    answer = await ctx.http.post(_tasks(given), json={**body, "reference": ctx.idempotency_key})
    return Task.model_validate(answer.json())


@create_task.lookup
async def this_task(ctx: Context, given: NewTask) -> Task | None:
    """Did this very call arrive? Told by the reference that the call carried."""
    return await _first(ctx, given, reference=ctx.idempotency_key)


@create_task.existing
async def same_title(ctx: Context, given: NewTask) -> Task | None:
    """Is there such a task already? Told by its title."""
    return await _first(ctx, given, title=given.title)


class Wanted(InList):
    """Which task to look for."""

    title: str = Field(title="Title")


@tasko.search(sentence="find a task in {list_id}")
async def find_task(ctx: Context, given: Wanted) -> Task | None:
    """Finds a task by its title."""
    return await _first(ctx, given, title=given.title)


async def _first(ctx: Context, given: InList, **filters: Any) -> Task | None:
    rows = (await ctx.http.get(_tasks(given), params=filters)).json()["tasks"]
    return Task.model_validate(rows[0]) if rows else None


def _tasks(given: InList) -> str:
    return f"lists/{given.list_id}/tasks"
