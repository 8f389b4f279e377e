"""Saves how people are reached, by mail and by webhook, and tries at once whether it arrives. For owners."""

from dataclasses import replace
from typing import Annotated, cast

from fastapi import Form, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from engine.errors import Refused, VaultError
from engine.notices.refusals import MAX_PORT, NotSent
from engine.notices.ways import HookWay, MailWay, Security, new_secret
from engine.people.audit import Action
from engine.store.notice_ways import Kind
from web import amounts
from web.forms.typed import Typed, refused
from web.languages import words
from web.pages import settings
from web.pages.settings_notices import OWN_SERVER, PATH, Given, shown_again
from web.rendering import go
from web.site import By, Here, Site
from web.visitors import Visitor

router = settings.router()

Field = Annotated[str, Form()]


@router.post("/notices/mail")
async def save_mail(
    request: Request,
    here: Here,
    by: By,
    sent_from: Annotated[str, Form(alias="from")] = "",
    host: Field = "",
    port: Field = "",
    security: Field = "",
    username: Field = "",
    password: Field = "",
    sender: Field = "",
    allow: Field = "",
    first: Field = "",
) -> Response:
    """Saves the way and sends a test mail to whoever asks. One that does not arrive leaves the way as it was saved."""
    texts = {"from": sent_from, "host": host.strip(), "port": port.strip(), "security": security}
    texts |= {"username": username.strip(), "sender": sender.strip()}
    given = Given(mail=Typed(texts), first=bool(first))
    try:
        await run_in_threadpool(_set_mail, here, by, texts, password, allow)
        to = await here.runtime.notices.test_mail(by.somebody.id)
    except NotSent as error:
        typed = Typed(texts, above=(_not_sent(error, by.language),))
        return await _again(request, here, by, replace(given, mail=typed, allow_mail=error.host))
    except Refused as error:
        return await _again(request, here, by, replace(given, mail=refused(error, by.language, texts)))
    said = words(by.language).gettext("Saved. A test mail was sent to %(email)s.") % {"email": to}
    return go(request, "/zaps" if first else PATH, said)


@router.post("/notices/hook")
async def save_hook(
    request: Request, here: Here, by: By, address: Field = "", allow: Field = "", renew: Field = ""
) -> Response:
    """Saves the address and calls it once. The secret is shown when it is made, and then never again."""
    texts = {"address": address.strip()}
    try:
        secret = await run_in_threadpool(_set_hook, here, by, texts["address"], allow, bool(renew))
    except Refused as error:
        return await _again(request, here, by, Given(hook=refused(error, by.language, texts)))
    try:
        await here.runtime.notices.test_hook()
    except NotSent as error:
        typed = Typed(texts, above=(_not_sent(error, by.language),))
        return await _again(request, here, by, Given(hook=typed, allow_hook=error.host, secret=secret))
    if secret:
        return await _again(request, here, by, Given(secret=secret), 200)
    return go(request, PATH, words(by.language).gettext("Saved. The address was called once."))


@router.post("/notices/test")
async def try_again(request: Request, here: Here, by: By, way: Field = "") -> Response:
    """Tries once more what is set up."""
    _ = words(by.language).gettext
    try:
        if way == Kind.MAIL:
            to = await here.runtime.notices.test_mail(by.somebody.id)
            return go(request, PATH, _("A test mail was sent to %(email)s.") % {"email": to})
        await here.runtime.notices.test_hook()
    except NotSent as error:
        # The form is drawn as it is stored: what went wrong stands above it, in how it goes with the way.
        is_mail = way == Kind.MAIL
        given = Given(allow_mail=error.host if is_mail else "", allow_hook="" if is_mail else error.host)
        return await _again(request, here, by, given)
    return go(request, PATH, _("The address was called once."))


@router.post("/notices/off")
def off(request: Request, here: Here, by: By, way: Field = "") -> Response:
    """Nobody is told in this way any more."""
    kind = Kind.MAIL if way == Kind.MAIL else Kind.HOOK
    here.runtime.notices.ways.remove(kind)
    _audit(here, by)
    return go(request, PATH, words(by.language).gettext("Nobody is told in this way any more."))


async def _again(request: Request, here: Site, by: Visitor, given: Given, status: int = 422) -> Response:
    return await run_in_threadpool(shown_again, request, here, by, given, status)


def _set_mail(here: Site, by: Visitor, texts: dict[str, str], password: str, allow: str) -> None:
    ways = here.runtime.notices.ways
    if texts["from"] != OWN_SERVER:
        if texts["from"] not in {one.connection_id for one in ways.mailboxes()}:
            raise Refused(words(by.language).gettext("Please choose what sends the mails."))
        ways.set_mail(MailWay(connection=texts["from"]))
    else:
        ways.set_mail(_own(texts, password or _kept_password(here, texts["host"])), allow=allow)
    _audit(here, by)


def _own(texts: dict[str, str], password: str) -> MailWay:
    """As typed; what is wrong with it the engine says."""
    return MailWay(
        host=texts["host"],
        port=amounts.number(texts["port"], len(str(MAX_PORT))) or 0,
        security=cast("Security", texts["security"]),
        username=texts["username"],
        password=password if texts["username"] else "",
        sender=texts["sender"],
    )


def _kept_password(here: Site, host: str) -> str:
    """What was typed before, for the same server only."""
    try:
        way = here.runtime.notices.ways.mail()
    except VaultError:
        return ""
    return way.password if way and way.host == host else ""


def _set_hook(here: Site, by: Visitor, address: str, allow: str, renew: bool) -> str:
    """The secret if it is new, else “”."""
    try:
        known = here.runtime.notices.ways.hook()
    except VaultError:
        known = None
    secret = new_secret() if known is None or renew else ""
    way = HookWay(address, secret or (known.secret if known else ""), by.language)
    here.runtime.notices.ways.set_hook(way, allow=allow)
    _audit(here, by)
    return secret


def _not_sent(error: NotSent, language: str) -> str:
    return words(language).gettext("It is saved, but the test did not arrive.") + " " + error.within(language)


def _audit(here: Site, by: Visitor) -> None:
    here.runtime.people.audit.tell(
        Action.SETTINGS_CHANGED, person=by.person, subject_id="notices", subject="notices", address=by.address
    )
