"""Passwords: what is asked of one, and how it is kept (argon2id). The only user of `argon2`.

Verifying takes the same time whether there is such a person or not, so that nobody learns which e-mails are known.
"""

import threading
from functools import cache
from typing import TYPE_CHECKING
from unicodedata import normalize

from engine.people.common_passwords import COMMON
from engine.people.sentences import PersonProblem

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 12  # characters
LONGEST = 200  # characters: more would only make our side work
ROUNDS = 3
MEMORY_KIB = 32 * 1024  # for each one that is being verified
AT_ONCE = 2  # so that many who sign in at once cannot take all memory

_places = threading.BoundedSemaphore(AT_ONCE)


def problems(password: str, *, email: str, name: str, field: str = "password") -> list[PersonProblem]:
    """What is wrong with a password that somebody chose; at most one thing at a time."""
    if not password:
        return [PersonProblem.of("password_missing", field)]
    if len(password) < SHORTEST:
        return [PersonProblem.of("password_short", field, least=SHORTEST)]
    if len(password) > LONGEST:
        return [PersonProblem.of("too_long", field, most=LONGEST)]
    plain = _bare(password)
    if plain in {_bare(email), _bare(name), _bare(email.partition("@")[0])}:
        return [PersonProblem.of("password_personal", field)]
    if plain in COMMON or len(set(plain)) <= 2:
        return [PersonProblem.of("password_common", field)]
    return []


def hashed(password: str) -> str:
    """What is stored. Slow on purpose: never inside a writing transaction."""
    with _places:
        return _hasher().hash(_bytes(password))


def fits(stored: str, password: str) -> bool:
    """Whether this is the password of that hash; "" is nobody's hash, and takes as long."""
    from argon2.exceptions import InvalidHashError, VerificationError

    known = stored or _nobodys()
    with _places:
        try:
            _hasher().verify(known, _bytes(password[: LONGEST + 1]))
        except (VerificationError, InvalidHashError):
            return False
    return bool(stored)


def is_outdated(stored: str) -> bool:
    """Whether it was made with other parameters than today's, and should be made again at the next sign-in."""
    return _hasher().check_needs_rehash(stored)


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=1)


@cache
def _nobodys() -> str:
    return _hasher().hash(b"nobody has this password")


def _bytes(password: str) -> bytes:
    """The same for one password typed on different keyboards: ä may be one sign or two."""
    return normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _bare(text: str) -> str:
    return "".join(normalize("NFKC", text).casefold().split())
