"""E-mail (IMAP): react to new mail in any mailbox. Found by entry point; the work is done by its siblings."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, Field

from connectors.mail import arrivals, criteria, listening, providers, refusals, sending
from connectors.mail import folders as mail_folders
from connectors.mail.mailbox import Mailbox
from connectors.mail.new_email import NewEmail, Wanted
from connectors.mail.profiles import MailProfile
from connectors.mail.providers import Security
from connectors.mail.sign_in import Way
from connectors.mail.wire import Endpoint
from zapwerk import (
    Account,
    BlockingContext,
    Choice,
    Choices,
    Connector,
    Credentials,
    InvalidInput,
    Labels,
    More,
    Page,
    Secret,
    SmtpAccount,
    Suggestion,
)

POLL_TIMEOUT = timedelta(minutes=10)
NO_ADDRESS = "This is no e-mail address, so please write down the mail server under “More fields”."


class ImapAccount(BaseModel):
    """A mailbox. With an e-mail address as user name, server, port and security may be left out."""

    username: str = Field(
        title="E-mail address", min_length=1, description="Or the user name, where the provider gave you another one."
    )
    password: Secret = Field(title="Password")
    host: Annotated[str, More()] = Field(
        "", title="Mail server", description="Leave it empty to find it by the e-mail address."
    )
    port: Annotated[int, More()] = Field(993, title="Port", ge=1, le=65535)
    security: Annotated[
        Security, Labels({"tls": "TLS (usual, port 993)", "starttls": "STARTTLS (port 143)", "none": "none"}), More()
    ] = Field("tls", title="Security")
    email: Annotated[str, More()] = Field(
        "", title="Address of the mailbox", description="If the user name is another."
    )


def by_address(typed: Mapping[str, Any]) -> Suggestion | None:
    """What the address tells about the rest."""
    address = str(typed.get("username", ""))
    preset = providers.preset_for(address)
    if str(typed.get("host", "")).strip():
        return None
    if preset is None:
        return Suggestion(hint=NO_ADDRESS) if address.strip() else None
    if preset.refused or preset.note or providers.is_known(address):
        values = {"host": preset.host, "port": str(preset.port), "security": preset.security}
        return Suggestion(values, preset.note, preset.link, possible=not preset.refused)
    return Suggestion(
        hint=f"The mail server {preset.host} is tried. If your provider names another one, "
        "write it down under “More fields”."
    )


imap = Connector(
    "imap",
    title="E-mail (IMAP)",
    description="React to new mail in a mailbox of any provider.",
    auth=[
        Credentials(
            ImapAccount,
            help="Address and password of the mailbox; the server is found by the address.",
            title="Address and password",
            first="username",
            suggest=by_address,
        )
    ],
    profiles={"default": MailProfile()},
    sandbox="connectors.mail.sandbox:serve",
)


@imap.check
def account(ctx: BlockingContext) -> Account:
    """Signs in, lists the folders, counts the mails of the inbox."""
    way = way_in(ctx)
    with refusals.while_checking(), closing(Mailbox(ctx.connect, ctx.progress)) as mailbox:
        mailbox.list_folders(way)
        mailbox.count_mails(way)
    given: ImapAccount = ctx.credentials
    id = f"{given.username.strip()}@{way.endpoint.host}".lower()
    address = given.email.strip() or given.username.strip()
    return Account(id=id, label=address if "@" in address else id)


@imap.sends_mail
def sends_as(ctx: BlockingContext) -> SmtpAccount:
    """As the mailbox's own address."""
    given: ImapAccount = ctx.credentials
    sender = given.email.strip() or given.username.strip()
    if "@" not in sender:
        raise InvalidInput("Please write down the address of the mailbox under “More fields”.", field="email")
    return sending.account(way_in(ctx), ctx.profile, sender)


def folders(ctx: BlockingContext, given: BaseModel, search: str) -> list[Choice]:
    """The folders that hold mail."""
    with closing(Mailbox(ctx.connect)) as mailbox:
        return mail_folders.choices(mailbox.list_folders(way_in(ctx)), search)


class InFolder(BaseModel):
    """The place that is watched."""

    folder: Annotated[str, Choices(folders)] = Field("INBOX", title="Folder", min_length=1)


class NewImapEmail(Wanted, InFolder):
    """Which new mail fires."""

    search: str = Field(
        "", title="Search", description='The server’s own search, as IMAP has it: FROM "shop.example" UNANSWERED'
    )


@imap.trigger(
    every=timedelta(minutes=1), title="New e-mail", sentence="a new e-mail arrives in {folder}", timeout=POLL_TIMEOUT
)
def new_email(ctx: BlockingContext, given: NewImapEmail) -> Iterator[Page[NewEmail]]:
    """A new e-mail arrives in a folder."""
    search = criteria.read(given.search) if given.search.strip() else ()
    yield from arrivals.pages(ctx, arrivals.Watch(way_in(ctx), given.folder, given, NewEmail, search))


@new_email.count
def mails_there(ctx: BlockingContext, given: NewImapEmail) -> int:
    """As the server says when the folder is opened."""
    return arrivals.count(ctx, way_in(ctx), given.folder)


@new_email.listener
def mail_came(ctx: BlockingContext, given: NewImapEmail) -> None:
    """Waits with IDLE."""
    listening.wait_for_mail(ctx, way_in(ctx), given.folder)


def way_in(ctx: BlockingContext) -> Way:
    """How to get into the mailbox of a connection. Raises `InvalidInput` for what cannot work."""
    given: ImapAccount = ctx.credentials
    profile: MailProfile = ctx.profile
    preset = providers.preset_of_host(given.host.strip()) if given.host.strip() else _preset(given)
    if preset is not None and preset.refused:
        raise InvalidInput(f"{preset.note} {preset.link}", field="host" if given.host.strip() else "username")
    for name, value in (("username", given.username), ("password", given.password.get_secret_value())):
        if any(ord(letter) < 32 for letter in value):
            raise InvalidInput("There is a line break or another control character in it.", field=name)
    return Way(
        _endpoint(given, profile, preset),
        given.username.strip(),
        given.password,
        timing=profile.timing,
        explanation=f"{preset.note} {preset.link}".strip() if preset is not None else "",
    )


def _preset(given: ImapAccount) -> providers.Preset:
    preset = providers.preset_for(given.email.strip() or given.username.strip())
    if preset is None:
        raise InvalidInput("Please name the mail server, or use the e-mail address as user name.", field="host")
    return preset


def _endpoint(given: ImapAccount, profile: MailProfile, preset: providers.Preset | None) -> Endpoint:
    host = given.host.strip()
    if not host and preset is not None:
        return Endpoint(preset.host, preset.port, preset.security, profile.ca_file)
    return Endpoint(host, given.port, given.security, profile.ca_file)
