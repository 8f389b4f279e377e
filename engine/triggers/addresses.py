"""Addresses of webhook zaps: made when first asked for, kept sealed, found by hash. Called by webhooks and pages."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from engine.connections.vault import Vault
from engine.store import hooks
from engine.store.database import Database

TOKEN_BYTES = 24  # 192 bits: nobody guesses one


@dataclass(frozen=True)
class Addresses:
    """`base` gives the address that this installation is reached at, without a slash at its end."""

    database: Database
    vault: Vault
    now: Callable[[], datetime]
    base: Callable[[], str]

    def of(self, zap_id: str) -> str:
        """The address to give to a service. Blocking. Raises `VaultError` if the key does not open it."""
        with self.database.read() as session:
            sealed = hooks.sealed_token(session, zap_id)
        return self.url(self.vault.open(sealed)) if sealed else self._first(zap_id)

    def renew(self, zap_id: str) -> str:
        """Another address; the old one stops working at once."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with self.database.write() as session:
            hooks.put(session, zap_id, hash_of(token), self.vault.seal(token), now=self.now())
        return self.url(token)

    def url(self, token: str) -> str:
        return f"{self.base()}/hooks/{token}"

    def _first(self, zap_id: str) -> str:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with self.database.write() as session:
            sealed = hooks.sealed_token(session, zap_id)  # another process may have come first
            if sealed is None:
                hooks.put(session, zap_id, hash_of(token), self.vault.seal(token), now=self.now())
        return self.url(self.vault.open(sealed) if sealed else token)


def hash_of(token: str) -> str:
    """How a token is found: from the hash nobody gets back to the address."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def secret_of(token: str) -> str:
    """What signs, for services that are told a secret: another one for each address."""
    return hashlib.sha256(f"zapwerk signing {token}".encode("utf-8", "surrogateescape")).hexdigest()
