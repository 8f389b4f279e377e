"""Connecting an account: what a person typed is read, really checked at the app, and only then saved. Also checking
again, reconnecting and removing. Called by the command line and the pages.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, count
from typing import Any

from pydantic import BaseModel

from engine.connections.addresses import AddressRefused
from engine.connections.calls import Calls
from engine.connections.contexts import LiveConnection
from engine.connections.results import ConnectorBug
from engine.connections.stored import Connections, auth_kind, host_of, shown, typed_hosts
from engine.errors import Problem, Problems, Refused, Sentence
from engine.registry import Registry
from engine.sdk.auth import OAuth2, Token
from engine.sdk.connecting import Progress, unwatched
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
    """What a person wants to connect. `trusted` allows the private hosts among the values, `allowed_hosts` these."""

    app: str
    name: str
    values: Mapping[str, Any]
    auth: str | None = None
    profile: str | None = None
    trusted: bool = False
    allowed_hosts: frozenset[str] = frozenset()

    @property
    def hosts(self) -> frozenset[str]:
        """The private hosts that may be reached with what was typed."""
        return self.allowed_hosts | (typed_hosts(self.values) if self.trusted else frozenset())


class NotChecked(Refused):
    """The check itself did not come to an end; `said` is the connector's sentence. Trying again may help."""

    def __init__(self, sentence: str, said: str) -> None:
        super().__init__(sentence)
        self.said = said


class HostNotAllowed(Problems):
    """What was typed leads into a private network. `host` is as typed; `may_be_allowed` is False for what never is.

    The problem stands at the field that names the host; at none if it comes from the app's profile.
    """

    def __init__(self, error: AddressRefused, field: str) -> None:
        super().__init__([Problem(error.sentence, field=field)])
        self.host = error.host
        self.may_be_allowed = error.may_be_allowed
        self.field = field


@dataclass(frozen=True)
class Connecting:
    """Needs no running engine."""

    database: Database
    registry: Callable[[], Registry]
    stored: Connections
    calls: Calls
    now: Callable[[], datetime]

    async def add(self, wish: Wish, token: Token | None = None, progress: Progress = unwatched) -> StoredConnection:
        """Checks and saves; `token` is what OAuth2 gave. `progress` is told how far the check is.

        Raises `Problems` by field (`HostNotAllowed` is one), or `Refused`; then nothing is saved.
        """
        live = await asyncio.to_thread(self._candidate, wish, token)
        account = await self._checked(live, progress)
        return await asyncio.to_thread(self._save, wish, live, account)

    async def check(self, connection_id: str, progress: Progress = unwatched) -> Account:
        """Asks the app whether the account is still accepted; repairs a connection that works again.

        Raises `Problems` or `Refused` with the reason.
        """
        row = await asyncio.to_thread(self._row, connection_id)
        return await self._repair(row, await asyncio.to_thread(self.stored.opened, row), None, progress)

    async def reconnect(
        self,
        connection_id: str,
        typed: Mapping[str, Any],
        token: Token | None = None,
        *,
        trusted: bool = False,
        allowed_hosts: frozenset[str] = frozenset(),
        progress: Progress = unwatched,
    ) -> Account:
        """Replaces the credentials: what is not `typed` anew stays. Repairs every zap and releases what was held.

        Raises `Problems` or `Refused`, also when they lead to another account; then nothing is changed.
        """
        row = await asyncio.to_thread(self._row, connection_id)
        live = await asyncio.to_thread(self.stored.opened, row)
        given = token or given_of(live.connector, live.auth, {**shown(live.given), **typed})
        hosts = live.allowed_hosts | allowed_hosts | (typed_hosts(typed) if trusted else frozenset())
        return await self._repair(row, replace(live, id="", given=given, allowed_hosts=hosts), given, progress)

    def rename(self, connection_id: str, name: str) -> StoredConnection:
        """Raises `Problems` (name) for one that is empty, too long or taken."""
        with self.database.write() as session:
            row = connections.find(session, connection_id)
            try:
                return connections.rename(session, row.id, name.strip(), now=self.now())
            except Refused as error:
                raise Problems([Problem(error.args[0], field="name")]) from error

    def free_name(self, title: str) -> str:
        """The title, or with the first number that no other connection has."""
        with self.database.read() as session:
            taken = {one.name.lower() for one in connections.every(session)}
        numbered = (f"{title} ({number})" for number in count(2))
        return next(one for one in chain([title], numbered) if one.lower() not in taken)

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

    async def _repair(
        self, row: StoredConnection, live: LiveConnection, given: BaseModel | None, progress: Progress
    ) -> Account:
        account = await self._checked(live, progress)
        if account.id != row.account_id:
            raise Refused(
                Sentence(
                    f"“{row.name}” would now lead to another account ({account.label} instead of {row.account_label}). "
                    "Add it as a new connection.",
                    f"„{row.name}“ führte jetzt zu einem anderen Konto ({account.label} statt {row.account_label}). "
                    "Legen Sie dafür eine neue Verknüpfung an.",
                )
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
            allowed_hosts=hosts | wish.hosts,
        )

    def _profile_name(self, connector: Connector, wish: Wish) -> str:
        return wish.profile or next(iter(connector.profiles))

    async def _checked(self, live: LiveConnection, progress: Progress) -> Account:
        try:
            return await self.calls.check(live, progress)
        except AddressRefused as error:
            raise HostNotAllowed(error, _naming(error.host, live.given)) from error
        except InvalidInput as error:
            raise Problems([Problem(error.sentence, field=error.field or "")]) from error
        except AuthFailed as error:
            raise Problems([Problem(error.sentence, field=_secret_field(live))]) from error
        except (ConnectorError, ConnectorBug) as error:
            raise NotChecked(f"The account could not be checked: {error}", str(error)) from error

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
                allowed_hosts=wish.hosts,
            )
            return connections.add(session, new, now=self.now())

    def _repaired(self, row: StoredConnection, live: LiveConnection, given: BaseModel | None) -> None:
        with self.database.write() as session:
            if given is not None:
                connections.set_credentials(
                    session, row.id, self.stored.seal(given), live.allowed_hosts, now=self.now()
                )
            connections.set_state(session, row.id, ConnectionState.ACTIVE, "", now=self.now())
            connections.set_checked(session, row.id, now=self.now())
            watches.repaired(session, row.id, now=self.now())
            runs.end_hold(session.connection(), f"{Hold.CONNECTION}:{row.id}", now=self.now())
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


def _naming(host: str, given: BaseModel) -> str:
    """The field of what was typed that names this host; “” if none does."""
    values = {name: value for name, value in given.model_dump().items() if isinstance(value, str)}
    return next((name for name, value in values.items() if host_of(name, value) == host.lower()), "")


def _secret_field(live: LiveConnection) -> str:
    secrets = [name for name, _, shape in fields_of(type(live.given)) if shape.kind is Kind.SECRET]
    return secrets[0] if secrets else ""
