"""Webhooks: takes in what services send to a zap's address. Called by the front door, once for each delivery.

“Accepted” means durable: the event and its run are committed before the sender hears of it. What a delivery leads to
(zap, version, connection) is kept between deliveries, and looked at again in the transaction that stores them.

A zap that takes nothing in refuses, unless somebody waits for a call to draw with (`awaiting`): then the draft's
trigger reads it, and its records are kept to choose from. No event, no run, and nothing counts as seen or delivered.
"""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from engine.connections.calls import Calls, ConnectorBug
from engine.connections.contexts import Purpose
from engine.connections.stored import NotUsable
from engine.errors import ZapwerkError
from engine.notices.hook import OURS
from engine.sdk.connector import Webhook
from engine.sdk.errors import ConnectorError, InvalidInput, TemporaryFailure
from engine.sdk.records import Delivery, Hook, Record
from engine.store import awaited, deliveries, hooks, ids, intake, zaps
from engine.store.awaited import Call
from engine.store.database import Database
from engine.store.encoding import decode, encode
from engine.store.excerpts import cut_to_size
from engine.store.hooks import Standing
from engine.store.intake import Found
from engine.store.writer import Writer
from engine.triggers import reading
from engine.triggers.addresses import Addresses, hash_of, secret_of
from engine.triggers.sources import Source, Sources
from engine.zaps.model import Zap

MAX_PLANS = 10_000  # zaps whose plans are kept
MAX_AT_ONCE = 200  # deliveries to one address that are looked at at the same time
LOOKS_AGAIN = 3  # times, when the zap was changed while a delivery came in
TRIED = "Taken as sample data, because somebody waits for it in the editor. The zap is off: nothing was started."

log = logging.getLogger(__name__)


class Verdict(StrEnum):
    """What became of a delivery."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"  # no zap has this address
    TRIED = "tried"  # somebody waited for it to draw with: kept as a sample, nothing was started
    OFF = "off"  # the zap takes nothing in
    REFUSED = "refused"  # the connector does not believe the sender
    UNREADABLE = "unreadable"  # the connector cannot read it
    DIFFERENT = "different"  # the same name as an earlier delivery, with other content
    BUSY = "busy"  # too many at once, or something that passes by itself
    BROKEN = "broken"  # the zap or its connector is at fault


@dataclass(frozen=True)
class Receipt:
    """What the sender is told: the runs that its delivery made (now or the first time), or why there are none."""

    verdict: Verdict
    runs: tuple[str, ...] = ()
    said: str = ""
    repeated: bool = False


@dataclass(frozen=True)
class _Plan:
    """What a token led to when it was looked at last."""

    standing: Standing
    source: Source
    webhook: Webhook[Any, Any]
    hook: Hook
    flood_limit: int | None
    place: str

    @property
    def zap_id(self) -> str:
        return self.standing.zap_id


@dataclass
class Webhooks:
    """All deliveries of one process."""

    database: Database
    writer: Writer
    addresses: Addresses
    sources: Sources
    calls: Calls
    now: Callable[[], datetime]
    ring: Callable[[], None]
    at_once: int = MAX_AT_ONCE
    closed: str = ""
    """Why nothing is taken in at the moment, or “”: whoever sends is told to send again later."""
    _plans: dict[str, "_Plan"] = field(default_factory=dict)
    _under_way: Counter[str] = field(default_factory=Counter)

    async def receive(self, token: str, delivery: Delivery) -> Receipt:
        """Takes a delivery in. Never raises for what a sender or a connector does."""
        token_hash = hash_of(token)
        if self._under_way[token_hash] >= self.at_once:
            return Receipt(Verdict.BUSY, said="Too many deliveries to this address at once.")
        if self.writer.trouble:  # whoever waited for an answer would send again what is stored in the end
            return Receipt(Verdict.BUSY, said="Nothing can be stored at the moment. Please send it again later.")
        if self.closed:
            return Receipt(Verdict.BUSY, said=self.closed)
        if OURS in delivery.headers:  # a notice about a zap that starts this zap would go round for ever
            return Receipt(Verdict.ACCEPTED)
        self._under_way[token_hash] += 1
        try:
            return await self._received(token, token_hash, delivery)
        finally:
            self._under_way[token_hash] -= 1
            if not self._under_way[token_hash]:
                del self._under_way[token_hash]

    async def _received(self, token: str, token_hash: str, delivery: Delivery) -> Receipt:
        for look in range(LOOKS_AGAIN):
            known = self._kept(token_hash) if look == 0 else None
            looked = known if known else await asyncio.to_thread(self._look, token, token_hash)
            if isinstance(looked, Receipt):
                self._plans.pop(token_hash, None)
                return await self._tried(token, token_hash, delivery) or looked
            self._keep(token_hash, looked)
            receipt = await self._taken(looked, token_hash, delivery)
            if receipt is not None and (receipt.verdict is Verdict.ACCEPTED or known is None):
                return receipt
        return Receipt(Verdict.BUSY, said="The zap is being changed. Please send it again.")

    def _kept(self, token_hash: str) -> "_Plan | None":
        """What is known of an address, unless the connector was edited since. The rest is looked at when storing."""
        plan = self._plans.get(token_hash)
        return plan if plan is not None and self.sources.is_current(plan.source) else None

    def _keep(self, token_hash: str, plan: _Plan) -> None:
        if len(self._plans) >= MAX_PLANS:
            self._plans.clear()
        self._plans[token_hash] = plan

    def _look(self, token: str, token_hash: str) -> _Plan | Receipt:
        """Where the token leads now, or what its sender is told."""
        with self.database.read() as session:
            standing = hooks.standing(session.connection(), token_hash)
            if standing is None:
                return Receipt(Verdict.UNKNOWN)
            zap = zaps.live(session, standing.zap_id) if standing.takes_in else None
        if zap is None:
            return Receipt(Verdict.OFF, said="This zap is switched off.")
        return self._planned(standing, zap, token)

    def _planned(self, standing: Standing, zap: Zap, token: str) -> _Plan | Receipt:
        try:
            source = self.sources.of(zap)
        except NotUsable as error:
            return Receipt(Verdict.BUSY, said=str(error))
        except ZapwerkError as error:
            log.warning("zap %s cannot take anything in: %s", standing.zap_id, error)
            return Receipt(Verdict.BROKEN, said="This zap needs attention.")
        if not isinstance(source.trigger, Webhook):
            return Receipt(Verdict.OFF, said="This zap is not started by a webhook any more.")
        hook = Hook(self.addresses.url(token), secret_of(token))
        return _Plan(standing, source, source.trigger, hook, zap.flood_limit, source.name)

    async def _taken(self, plan: _Plan, token_hash: str, delivery: Delivery) -> Receipt | None:
        """None if the zap was changed meanwhile."""
        try:
            made = await self._records(plan, delivery)
            key = plan.webhook.delivery_id_of(delivery)
            arrived = _Arrived(plan, token_hash, key, _digest(delivery) if key else "", made, self.now())
            receipt = await self.writer.write(arrived.store)
        except IntegrityError:
            return None  # another process stored the same delivery in the same moment
        except (ConnectorError, ConnectorBug) as error:
            return _refusal(plan, error)
        if receipt and receipt.runs and not receipt.repeated:
            self.ring()
        return receipt

    async def _tried(self, token: str, token_hash: str, delivery: Delivery) -> Receipt | None:
        """A delivery to a zap that takes nothing in, for whoever waits for one; None if nobody does."""
        standing = await asyncio.to_thread(self._waiting, token_hash)
        if standing is None:
            return None
        plan = await asyncio.to_thread(self._drawn, standing, token)
        receipt = plan if isinstance(plan, Receipt) else await self._kept_to_draw_with(plan, delivery)
        if receipt is not None and receipt.verdict is not Verdict.TRIED:
            await self.writer.write(_Refused(standing.zap_id, receipt.said, self.now()).store)
        return receipt

    def _waiting(self, token_hash: str) -> Standing | None:
        with self.database.read() as session:
            connection = session.connection()
            standing = hooks.standing(connection, token_hash)
            waits = standing is not None and awaited.goes_on(connection, standing.zap_id, now=self.now())
        return standing if waits else None

    def _drawn(self, standing: Standing, token: str) -> _Plan | Receipt:
        """As `_look`, but of the draft."""
        with self.database.read() as session:
            zap = zaps.find(session, standing.zap_id).draft
        return self._planned(standing, zap, token)

    async def _kept_to_draw_with(self, plan: _Plan, delivery: Delivery) -> Receipt | None:
        """None if nobody waits any more."""
        try:
            made = await self._records(plan, delivery)
        except (ConnectorError, ConnectorBug) as error:
            return _refusal(plan, error)
        return await self.writer.write(_Awaited(plan, made, self.now()).store)

    async def _records(self, plan: _Plan, delivery: Delivery) -> "list[_Made]":
        asked = plan.source.asked(purpose=Purpose.WEBHOOK)
        records = await self.calls.receive(plan.webhook, asked, plan.source.given, delivery, plan.hook)
        return [_made(record) for record in records]


@dataclass(frozen=True)
class _Made:
    """A record of a delivery as it is stored; `named` if its id is the sender's."""

    found: Found
    named: bool


def _made(record: Record) -> _Made:
    named = record.id != ""
    return _Made(reading.found(record if named else record.model_copy(update={"id": ids.new()})), named)


@dataclass(frozen=True)
class _Arrived:
    """A delivery that is ready to be stored."""

    plan: _Plan
    token_hash: str
    key: str
    digest: str
    made: Sequence[_Made]
    now: datetime

    def store(self, connection: Connection) -> Receipt | None:
        """In the writer's transaction: None, and nothing is changed, if the zap was changed meanwhile."""
        if hooks.standing(connection, self.token_hash) != self.plan.standing:
            return None
        before = deliveries.find(connection, self.plan.zap_id, self.key) if self.key else None
        if before is not None and before.digest != self.digest:
            said = "A delivery with this Idempotency-Key came before, with other content. Nothing was changed."
            return Receipt(Verdict.DIFFERENT, said=said)
        if before is not None:
            return Receipt(Verdict.ACCEPTED, before.runs, repeated=True)
        runs = self._accept(connection, self._fresh(connection))
        if self.key:
            deliveries.remember(connection, self.plan.zap_id, self.key, self.digest, runs, now=self.now)
        return Receipt(Verdict.ACCEPTED, runs)

    def _fresh(self, connection: Connection) -> list[Found]:
        """The records that did not come before; those with ids of their own are noted as seen."""
        named = {one.found.id for one in self.made if one.named}
        if not named:
            return [one.found for one in self.made]
        zap_id, place = self.plan.zap_id, self.plan.place
        known = intake.known_ids(connection, zap_id, place, named)
        intake.remember(connection, zap_id, place, named - known.keys(), now=self.now)
        return list({one.found.id: one.found for one in self.made if one.found.id not in known}.values())

    def _accept(self, connection: Connection, fresh: list[Found]) -> tuple[str, ...]:
        if not fresh:
            return ()
        plan = self.plan
        taken = intake.accept(connection, plan.zap_id, plan.place, fresh, flood_limit=plan.flood_limit, now=self.now)
        return taken.runs


@dataclass(frozen=True)
class _Awaited:
    """A delivery to draw with."""

    plan: _Plan
    made: Sequence[_Made]
    now: datetime

    def store(self, connection: Connection) -> Receipt | None:
        zap_id = self.plan.zap_id
        if not awaited.goes_on(connection, zap_id, now=self.now):
            return None
        awaited.take(connection, zap_id, self.plan.source.trigger.use, [_call(one, self.now) for one in self.made])
        return Receipt(Verdict.TRIED, said=TRIED)


@dataclass(frozen=True)
class _Refused:
    """Why a delivery that somebody waits for was not taken."""

    zap_id: str
    said: str
    now: datetime

    def store(self, connection: Connection) -> None:
        awaited.refuse(connection, self.zap_id, self.said, now=self.now)


def _call(one: _Made, now: datetime) -> Call:
    cut = encode(cut_to_size(decode(one.found.payload)))
    return Call(one.found.id, cut, one.found.misfit, now)


def _refusal(plan: _Plan, error: ConnectorError | ConnectorBug) -> Receipt:
    match error:
        case ConnectorBug():
            log.warning("zap %s: a delivery could not be read: %s", plan.zap_id, error)
            return Receipt(Verdict.BROKEN, said="This delivery could not be read, because its connector is faulty.")
        case InvalidInput():
            return Receipt(Verdict.UNREADABLE, said=error.sentence)
        case TemporaryFailure():
            return Receipt(Verdict.BUSY, said=error.sentence)
        case _:
            return Receipt(Verdict.REFUSED, said=error.sentence)


def _digest(delivery: Delivery) -> str:
    """The same for the same content, however it was sent along."""
    digest = hashlib.sha256(delivery.body)
    digest.update(f"\0{delivery.query_string}\0{delivery.content_type}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
