"""How somebody wants to be told, and where an owner says how people are reached; settings_ways saves the ways."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from engine.errors import VaultError
from engine.notices.receivers import Receiver
from engine.notices.ways import HookWay, Mailbox, MailWay
from engine.store import zaps
from engine.store.notice_ways import Kind, StoredWay
from engine.store.notice_wishes import Wish
from web.bodies import form_of
from web.forms.typed import Typed
from web.languages import words
from web.pages import settings
from web.pages.settings import SettingsPage
from web.rendering import Page, go, page
from web.site import By, Here, Site
from web.trees import shown
from web.visitors import Visitor

router = settings.router()

PATH = "/settings/notices"
OWN_SERVER = "own"
MOST_FIELDS = 5_000


@dataclass(frozen=True)
class WayState:
    """How it goes with a way. `problem` is what the last try said, “” if it went well."""

    is_set: bool = False
    problem: str = ""
    since: datetime | None = None
    worked: datetime | None = None


@dataclass(frozen=True)
class ZapWish:
    """A zap with a wish of its own."""

    id: str
    name: str
    wish: str


@dataclass(frozen=True)
class WaysShown:
    """What an owner sees of the ways. `allow_mail` and `allow_hook` are private hosts that may be allowed with the
    form; `secret` signs calls, and is shown when it was just made.
    """

    mail: WayState
    hook: WayState
    mailboxes: tuple[Mailbox, ...]
    mail_form: Typed
    hook_form: Typed
    kept: bool
    allow_mail: str = ""
    allow_hook: str = ""
    secret: str = ""


@dataclass(frozen=True)
class NoticesSettingsPage(SettingsPage):
    """`ways` is None for those who may not change them; `reached` says whether mails can be sent at all."""

    template: ClassVar[str] = "settings/notices.html"
    tab: ClassVar[str] = "notices"
    usual: str
    weekly: bool
    by_zap: tuple[ZapWish, ...]
    others: tuple[tuple[str, str], ...]
    email: str
    reached: bool
    ways: WaysShown | None


@dataclass(frozen=True)
class FirstPage(Page):
    """The step after setting up: where to be told. It can be left out."""

    template: ClassVar[str] = "coming/notices.html"
    email: str
    ways: WaysShown


@dataclass(frozen=True)
class Given:
    """What a form of ways brought, and what became of it."""

    mail: Typed | None = None
    hook: Typed | None = None
    allow_mail: str = ""
    allow_hook: str = ""
    secret: str = ""
    first: bool = field(default=False)


@router.get("/notices")
def notices(request: Request, here: Here, by: By) -> Response:
    """Shows wishes, and to owners the ways."""
    return shown_again(request, here, by, Given())


@router.get("/notices/first")
def first(request: Request, here: Here, by: By) -> Response:
    """The step after setting up."""
    return shown_again(request, here, by, Given(first=True))


@router.post("/notices/wishes")
async def change_wishes(request: Request, here: Here, by: By) -> Response:
    """Saves how somebody wants to be told."""
    form = await form_of(request, MOST_FIELDS)
    sent = {name: str(value) for name, value in form.items()}
    await run_in_threadpool(_save, here, by, sent)
    return go(request, PATH, words(by.language).gettext("Your wishes are saved."))


def shown_again(request: Request, here: Site, by: Visitor, given: Given, status: int = 200) -> Response:
    """The page with what was typed and is wrong."""
    ways = _ways(here, by, given) if by.is_owner else None
    if given.first and ways is not None:
        return page(request, FirstPage(by.somebody.email, ways), status)
    me = here.runtime.notices.receiver(by.somebody.id)
    named = _zaps(here)
    return page(
        request,
        NoticesSettingsPage(
            usual=me.usual,
            weekly=me.weekly,
            by_zap=tuple(ZapWish(one, named[one], wish) for one, wish in me.wishes.items() if one in named),
            others=tuple((one, name) for one, name in named.items() if one not in me.wishes),
            email=by.somebody.email,
            reached=Kind.MAIL in here.runtime.notices.ways.every(),
            ways=ways,
        ),
        status,
    )


def _save(here: Site, by: Visitor, sent: dict[str, str]) -> None:
    me: Receiver = here.runtime.notices.receiver(by.somebody.id)
    named = _zaps(here)
    chosen = {name.removeprefix("zap-"): value for name, value in sent.items() if name.startswith("zap-")}
    chosen[sent.get("zap", "")] = sent.get("zap_wish", "")
    by_zap = {one: Wish(value) for one, value in chosen.items() if one in named and value in set(Wish)}
    usual = Wish(sent["usual"]) if sent.get("usual") in set(Wish) else me.usual
    here.runtime.notices.wish(
        me.id, usual, by_zap, weekly=bool(sent.get("weekly")), language=by.language, timezone=by.timezone
    )


def _zaps(here: Site) -> dict[str, str]:
    with here.runtime.database.read() as session:
        return {one.id: shown(one.name) for one in zaps.every(session)}


def _ways(here: Site, by: Visitor, given: Given) -> WaysShown:
    ways = here.runtime.notices.ways
    stored = ways.every()
    mail, hook = _opened(here)
    return WaysShown(
        mail=_state(stored.get(Kind.MAIL), by.language),
        hook=_state(stored.get(Kind.HOOK), by.language),
        mailboxes=tuple(replace(one, name=shown(one.name), label=shown(one.label)) for one in ways.mailboxes()),
        mail_form=given.mail or _mail_typed(mail, ways.mailboxes()),
        hook_form=given.hook or Typed({"address": hook.address if hook else ""}),
        kept=bool(mail and mail.password),
        allow_mail=given.allow_mail,
        allow_hook=given.allow_hook,
        secret=given.secret,
    )


def _opened(here: Site) -> tuple[MailWay | None, HookWay | None]:
    """Nothing of what another key sealed: it is to be set up anew, and how it goes says why."""
    try:
        return here.runtime.notices.ways.mail(), here.runtime.notices.ways.hook()
    except VaultError:
        return None, None


def _state(way: StoredWay | None, language: str) -> WayState:
    if way is None:
        return WayState()
    return WayState(True, shown(way.problem.within(language)), way.problem_since, way.worked_at)


def _mail_typed(way: MailWay | None, mailboxes: list[Mailbox]) -> Typed:
    if way is None:
        chosen = mailboxes[0].connection_id if mailboxes else OWN_SERVER
        return Typed({"from": chosen, "port": "465", "security": "tls"})
    return Typed(
        {
            "from": way.connection or OWN_SERVER,
            "host": way.host,
            "port": str(way.port),
            "security": way.security,
            "username": way.username,
            "sender": way.sender,
        }
    )
