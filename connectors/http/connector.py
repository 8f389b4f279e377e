"""How requests sign in, and where a sign-in may be sent. What is sent stands in request.py."""

from typing import Annotated

import httpx
from pydantic import AfterValidator, BaseModel, Field

from connectors.http import names, targets
from zapwerk import Account, ApiKey, AuthFailed, Basic, BearerToken, Connector, Context, NoAuth, Secret, Url

MAX_CHECK = 20  # seconds
ANSWERS = frozenset(range(100, 600))
BASE_HELP = "Where the service is, like https://api.example.com/v1. The sign-in is sent to this host and to no other."
PROBE_HELP = "An address that answers well only when the sign-in is right, like “me”. Left empty, less can be checked."

BaseUrl = Annotated[Url, AfterValidator(targets.checked_base)]


class Service(BaseModel):
    """What every sign-in is for."""

    base_url: BaseUrl = Field(title="Address of the service", description=BASE_HELP)
    probe: str = Field("", title="Address to check with", description=PROBE_HELP)


class WithPassword(Service):
    """HTTP Basic."""

    username: str = Field(title="User name", min_length=1)
    password: Secret = Field(title="Password")


class WithToken(Service):
    """`Authorization: Bearer …`."""

    key: Secret = Field(title="Access token")


class WithHeader(Service):
    """A key in a header of any name."""

    header: Annotated[str, AfterValidator(names.checked)] = Field(
        "X-Api-Key", title="Name of the header", description="As the service’s documentation calls it."
    )
    prefix: str = Field("", title="Before the key", description="Only if the service wants a word there, like “Token”.")
    key: Secret = Field(title="API key")


class WithQuery(Service):
    """A key in the address."""

    parameter: str = Field("api_key", title="Name of the parameter", min_length=1)
    key: Secret = Field(title="API key")


class Anywhere(BaseModel):
    """Without a sign-in every address may be asked."""

    base_url: str = Field("", title="Address of the service", description="May be left empty.")


http = Connector(
    "http",
    title="HTTP",
    description="Sends a request to any address: for services that have no connector of their own.",
    base_url="{base_url}",
    auth=[
        BearerToken(given=WithToken, help="Sent as “Authorization: Bearer …”."),
        Basic(given=WithPassword),
        ApiKey(header="{header}", prefix="{prefix}", given=WithHeader, title="API key in a header"),
        ApiKey(query="{parameter}", given=WithQuery, key="query_key", title="API key in the address"),
        NoAuth(given=Anywhere),
    ],
)


@http.check
async def account(ctx: Context) -> Account:
    """The service answers, and does not refuse the sign-in."""
    base = httpx.URL(ctx.credentials.base_url)
    if not base.host:
        return Account("anywhere", "any address")
    probe = getattr(ctx.credentials, "probe", "")
    await ctx.http.request(
        "GET", targets.whole(probe, str(base)), accept=() if probe else ANSWERS - {401}, explain=_why, within=MAX_CHECK
    )
    user = getattr(ctx.credentials, "username", "")
    origin = targets.origin(base)
    return Account(f"{user}@{origin}" if user else origin, f"{user} at {base.host}" if user else base.host)


def _why(response: httpx.Response) -> AuthFailed | None:
    refused = response.status_code in (401, 403)
    return (
        AuthFailed(f"The service answered {response.status_code}: it does not accept this sign-in.")
        if refused
        else None
    )
