"""Everything about people in one value: `runtime.people`. Put together here, from what the runtime opened."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from engine.connections.vault import Vault
from engine.people.accounts import Accounts
from engine.people.attempts import Attempts
from engine.people.audit import Audit
from engine.people.links import Links
from engine.people.second_factor import SecondFactor
from engine.people.sign_ins import SignIns
from engine.people.tokens import Tokens
from engine.store.database import Database


@dataclass(frozen=True)
class People:
    """Who may do what in one installation. `base` is the address it is reached at."""

    accounts: Accounts
    sign_ins: SignIns
    links: Links
    tokens: Tokens
    second_factor: SecondFactor
    audit: Audit

    @classmethod
    def of(cls, database: Database, vault: Vault, now: Callable[[], datetime], base: Callable[[], str]) -> "People":
        attempts = Attempts(database, now)
        audit = Audit(database, now)
        links = Links(database, now, base)
        second_factor = SecondFactor(database, vault, attempts, audit, now)
        return cls(
            accounts=Accounts(database, links, attempts, audit, now),
            sign_ins=SignIns(database, attempts, second_factor, links, audit, now),
            links=links,
            tokens=Tokens(database, audit, now),
            second_factor=second_factor,
            audit=audit,
        )
