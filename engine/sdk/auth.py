"""Ways to sign in to an app, and the profile that says how this installation reaches it.

These are descriptions; the engine asks the person, keeps the answers sealed, and puts them on requests.
Addresses may hold placeholders that are filled in from the connection's profile: `token="{token_url}"`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from engine.sdk.connecting import Suggest
from engine.sdk.fields import Secret


class Profile(BaseModel):
    """How an installation reaches an app: the client registered there, and in subclasses addresses and rules.

    An app may have several named profiles; a connection belongs to one. The owner edits them with
    `zapwerk apps set`.
    """

    model_config = ConfigDict(frozen=True)

    client_id: str = Field("", title="Client ID")
    client_secret: Secret = Field(SecretStr(""), title="Client secret")

    def problem(self) -> str | None:
        """Why this profile cannot be used yet, as a sentence that says what to do; None when it can."""
        return None

    def mark(self) -> Literal["", "practice", "unverified"]:
        """“practice” for a stand-in without real accounts, “unverified” for what was never tried with the live service.

        Shown wherever the profile or a connection of it is.
        """
        return ""

    def filling_in(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the owner's values change in this profile; a subclass may add what follows from them."""
        return dict(given)


class Token(BaseModel):
    """What OAuth2 gave us. `ctx.credentials` is one of these for a connection that was signed in that way.

    `expires_at` is in seconds since 1970, UTC. Values named in `OAuth2(keep=…)` are attributes as well.
    """

    model_config = ConfigDict(extra="allow")

    access_token: SecretStr
    refresh_token: SecretStr | None = None
    expires_at: float | None = None  # seconds since 1970, UTC
    scope: str = ""


class KeyGiven(BaseModel):
    """An API key or bearer token, as typed."""

    key: Secret = Field(title="API key")


class PasswordGiven(BaseModel):
    """A name and a password, as typed."""

    username: str = Field(title="User name", min_length=1)
    password: Secret = Field(title="Password")


class NothingGiven(BaseModel):
    """For an app that asks for no sign-in."""


@dataclass(frozen=True)
class OAuth2:
    """The authorization code flow with PKCE, and refresh with rotation. Needs the profile's client ID and secret.

    `authorize` and `token` are the service's addresses; `client_auth` says where the token address wants the client's
    name and secret; `revoke` is the address that ends a token, if there is one. `scopes` are joined by
    `scope_separator`.
    `keep` names further values of the token answer to store; `authorize_params` go onto the consent page's address.
    """

    authorize: str
    token: str
    scopes: tuple[str, ...] = ()
    scope_separator: str = " "
    authorize_params: Mapping[str, str] = field(default_factory=dict)
    client_auth: Literal["body", "header"] = "body"
    revoke: str | None = None
    keep: tuple[str, ...] = ()
    help: str = ""
    key: str = "oauth2"
    title: str = "Sign in"
    given: type[BaseModel] = NothingGiven


@dataclass(frozen=True)
class ApiKey:
    """A key in a header, or with `query` in the address. `prefix` stands before it (“Token ”).

    All three may hold placeholders, which are filled in from what the person gave: `header="{header}"`.
    """

    header: str = "Authorization"
    prefix: str = ""
    query: str | None = None
    help: str = ""
    key: str = "api_key"
    title: str = "API key"
    given: type[BaseModel] = KeyGiven


@dataclass(frozen=True)
class BearerToken:
    """A fixed token that is sent as `Authorization: Bearer …`."""

    help: str = ""
    key: str = "token"
    title: str = "Access token"
    given: type[BaseModel] = KeyGiven


@dataclass(frozen=True)
class Basic:
    """User name and password by HTTP Basic."""

    help: str = ""
    key: str = "basic"
    title: str = "User name and password"
    given: type[BaseModel] = PasswordGiven


@dataclass(frozen=True)
class Credentials:
    """Values that only the connector understands (IMAP: host, user, password): `ctx.credentials` is an instance.

    `first` is the field that is asked for before all others; `suggest` says what follows from it: a mail address
    tells the mail server. See `Suggestion`.
    """

    given: type[BaseModel]
    help: str = ""
    key: str = "credentials"
    title: str = "Credentials"
    first: str = ""
    suggest: Suggest | None = None


@dataclass(frozen=True)
class NoAuth:
    """No sign-in. Listed beside other kinds it makes a connection optional.

    Every field of `given` must have a default: without a connection nobody is asked.
    """

    help: str = ""
    key: str = "none"
    title: str = "No sign-in"
    given: type[BaseModel] = NothingGiven


Auth = OAuth2 | ApiKey | BearerToken | Basic | Credentials | NoAuth


def filled(address: str, values: Mapping[str, Any]) -> str:
    """`address` with its placeholders filled in; other braces are left alone."""
    for name, value in values.items():
        address = address.replace("{" + name + "}", str(value))
    return address


__all__ = [
    "ApiKey", "Auth", "Basic", "BearerToken", "Credentials", "KeyGiven", "NoAuth", "NothingGiven",
    "OAuth2", "PasswordGiven", "Profile", "Token", "filled",
]  # fmt: skip
