"""The sandbox's sign-in: a consent page (allow, deny, single permissions), codes with PKCE, tokens that rotate.

A refresh replaces both tokens. A code or refresh token that comes a second time ends all tokens of that sign-in.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from connectors.invoice2go.sandbox import consent
from connectors.invoice2go.sandbox.state import CLIENT_ID, SCOPES, SERVICE, Service

CODE_LIFETIME = 300.0  # seconds
MAX_PARAMETER = 4000


class Refused(Exception):
    """An OAuth2 error: its code, and words for people."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


async def show_consent(request: web.Request) -> web.Response:
    """GET /oauth/authorize: the question to the person."""
    asked = request.query
    untrusted = _untrusted(request.app[SERVICE], asked)
    if untrusted:
        return consent.refused(request, untrusted)
    try:
        scopes = _asked_scopes(asked)
    except Refused as error:
        return _back(asked, error=error.code, error_description=str(error))
    return consent.question(request, dict(asked), scopes)


async def take_consent(request: web.Request) -> web.Response:
    """POST /oauth/authorize: the person's answer; the parameters stand in the form and are checked again."""
    form = await request.post()
    given = {name: value for name, value in form.items() if isinstance(value, str)}
    untrusted = _untrusted(request.app[SERVICE], given)
    if untrusted:
        return consent.refused(request, untrusted)
    try:
        asked = _asked_scopes(given)
    except Refused as error:
        return _back(given, error=error.code, error_description=str(error))
    granted = [scope for scope in form.getall("grant", []) if scope in asked]
    if given.get("decision") != "allow" or not granted:
        return _back(given, error="access_denied", error_description="The person refused.")
    return _back(given, code=_new_code(request.app[SERVICE], given, " ".join(map(str, granted))))


async def give_token(request: web.Request) -> web.Response:
    """POST /oauth/token: tokens for a code or a refresh token."""
    form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    service = request.app[SERVICE]
    try:
        _check_client(service, request, form)
        tokens = _tokens_for(service, form)
    except Refused as error:
        status = 401 if error.code == "invalid_client" else 400
        answer = {"error": error.code, "error_description": str(error)}
        return web.json_response(answer, status=status, headers={"Cache-Control": "no-store"})
    return web.json_response(tokens, headers={"Cache-Control": "no-store"})


def granted_scope(service: Service, header: str) -> set[str] | None:
    """The permissions of an `Authorization` header; None if it is not (or no longer) accepted."""
    kind, _, token = header.partition(" ")
    if kind.lower() != "bearer":
        return None
    if _same(token, service.key):
        return set(SCOPES)
    found = service.store.row("SELECT scope, expires_at, replaced FROM tokens WHERE access = ?", _kept(token))
    usable = found is not None and not found["replaced"] and found["expires_at"] > time.time()
    return set(found["scope"].split()) if found and usable else None


def expire_tokens(service: Service) -> None:
    """All access tokens have expired; refreshing works."""
    service.store.write("UPDATE tokens SET expires_at = 0")


def revoke_tokens(service: Service) -> None:
    """Nobody is signed in any more."""
    service.store.write("DELETE FROM tokens")


def _untrusted(service: Service, asked: Mapping[str, str]) -> str | None:
    """Why the browser must not be sent back to where the request says, as a key of `words`."""
    if any(len(value) > MAX_PARAMETER for value in asked.values()):
        return "too_long"
    if asked.get("client_id") != CLIENT_ID:
        return "unknown_client"
    if not _may_return_to(service, asked.get("redirect_uri", "")):
        return "unknown_return"
    return None


def _may_return_to(service: Service, address: str) -> bool:
    if address in service.redirect_uris:
        return True
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    clean = parts.username is None and not parts.fragment and "\\" not in address and address.isprintable()
    return local and clean and parts.scheme in ("http", "https") and port != 0


def _asked_scopes(asked: Mapping[str, str]) -> list[str]:
    if asked.get("response_type") != "code":
        raise Refused("unsupported_response_type", "Only response_type=code is known.")
    if asked.get("code_challenge_method") != "S256" or not 43 <= len(asked.get("code_challenge", "")) <= 128:
        raise Refused("invalid_request", "A code_challenge with S256 is needed.")
    scopes = asked.get("scope", "").split() or list(SCOPES)
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise Refused("invalid_scope", f"Unknown permissions: {' '.join(unknown)}")
    return scopes


def _back(asked: Mapping[str, str], **values: str) -> web.Response:
    if asked.get("state"):
        values["state"] = asked["state"]
    address = asked["redirect_uri"]
    joint = "&" if urlsplit(address).query else "?"
    return web.Response(status=303, headers={"Location": f"{address}{joint}{urlencode(values)}"})


def _new_code(service: Service, asked: Mapping[str, str], scope: str) -> str:
    code = secrets.token_urlsafe(32)
    service.store.write(
        "INSERT INTO codes (code, redirect_uri, challenge, scope, expires_at) VALUES (?, ?, ?, ?, ?)",
        _kept(code),
        asked["redirect_uri"],
        asked["code_challenge"],
        scope,
        time.time() + CODE_LIFETIME,
    )
    return code


def _check_client(service: Service, request: web.Request, form: Mapping[str, str]) -> None:
    client, secret = form.get("client_id", ""), form.get("client_secret", "")
    kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            client = ""
    if client != CLIENT_ID or not _same(secret, service.client_secret):
        raise Refused("invalid_client", "Client ID or client secret is wrong.")


def _tokens_for(service: Service, form: Mapping[str, str]) -> dict[str, Any]:
    match form.get("grant_type"):
        case "authorization_code":
            return _for_code(service, form)
        case "refresh_token":
            return _for_refresh(service, form.get("refresh_token", ""))
    raise Refused("unsupported_grant_type", "Only authorization_code and refresh_token are known.")


def _for_code(service: Service, form: Mapping[str, str]) -> dict[str, Any]:
    code = _kept(form.get("code", ""))
    found = service.store.row("SELECT * FROM codes WHERE code = ?", code)
    if found is None or found["expires_at"] < time.time():
        raise Refused("invalid_grant", "The code is unknown or too old.")
    if found["family"]:
        _end(service, found["family"])
        raise Refused("invalid_grant", "The code has been used already; all its tokens have ended.")
    digest = hashlib.sha256(form.get("code_verifier", "").encode("utf-8", "replace")).digest()
    if not _same(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), found["challenge"]):
        raise Refused("invalid_grant", "The code_verifier does not fit.")
    if form.get("redirect_uri") != found["redirect_uri"]:
        raise Refused("invalid_grant", "The redirect_uri is another one.")
    family = secrets.token_hex(8)
    with service.store.together():
        service.store.write("UPDATE codes SET family = ? WHERE code = ?", family, code)
        return _new_tokens(service, family, found["scope"])


def _for_refresh(service: Service, refresh: str) -> dict[str, Any]:
    found = service.store.row("SELECT * FROM tokens WHERE refresh = ?", _kept(refresh))
    if found is None:
        raise Refused("invalid_grant", "The refresh token is unknown.")
    if found["replaced"]:
        _end(service, found["family"])
        raise Refused("invalid_grant", "The refresh token has been used already; this sign-in has ended.")
    with service.store.together():
        service.store.write("UPDATE tokens SET replaced = 1 WHERE family = ?", found["family"])
        return _new_tokens(service, found["family"], found["scope"])


def _new_tokens(service: Service, family: str, scope: str) -> dict[str, Any]:
    access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    service.store.write(
        "INSERT INTO tokens (access, refresh, family, scope, expires_at) VALUES (?, ?, ?, ?, ?)",
        _kept(access),
        _kept(refresh),
        family,
        scope,
        time.time() + service.token_lifetime,
    )
    answer = {"access_token": access, "refresh_token": refresh, "token_type": "Bearer", "scope": scope}
    return {**answer, "expires_in": int(service.token_lifetime)}


def _end(service: Service, family: str) -> None:
    service.store.write("UPDATE tokens SET replaced = 1 WHERE family = ?", family)


def _kept(secret: str) -> str:
    """How a code or token is kept: its hash."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
