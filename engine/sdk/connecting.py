"""What a connector tells people while they connect an account: before they begin, while they type, during the check."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pydantic import SecretStr

ProgressState = Literal["begun", "done"]


class Progress(Protocol):
    """Tells a person who waits for a check how far it is: `ctx.progress("server", "Mail server {host}", "begun",
    host=…)`, later the same `step` with “done”. A step that is told again replaces what was told of it. Where nobody
    watches, nothing happens.

    `text` may hold placeholders, which `values` fill in; numbers are written as the reader's language does. Its
    translation stands in the table `[progress]` of the connector's texts.
    """

    def __call__(self, step: str, text: str, state: ProgressState = "done", **values: str | int) -> None: ...


def unwatched(step: str, text: str, state: ProgressState = "done", **values: str | int) -> None:
    """Where nobody waits for a check."""


@dataclass(frozen=True)
class Suggestion:
    """What the first field of a sign-in tells about the others.

    `values` are by field, as text; they stand in the form and can be changed. `hint` says what the person must know
    (“Gmail wants an app password”), `link` where they find more. `possible` is False where the account cannot be
    connected in this way at all; then the hint says why.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    hint: str = ""
    link: str = ""
    possible: bool = True


@dataclass(frozen=True)
class SmtpAccount:
    """How mail is sent as a connection: what a function registered with `@connector.sends_mail` returns.

    `secret` is the password, or with `oauth` an access token (XOAUTH2). `sender` is the address it is sent from.
    `ca_file` names certificates to trust besides the system's.
    """

    host: str
    sender: str
    username: str
    secret: SecretStr
    port: int = 465
    security: Literal["tls", "starttls", "none"] = "tls"
    oauth: bool = False
    ca_file: str = ""


Suggest = Callable[[Mapping[str, Any]], Suggestion | None]
"""(what was typed so far, by field) → what follows from it, or None. Pure and quick."""


@dataclass(frozen=True)
class Introduction:
    """What people should know before they connect an account: shown first, with their choices.

    `text` are paragraphs, with an empty line between two. `profiles` says what choosing each profile means, as
    (title, explanation) by the profile's name. `instead` names other apps that serve the same end, as a title by the
    app's key; those that are not installed are left out.
    """

    text: str
    profiles: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)


__all__ = ["Introduction", "Progress", "SmtpAccount", "Suggest", "Suggestion", "unwatched"]
