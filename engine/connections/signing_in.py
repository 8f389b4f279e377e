"""Signing in at an app in a browser, as the pages and the command line begin and end it: which client of ours the app
knows, what was typed beside it, and what then stands in the token.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from engine.connections.contexts import Contexts
from engine.connections.oauth import SignIn
from engine.connections.stored import Connections, shown
from engine.errors import Refused
from engine.sdk.auth import OAuth2, Token
from engine.sdk.connector import Connector


class Unregistered(Refused):
    """The app does not know this installation: the profile has no client ID yet."""

    def __init__(self, connector: Connector, profile: str) -> None:
        super().__init__(
            f"{connector.title} must know this installation first. Register it there, then fill in what you get: "
            f"zapwerk apps set {connector.key} --profile {profile} client_id=… client_secret=-"
        )
        self.app = connector.key
        self.profile = profile


class NotReady(Refused):
    """The profile cannot be used yet; the sentence is the connector's."""


def sign_in(
    stored: Connections, contexts: Contexts, connector: Connector, kind: OAuth2, profile_name: str, redirect_uri: str
) -> SignIn:
    """To be started and finished. Raises `NotReady`, `Unregistered`, `NotFound`."""
    profile, hosts = stored.profile(connector, profile_name)
    problem = profile.problem()
    if problem:
        raise NotReady(problem)
    if not profile.client_id:
        raise Unregistered(connector, profile_name)
    made = contexts.sign_in(connector, kind, profile, hosts)
    return SignIn(made.oauth, made.profile, made.client, redirect_uri, made.now)


def token_with(token: Token, given: BaseModel) -> Token:
    """The token with what was typed beside it: whose mailbox it is, for example."""
    return Token.model_validate({**shown(token), **shown(given)})


def given_before(kind: OAuth2, credentials: BaseModel) -> dict[str, Any]:
    """What was typed when the account was connected: it stands in the token, and holds for another sign-in."""
    before: Mapping[str, Any] = shown(credentials)
    return {field: str(before[field]) for field in kind.given.model_fields if before.get(field)}
