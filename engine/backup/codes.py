"""The recovery code: shown once, it opens the key inside every backup made since. Called by making and restoring.

The code itself is kept nowhere. What is kept is the key derived from it, sealed like a password, so that backups can
be made at night without anybody typing it.
"""

import base64
import json
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from engine.connections import vault
from engine.connections.vault import Vault
from engine.errors import Refused, Sentence, VaultError
from engine.store import facts

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: nothing in it looks like something else."""

GROUPS, IN_GROUP = 6, 4  # 24 signs of 5 bits: 120 bits, which nobody can try out
SALT_BYTES = 16
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})

WRONG_CODE = Sentence(
    "This is not the recovery code of this backup. Nothing was changed. It is the code that was shown when the "
    "backups were set up, before this backup was made.",
    "Das ist nicht der Wiederherstellungscode dieser Sicherung. Nichts wurde geändert. Gemeint ist der Code, der beim "
    "Einrichten der Sicherungen angezeigt wurde, bevor diese Sicherung entstand.",
)


@dataclass(frozen=True)
class Sealing:
    """How the key is sealed in backups that are made now."""

    salt: bytes
    key: bytes
    made_at: datetime


@dataclass(frozen=True)
class Envelope:
    """A sealed key as it lies in a backup."""

    salt: bytes
    sealed: bytes

    def shown(self) -> dict[str, str]:
        return {"salt": base64.b64encode(self.salt).decode(), "sealed": self.sealed.decode()}

    @classmethod
    def of(cls, shown: dict[str, str]) -> "Envelope":
        """Raises `ValueError`, `KeyError` for what is none."""
        return cls(base64.b64decode(shown["salt"], validate=True), shown["sealed"].encode("ascii"))


def new() -> str:
    """A fresh code, like “7XQ2-…”."""
    signs = ("".join(secrets.choice(ALPHABET) for _ in range(IN_GROUP)) for _ in range(GROUPS))
    return "-".join(signs)


def read(typed: str) -> str:
    """A code as it is meant, however it was typed."""
    return "".join(sign for sign in typed.upper().translate(_LOOKALIKES) if sign in ALPHABET)


def set_up(session: Session, keys: Vault, *, now: datetime) -> str:
    """A new code for the backups from now on; those made before keep theirs. It is shown only this once."""
    code, salt = new(), secrets.token_bytes(SALT_BYTES)
    derived = vault.key_of_code(read(code), salt)
    fact = {
        "salt": base64.b64encode(salt).decode(),
        "key": keys.seal(derived.decode()).decode(),
        "made_at": now.isoformat(),
    }
    facts.put(session, facts.BACKUP_CODE, json.dumps(fact))
    return code


def made_at(session: Session) -> datetime | None:
    """Since when there is a code; None if there is none."""
    fact = facts.get(session, facts.BACKUP_CODE)
    return datetime.fromisoformat(json.loads(fact)["made_at"]) if fact else None


def sealing(fact: str | None, keys: Vault) -> Sealing | None:
    """What the stored fact says; None if there is no code. Raises `VaultError` if it was sealed with another key."""
    if not fact:
        return None
    told = json.loads(fact)
    key = keys.open(told["key"].encode()).encode()
    return Sealing(base64.b64decode(told["salt"]), key, datetime.fromisoformat(told["made_at"]))


def reseal(session: Session, keys: Vault) -> None:
    """The same code, kept with the newest key: the part of a rotation."""
    fact = facts.get(session, facts.BACKUP_CODE)
    if fact:
        told = json.loads(fact)
        told["key"] = keys.reseal(told["key"].encode()).decode()
        facts.put(session, facts.BACKUP_CODE, json.dumps(told))


def opens(session: Session, keys: Vault) -> bool:
    """Whether what is kept of the code can be used with the keys at hand; also when there is none."""
    try:
        sealing(facts.get(session, facts.BACKUP_CODE), keys)
    except VaultError:
        return False
    return True


def enclose(how: Sealing, keys: tuple[bytes, ...]) -> Envelope:
    """The installation's keys, for a backup."""
    content = json.dumps([key.decode() for key in keys]).encode()
    return Envelope(how.salt, vault.seal_with(how.key, content))


def disclose(envelope: Envelope, typed: str) -> tuple[bytes, ...]:
    """The keys in a backup. Raises `Refused` for another code."""
    opened = vault.open_with(vault.key_of_code(read(typed), envelope.salt), envelope.sealed)
    if opened is None:
        raise Refused(WRONG_CODE)
    return tuple(key.encode() for key in json.loads(opened))
