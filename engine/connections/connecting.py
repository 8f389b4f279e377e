"""Connecting an account: what a person typed is read, really checked at the app, and only then saved. Also checking
again, reconnecting and removing. Called by the command line and the pages.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from engine.connections.calls import Calls
from engine.connections.contexts import LiveConnection
from engine.connections.results import ConnectorBug
from engine.connections.stored import Connections, auth_kind, shown, typed_hosts
from engine.errors import Problem, Problems, Refused
from engine.registry import Registry
from engine.sdk.auth import OAuth2, Token
from engine.sdk.connector import Connector
from engine.sdk.errors import AuthFailed, ConnectorError, InvalidInput
from engine.sdk.fields import Kind, fields_of
from engine.sdk.records import Account
from engine.store import connections, notices, runs, watches, zaps
from engine.store.connections import NewConnection, StoredConnection
from engine.store.database import Database
from engine.store.states import ConnectionState, Hold
from engine.zaps import values
from engine.zaps.locales import Locale


@dataclass(frozen=True)
class Wish:
    """What a person wants to connect. `trusted` allows the private hosts among the values."""

    app: str
    name: str
    values: Mapping[str, Any]
    auth: str | None = None
    profile: str | None = None
    trusted: bool = False


@dataclass(frozen=True)
class Connecting:
    """Needs no running engine."""

    database: Database
    registry: Callable[[], Registry]
    stored: Connections
    calls: Calls
    now: Callable[[], datetime]

    async def add(self, wish: Wish, token: Token | None = None) -> StoredConnection:
        """Checks and saves; `token` is what OAuth2 gave.

        Raises `Problems` by field, or `Refused`; then nothing is saved.
        """
        live = await asyncio.to_thread(self._candidate, wish, token)
        account = await self._checked(live)
        return await asyncio.to_thread(self._save, wish, live, account)

    async def check(self, connection_id: str) -> Account:
        """Asks the app whether the account is still accepted; repairs a connection that works again.

        Raises `Problems` or `Refused` with the reason.
        """
        row = await asyncio.to_thread(self._row, connection_id)
        return await self._repair(row, await asyncio.to_thread(self.stored.opened, row), None)

    async def reconnect(
        self, connection_id: str, typed: Mapping[str, Any], token: Token | None = None, *, trusted: bool = False
    ) -> Account:
        """Replaces the credentials: what is not `typed` anew stays. Repairs every zap and releases what was held.

        Raises `Problems` or `Refused`, also when they lead to another account; then nothing is changed.
        """
        row = await asyncio.to_thread(self._row, connection_id)
        live = await asyncio.to_thread(self.stored.opened, row)
        given = token or given_of(live.connector, live.auth, {**shown(live.given), **typed})
        hosts = live.allowed_hosts | (typed_hosts(typed) if trusted else frozenset())
        return await self._repair(row, replace(live, id="", given=given, allowed_hosts=hosts), given)

    async def remove(self, connection_id: str) -> list[str]:
        """Shreds the credentials. Returns the names of the zaps that used it; their runs are held from now on."""
        users = await asyncio.to_thread(self._remove, connection_id)
        await self.calls.contexts.forget(connection_id)
        return users

    def users(self, connection_id: str) -> list[str]:
        """The names of the zaps that use a connection."""
        with self.database.read() as session:
            row = connections.find(session, connection_id)
            return [zap.name for zap in zaps.using(session, row.id)]

    async def _repair(self, row: StoredConnection, live: LiveConnection, given: BaseModel | None) -> Account:
        account = await self._checked(live)
        if account.id != row.account_id:
            raise Refused(
                f"“{row.name}” would now lead to another account ({account.label} instead of {row.account_label}). "
                "Add it as a new connection."
            )
        await asyncio.to_thread(self._repaired, row, live, given)
        return account

    def _row(self, connection_id: str) -> StoredConnection:
        with self.database.read() as session:
            return connections.find(session, connection_id)

    def _candidate(self, wish: Wish, token: Token | None) -> LiveConnection:
        connector = self.registry().connector(wish.app)
        with self.database.read() as session:
            connections.check_name(session, wish.name)
        auth = wish.auth or _auth_for(connector, wish.values)
        profile, hosts = self.stored.profile(connector, self._profile_name(connector, wish))
        problem = profile.problem()
        if problem:
            raise Refused(problem)
        return LiveConnection(
            id="",
            name=wish.name,
            connector=connector,
            auth=auth,
            profile=profile,
            given=token or given_of(connector, auth, wish.values),
            allowed_hosts=hosts | (typed_hosts(wish.values) if wish.trusted else frozenset()),
        )

    def _profile_name(self, connector: Connector, wish: Wish) -> str:
        return wish.profile or next(iter(connector.profiles))

    async def _checked(self, live: LiveConnection) -> Account:
        try:
            return await self.calls.check(live)
        except InvalidInput as error:
            raise Problems([Problem(error.sentence, field=error.field or "")]) from error
        except AuthFailed as error:
            raise Problems([Problem(error.sentence, field=_secret_field(live))]) from error
        except (ConnectorError, ConnectorBug) as error:
            raise Refused(f"The account could not be checked: {error}") from error

    def _save(self, wish: Wish, live: LiveConnection, account: Account) -> StoredConnection:
        with self.database.write() as session:
            new = NewConnection(
                name=wish.name,
                app=live.connector.key,
                auth=live.auth,
                profile=self._profile_name(live.connector, wish),
                account_id=account.id,
                account_label=account.label,
                sealed=self.stored.seal(live.given),  # within the transaction: no change of the key comes between
                allowed_hosts=typed_hosts(wish.values) if wish.trusted else frozenset(),
            )
            return connections.add(session, new, now=self.now())

    def _repaired(self, row: StoredConnection, live: LiveConnection, given: BaseModel | None) -> None:
        with self.database.write() as session:
            if given is not None:
                connections.set_credentials(
                    session, row.id, self.stored.seal(given), live.allowed_hosts, now=self.now()
                )
            connections.set_state(session, row.id, ConnectionState.ACTIVE, "", now=self.now())
            watches.repaired(session, row.id, now=self.now())
            runs.release_hold(session.connection(), f"{Hold.CONNECTION}:{row.id}", now=self.now())
            notices.settle(session.connection(), f"connection:{row.id}", now=self.now())

    def _remove(self, connection_id: str) -> list[str]:
        with self.database.write() as session:
            row = connections.find(session, connection_id)
            users = [zap.name for zap in zaps.using(session, row.id)]
            connections.remove(session, row.id, now=self.now())
        return users


def given_of(connector: Connector, auth: str, typed: Mapping[str, Any]) -> BaseModel:
    """The credentials a person typed, read by the sign-in's own model. Raises `Problems`."""
    kind = auth_kind(connector, auth)
    if isinstance(kind, OAuth2):
        raise Refused(f"{connector.title} is connected by signing in there, in the browser.")
    unknown = sorted(set(typed) - set(kind.given.model_fields))
    if unknown:
        known = ", ".join(kind.given.model_fields)
        raise Problems([Problem(f"There is no such field. There is: {known}.", field=field) for field in unknown])
    return values.read(kind.given, typed, Locale())


def _auth_for(connector: Connector, typed: Mapping[str, Any]) -> str:
    """The first way to sign in whose fields fit what was typed; else the first that is not done in a browser."""
    forms = {key: kind for key, kind in connector.auth.items() if not isinstance(kind, OAuth2)}
    fitting = (key for key, kind in forms.items() if set(typed) <= set(kind.given.model_fields))
    return next(fitting, next(iter(forms or connector.auth)))


def _secret_field(live: LiveConnection) -> str:
    secrets = [name for name, _, shape in fields_of(type(live.given)) if shape.kind is Kind.SECRET]
    return secrets[0] if secrets else ""
