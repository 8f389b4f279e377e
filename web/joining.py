"""Connecting an account from the command line: what was typed, asked for or signed in to becomes a wish to the engine.

Hosts that are typed here are allowed as typed, also in private networks: who has a shell on this machine may say so.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from engine.connections import signing_in as engine_signing_in
from engine.connections.connecting import Wish, given_of
from engine.connections.stored import auth_kind
from engine.runtime import Runtime
from engine.sdk.auth import Auth, OAuth2, Token
from engine.sdk.connector import Connector
from engine.sdk.fields import Kind, fields_of
from engine.store import connections
from engine.zaps import values
from engine.zaps.locales import Locale
from engine.zaps.values import title_of
from web import assignments, signing_in, telling, views_connections
from web.shapes import ConnectionLine


@dataclass(frozen=True)
class Wanted:
    """`connections add`, as it was typed."""

    app: str
    name: str | None
    values: Mapping[str, str]
    auth: str | None
    profile: str | None
    browser: bool = True


async def join(runtime: Runtime, wanted: Wanted) -> ConnectionLine:
    """Signs in or asks for what is missing, checks, saves. Raises `Problems`, `Refused`; then nothing is saved."""
    connector = runtime.registry().connector(wanted.app)
    name = wanted.name or runtime.connecting.free_name(connector.title)
    with runtime.database.read() as session:
        connections.check_name(session, name)
    kind = _kind(connector, wanted)
    typed = _completed(kind, wanted.values)
    profile = wanted.profile or next(iter(connector.profiles))
    token = await _signed_in(runtime, connector, kind, profile, typed, wanted) if isinstance(kind, OAuth2) else None
    wish = Wish(wanted.app, name, typed, kind.key, profile, trusted=True)
    if token is None:
        given_of(connector, kind.key, typed)  # what can be told without asking the service is told at once
    with telling.waiting("Checking the account …"):
        stored = await runtime.connecting.add(wish, token)
    with runtime.database.read() as session:
        return views_connections.line(session, stored)


async def join_again(runtime: Runtime, name: str, typed: Mapping[str, str], *, browser: bool) -> ConnectionLine:
    """Replaces the credentials of a connection: what is not typed anew stays. Repairs the zaps that use it."""
    with runtime.database.read() as session:
        stored = connections.find(session, name)
    connector = runtime.registry().connector(stored.app)
    kind, token = auth_kind(connector, stored.auth), None
    if isinstance(kind, OAuth2):
        kept = engine_signing_in.given_before(kind, runtime.connections.opened(stored).given)
        wanted = Wanted(stored.app, stored.name, {**kept, **typed}, kind.key, stored.profile, browser=browser)
        token = await _signed_in(runtime, connector, kind, stored.profile, wanted.values, wanted)
    with telling.waiting("Checking the account …"):
        await runtime.connecting.reconnect(stored.id, typed, token, trusted=True)
    with runtime.database.read() as session:
        return views_connections.line(session, connections.find(session, stored.id))


def _kind(connector: Connector, wanted: Wanted) -> Auth:
    """As asked for; else the first way whose fields fit what was typed, the browser only if nothing was typed."""
    if wanted.auth:
        return auth_kind(connector, wanted.auth)
    if not wanted.values:
        return next(iter(connector.auth.values()))
    forms: list[Auth] = [kind for kind in connector.auth.values() if not isinstance(kind, OAuth2)]
    fitting = (kind for kind in forms if set(wanted.values) <= set(kind.given.model_fields))
    return next(fitting, (forms or list(connector.auth.values()))[0])


def _completed(kind: Auth, typed: Mapping[str, str]) -> dict[str, str]:
    """With what is required and was not typed, if there is a person to ask."""
    given = dict(typed)
    if not sys.stdin.isatty():
        return given
    for name, info, shape in fields_of(kind.given):
        if name not in given and info.is_required():
            given[name] = assignments.asked(title_of(name, info), hidden=shape.kind is Kind.SECRET)
    return given


async def _signed_in(
    runtime: Runtime, connector: Connector, kind: OAuth2, profile_name: str, typed: Mapping[str, str], wanted: Wanted
) -> Token:
    given = values.read(kind.given, typed, Locale())
    contexts = runtime.calls.contexts
    sign_in = engine_signing_in.sign_in(runtime.connections, contexts, connector, kind, profile_name, "")
    token = await signing_in.sign_in(
        sign_in, connector.title, browser=wanted.browser, public_url=runtime.settings.public_url
    )
    return engine_signing_in.token_with(token, given)
