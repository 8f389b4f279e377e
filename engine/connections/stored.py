"""Opens what is stored: from a row with sealed credentials to a `LiveConnection` that can be called with.

Also keeps refreshed tokens, and the profiles the owner filled in. Called by runs, triggers and the front door.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr, ValidationError

from engine.connections.addresses import folded
from engine.connections.contexts import LiveConnection
from engine.connections.typed import TypedSecrets
from engine.connections.vault import Vault
from engine.errors import NotFound, Problem, Problems, Refused, VaultError
from engine.registry import Registry
from engine.sdk.auth import Auth, OAuth2, Profile, Token
from engine.sdk.connector import Connector
from engine.sdk.records import Account
from engine.store import connections, profiles, rebinding
from engine.store.connections import StoredConnection
from engine.store.database import Database
from engine.store.states import ConnectionState

KEPT_FOR = 1.0  # seconds
GONE = "disconnected"
"""The kind of notice about an account that was disconnected, while runs wait for it."""


class NotUsable(Refused):
    """A connection that nothing can be done with until a person repairs it. `connection_id` says which.

    `notice` is the kind of notice that tells people so; “” where they were told when it was found out, or have put
    another account in its place already.
    """

    def __init__(self, sentence: str, connection_id: str, notice: str = "connection") -> None:
        super().__init__(sentence)
        self.connection_id = connection_id
        self.notice = notice


class Connections:
    """The stored connections of one installation."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        registry: Callable[[], Registry],
        now: Callable[[], datetime],
        allowed_hosts: frozenset[str] = frozenset(),
    ) -> None:
        self._database = database
        self._vault = vault
        self._registry = registry
        self._now = now
        self._allowed_hosts = allowed_hosts
        self.typed = TypedSecrets(vault, registry)
        self._without: dict[str, tuple[float, LiveConnection]] = {}
        self._refreshing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def live(self, connection_id: str) -> LiveConnection:
        """Raises `NotUsable` when a person must repair it first, or its connector is missing."""
        with self._database.read() as session:
            try:
                stored = connections.find(session, connection_id)
            except NotFound as error:
                raise NotUsable("The connection of this step no longer exists.", connection_id, GONE) from error
            told = stored.state != ConnectionState.REMOVED or rebinding.substitute(session, stored.id) is not None
        if stored.state != ConnectionState.ACTIVE:
            raise NotUsable(_unusable(stored), stored.id, "" if told else GONE)
        return self.opened(stored)

    def opened(self, stored: StoredConnection) -> LiveConnection:
        """The connection with its credentials, whatever its state. Raises `NotUsable`."""
        try:
            connector = self._registry().connector(stored.app)
            given = self._vault.open(stored.sealed or b"")
            profile, hosts = self.profile(connector, stored.profile)
        except NotFound as error:
            raise NotUsable(f"The app “{stored.app}” is not installed any more.", stored.id) from error
        except VaultError as error:
            raise NotUsable(f"The credentials of “{stored.name}” cannot be opened: {error}", stored.id) from error
        problem = profile.problem()
        if problem:
            raise NotUsable(problem, stored.id)
        return LiveConnection(
            id=stored.id,
            name=stored.name,
            connector=connector,
            auth=stored.auth,
            profile=profile,
            given=revived(auth_kind(connector, stored.auth), given),
            account=Account(stored.account_id, stored.account_label),
            allowed_hosts=stored.allowed_hosts | hosts,
        )

    def closed(self) -> list[str]:
        """The names of the connections whose credentials the keys at hand do not open."""
        with self._database.read() as session:
            found = connections.every(session)
        return [one.name for one in found if one.sealed and not self._vault.opens(one.sealed)]

    def without(self, connector: Connector) -> LiveConnection:
        """For an app that needs no sign-in."""
        profile, hosts = self.profile(connector, next(iter(connector.profiles)))
        return LiveConnection.without(connector, profile=profile, allowed_hosts=hosts)

    async def serving(self, use: str, connection_id: str | None) -> LiveConnection:
        """What a step is done with; None for an app that needs no sign-in. Raises `NotFound`, `NotUsable`.

        Where nobody signs in there is only the app's profile to be read, which may be as old as `KEPT_FOR`.
        """
        if connection_id is not None:
            return await asyncio.to_thread(self.live, connection_id)
        connector = self._registry().connector_of(use)
        until, live = self._without.get(connector.key, (0.0, None))
        if live is None or live.connector is not connector or until < time.monotonic():
            live = await asyncio.to_thread(self.without, connector)
            self._without[connector.key] = (time.monotonic() + KEPT_FOR, live)
        return live

    def profile(self, connector: Connector, name: str) -> tuple[Profile, frozenset[str]]:
        """A profile as shipped, with what the owner filled in, and the private hosts it may reach.

        Raises `NotFound`, `VaultError`.
        """
        shipped = shipped_profile(connector, name)
        with self._database.read() as session:
            stored = profiles.get(session, connector.key, name)
        if stored is None:
            return shipped, self._allowed_hosts
        filled = shipped.model_validate({**shown(shipped), **self._vault.open(stored.sealed)})
        return filled, self._allowed_hosts | stored.allowed_hosts

    def set_profile(self, connector: Connector, name: str, values: dict[str, Any], *, trusted: bool) -> Profile:
        """Fills in values of a profile, checked by its model. Raises `Problems`, and then nothing is changed.

        `trusted` says that the private hosts in them may be reached, because somebody with the right to say so typed
        them.
        """
        shipped = shipped_profile(connector, name)
        unknown = set(values) - set(type(shipped).model_fields)
        if unknown:
            raise Problems([Problem("There is no such setting.", field=field) for field in sorted(unknown)])
        with self._database.write() as session:
            stored = profiles.get(session, connector.key, name)
            kept = self._vault.open(stored.sealed) if stored else {}
            filled = {**kept, **_validated(type(shipped), {**shown(shipped), **kept}).filling_in(values)}
            profile = _validated(type(shipped), {**shown(shipped), **filled})
            hosts = typed_hosts(values) if trusted else frozenset()
            before = stored.allowed_hosts if stored else frozenset()
            sealed = self._vault.seal({field: shown(profile)[field] for field in filled})
            profiles.put(session, connector.key, name, sealed, before | hosts, now=self._now())
        self._without.clear()
        return profile

    def allow_host(self, connector: Connector, name: str, host: str) -> None:
        """Lets whatever uses this profile reach a host in a private network; an owner said so. Raises `NotFound`."""
        shipped_profile(connector, name)
        with self._database.write() as session:
            stored = profiles.get(session, connector.key, name)
            sealed = stored.sealed if stored else self._vault.seal({})
            before = stored.allowed_hosts if stored else frozenset()
            profiles.put(session, connector.key, name, sealed, before | {folded(host)}, now=self._now())
        self._without.clear()

    @asynccontextmanager
    async def exclusively(self, connection_id: str) -> AsyncIterator[Token | None]:
        """The only right in this process to refresh a token; yields the token as stored now."""
        async with self._refreshing[connection_id]:
            yield await asyncio.to_thread(self._token, connection_id)

    async def save(self, connection_id: str, token: Token) -> None:
        """Stores a refreshed token; durable when it returns."""
        await asyncio.to_thread(self._save_token, connection_id, token)

    def seal(self, given: BaseModel) -> bytes:
        """Credentials as they are kept."""
        return self._vault.seal(shown(given))

    def _token(self, connection_id: str) -> Token | None:
        with self._database.read() as session:
            stored = connections.find(session, connection_id)
        return Token.model_validate(self._vault.open(stored.sealed)) if stored.sealed else None

    def _save_token(self, connection_id: str, token: Token) -> None:
        with self._database.write() as session:
            connections.set_sealed(session, connection_id, self.seal(token), now=self._now())


def typed_hosts(values: Mapping[str, Any]) -> frozenset[str]:
    """The hosts that stand in typed values: of addresses, and of fields named “host” or “…_host”."""
    hosts = {host_of(name, value) for name, value in values.items() if isinstance(value, str)}
    return frozenset(hosts - {""})


def host_of(name: str, value: str) -> str:
    """The host that a typed value names; “” if it names none."""
    if name == "host" or name.endswith("_host"):
        return value.strip().lower()
    if not value.startswith(("http://", "https://")):
        return ""
    try:
        return (urlsplit(value).hostname or "").lower()
    except ValueError:  # brackets that are no address
        return ""


def _validated(model: type[Profile], values: dict[str, Any]) -> Profile:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise Problems([Problem(e["msg"], field=".".join(map(str, e["loc"]))) for e in error.errors()]) from error


def auth_kind(connector: Connector, key: str) -> Auth:
    """Raises `NotFound` with the kinds there are."""
    if key not in connector.auth:
        raise NotFound(f"{connector.title} has no sign-in “{key}”. There is: {', '.join(connector.auth)}.")
    return connector.auth[key]


def shipped_profile(connector: Connector, name: str) -> Profile:
    """Raises `NotFound` with the profiles there are."""
    if name not in connector.profiles:
        raise NotFound(f"{connector.title} has no profile “{name}”. There is: {', '.join(connector.profiles)}.")
    return connector.profiles[name]


def revived(kind: Auth, given: Any) -> BaseModel:
    """Credentials from how they are kept."""
    return (Token if isinstance(kind, OAuth2) else kind.given).model_validate(given)


def shown(model: BaseModel) -> dict[str, Any]:
    """A model's values with its secrets in the open: only for sealing."""
    return {name: _shown(value) for name, value in model.model_dump(mode="python").items()}


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, dict):
        return {key: _shown(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(one) for one in value]
    return value


def _unusable(stored: StoredConnection) -> str:
    if stored.state == ConnectionState.REMOVED:
        return f"The connection “{stored.name}” was removed."
    return f"The connection “{stored.name}” must be reconnected: {stored.reason}"
