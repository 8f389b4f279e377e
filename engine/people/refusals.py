"""What signing in and links are refused with, by what the catcher does: show the sentence, ask for the code, wait.

Declined                 the sentence says why (sentences.py)
├── WrongCredentials     show it above the form
├── CodeNeeded           the password was right; ask for the code
├── WrongCode            ask for the code again
├── Throttled            too many failed tries; `until` says when the next one is allowed
├── DeadLink             the link was used, replaced or is too old: a page of its own
└── OwnersOnly           the person's role is too low
"""

from datetime import datetime
from math import ceil

from engine.people.sentences import Declined


class WrongCredentials(Declined):
    """The e-mail address, the password or the code is not right."""

    def __init__(self) -> None:
        super().__init__("wrong_credentials")


class CodeNeeded(Declined):
    """The password was right; the second factor is still missing. `note` is what the next step is begun with."""

    def __init__(self, note: str) -> None:
        super().__init__("code_needed")
        self.note = note


class WrongCode(Declined):
    """The password was right, the code is not."""

    def __init__(self) -> None:
        super().__init__("wrong_code")


class Throttled(Declined):
    """Too many failed tries; the next one is allowed at `until`."""

    def __init__(self, until: datetime, *, now: datetime) -> None:
        seconds = max(ceil((until - now).total_seconds()), 1)
        if seconds < 60:
            super().__init__("throttled_seconds", count=seconds)
        else:
            super().__init__("throttled_minutes", count=ceil(seconds / 60))
        self.until = until
        self.seconds = seconds


class DeadLink(Declined):
    """A link that was used already, was replaced, or is too old."""

    def __init__(self) -> None:
        super().__init__("link_dead")


class OwnersOnly(Declined):
    """Only an owner can do this."""

    def __init__(self) -> None:
        super().__init__("owners_only")
