"""Gmail: react to new mail, with labels, conversations and Gmail's own search. Found by entry point."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, Field

from connectors.mail import arrivals, criteria, listening, refusals, sending
from connectors.mail import folders as mail_folders
from connectors.mail.mailbox import Mailbox
from connectors.mail.new_email import NewGmailEmail, Wanted
from connectors.mail.profiles import GmailProfile
from connectors.mail.sign_in import Way
from connectors.mail.wire import Endpoint
from zapwerk import (
    Account,
    BlockingContext,
    Choice,
    Choices,
    Connector,
    Credentials,
    Email,
    InvalidInput,
    OAuth2,
    Page,
    Secret,
    SmtpAccount,
    Token,
)

POLL_TIMEOUT = timedelta(minutes=10)
WANTED_BY_GOOGLE = (
    "Google wants an app password here: 16 letters, made at https://myaccount.google.com/apppasswords "
    "(the account needs 2-step verification). The usual password of the account does not work."
)
ENDED = (
    "An app password ends when the account’s password is changed; a new one is made at "
    "https://myaccount.google.com/apppasswords."
)


class GoogleAddress(BaseModel):
    """Whose mailbox it is: Google's mail permission alone does not tell."""

    email: Email = Field(title="Gmail address", min_length=3)


class AppPassword(GoogleAddress):
    """A Gmail address and its app password."""

    password: Secret = Field(title="App password", description="16 letters; spaces do not matter.")


gmail = Connector(
    "gmail",
    title="Gmail",
    description="React to new mail in Gmail.",
    auth=[
        Credentials(
            AppPassword,
            key="app_password",
            title="App password (2 minutes)",
            help="Google account → Security → 2-step verification → App passwords: "
            "https://myaccount.google.com/apppasswords",
        ),
        OAuth2(
            authorize="{authorize_url}",
            token="{token_url}",  # noqa: S106 - an address
            scopes=("https://mail.google.com/",),
            # Only with both does Google hand out a refresh token every time.
            authorize_params={"access_type": "offline", "prompt": "consent"},
            title="Own Google client",
            help="Needs an OAuth client of your own at Google, published “In production” or “Internal”: while it is "
            "in “Testing”, access ends after 7 days.",
            given=GoogleAddress,
        ),
    ],
    profiles={"default": GmailProfile()},
)


@gmail.check
def account(ctx: BlockingContext) -> Account:
    """Signs in, lists the folders, counts the mails of the inbox."""
    way = way_in(ctx)
    with refusals.while_checking(), closing(Mailbox(ctx.connect, ctx.progress)) as mailbox:
        mailbox.list_folders(way)
        mailbox.count_mails(way)
    return Account(id=way.username.lower(), label=way.username)


@gmail.sends_mail
def sends_as(ctx: BlockingContext) -> SmtpAccount:
    """As the account's own address."""
    way = way_in(ctx)
    return sending.account(way, ctx.profile, way.username)


def folders(ctx: BlockingContext, given: BaseModel, search: str) -> list[Choice]:
    """The labels that hold mail; Gmail's own ones by their meaning, whatever they are called."""
    with closing(Mailbox(ctx.connect)) as mailbox:
        return mail_folders.choices(mailbox.list_folders(way_in(ctx)), search)


class InLabel(BaseModel):
    """The place that is watched."""

    folder: Annotated[str, Choices(folders)] = Field("INBOX", title="Label or folder", min_length=1)


class NewInGmail(Wanted, InLabel):
    """Which new mail fires."""

    search: str = Field("", title="Search", description="As in Gmail’s search box: from:shop.example has:attachment")


@gmail.trigger(
    every=timedelta(minutes=1), title="New e-mail", sentence="a new e-mail arrives in {folder}", timeout=POLL_TIMEOUT
)
def new_email(ctx: BlockingContext, given: NewInGmail) -> Iterator[Page[NewGmailEmail]]:
    """A new e-mail arrives in a label or folder."""
    search = criteria.gmail(given.search.strip()) if given.search.strip() else ()
    yield from arrivals.pages(
        ctx, arrivals.Watch(way_in(ctx), given.folder, given, NewGmailEmail, search, search_lags=True)
    )


@new_email.count
def mails_there(ctx: BlockingContext, given: NewInGmail) -> int:
    """As the server says when the folder is opened."""
    return arrivals.count(ctx, way_in(ctx), given.folder)


@new_email.listener
def mail_came(ctx: BlockingContext, given: NewInGmail) -> None:
    """Waits with IDLE."""
    listening.wait_for_mail(ctx, way_in(ctx), given.folder)


def way_in(ctx: BlockingContext) -> Way:
    """How to get into the mailbox of a connection."""
    profile: GmailProfile = ctx.profile
    endpoint = Endpoint(profile.imap_host, profile.imap_port, profile.security, profile.ca_file)
    if ctx.auth == "oauth2":
        token: Token = ctx.credentials
        address = _address(str((token.model_extra or {}).get("email", "")))
        return Way(endpoint, address, token.access_token, oauth=True, timing=profile.timing)
    given: AppPassword = ctx.credentials
    password = "".join(given.password.get_secret_value().split())
    fits = len(password) == 16 and password.isascii() and password.isalpha()
    return Way(
        endpoint,
        _address(given.email),
        Secret(password),
        timing=profile.timing,
        explanation=ENDED if fits else WANTED_BY_GOOGLE,
    )


def _address(typed: str) -> str:
    address = typed.strip()
    if "@" not in address or any(ord(letter) <= 32 for letter in address):
        raise InvalidInput("Please give the Gmail address of the mailbox.", field="email")
    return address
