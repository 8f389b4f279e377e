"""Slows down guessing: of one e-mail's password or code, and from one address. Called before anything is compared.

A try is counted before it is made and given back if it was right, so that a hundred tries at once count as a hundred.
A wait is short and ends by itself: whoever knows an e-mail address can make its owner wait, but not lock them out.
"""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.people.refusals import Throttled
from engine.people.secret_texts import hash_of
from engine.store import people, throttles
from engine.store.database import Database
from engine.store.throttles import Throttle

FREE_OF_EMAIL = 5  # failures without a wait
FREE_OF_ADDRESS = 50  # an office shares one address
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
REMEMBERED_FOR = timedelta(days=1)  # after the last failure
NETWORK = 64  # bits of an IPv6 address that belong to one customer


@dataclass(frozen=True)
class Attempt:
    """One try that was allowed, and already counted as failed."""

    attempts: "Attempts"
    email_key: str
    address_key: str

    def succeeded(self) -> None:
        """Forgets what failed for the e-mail; the address keeps its other failures."""
        self.attempts.forgive(forget=self.email_key, give_back=self.address_key)

    def given_back(self) -> None:
        """As if it had not been made; earlier failures stay."""
        self.attempts.forgive(give_back=self.address_key)
        self.attempts.forgive(give_back=self.email_key)


@dataclass(frozen=True)
class Attempts:
    """The tries of one installation, in all its processes."""

    database: Database
    now: Callable[[], datetime]

    def begin(self, email: str, address: str) -> Attempt:
        """Raises `Throttled`, and then the try does not count."""
        email_key, address_key = _key("email", people.same(email)), _key("address", _network(address))
        free = {email_key: FREE_OF_EMAIL, address_key: FREE_OF_ADDRESS}
        now = self.now()
        with self.database.write() as session:
            before = throttles.locked(session, free, now=now)
            until = max(one.until for one in before)
            if until > now:
                raise Throttled(until, now=now)
            for one in before:
                counted = Throttle(one.key, one.failures + 1, now + wait(one.failures + 1, free[one.key]))
                throttles.put(session, counted, forget_at=now + REMEMBERED_FOR)
        return Attempt(self, email_key, address_key)

    def forgive(self, *, give_back: str, forget: str = "") -> None:
        """Takes one failure back, and forgets all of another key."""
        now = self.now()
        with self.database.write() as session:
            for one in throttles.locked(session, {give_back, forget} - {""}, now=now):
                if one.key == forget:
                    throttles.forget(session, one.key)
                else:
                    less = Throttle(one.key, max(one.failures - 1, 0), now)
                    throttles.put(session, less, forget_at=now + REMEMBERED_FOR)

    def forget(self, email: str, address: str) -> None:
        """For somebody who proved in another way who they are. Others may have failed at their address, as where all
        come through one proxy."""
        with self.database.write() as session:
            throttles.forget(session, _key("email", people.same(email)))
            throttles.forget(session, _key("address", _network(address)))

    def forget_old(self) -> None:
        with self.database.write() as session:
            throttles.forget_old(session, now=self.now())


def wait(failures: int, free: int) -> timedelta:
    """How long after so many failures the next try is refused: doubled each time."""
    if failures < free:
        return timedelta(0)
    doubled: int = 2 ** min(failures - free, 10)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)


def _key(kind: str, value: str) -> str:
    return hash_of(f"{kind}:{value}")


def _network(address: str) -> str:
    """The part of an address that one customer has: all of IPv4, the first half of IPv6."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, NETWORK), strict=False))
    return str(found)
