"""Ways to reach people: the mail server and the webhook as an owner set them up, sealed by the vault.

A mail way is a server of its own, or a connected mailbox whose connector says how mail is sent as it: then nothing is
copied, and whatever changes about the connection counts for the next mail.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import SecretStr

from engine.connections.addresses import Guard, folded
from engine.connections.calls import Calls
from engine.connections.contexts import Asked, Purpose
from engine.connections.stored import Connections
from engine.connections.vault import Vault
from engine.errors import NotFound, Refused
from engine.notices import refusals
from engine.notices.refusals import CANNOT_SEND
from engine.registry import Registry
from engine.sdk.connecting import SmtpAccount
from engine.store import connections, dispatches, notice_ways, notice_wishes
from engine.store.database import Database
from engine.store.notice_ways import Kind, StoredWay
from engine.store.states import ConnectionState

Security = Literal["tls", "starttls", "none"]
SECURITIES: tuple[Security, ...] = ("tls", "starttls", "none")
RESOLVES_WITHIN = timedelta(seconds=20)
SECRET_BYTES = 24
HOOK_RECEIVER = ""


@dataclass(frozen=True)
class MailWay:
    """How mail is sent. With a `connection` (its id) the rest is asked of its connector; else it stands here."""

    connection: str = ""
    host: str = ""
    port: int = 465
    security: Security = "tls"
    username: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""


@dataclass(frozen=True)
class HookWay:
    """Where calls go, and the secret that signs them. `language` is what their sentences are in."""

    address: str
    secret: str = field(repr=False)
    language: str = "en"


@dataclass(frozen=True)
class Mailbox:
    """A connected account that can send."""

    connection_id: str
    name: str
    label: str


@dataclass(frozen=True)
class Ways:
    """Keeps them. All but `account` block."""

    database: Database
    vault: Vault
    registry: Callable[[], Registry]
    stored: Connections
    calls: Calls
    now: Callable[[], datetime]
    allowed_hosts: frozenset[str] = frozenset()

    def every(self) -> dict[Kind, StoredWay]:
        """How it goes with each that is set up."""
        with self.database.read() as session:
            return notice_ways.every(session)

    def mail(self) -> MailWay | None:
        """Raises `VaultError`."""
        opened = self._opened(Kind.MAIL)
        return MailWay(**opened) if opened is not None else None

    def hook(self) -> HookWay | None:
        """Raises `VaultError`."""
        opened = self._opened(Kind.HOOK)
        return HookWay(**opened) if opened is not None else None

    def set_mail(self, way: MailWay, *, allow: str = "") -> None:
        """Mails go this way from now on, also those that wait. Raises `Problems` by field.

        `allow` is a host in a private network that the owner trusts.
        """
        _must_be_good(way)
        self._put(Kind.MAIL, vars(way), allow)

    def set_hook(self, way: HookWay, *, allow: str = "") -> None:
        """Calls go there from now on, also those that wait. Raises `Problems` by field."""
        typed = {"address": way.address}
        refusals.must([*refusals.typed(typed, typed), *refusals.url(way.address)])
        self._put(Kind.HOOK, vars(way), allow)
        with self.database.write() as session:
            notice_wishes.set_reader(session, HOOK_RECEIVER, language=way.language, timezone="")

    def remove(self, kind: Kind) -> None:
        """Nobody is told in this way any more; what waits is dropped."""
        with self.database.write() as session:
            notice_ways.remove(session, kind)
            dispatches.drop(session, kind)

    def mailboxes(self) -> list[Mailbox]:
        """The connected accounts whose app can send mail."""
        with self.database.read() as session:
            found = [one for one in connections.every(session) if one.state == ConnectionState.ACTIVE]
        return [Mailbox(one.id, one.name, one.account_label) for one in found if self._sends(one.app)]

    def guard(self, kind: Kind) -> Guard:
        """Which private hosts may be reached for it."""
        way = self.every().get(kind)
        return Guard(self.allowed_hosts | (way.allowed_hosts if way else frozenset()))

    async def account(self, way: MailWay) -> tuple[SmtpAccount, Guard | None]:
        """How to send, and for a connected mailbox what its connection may reach. Raises what connectors raise, and
        `NotUsable`, `VaultError`, `Refused`.
        """
        if not way.connection:
            secret = SecretStr(way.password)
            account = SmtpAccount(way.host, way.sender, way.username, secret, way.port, way.security)
            return account, None
        live = await asyncio.to_thread(self.stored.live, way.connection)
        connector = live.connector
        if connector.mail_account is None:
            raise Refused(CANNOT_SEND)
        asked = Asked(live, Purpose.CHECK)
        blocking = connector.mail_account_blocking
        found = await self.calls.call(connector.mail_account, asked, blocking=blocking, within=RESOLVES_WITHIN)
        if not isinstance(found, SmtpAccount):
            raise Refused(CANNOT_SEND)
        return found, Guard(live.allowed_hosts | self.allowed_hosts)

    def _sends(self, app: str) -> bool:
        try:
            return self.registry().connector(app).mail_account is not None
        except NotFound:
            return False

    def _opened(self, kind: Kind) -> dict[str, Any] | None:
        with self.database.read() as session:
            way = notice_ways.get(session, kind)
        return dict(self.vault.open(way.sealed)) if way else None

    def _put(self, kind: Kind, values: dict[str, Any], allow: str) -> None:
        with self.database.write() as session:
            before = notice_ways.get(session, kind)
            hosts = (before.allowed_hosts if before else frozenset()) | ({folded(allow)} if allow else set())
            notice_ways.put(session, kind, self.vault.seal(values), frozenset(hosts), now=self.now())
            dispatches.hurry(session, kind, now=self.now())


def _must_be_good(way: MailWay) -> None:
    """Raises `Problems` by field. Of a connected mailbox, everything is its connector's matter."""
    if way.connection:
        return
    typed = {"host": way.host, "username": way.username, "password": way.password, "sender": way.sender}
    refusals.must(
        [
            *refusals.typed(typed, ("host", "sender")),
            *refusals.port(way.port),
            *refusals.security(way.security, SECURITIES),
            *refusals.address(way.sender, "sender"),
        ]
    )


def new_secret() -> str:
    """For signing calls."""
    return secrets.token_urlsafe(SECRET_BYTES)
