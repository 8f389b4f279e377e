"""A mailbox as the connectors for mail read one: pages behind a cursor, and inputs that leave letters out."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, Field

from engine.registry import Registry
from engine.reloading import Fixed
from engine.store import zaps
from engine.zaps.model import TriggerUse, Zap
from tests.engine.benches import Bench, do
from zapwerk import Account, Choice, Choices, Connector, Context, NoAuth, Page, Record

AUTOMATIC = "newsletter"


class Letter(Record):
    subject: str
    date: datetime
    kind: str = ""


async def boxes(ctx: Context, given: BaseModel, search: str) -> list[Choice]:
    return [Choice("in", "In")]


class Wanted(BaseModel):
    box: Annotated[str, Choices(boxes)] = Field("in", title="Box")
    subject_contains: str = Field("", title="Subject contains")
    sender_contains: str = Field("", title="From contains")
    leave_out: bool = Field(True, title="Leave out newsletters")


class Post:
    """The mailbox, and the connector for it."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.error: Exception | None = None
        self.connector = app = Connector("post", title="Post", auth=[NoAuth()])

        @app.check
        async def account(ctx: Context) -> Account:
            return Account("me", "Me")

        @app.trigger(every=timedelta(hours=1))
        async def new_letter(ctx: Context, given: Wanted) -> AsyncIterator[Page[Letter]]:
            if self.error is not None:
                raise self.error
            if ctx.cursor is None:
                meant = [one for one in self.letters if _is_meant(one, given)]
                yield Page(tuple(meant[-ctx.newest :]), len(self.letters))
                return
            fresh = [one for one in self.letters[ctx.cursor :] if _is_meant(one, given)]
            if len(self.letters) > ctx.cursor:
                yield Page(tuple(fresh), len(self.letters))

    def deliver(self, subject: str, at: datetime, kind: str = "") -> None:
        self.letters.append(Letter(id=f"1:{len(self.letters) + 1}", subject=subject, date=at, kind=kind))


def _is_meant(letter: Letter, given: Wanted) -> bool:
    if given.leave_out and letter.kind == AUTOMATIC:
        return False
    return given.subject_contains in letter.subject and given.sender_contains in letter.kind


def installed(bench: Bench) -> Post:
    """The mailbox, known to the bench."""
    post = Post()
    bench.connectors.append(post.connector)
    bench.runtime.connectors = Fixed(Registry.of(*bench.connectors))
    return post


async def watching(bench: Bench, **given: object) -> str:
    """A zap about letters that is on."""
    made = (await bench.connect("for letters")).id
    step = do("made", "make", name="{{ trigger.subject }}").model_copy(update={"connection": made})
    drawn = Zap(name="Letters", trigger=TriggerUse(use="post.new_letter", with_=given), steps=(step,))
    with bench.runtime.database.write() as session:
        stored = zaps.create(session, drawn, now=bench.now())
    await bench.runtime.switching.on(stored.id)
    return stored.id
