"""Between the two steps of signing in: a sealed note that somebody's password was right. Used by `sign_ins`.

So the page that asks for the code holds neither the password nor a way in: the note opens nothing without a code, ends
after some minutes, and is worth nothing once the password was changed. The server keeps nothing, so that a restart or
another process in between does not matter.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.connections.vault import Vault
from engine.errors import VaultError
from engine.people.secret_texts import hash_of
from engine.people.sentences import Declined
from engine.store.people import StoredPerson

LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class HalfWay:
    """Whose password was right, and which one it was."""

    person_id: str
    password_print: str

    def is_still(self, stored: StoredPerson) -> bool:
        """Whether it is still that password."""
        return self.password_print == hash_of(stored.password)


def sealed(vault: Vault, stored: StoredPerson, *, now: datetime) -> str:
    """The note for the page."""
    note = {"half_way": stored.id, "print": hash_of(stored.password), "until": (now + LASTS).timestamp()}
    return vault.seal(note).decode()


def opened(vault: Vault, note: str, *, now: datetime) -> HalfWay:
    """What it says. Raises `Declined` for one that is too old, or none of ours."""
    try:
        said = vault.open(note.encode("utf-8", "surrogatepass"))
    except VaultError as error:
        raise Declined("sign_in_again") from error
    if not isinstance(said, dict) or "half_way" not in said or said["until"] < now.timestamp():
        raise Declined("sign_in_again")
    return HalfWay(said["half_way"], said["print"])
