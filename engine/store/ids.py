"""Names for rows: short, sortable in the order they were made, and never used twice, also not after a backup was
restored."""

import secrets
import threading
import time

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
TIME_DIGITS = 9  # 45 bits of milliseconds: until the year 3084
RANDOM_DIGITS = 9
BEHIND_ALL = "z" * (TIME_DIGITS + RANDOM_DIGITS)  # sorts behind every id, whatever the database's alphabet
RANDOM_BITS = 44  # one less than fits, so that counting on never overflows

_lock = threading.Lock()
_last = (0, 0)


def new() -> str:
    """A new id, 18 characters; of two made by one process, the later one sorts later."""
    global _last  # the order of ids is a property of the process
    with _lock:
        moment = time.time_ns() // 1_000_000
        _last = (moment, secrets.randbits(RANDOM_BITS)) if moment > _last[0] else (_last[0], _last[1] + 1)
        return _digits(_last[0], TIME_DIGITS) + _digits(_last[1], RANDOM_DIGITS)


def floor(milliseconds: int) -> str:
    """An id that sorts before every id made at or after that moment (milliseconds since 1970)."""
    return _digits(milliseconds, TIME_DIGITS)


def moment(name: str) -> int:
    """When an id was made, milliseconds since 1970."""
    milliseconds = 0
    for digit in name[:TIME_DIGITS]:
        milliseconds = milliseconds << 5 | ALPHABET.index(digit)
    return milliseconds


def _digits(number: int, count: int) -> str:
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(count)))
