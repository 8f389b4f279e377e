"""Sign-ins at apps that are under way in a browser: what must be known again when the person comes back.

It travels with the person, sealed, in a cookie of their browser that only `/oauth/return` gets: so any of several
processes can finish what another one began. It is bound to the person's session, ends after ten minutes, and serves
once: the cookie is taken away on the way back, and a process that saw it does not accept it again.
"""

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from engine.connections.oauth import Started
from engine.connections.vault import Vault
from engine.errors import VaultError

RETURN = "/oauth/return"
LASTS = 600.0  # seconds a person has at the app
PREFIX = "zapwerk-oauth-"
NAMED_BY = 12  # characters of the state that tell one cookie from another


@dataclass(frozen=True)
class Consent:
    """One sign-in. `connection_id` is set where an account is connected again, `next` is where the person came from;
    `embed` is the id of the window of their own that the pages are shown in, if they are.
    """

    state: str
    verifier: str
    redirect_uri: str
    app: str
    profile: str
    auth: str
    name: str
    given: Mapping[str, str]
    connection_id: str
    embed: str
    next: str
    sign_in_id: str
    ends_at: float

    @property
    def started(self) -> Started:
        """As `SignIn.finish` wants it."""
        return Started("", self.state, self.verifier)


class Lost(Exception):
    """There is no such sign-in in this browser: another browser or session began it, or it was finished already."""


class TooLate(Exception):
    """The person took longer than ten minutes. `consent` is what they had begun."""

    def __init__(self, consent: Consent) -> None:
        super().__init__()
        self.consent = consent


@dataclass
class Consents:
    """Those of a site."""

    _used: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def remember(self, response: Response, vault: Vault, consent: Consent, *, secure: bool) -> None:
        """Gives the browser what it must bring back."""
        sealed = vault.seal(asdict(consent)).decode("ascii")
        response.set_cookie(
            _cookie(consent.state),
            sealed,
            max_age=int(LASTS),
            path=RETURN,
            secure=secure,
            httponly=True,
            samesite="lax",
        )

    def take(self, request: Request, vault: Vault, state: str, sign_in_id: str) -> Consent:
        """The sign-in that comes back, this once. Raises `Lost`, `TooLate`."""
        sealed = request.cookies.get(_cookie(state), "")
        try:
            consent = Consent(**vault.open(sealed.encode()))
        except (VaultError, TypeError, UnicodeError) as error:
            raise Lost from error
        mine = secrets.compare_digest(consent.sign_in_id.encode(), sign_in_id.encode())
        if not mine or not secrets.compare_digest(consent.state.encode(), state.encode()) or not self._first(consent):
            raise Lost
        if time.time() > consent.ends_at:
            raise TooLate(consent)
        return consent

    def forget(self, response: Response, state: str, *, secure: bool) -> None:
        response.delete_cookie(_cookie(state), path=RETURN, secure=secure, httponly=True, samesite="lax")

    def _first(self, consent: Consent) -> bool:
        now = time.time()
        with self._lock:
            self._used = {state: until for state, until in self._used.items() if until > now}
            if consent.state in self._used:
                return False
            self._used[consent.state] = now + LASTS
            return True


def begun(started: Started, sign_in_id: str, **what: Any) -> Consent:
    """A sign-in that begins now."""
    return Consent(
        state=started.state,
        verifier=started.verifier,
        sign_in_id=sign_in_id,
        ends_at=time.time() + LASTS,
        **what,
    )


def _cookie(state: str) -> str:
    """Cookie names may hold few signs; what a stranger sends as a state must not make a name of its own."""
    return PREFIX + "".join(sign for sign in state[:NAMED_BY] if sign.isascii() and (sign.isalnum() or sign in "-_"))
