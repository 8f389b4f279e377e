"""Blots out the secrets of a connection in whatever is written down: log lines, tracebacks, error sentences.

A secret is also found percent-encoded, escaped as JSON or by `repr`, and inside base64 (`user:password` of HTTP Basic,
the XOAUTH2 line of mail servers). `Contexts` makes a `Redactor` for each connection; `Calls` sets it as the current
one while the connector's code runs, so that libraries which log on their own are covered by `CurrentRedaction`.
"""

import base64
import json
import logging
import re
import traceback
from collections import deque
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, SecretStr

BLOT = "•••"
MIN_SECRET = 4  # characters; shorter ones would blot out ordinary words
MIN_ECHOED = 8  # characters of a secret that is taken out of records too: shorter ones may be data by chance
RECENT = 8  # tokens remembered besides the secrets that stay
MIN_BASE64 = 6  # characters of a base64 form, for the same reason


class Forms:
    """All forms of some secrets, to be found in texts."""

    def __init__(self, secrets: Iterable[str], *, least: int = MIN_SECRET) -> None:
        self.secrets = frozenset(one for one in secrets if len(one) >= least)
        self._forms = tuple({form for secret in self.secrets for form in _forms(secret)})
        longest_first = sorted(self._forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def are_in(self, text: str) -> bool:
        """Whether any of them is. A search for each is faster than the pattern: this is asked of every record."""
        return any(form in text for form in self._forms)

    def blotted(self, text: str) -> str:
        """`text` without them."""
        return self._pattern.sub(BLOT, text) if self._forms else text


class Redactor:
    """Knows the secrets of one connection. `echoed` are those that are taken out of what a service answers, too."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = frozenset(secrets)
        self._recent: deque[str] = deque(maxlen=RECENT)
        self._know()

    def learn(self, secrets: Iterable[str]) -> None:
        """These too, from now on. Only the newest are kept: they are tokens that come and go."""
        new = [secret for secret in secrets if secret not in self._secrets and secret not in self._recent]
        if new:
            self._recent.extend(new)
            self._know()

    def _know(self) -> None:
        known = self._secrets.union(self._recent)
        self._all, self.echoed = Forms(known), Forms(known, least=MIN_ECHOED)

    def clean(self, text: str) -> str:
        """`text` without the secrets."""
        return self._all.blotted(text)

    def clean_error(self, error: BaseException) -> None:
        """Blots out the texts that `error` carries, in place."""
        error.args = tuple(self.clean(arg) if isinstance(arg, str) else arg for arg in error.args)

    def traceback(self, error: BaseException) -> str:
        """The traceback as text, without the secrets."""
        return self.clean("".join(traceback.format_exception(error)))


class Redaction(logging.Filter):
    """Cleans every log record that passes, with its arguments and traceback. Lets all of them pass."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def redactor(self) -> Redactor | None:
        """The one to use now."""
        return self._redactor

    def filter(self, record: logging.LogRecord) -> bool:
        redactor = self.redactor()
        if redactor is not None:
            _clean(record, redactor)
        return True


class CurrentRedaction(Redaction):
    """For the engine's own log handlers: uses the redactor of the connection whose call is running here, if any."""

    def __init__(self) -> None:
        super().__init__(Redactor())

    def redactor(self) -> Redactor | None:
        return current.get()


current: ContextVar[Redactor | None] = ContextVar("zapwerk_redactor", default=None)


def secrets_of(value: Any) -> Iterator[str]:
    """Every secret inside a model, mapping or list."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        yield from secrets_of(dict(value))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from secrets_of(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from secrets_of(inner)


def logger_for(connector: str, redactor: Redactor) -> logging.Logger:
    """The log of one connection's calls: what is written there goes to `zapwerk.connector.KEY`, cleaned."""
    parent = logging.getLogger(f"zapwerk.connector.{connector}")
    # Not registered by name: there is one for each connection, and its filter belongs to that connection alone.
    logger = logging.Logger(parent.name)
    logger.parent = parent
    logger.addFilter(Redaction(redactor))
    return logger


def _clean(record: logging.LogRecord, redactor: Redactor) -> None:
    try:
        record.msg, record.args = redactor.clean(record.getMessage()), None
    except (TypeError, ValueError):
        record.msg, record.args = redactor.clean(f"{record.msg} {record.args}"), None
    if record.exc_info and record.exc_info[1] is not None:
        record.exc_text, record.exc_info = redactor.traceback(record.exc_info[1]), None
    if record.exc_text:
        record.exc_text = redactor.clean(record.exc_text)
    if record.stack_info:
        record.stack_info = redactor.clean(record.stack_info)


def _forms(secret: str) -> Iterator[str]:
    yield secret
    scheme, _, credentials = secret.partition(" ")  # “Bearer …”, as headers have it
    if scheme.isalpha() and len(credentials) >= MIN_ECHOED:
        yield credentials
    for encoded in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield encoded
        yield re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), encoded)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
    yield repr(secret.encode("utf-8", "surrogatepass"))[2:-1]
    for form in _base64_forms(secret.encode("utf-8", "surrogatepass")):
        if len(form) >= MIN_BASE64:
            yield form
            yield form.replace("+", "-").replace("/", "_")


def _base64_forms(secret: bytes) -> Iterator[str]:
    """What base64 of any longer text that contains the secret must contain: one form for each alignment."""
    for before, spoilt in ((0, 0), (1, 2), (2, 3)):
        whole = (before + len(secret)) * 8 // 6
        yield base64.b64encode(b"\0" * before + secret).decode()[spoilt:whole]
