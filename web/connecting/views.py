"""What the pages about connecting show: an app to choose, its introduction, a form, its ticks. Filled by `forms`."""

from dataclasses import dataclass
from typing import ClassVar

from web.connecting.troubles import Trouble
from web.forms.fields import Field
from web.rendering import Page

NO_TROUBLE = Trouble()


@dataclass(frozen=True)
class AppChoice:
    """An app that accounts can be connected of."""

    key: str
    title: str
    description: str


@dataclass(frozen=True)
class ProfileChoice:
    """One way to reach an app. `mark` is practice, unverified or “”; `problem` why it cannot be used yet."""

    name: str
    title: str
    help: str
    mark: str
    problem: str
    path: str


@dataclass(frozen=True)
class Instead:
    """Another app that serves the same end."""

    app: str
    title: str


@dataclass(frozen=True)
class Way:
    """A way to sign in."""

    title: str
    path: str
    chosen: bool


@dataclass(frozen=True)
class TickLine:
    """A step of a check in words. `state` is begun, done or failed."""

    text: str
    state: str


@dataclass(frozen=True)
class Framed(Page):
    """A page that also serves a window of its own (`embed` is its id), without the navigation. `next` is where the
    person came from.
    """

    nav: ClassVar[str] = "connections"
    embed: str
    next: str


@dataclass(frozen=True)
class ChoosePage(Framed):
    """Which app?"""

    template: ClassVar[str] = "connections/choose.html"
    apps: tuple[AppChoice, ...]
    paths: dict[str, str]


@dataclass(frozen=True)
class IntroductionPage(Framed):
    """What people should know before, and their choices."""

    template: ClassVar[str] = "connections/introduction.html"
    app: str
    app_title: str
    paragraphs: tuple[str, ...]
    profiles: tuple[ProfileChoice, ...]
    instead: tuple[Instead, ...]
    owners: tuple[str, ...]


@dataclass(frozen=True)
class Hint:
    """What follows from the first field; `possible` is False where the account cannot be connected like this."""

    text: str
    link: str
    possible: bool


@dataclass(frozen=True)
class ConnectPage(Framed):
    """The form of one way to sign in, for a new connection or (`connection_id`, `connection`) for one there is.

    `first` is True while only the first field is asked for; `blocked` where nothing can be done before an owner did
    something. `forgotten` says that secrets were typed, and must be typed again; `allow` is the private host that
    the owner allows with this form.
    """

    template: ClassVar[str] = "connections/connect.html"
    app: str
    app_title: str
    profile: str
    mark: str
    auth: str
    title: str
    help: str
    ways: tuple[Way, ...]
    oauth: bool
    first: bool
    known: str
    name: str
    name_problem: str
    fields: tuple[Field, ...]
    hint: Hint | None
    trouble: Trouble
    blocked: bool
    forgotten: bool
    ticks: tuple[TickLine, ...]
    connection_id: str = ""
    connection: str = ""
    back: str = "/connections"
    allow: str = ""


@dataclass(frozen=True)
class TicksPart(Page):
    """The ticks of a check under way."""

    template: ClassVar[str] = "connections/ticks.html"
    ticks: tuple[TickLine, ...]


@dataclass(frozen=True)
class LeavePage(Framed):
    """On to the app's own sign-in."""

    template: ClassVar[str] = "connections/leave.html"
    app: str
    app_title: str
    url: str
    host: str


@dataclass(frozen=True)
class ReturnedPage(Framed):
    """A sign-in that came to nothing: why, and how to try again."""

    template: ClassVar[str] = "connections/returned.html"
    app: str
    title: str
    sentences: tuple[str, ...]
    again: str
    trouble: Trouble = NO_TROUBLE
    profile: str = ""


@dataclass(frozen=True)
class ConnectedPage(Framed):
    """Done."""

    template: ClassVar[str] = "connections/connected.html"
    id: str
    name: str
    app: str
    app_title: str
    account: str
    mark: str
    ticks: tuple[TickLine, ...]
