"""What a connector may raise. Each class says what the engine will do about it.

ConnectorError
├── AuthFailed            the account is no longer accepted: reconnect
│   └── PermissionMissing signed in, but not allowed
├── TemporaryFailure      certainly nothing happened: try again
├── OutcomeUnknown        a write may have happened: look it up or ask a person
├── QuotaReached          the plan's limit: hold this zap's runs
├── InvalidInput          the service refuses a value: shown at the field
├── PermanentFailure      will never work as it is
├── Stopped               nothing to do, on purpose; not an error
└── CannotTell            a lookup's answer when it found neither yes nor no

Anything else that a connector raises counts as a bug of the connector.
The message is a sentence a person reads: what happened, and what to do.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any


class ConnectorError(Exception):
    """The root: a connector could not do what it was asked to."""

    @property
    def sentence(self) -> str:
        """What a person reads."""
        return str(self) or (self.__doc__ or type(self).__name__).partition("\n")[0]


class AuthFailed(ConnectorError):
    """The account is no longer accepted; please reconnect it."""


class PermissionMissing(AuthFailed):
    """The account is signed in but lacks a permission.

    `what` names the permission as the service calls it.
    """

    def __init__(self, what: str, message: str = "") -> None:
        super().__init__(message or f"The account lacks the permission “{what}”.")
        self.what = what


class TemporaryFailure(ConnectorError):
    """The service could not be used just now. Certainly nothing happened, so it is safe to try again.

    `retry_after` is the wait that the service asked for, if it did.
    """

    def __init__(self, message: str = "", *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OutcomeUnknown(ConnectorError):
    """It is unknown whether the service did what was asked: the answer never came."""


class QuotaReached(ConnectorError):
    """The plan's limit at the service is reached.

    `until` is when it will be lifted, if that is known; the service is not asked again before five minutes.
    """

    def __init__(self, message: str = "", *, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until


class InvalidInput(ConnectorError):
    """The service refuses a value.

    `field` is the name of the input field, if it is known.
    """

    def __init__(self, message: str = "", *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class PermanentFailure(ConnectorError):
    """This will never work as it is."""


class Stopped(ConnectorError):
    """There is nothing to do; the run ends here, on purpose."""


class CannotTell(ConnectorError):
    """It cannot be told whether it arrived.

    The answer of a lookup that can say neither yes nor no; `candidates` are what a person should look at, as plain
    data.
    """

    def __init__(self, message: str = "", *, candidates: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)
