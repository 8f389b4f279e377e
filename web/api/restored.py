"""After a restore, or in a folder that was copied: how each zap goes on, and which installation this one is."""

from typing import Literal

from starlette.concurrency import run_in_threadpool

from engine.backup.restored import Choice
from engine.errors import Sentence
from engine.people.audit import Action
from engine.store.states import ZapState
from web.api.doing import tell
from web.api.routing import router as new_router
from web.api.schemas import Language, Moment, Sent, Shown
from web.site import By, Here, Site

router = new_router("", "Backups")


class RestoredZap(Shown):
    """A zap that was on in the backup. `choice` is null until somebody decided; `held` runs wait for a look, `open`
    ones had not ended in the backup and wait for the decision."""

    zap_id: str
    name: str
    was: ZapState
    choice: Choice | None
    held: int
    open: int


class RestoredShown(Shown):
    """What was restored, and when; with no `restored_at` this installation never was."""

    file: str
    made_at: Moment
    restored_at: Moment
    to_look_at: int
    zaps: list[RestoredZap]


class ChoiceSent(Sent):
    """`skip`: what happened since the backup is passed over; `hold`: what is found again is held for a look; `run`: all
    of it runs."""

    choice: Choice


class PlaceShown(Shown):
    """Why everything waits, since the data folder was copied or moved; empty where nothing does."""

    waits: str
    folder: str


class PlaceSent(Sent):
    """`the_one`: the other one is gone. `a_copy`: this becomes an installation of its own, with all zaps off."""

    this_is: Literal["the_one", "a_copy"]


class LookedAgain(Shown):
    """The apps are asked in the background; the history shows what they say."""

    begun: bool = True


@router.get("/restored")
def get(here: Here) -> RestoredShown:
    """Ask what was restored from a backup, and what waits for a decision."""
    found = here.runtime.restored.show()
    if found is None:
        return RestoredShown(file="", made_at=None, restored_at=None, to_look_at=0, zaps=[])
    return RestoredShown.model_validate({**vars(found), "to_look_at": found.to_look_at, "zaps": list(found.zaps)})


@router.post("/restored/look", status_code=202)
async def look(here: Here) -> LookedAgain:
    """Ask the apps once more what is there already of what is held for a look."""
    await here.runtime.looking_there.look_again()
    return LookedAgain()


@router.post("/restored/{zap_id}")
async def decide(here: Here, by: By, zap_id: str, sent: ChoiceSent) -> RestoredShown:
    """Say how a restored zap goes on."""
    found = await here.runtime.restored.decide(zap_id, sent.choice)
    shown = await run_in_threadpool(get, here)
    name = next((one.name for one in shown.zaps if one.zap_id == found), "")
    await run_in_threadpool(tell, here, by, Action.ZAP_DECIDED, found, name, choice=sent.choice.value)
    return shown


@router.get("/place")
def place(here: Here, language: Language) -> PlaceShown:
    """Ask whether this data folder stands where it is known."""
    return _place(here, language)


@router.put("/place")
def settle(here: Here, by: By, language: Language, sent: PlaceSent) -> PlaceShown:
    """Say which installation this is. Where nothing waits for it, nothing changes."""
    if here.engine.elsewhere and sent.this_is == "the_one":
        here.runtime.place.take()
        tell(here, by, Action.SETTINGS_ADOPTED)
    elif here.engine.elsewhere:
        tell(here, by, Action.SETTINGS_PARTED, zaps=here.runtime.place.part())
    return _place(here, language)


def _place(here: Site, language: str) -> PlaceShown:
    said = here.engine.elsewhere
    told = said.within(language) if isinstance(said, Sentence) else said
    return PlaceShown(waits=told, folder=str(here.runtime.settings.data.resolve()))
