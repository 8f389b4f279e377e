"""What people say about themselves, checked field by field: name, e-mail, language, time zone. Pure."""

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from engine.people.sentences import PersonProblem

LANGUAGES = ("", "en", "de")
""" "" follows the browser."""
LONGEST_NAME = 100  # characters
LONGEST_EMAIL = 254  # characters, by RFC 5321

# Whether mail arrives there, only a mail can tell; inside a network there are names without a dot.
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


def problems(*, name: str, language: str, timezone: str) -> Iterator[PersonProblem]:
    """What is wrong with a profile."""
    if not name.strip():
        yield PersonProblem.of("name_missing", "name")
    if len(name.strip()) > LONGEST_NAME:
        yield PersonProblem.of("too_long", "name", most=LONGEST_NAME)
    if language not in LANGUAGES:
        yield PersonProblem.of("language_unknown", "language")
    if timezone and not _is_timezone(timezone):
        yield PersonProblem.of("timezone_unknown", "timezone")


def email_problems(email: str) -> Iterator[PersonProblem]:
    """What is wrong with an e-mail address by itself."""
    if len(email.strip()) > LONGEST_EMAIL:
        yield PersonProblem.of("too_long", "email", most=LONGEST_EMAIL)
    elif not _EMAIL.fullmatch(email.strip()):
        yield PersonProblem.of("email_wrong", "email")


def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; with odd signs; a folder of zones like “Europe”
        return False
    return True
