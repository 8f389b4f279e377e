"""The settings of one zap: how its people write, how its runs stand to each other, what a flood is, its folder, its
address, and when the reader is told of it.

They are saved into the draft, but for what is not part of what is published: folder, address, and the reader's wish.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from babel import Locale
from fastapi import Form, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from engine.editing import listing
from engine.editing.draft import Draft
from engine.errors import Conflict, NotFound, Problem, Problems, Refused
from engine.people.audit import Action
from engine.sdk.connector import Webhook
from engine.store.notice_wishes import Wish
from engine.store.states import ZapState
from engine.zaps.model import Overlap
from web import amounts, guarded, zones
from web.bodies import form_of
from web.forms.typed import Typed, must_be_readable, refused
from web.languages import words
from web.rendering import Page, go, page
from web.site import By, Here, Site
from web.sorting import by_name
from web.trees import shown
from web.visitors import Visitor
from web.zones import Zone

router = guarded.router()

FIELDS = ("language", "timezone", "country", "overlap", "concurrency", "auto_pause", "flood_limit", "folder")


@dataclass(frozen=True)
class ZapSettingsPage(Page):
    """The form. `address` is what services call, “” for a zap that is not called or to those who may not see it.

    `live` says that a version is live, which these settings change only when they are published.
    """

    template: ClassVar[str] = "zaps/settings.html"
    nav: ClassVar[str] = "zaps"
    zap_id: str
    name: str
    revision: int
    form: Typed
    zones: tuple[Zone, ...]
    countries: tuple[tuple[str, str], ...]
    folders: tuple[str, ...]
    called: bool
    address: str
    live: bool
    differs: bool
    may_edit: bool
    state: ZapState
    wish: str
    usual: str


@router.get("/zaps/{zap_id}/settings")
def settings(request: Request, here: Here, by: By, zap_id: str) -> Response:
    """Shows them."""
    draft = here.runtime.editing.drafts.get(zap_id)
    return page(request, _page(here, by, draft, Typed(_texts(draft))))


@router.post("/zaps/{zap_id}/settings")
async def save(request: Request, here: Here, by: By, zap_id: str) -> Response:
    """Saves them into the draft."""
    form = await form_of(request, 50)
    sent = {name: str(form.get(name, "")).strip() for name in (*FIELDS, "revision")}
    return await run_in_threadpool(_save, request, here, by, zap_id, sent)


@router.post("/zaps/{zap_id}/notices")
def wish(
    request: Request, here: Here, by: By, zap_id: str, wanted: Annotated[str, Form(alias="wish", max_length=20)] = ""
) -> Response:
    """When whoever asks is told of this zap; nothing for as of all zaps."""
    draft = here.runtime.editing.drafts.get(zap_id)
    chosen = Wish(wanted) if wanted in set(Wish) else None
    here.runtime.notices.wish_of_zap(by.somebody.id, draft.id, chosen)
    return go(request, f"/zaps/{draft.id}/settings", words(by.language).gettext("Your wishes are saved."))


@router.post("/zaps/{zap_id}/address")
def renew(request: Request, here: Here, by: By, zap_id: str) -> Response:
    """Another address; the old one stops working at once."""
    draft = here.runtime.editing.drafts.get(zap_id)
    _ = words(by.language).gettext
    if not _is_called(here, draft):
        raise Refused(_("This zap is not started by calls, so it has no address."))
    here.runtime.addresses.renew(draft.id)
    _tell(here, by, Action.ZAP_ADDRESS_RENEWED, draft)
    return go(
        request, f"/zaps/{draft.id}/settings", _("The zap has a new address. The old one does not work any more.")
    )


def _save(request: Request, here: Site, by: Visitor, zap_id: str, sent: dict[str, str]) -> Response:
    drafts, _ = here.runtime.editing.drafts, words(by.language).gettext
    draft = drafts.get(zap_id)
    try:
        must_be_readable({"folder": sent["folder"]}, by.language)
        values, folder = _read(sent, by.language), listing.folder_name(sent["folder"])
        revision = amounts.number(sent["revision"]) or 0
        draft = drafts.settings(draft.id, values, revision=revision, by=by.somebody.id)
        if folder != draft.stored.folder:
            here.runtime.editing.listing.set_folder(draft.id, folder)
            _tell(here, by, Action.ZAP_MOVED, draft)
    except Conflict:
        said = _("Somebody changed this zap meanwhile. Save again to keep what you see here.")
        return page(request, _page(here, by, drafts.get(zap_id), Typed(sent, above=(said,))), 409)
    except Problems as error:
        return page(request, _page(here, by, draft, refused(error, by.language, sent)), 422)
    _tell(here, by, Action.ZAP_EDITED, draft)
    needs_publishing = draft.published is not None and draft.differs
    said = _("Saved. Publish the zap to make it live.") if needs_publishing else _("The settings are saved.")
    return go(request, f"/zaps/{draft.id}/settings", said)


def _page(here: Site, by: Visitor, draft: Draft, form: Typed) -> ZapSettingsPage:
    called, me = _is_called(here, draft), here.runtime.notices.receiver(by.somebody.id)
    return ZapSettingsPage(
        zap_id=draft.id,
        name=shown(draft.name),
        revision=draft.revision,
        form=form,
        zones=zones.every(by.language),
        countries=_countries(by.language),
        folders=tuple(here.runtime.editing.listing.folders()),
        called=called,
        address=here.runtime.addresses.of(draft.id) if called and by.may_edit else "",
        live=draft.published is not None,
        differs=draft.differs,
        may_edit=by.may_edit,
        state=draft.stored.state,
        wish=me.wishes.get(draft.id, ""),
        usual=me.usual,
    )


def _texts(draft: Draft) -> dict[str, str]:
    zap = draft.zap
    return {
        "language": zap.language,
        "timezone": zap.timezone,
        "country": zap.country or "",
        "overlap": zap.overlap,
        "concurrency": str(zap.at_once) if zap.overlap == Overlap.PARALLEL and zap.at_once else "",
        "auto_pause": "on" if zap.auto_pause else "",
        "flood_limit": "" if zap.flood_limit is None else str(zap.flood_limit),
        "folder": draft.stored.folder,
    }


def _read(sent: dict[str, str], language: str) -> dict[str, Any]:
    """What was sent as a zap has it. Raises `Problems`."""
    _ = words(language).gettext
    problems: list[Problem] = []

    def number(name: str) -> int | None:
        found = amounts.number(sent[name])
        if found is None:
            problems.append(Problem(_("Please enter a whole number, like 10."), field=name))
        return found

    def at_once() -> int | None:
        if sent["overlap"] == Overlap.IN_ORDER:
            return 1
        return number("concurrency") if sent["overlap"] == Overlap.PARALLEL and sent["concurrency"] else None

    values: dict[str, Any] = {
        "language": sent["language"],
        "timezone": sent["timezone"],
        "country": sent["country"],
        "while_running": "skip" if sent["overlap"] == Overlap.SKIP else "wait",
        "concurrency": at_once(),
        "auto_pause": bool(sent["auto_pause"]),
        "flood_limit": number("flood_limit") if sent["flood_limit"] else None,
    }
    if sent["language"] not in ("en", "de"):
        problems.append(Problem(_("Please choose one of the languages."), field="language"))
    if problems:
        raise Problems(problems)
    return values


def _is_called(here: Site, draft: Draft) -> bool:
    try:
        return isinstance(here.runtime.registry().trigger(draft.zap.trigger.use), Webhook)
    except (NotFound, AttributeError):
        return False


def _countries(language: str) -> tuple[tuple[str, str], ...]:
    names = Locale.parse(language).territories
    found = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in _NONE]
    return tuple(sorted(found, key=lambda one: by_name(one[1])))


_NONE = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
"""What stands among the countries and is none."""


def _tell(here: Site, by: Visitor, action: Action, draft: Draft) -> None:
    here.runtime.people.audit.tell(
        action, person=by.person, subject_id=draft.id, subject=draft.name, address=by.address
    )
