"""Many zaps at once: switching on and off, moving, deleting, restoring; and what of it could not be done, and why."""

from typing import Annotated

from pydantic import Field

from engine.editing.listing import folder_name
from web.api.routing import router as new_router
from web.api.schemas import Id, Name, Sent, Shown
from web.site import By, Here
from web.zaps.doing import MOST, Doing, Hands, Wish

router = new_router("/zaps/many", "Zaps")


class ManySent(Sent):
    """What to do with which zaps. `folder` is where they are moved to; `hold` keeps runs back that have not begun when
    zaps are switched off; with `catch_up` zaps that are switched on go on from where they stood."""

    do: Doing
    zaps: Annotated[list[Id], Field(max_length=MOST)]
    folder: Name = ""
    hold: bool = False
    catch_up: bool = False


class ZapNotDone(Shown):
    """A zap that stays as it is."""

    zap: str
    why: str


class ManyZapsDone(Shown):
    """What came of it. Zaps that are not there are in neither."""

    done: list[str]
    refused: list[ZapNotDone]


@router.post("")
async def many(here: Here, by: By, sent: ManySent) -> ManyZapsDone:
    """Do the same with many zaps. What cannot be done with one of them does not keep the others from it."""
    folder = folder_name(sent.folder) if sent.do is Doing.MOVE else ""
    wish = Wish(sent.do, tuple(dict.fromkeys(sent.zaps)), folder=folder, hold=sent.hold, catch_up=sent.catch_up)
    outcome = await Hands(here, by).do(wish)
    refused = [ZapNotDone(zap=one.id, why=one.sentence) for one in outcome.refused]
    return ManyZapsDone(done=[one.id for one in outcome.done], refused=refused)
