"""Signing in at an app, in the browser: off to the app's consent page, and back from it at `/oauth/return`."""

from dataclasses import replace
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from engine.connections import signing_in
from engine.connections.addresses import AddressRefused
from engine.connections.connecting import HostNotAllowed, Wish
from engine.connections.oauth import ClientRefused, GrantRefused, SignIn, Started
from engine.connections.stored import auth_kind
from engine.errors import NotFound, Problem, Problems, Refused, Sentence
from engine.people.audit import Action
from engine.sdk.auth import OAuth2, Token
from engine.sdk.errors import ConnectorError
from engine.store.connections import StoredConnection
from engine.zaps import values
from engine.zaps.locales import Locale
from web import guarded
from web.connecting import asked as asking
from web.connecting import consents, forms, troubles
from web.connecting.asked import Asked
from web.connecting.consents import RETURN, Consent, Lost, TooLate
from web.connecting.forms import Choice, Failed
from web.connecting.troubles import Trouble
from web.connecting.views import LeavePage, ReturnedPage
from web.languages import words
from web.pages.connecting import done, found, name_problem, readable, told_of
from web.rendering import go, page
from web.site import By, Here, Site
from web.visitors import Visitor
from web.vocabulary import Vocabulary

router = guarded.router()

LONGEST_ANSWER = 8_000  # characters of one parameter that an app sends back


@router.post("/connections/sign-in")
async def begin(request: Request, here: Here, by: By) -> Response:
    """For a new connection: answers with a page that leads on. (A redirect would be stopped by the browser: pages may
    send their forms to Zapwerk alone.)
    """
    asked = await asking.of_form(request)
    problem = await run_in_threadpool(name_problem, here, by, asked.name)
    if problem:
        return page(request, await run_in_threadpool(forms.form, here, by, asked, Failed(name_problem=problem)), 422)
    try:
        return await run_in_threadpool(_leave, request, here, by, asked, "")
    except Refused as error:
        return page(request, await run_in_threadpool(forms.form, here, by, asked, Failed(error)), 422)


@router.post("/connections/{connection_id}/sign-in")
async def begin_again(request: Request, here: Here, by: By, connection_id: str) -> Response:
    """The same, for a connection there is."""
    asked = await asking.of_form(request)
    stored = await run_in_threadpool(found, here, connection_id)
    mine = replace(asked, app=stored.app, profile=stored.profile, auth=stored.auth, name=stored.name)
    try:
        return await run_in_threadpool(_leave, request, here, by, mine, stored.id)
    except Refused as error:
        return page(request, await run_in_threadpool(forms.again, here, by, mine, stored, Failed(error)), 422)


@router.get("/oauth/return")
async def back(request: Request, here: Here, by: By, state: str = "") -> Response:
    """Where apps send people back to, with a code or with an error."""
    response = await _answered(request, here, by, state[:LONGEST_ANSWER])
    here.consents.forget(response, state, secure=here.encrypted)
    response.headers["referrer-policy"] = "no-referrer"  # the address holds the code
    return response


async def _answered(request: Request, here: Site, by: Visitor, state: str) -> Response:
    try:
        consent = here.consents.take(request, here.runtime.vault, state, by.sign_in_id)
    except Lost:
        return _returned(request, here, by, None, _lost(by))
    except TooLate as late:
        return _returned(request, here, by, late.consent, _too_late(by))
    answer = {name: value[:LONGEST_ANSWER] for name, value in request.query_params.items()}
    if "error" in answer or not answer.get("code"):
        return _returned(request, here, by, consent, _denied(answer, consent, here, by))
    try:
        token = await (await run_in_threadpool(_sign_in, here, consent)).finish(answer, consent.started)
    except ConnectorError as error:
        return await run_in_threadpool(_not_signed_in, request, here, by, consent, error)
    except Refused as error:
        return await run_in_threadpool(_refused, request, here, by, consent, error)
    return await _connected(request, here, by, consent, token)


async def _connected(request: Request, here: Site, by: Visitor, consent: Consent, token: Token) -> Response:
    """Checks the account with its token, and saves. Raises `NotFound` where the connection was removed meanwhile."""
    try:
        stored = await _saved(here, by, consent, token)
    except Refused as error:
        return await run_in_threadpool(_refused, request, here, by, consent, error)
    return go(request, done(_asked(consent), stored))


async def _saved(here: Site, by: Visitor, consent: Consent, token: Token) -> StoredConnection:
    connecting = here.runtime.connecting
    kind = auth_kind(here.runtime.registry().connector(consent.app), consent.auth)
    given = values.read(kind.given, dict(consent.given), Locale())
    whole = signing_in.token_with(token, given)
    if consent.connection_id:
        await connecting.reconnect(consent.connection_id, {}, whole)
        stored = await run_in_threadpool(found, here, consent.connection_id)
        await run_in_threadpool(told_of, here, by, Action.CONNECTION_RECONNECTED, stored, frozenset())
        return stored
    name = await run_in_threadpool(connecting.free_name, consent.name)
    stored = await connecting.add(Wish(consent.app, name, {}, consent.auth, consent.profile), whole)
    await run_in_threadpool(told_of, here, by, Action.CONNECTION_ADDED, stored, frozenset())
    return stored


def _leave(request: Request, here: Site, by: Visitor, asked: Asked, connection_id: str) -> Response:
    """Raises `Refused` and its like."""
    choice = Choice.of(here, asked)
    if not isinstance(choice.kind, OAuth2):
        title = choice.connector.title
        raise NotFound(
            Sentence(
                f"{title} is not connected by signing in there.", f"{title} wird nicht durch Anmelden dort verknüpft."
            )
        )
    _must_come_back(request, here, by)
    raw = choice.raw(asked)
    readable(choice, raw, by)
    values.read(choice.kind.given, raw, Locale())
    started = _sign_in_of(here, choice).start()
    address = urlsplit(started.url)
    if address.scheme not in ("https", "http") or not address.hostname:
        raise Refused(
            words(by.language).gettext("The address of the sign-in page is missing in the settings of this app.")
        )
    title = Vocabulary(here.runtime.registry(), by.language).app(asked.app)
    shown = LeavePage(asked.embed, asked.next, asked.app, title, started.url, address.hostname)
    response = page(request, shown)
    consent = _begun(here, by, choice, asked, started, {name: str(value) for name, value in raw.items()}, connection_id)
    here.consents.remember(response, here.runtime.vault, consent, secure=here.encrypted)
    return response


def _begun(
    here: Site,
    by: Visitor,
    choice: Choice,
    asked: Asked,
    started: Started,
    given: dict[str, str],
    connection_id: str,
) -> Consent:
    return consents.begun(
        started,
        by.sign_in_id,
        redirect_uri=here.address(RETURN),
        app=asked.app,
        profile=choice.profile_name,
        auth=choice.kind.key,
        name=asked.name.strip(),
        given=given,
        connection_id=connection_id,
        embed=asked.embed,
        next=asked.next,
    )


def _must_come_back(request: Request, here: Site, by: Visitor) -> None:
    """The app sends people to one address. Who is signed in under another name of this computer is not signed in there.

    Raises `Refused`.
    """
    ours = urlsplit(here.address())
    if request.url.netloc != ours.netloc:
        sentence = words(by.language).gettext(
            "Apps send you back to %(address)s, and there you are not signed in. Please open Zapwerk at that address "
            "and connect the account there."
        )
        raise Refused(sentence % {"address": here.address()})


def _sign_in_of(here: Site, choice: Choice) -> SignIn:
    runtime = here.runtime
    assert isinstance(choice.kind, OAuth2)
    return signing_in.sign_in(
        runtime.connections,
        runtime.calls.contexts,
        choice.connector,
        choice.kind,
        choice.profile_name,
        here.address(RETURN),
    )


def _sign_in(here: Site, consent: Consent) -> SignIn:
    """With the address the person was sent away with, also if it has changed meanwhile."""
    return replace(_sign_in_of(here, Choice.of(here, _asked(consent))), redirect_uri=consent.redirect_uri)


def _asked(consent: Consent) -> Asked:
    return Asked(
        app=consent.app,
        profile=consent.profile,
        auth=consent.auth,
        name=consent.name,
        next=consent.next,
        embed=consent.embed,
    )


def _not_signed_in(request: Request, here: Site, by: Visitor, consent: Consent, error: ConnectorError) -> Response:
    """The code could not be made a token."""
    _ = words(by.language).gettext
    title = Vocabulary(here.runtime.registry(), by.language).app(consent.app)
    if isinstance(error, AddressRefused):
        return _refused(request, here, by, consent, HostNotAllowed(error, ""))
    if isinstance(error, GrantRefused):
        sentence = _("%(app)s did not accept the code that it sent back: it was used already, or is too old.")
    elif isinstance(error, ClientRefused):
        sentence = _(
            "%(app)s does not accept the client ID and secret of this installation. An owner must correct them in the "
            "settings of the app."
        )
    else:
        said = Vocabulary(here.runtime.registry(), by.language).error(consent.app, error.sentence)
        return _returned(request, here, by, consent, Trouble((_(said),)))
    trouble = Trouble((sentence % {"app": title},))
    if isinstance(error, ClientRefused):
        owner = by.is_owner
        trouble = replace(
            trouble,
            settings=f"/apps/{consent.app}" if owner else "",
            owners=() if owner else troubles.owners_of(here),
        )
    return _returned(request, here, by, consent, trouble)


def _refused(request: Request, here: Site, by: Visitor, consent: Consent, error: Refused) -> Response:
    """Nothing was saved: what the check or the settings say."""
    if type(error) is Problems:
        error = _without_fields(error)
    return _returned(request, here, by, consent, troubles.of(error, consent.app, here, by))


def _without_fields(error: Problems) -> Problems:
    """A token has fields that nobody sees."""
    bare = Problems([Problem(one.message) if one.field else one for one in error.problems])
    bare.__cause__ = error.__cause__
    return bare


def _returned(request: Request, here: Site, by: Visitor, consent: Consent | None, trouble: Trouble) -> Response:
    _ = words(by.language).gettext
    asked = _asked(consent) if consent else Asked()
    again = asked.address()
    if consent and consent.connection_id:
        again = replace(asked, app="", profile="", auth="").address(f"/connections/{consent.connection_id}/reconnect")
    shown = ReturnedPage(
        embed=asked.embed,
        next=asked.next,
        app=asked.app,
        title=_("Nothing was connected"),
        sentences=tuple(troubles.sentences(trouble, by.language)),
        again=again,
        trouble=trouble,
        profile=asked.profile,
    )
    return page(request, shown, 400)


def _lost(by: Visitor) -> Trouble:
    _ = words(by.language).gettext
    sentence = _(
        "This sign-in was not begun in this browser and session, or it was finished already. Each one serves once."
    )
    return Trouble((sentence,))


def _too_late(by: Visitor) -> Trouble:
    _ = words(by.language).gettext
    return Trouble((_("This sign-in took longer than ten minutes, so it was given up for your safety."),))


def _denied(answer: dict[str, str], consent: Consent, here: Site, by: Visitor) -> Trouble:
    _ = words(by.language).gettext
    title = Vocabulary(here.runtime.registry(), by.language).app(consent.app)
    if answer.get("error") == "access_denied":
        sentence = _(
            "You did not give the permission at %(app)s, so the account cannot be used. If that was a mistake, try "
            "again and allow access."
        )
        return Trouble((sentence % {"app": title},))
    said = (answer.get("error_description") or answer.get("error") or "").strip()[:300]
    if not said:
        return Trouble((_("%(app)s sent you back without an answer.") % {"app": title},))
    return Trouble((_("%(app)s did not let you sign in: %(said)s") % {"app": title, "said": said},))
