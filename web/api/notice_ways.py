"""How people are reached, for owners: the mail server or mailbox, the address that is called, and trying each."""

from datetime import datetime
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from engine.errors import NotFound, Problem, Problems, Sentence, VaultError
from engine.notices.ways import HookWay, MailWay, Security, new_secret
from engine.people.audit import Action
from engine.store.notice_ways import Kind, StoredWay
from web.api.doing import tell
from web.api.routing import router as new_router
from web.api.schemas import Id, Language, Name, Sent, Shown
from web.site import By, Here, Site
from web.visitors import Visitor

router = new_router("/notice-ways", "Notices")

NO_MAILBOX = Sentence(
    "No connection that can send mail has this id; `mailboxes` lists them.",
    "Keine Verknüpfung, die Mails senden kann, hat diese Kennung; `mailboxes` zählt sie auf.",
)
NO_WAY = Sentence("There is no such way.", "Diesen Weg gibt es nicht.")

Host = Annotated[str, Field(max_length=255, description="A host in a private network that may be reached for this.")]
PortNumber = Annotated[int, Field(ge=1, le=65_535)]


class WayStanding(Shown):
    """How it goes with a way. `problem` is why the last try failed; empty if it went well."""

    problem: str
    problem_since: datetime | None
    worked_at: datetime | None
    allowed_hosts: list[str]


class MailShown(WayStanding):
    """How mails are sent: as a connected mailbox, or by a server. The password is never given back."""

    connection: str
    host: str
    port: int
    security: str
    username: str
    sender: str
    password_set: bool


class HookShown(WayStanding):
    """What is called. `secret` is what calls are signed with: told when it is made, and never again."""

    address: str
    secret: str = ""


class MailboxShown(Shown):
    """A connection that can send mail."""

    connection_id: str
    name: str
    label: str


class WaysShown(Shown):
    """The ways that are set up; null for one that is not, or that another key sealed."""

    mail: MailShown | None
    hook: HookShown | None
    mailboxes: list[MailboxShown]


class MailSent(Sent):
    """By a `connection`, whose id is all that is needed then; or by a server. An empty password stays what it was, for
    the same server."""

    connection: Id = ""
    host: Name = ""
    port: PortNumber = 465
    security: Security = "tls"
    username: Name = ""
    password: Name = ""
    sender: Name = Field("", examples=["zapwerk@example.org"])
    allow: Host = ""


class HookSent(Sent):
    """The address that is called, with JSON. `renew` makes another secret."""

    address: Name = Field(examples=["https://example.org/notices"])
    allow: Host = ""
    renew: bool = False


class Tried(Shown):
    """It arrived: a mail at `sent_to`, or a call, with nothing there."""

    sent_to: str


Way = Literal["mail", "hook"]
ShownT = TypeVar("ShownT")


@router.get("")
def every(here: Here, language: Language) -> WaysShown:
    """Ask how people are reached."""
    ways = here.runtime.notices.ways
    boxes = [MailboxShown.model_validate(one) for one in ways.mailboxes()]
    return WaysShown(mail=_mail(here, language), hook=_hook(here, language), mailboxes=boxes)


@router.put("/mail")
def set_mail(here: Here, by: By, language: Language, sent: MailSent) -> MailShown:
    """Say how mails are sent. Those that wait go this way now; try it with …/mail/test."""
    ways = here.runtime.notices.ways
    if sent.connection:
        if sent.connection not in {one.connection_id for one in ways.mailboxes()}:
            raise Problems([Problem(NO_MAILBOX, field="connection")])
        ways.set_mail(MailWay(connection=sent.connection))
    else:
        ways.set_mail(_server(here, sent), allow=sent.allow)
    _told(here, by)
    return _there(_mail(here, language))


@router.put("/hook")
def set_hook(here: Here, by: By, language: Language, sent: HookSent) -> HookShown:
    """Say which address is called. Calls that wait go there now; try it with …/hook/test."""
    known = _opened_hook(here)
    secret = new_secret() if known is None or sent.renew else ""
    way = HookWay(sent.address.strip(), secret or (known.secret if known else ""), language)
    here.runtime.notices.ways.set_hook(way, allow=sent.allow)
    _told(here, by)
    return _there(_hook(here, language)).model_copy(update={"secret": secret})


@router.post("/{way}/test")
async def test(here: Here, by: By, way: Way) -> Tried:
    """Send a mail to yourself, or make a call, now."""
    if Kind(way) is Kind.MAIL:
        return Tried(sent_to=await here.runtime.notices.test_mail(by.somebody.id))
    await here.runtime.notices.test_hook()
    return Tried(sent_to="")


@router.delete("/{way}", status_code=204)
def off(here: Here, by: By, way: Way) -> None:
    """Tell nobody in this way any more. What waits is dropped."""
    here.runtime.notices.ways.remove(Kind(way))
    _told(here, by)


def _server(here: Site, sent: MailSent) -> MailWay:
    before = _opened_mail(here)
    kept = before.password if before and before.host == sent.host.strip() else ""
    return MailWay(
        host=sent.host.strip(),
        port=sent.port,
        security=sent.security,
        username=sent.username.strip(),
        password=(sent.password or kept) if sent.username.strip() else "",
        sender=sent.sender.strip(),
    )


def _opened_mail(here: Site) -> MailWay | None:
    """Nothing of what another key sealed."""
    try:
        return here.runtime.notices.ways.mail()
    except VaultError:
        return None


def _opened_hook(here: Site) -> HookWay | None:
    try:
        return here.runtime.notices.ways.hook()
    except VaultError:
        return None


def _mail(here: Site, language: str) -> MailShown | None:
    way, stored = _opened_mail(here), here.runtime.notices.ways.every().get(Kind.MAIL)
    if way is None or stored is None:
        return None
    return MailShown(
        connection=way.connection,
        host=way.host,
        port=way.port,
        security=way.security,
        username=way.username,
        sender=way.sender,
        password_set=bool(way.password),
        **dict(_standing(stored, language)),
    )


def _hook(here: Site, language: str) -> HookShown | None:
    way, stored = _opened_hook(here), here.runtime.notices.ways.every().get(Kind.HOOK)
    return HookShown(address=way.address, **dict(_standing(stored, language))) if way and stored else None


def _standing(stored: StoredWay, language: str) -> WayStanding:
    return WayStanding(
        problem=stored.problem.within(language),
        problem_since=stored.problem_since,
        worked_at=stored.worked_at,
        allowed_hosts=sorted(stored.allowed_hosts),
    )


def _there(found: ShownT | None) -> ShownT:
    """Raises `NotFound` where somebody removed it meanwhile."""
    if found is None:
        raise NotFound(NO_WAY)
    return found


def _told(here: Site, by: Visitor) -> None:
    tell(here, by, Action.SETTINGS_CHANGED, "notices", "notices")
