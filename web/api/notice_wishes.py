"""When whoever asks is told of what comes up: about all zaps, and otherwise about single ones."""

from typing import Annotated

from pydantic import Field

from engine.notices.receivers import Receiver
from engine.store import zaps
from engine.store.notice_wishes import Wish
from web.api.routing import router as new_router
from web.api.schemas import Sent, Shown
from web.site import By, Here, Site
from web.visitors import Visitor

router = new_router("/me/notices", "Oneself")


class WishOfZap(Shown):
    """A zap with a wish of its own."""

    zap_id: str
    wish: Wish


class Wishes(Shown):
    """When you are told: at once, once a day, or never. `weekly` is the quiet mail on Monday."""

    usual: Wish
    weekly: bool
    zaps: list[WishOfZap]


class WishesChange(Sent):
    """What is to change; what is left out stays."""

    usual: Wish | None = None
    weekly: bool | None = None


class WishSent(Sent):
    """When you are told of a zap."""

    wish: Annotated[Wish, Field(examples=["digest"])]


@router.get("")
def get(here: Here, by: By) -> Wishes:
    """Get your wishes."""
    return _shown(here, by)


@router.patch("")
def change(here: Here, by: By, sent: WishesChange) -> Wishes:
    """Change how you are told of all zaps that have no wish of their own."""
    me: Receiver = here.runtime.notices.receiver(by.somebody.id)
    here.runtime.notices.wish(
        me.id,
        sent.usual or me.usual,
        me.wishes,
        weekly=me.weekly if sent.weekly is None else sent.weekly,
        language=by.language,
        timezone=by.timezone,
    )
    return _shown(here, by)


@router.put("/zaps/{zap_id}")
def put(here: Here, by: By, zap_id: str, sent: WishSent) -> Wishes:
    """Say when you are told of one zap."""
    here.runtime.notices.wish_of_zap(by.somebody.id, _known(here, zap_id), sent.wish)
    return _shown(here, by)


@router.delete("/zaps/{zap_id}", status_code=204)
def drop(here: Here, by: By, zap_id: str) -> None:
    """Be told of one zap as of all others."""
    here.runtime.notices.wish_of_zap(by.somebody.id, _known(here, zap_id), None)


def _known(here: Site, zap_id: str) -> str:
    """Raises `NotFound`."""
    with here.runtime.database.read() as session:
        return zaps.find(session, zap_id).id


def _shown(here: Site, by: Visitor) -> Wishes:
    me = here.runtime.notices.receiver(by.somebody.id)
    some = [WishOfZap(zap_id=zap_id, wish=wish) for zap_id, wish in me.wishes.items()]
    return Wishes(usual=me.usual, weekly=me.weekly, zaps=some)
