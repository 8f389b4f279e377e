"""OAuth 2: signing in by the authorization code flow with PKCE, and keeping the token fresh afterwards.

The command line and the pages use `SignIn` to connect an account; `contexts` keeps one `TokenKeeper` for each
connection. Errors of token endpoints are translated here, by consequence.
"""

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote_plus

import httpx
from pydantic import SecretStr

from engine.sdk.auth import OAuth2, Profile, Token, filled
from engine.sdk.errors import AuthFailed, ConnectorError, PermanentFailure, PermissionMissing, TemporaryFailure
from engine.sdk.http import retry_after_of

MARGIN = 60.0  # seconds before its end at which a token counts as expired
JUST_REFRESHED = 30.0  # seconds; a token refused this soon after a refresh will not be accepted after another one
RECONNECT = "The service no longer accepts the sign-in; please reconnect the account."


class ClientRefused(AuthFailed):
    """The service does not know this installation by its client ID and secret: the app's settings are wrong."""


class GrantRefused(AuthFailed):
    """A code or refresh token that is too old, was used already, or was never given out."""


@dataclass(frozen=True)
class Started:
    """A sign-in under way: send the person to `url`; keep `state` and `verifier`, sealed, until they come back."""

    url: str
    state: str
    verifier: str


@dataclass(frozen=True)
class SignIn:
    """One app's sign-in with one profile. `client` must not put anything onto requests by itself."""

    oauth: OAuth2
    profile: Profile
    client: httpx.AsyncClient
    redirect_uri: str = ""
    now: Callable[[], float] = time.time

    def start(self) -> Started:
        """The address of the consent page."""
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        asked = {
            "response_type": "code",
            "client_id": self.profile.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self._filled(self.oauth.scope_separator.join(self.oauth.scopes)),
            "state": state,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
            **{name: self._filled(value) for name, value in self.oauth.authorize_params.items()},
        }
        url = httpx.URL(self._filled(self.oauth.authorize))
        return Started(str(url.copy_merge_params({k: v for k, v in asked.items() if v})), state, verifier)

    async def finish(self, answer: Mapping[str, str], started: Started) -> Token:
        """The token for what the consent page sent back (`code` and `state`, or `error`). The code works once.

        Raises `PermissionMissing` when the person said no, `AuthFailed` when the answer does not belong to `started`.
        """
        if not secrets.compare_digest(answer.get("state", "").encode(), started.state.encode()):
            raise AuthFailed("This sign-in was begun elsewhere or long ago; please start again.")
        if answer.get("error") == "access_denied":
            raise PermissionMissing("access", "The permission was not given, so the account cannot be connected.")
        if "error" in answer or not answer.get("code"):
            said = answer.get("error_description") or answer.get("error") or "no reason"
            raise AuthFailed(f"The service did not let us sign in ({said[:200]}).")
        asked = {"grant_type": "authorization_code", "code": answer["code"], "code_verifier": started.verifier}
        return self._token(await self._ask({**asked, "redirect_uri": self.redirect_uri}), None)

    async def refresh(self, token: Token) -> Token:
        """A fresh token for an old one. Many services make the old refresh token worthless at the same moment."""
        if token.refresh_token is None:
            raise AuthFailed("The sign-in has expired; please reconnect the account.")
        asked = {"grant_type": "refresh_token", "refresh_token": token.refresh_token.get_secret_value()}
        return self._token(await self._ask(asked), token)

    async def revoke(self, token: Token) -> bool:
        """Tell the service to forget the token. False when it cannot be told, or did not listen."""
        if not self.oauth.revoke:
            return False
        kind, secret = ("refresh_token", token.refresh_token) if token.refresh_token else ("access_token", None)
        value = (secret or token.access_token).get_secret_value()
        try:
            response = await self._post(self.oauth.revoke, {"token": value, "token_type_hint": kind})
        except (httpx.HTTPError, ConnectorError):
            return False
        return response.is_success

    async def _ask(self, form: dict[str, str]) -> dict[str, Any]:
        try:
            response = await self._post(self.oauth.token, form)
        except httpx.HTTPError as error:
            raise TemporaryFailure(f"The sign-in service could not be reached: {error}") from error
        body = _json(response)
        refusal = _refusal(response, body)
        if refusal is not None:
            raise refusal
        return body

    async def _post(self, address: str, form: dict[str, str]) -> httpx.Response:
        headers = {"Accept": "application/json"}
        client_secret = self.profile.client_secret.get_secret_value()
        if self.oauth.client_auth == "header":
            pair = f"{quote_plus(self.profile.client_id)}:{quote_plus(client_secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form = {**form, "client_id": self.profile.client_id}
            if client_secret:
                form["client_secret"] = client_secret
        try:
            return await self.client.post(self._filled(address), data=form, headers=headers)
        except httpx.InvalidURL as error:
            raise PermanentFailure(f"The address of the sign-in service cannot be used: {error}") from error

    def _token(self, body: dict[str, Any], before: Token | None) -> Token:
        kept = dict(before.model_extra or {}) if before else {}
        kept.update({name: body[name] for name in self.oauth.keep if name in body})
        refreshed = body.get("refresh_token")
        return Token(
            access_token=SecretStr(body["access_token"]),
            refresh_token=SecretStr(refreshed) if refreshed else (before.refresh_token if before else None),
            expires_at=_expires_at(body.get("expires_in"), self.now()),
            scope=str(body.get("scope") or (before.scope if before else "")),
            **kept,
        )

    def _filled(self, address: str) -> str:
        return filled(address, self.profile.model_dump())


class TokenStore(Protocol):
    """Where tokens are kept: the port to the store."""

    def exclusively(self, connection_id: str) -> AbstractAsyncContextManager[Token | None]:
        """Holds the only right to refresh this connection's token, and yields it as it is stored now."""
        ...

    async def save(self, connection_id: str, token: Token) -> None:
        """Durable when it returns."""
        ...


class TokenKeeper:
    """Hands out the token of one connection, fresh. However many ask, one of them refreshes.

    The new token is stored before anybody uses it: a service that replaces refresh tokens has forgotten the old one,
    so a token lost between its answer and our disk would cost the person a new sign-in. For the same reason a refresh
    is finished even if all who waited for it gave up.
    """

    def __init__(
        self,
        connection_id: str,
        token: Token,
        refresh: Callable[[Token], Awaitable[Token]],
        store: TokenStore,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.token = token
        self._id = connection_id
        self._refresh = refresh
        self._store = store
        self._now = now
        self._before: set[str] = set()
        self._refreshing: asyncio.Task[Token] | None = None
        self._refreshed_at: float | None = None
        self._refused = ""

    def offer(self, token: Token) -> None:
        """A token read from the store. It is taken if a person signed in again, left if it is one of ours, older."""
        access = _access(token)
        if access != _access(self.token) and access not in self._before:
            self._take(token)
            self._refreshed_at = None

    async def fresh(self) -> Token:
        """A token that has not expired. Raises `AuthFailed`, `TemporaryFailure`."""
        ends = self.token.expires_at
        return self.token if ends is None or self._now() < ends else await self._renewed(_access(self.token))

    async def refresh_after_refusal(self, refused: str) -> Token:
        """Another token, after the service refused the access token `refused`.

        If somebody refreshed meanwhile, that one. Raises `AuthFailed` when the refused one had only just been made.
        """
        current = _access(self.token)
        if current != refused and current != self._refused:
            return self.token
        just_now = self._refreshed_at is not None and self._now() - self._refreshed_at < JUST_REFRESHED
        if just_now or self.token.refresh_token is None:
            self._refused = current
            raise AuthFailed(RECONNECT)
        return await self._renewed(current)

    async def _renewed(self, old: str) -> Token:
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._renew(old))
            self._refreshing.add_done_callback(_looked_at)
        return await asyncio.shield(self._refreshing)

    async def _renew(self, old: str) -> Token:
        async with self._store.exclusively(self._id) as stored:
            if stored is not None and _access(stored) != old:
                self._take(stored)  # another process was faster
                return stored
            token = await self._refresh(stored or self.token)
            await self._store.save(self._id, token)
        self._take(token)
        self._refreshed_at = self._now()
        return token

    def _take(self, token: Token) -> None:
        self._before.add(_access(self.token))
        self.token = token


def challenge_of(verifier: str) -> str:
    """PKCE's S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _access(token: Token) -> str:
    return token.access_token.get_secret_value()


def _looked_at(task: asyncio.Task[Token]) -> None:
    if not task.cancelled():
        task.exception()


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _refusal(response: httpx.Response, body: dict[str, Any]) -> ConnectorError | None:
    said, status = body.get("error"), response.status_code
    if response.is_success and not said:
        if isinstance(body.get("access_token"), str) and body["access_token"]:
            return None
        return TemporaryFailure("The sign-in service gave an answer without a token.")
    if status == 429 or status >= 500:
        return TemporaryFailure(f"The sign-in service answered {status}.", retry_after=retry_after_of(response))
    if said == "invalid_client":
        return ClientRefused("The service does not accept our client ID and secret; please check them for this app.")
    if said == "invalid_grant":
        return GrantRefused(RECONNECT)
    return AuthFailed(f"The sign-in service refused ({str(said or status)[:200]}); please reconnect the account.")


def _expires_at(expires_in: Any, now: float) -> float | None:
    try:
        seconds = float(expires_in)
    except (TypeError, ValueError):
        return None
    return now + max(seconds - MARGIN, seconds / 2)
