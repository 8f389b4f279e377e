"""What is kept and how long, what it takes on the disk, and what goes next. Owners see and change it."""

from dataclasses import asdict, dataclass, fields
from typing import ClassVar

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from engine.errors import Problems
from engine.keeping import sizes
from engine.keeping.policy import Policy
from engine.keeping.sizes import Sizes
from engine.people.audit import Action
from web import amounts
from web.bodies import form_of
from web.forms.typed import Typed, refused
from web.languages import words
from web.pages import settings
from web.pages.settings import SettingsPage
from web.rendering import go, page
from web.site import By, Here, Site
from web.visitors import Visitor

router = settings.router()

PATH = "/settings/storage"
NAMES = tuple(field.name for field in fields(Policy))


@dataclass(frozen=True)
class StoragePage(SettingsPage):
    """`sizes` are numbers; those of the disk are said in words besides."""

    template: ClassVar[str] = "settings/storage.html"
    tab: ClassVar[str] = "storage"
    form: Typed
    sizes: Sizes
    database: str
    free: str
    files: str
    given_back: str


@router.get("/storage")
def storage(request: Request, here: Here, by: By) -> Response:
    """Shows it."""
    kept = here.runtime.policies.house()
    return page(request, _page(here, by, Typed({name: str(value) for name, value in asdict(kept).items()})))


@router.post("/storage")
async def save(request: Request, here: Here, by: By) -> Response:
    """Saves how long things are kept."""
    form = await form_of(request, 20)
    sent = {name: str(form.get(name, "")).strip() for name in NAMES}
    return await run_in_threadpool(_save, request, here, by, sent)


@router.post("/storage/now")
def now(request: Request, here: Here, by: By) -> Response:
    """Lets the engine look at once, instead of within the hour."""
    here.engine.keeping.soon(thorough=True)
    said = words(by.language).gettext("Zapwerk cleans up now, in the background. This page shows what it did.")
    return go(request, PATH, said)


def _save(request: Request, here: Site, by: Visitor, sent: dict[str, str]) -> Response:
    try:
        wanted = Policy(**amounts.whole(sent, by.language, all_of_them=True))
        here.runtime.policies.set_house(wanted)
    except Problems as error:
        return page(request, _page(here, by, refused(error, by.language, sent)), 422)
    here.engine.keeping.soon()
    here.runtime.people.audit.tell(
        Action.SETTINGS_CHANGED, person=by.person, address=by.address, details={"kept": asdict(wanted)}
    )
    return go(request, PATH, words(by.language).gettext("Saved. What is older goes from now on, in the background."))


def _page(here: Site, by: Visitor, form: Typed) -> StoragePage:
    runtime = here.runtime
    found = sizes.measure(runtime.database, runtime.blobs, runtime.settings.data, runtime.now)
    return StoragePage(
        form=form,
        sizes=found,
        database=amounts.of_bytes(found.database + found.log, by.language),
        free=amounts.of_bytes(found.free, by.language),
        files=amounts.of_bytes(found.file_bytes, by.language),
        given_back=amounts.of_bytes(found.last.done.bytes, by.language) if found.last else "",
    )
