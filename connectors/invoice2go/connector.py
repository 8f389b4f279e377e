"""The Invoice2go connector: how to sign in, and who is signed in. What it can do stands in clients.py and items.py.

Which addresses and rules apply is the connection's profile (profile.py): the sandbox to practise with, or the live
service, which has never been verified and is not called before the owner has filled in and confirmed its profile.
"""

from connectors.invoice2go import calls, replies
from connectors.invoice2go.bodies import Row
from connectors.invoice2go.profile import PROFILES, Invoice2goProfile
from zapwerk import (
    Account,
    AuthFailed,
    BearerToken,
    Connector,
    Context,
    Introduction,
    OAuth2,
    PermissionMissing,
    Token,
)

INTRODUCTION = Introduction(
    "Invoice2go gives API access only by arrangement. There is no public description of its interface, and what is "
    "known of it is from 2016: the address, how accounts and clients are listed, how a sign-in is renewed. How clients "
    "and items are created was never tried against the live service.\n\n"
    "So nothing is sent to Invoice2go until an owner of this installation has filled in what Invoice2go gave you, and "
    "has confirmed it. What you build with the sandbox works the same way afterwards: only the account changes.",
    profiles={
        "sandbox": (
            "Practise with the sandbox",
            "A stand-in on your own computer. It asks for permission, keeps clients and items, and has a quota, as the "
            "real service does. No real account is touched.",
        ),
        "invoice2go": (
            "I have access to Invoice2go",
            "You have an arrangement with Invoice2go and were given addresses, names and a client. What is created "
            "counts toward your plan’s quota, where the plan has one.",
        ),
    },
    instead={"http": "Send the same data to any web address"},
)

invoice2go = Connector(
    "invoice2go",
    title="Invoice2go",
    description="Creates clients and items. Without an arrangement with Invoice2go, practise with the sandbox.",
    base_url="{base_url}",
    auth=[
        OAuth2(
            authorize="{authorize_url}",
            token="{token_url}",  # noqa: S106 (an address)
            authorize_params={"scope": "{scope}"},
            title="Sign in to Invoice2go",
            help="You are asked to sign in at Invoice2go and to allow access; without it nothing can be created.",
        ),
        BearerToken(help="An access token that does not expire, as the sandbox shows it when it starts."),
    ],
    profiles=PROFILES,
    introduction=INTRODUCTION,
    sandbox="connectors.invoice2go.sandbox:serve",
)


@invoice2go.check
async def account(ctx: Context) -> Account:
    """The account that is used: the one marked as default, else the first."""
    profile = calls.profile_of(ctx)
    _must_be_allowed(ctx.credentials, profile)
    async for page in calls.pages(ctx, profile.accounts_path):
        rows = [row for row in page.rows if replies.found(row, profile.account_id)]
        if rows:
            row = next((one for one in rows if _is_default(one, profile)), rows[0])
            return Account(str(replies.found(row, profile.account_id)), _label(row, profile))
    raise AuthFailed("This sign-in has no account at Invoice2go; sign in with another one.")


def _must_be_allowed(credentials: object, profile: Invoice2goProfile) -> None:
    """A token may have been given fewer permissions than were asked for. One that names none has them all."""
    if isinstance(credentials, Token) and credentials.scope:
        lacking = [one for one in profile.scope.split() if one not in credentials.scope.split()]
        if lacking:
            raise PermissionMissing(", ".join(lacking))


def _is_default(row: Row, profile: Invoice2goProfile) -> bool:
    return bool(profile.account_default) and replies.found(row, profile.account_default) is True


def _label(row: Row, profile: Invoice2goProfile) -> str:
    name = replies.found(row, profile.account_name) if profile.account_name else None
    label = name if isinstance(name, str) and name else str(replies.found(row, profile.account_id))
    return f"{label} (practice)" if profile.practice and "practice" not in label.lower() else label
