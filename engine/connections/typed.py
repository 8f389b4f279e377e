"""Secrets typed into steps, with this installation's keys: whatever stores a zap seals them here first, and whatever
does a step opens them here, at that moment. `engine.zaps.sealing` knows where they stand.
"""

from collections.abc import Callable
from typing import Any

from engine.connections.vault import Vault
from engine.errors import VaultError
from engine.registry import Registry
from engine.zaps import sealing
from engine.zaps.model import Zap
from engine.zaps.plain import text_of
from engine.zaps.sealing import UserT

_TYPED = "typed"  # what else the vault sealed (a password of a connection) is not opened here


class TypedSecrets:
    """One for the installation."""

    def __init__(self, vault: Vault, registry: Callable[[], Registry]) -> None:
        self._vault = vault
        self._registry = registry

    def sealed(self, zap: Zap) -> Zap:
        """The zap as it may be stored."""
        return sealing.sealed(zap, self._registry(), self._seal)

    def opened(self, user: UserT) -> UserT:
        """The trigger or step as it is done."""
        return sealing.opened(user, self._open)

    def _seal(self, value: Any) -> str:
        return f"sealed:{self._vault.seal({_TYPED: value}).decode('ascii')}"

    def _open(self, token: str) -> str | None:
        try:
            found = self._vault.open(token.removeprefix("sealed:").encode("ascii"))
        except VaultError:
            return None
        if not isinstance(found, dict) or _TYPED not in found:
            return None
        value = found[_TYPED]
        return value if isinstance(value, str) else text_of(value)
