"""The engine's own errors; connectors raise those of `engine.sdk.errors`.

ZapwerkError
├── NotFound            there is no such zap, connection, run or app
├── Refused             what was asked cannot be done as things stand; the sentence says why and what to do
│   ├── Problems        a zap or input with problems, each by step and field
│   └── Conflict        somebody else changed it meanwhile
├── DataFolderError     the data folder cannot be used
│   ├── AlreadyRunning  another engine works on it
│   └── NewerDatabase   it was written by a newer version
└── VaultError          a sealed value cannot be opened with the keys at hand

The text of each is a sentence for a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engine import phrases


class Sentence(str):
    """A sentence that can also be told in German: itself it is the English one."""

    german: str

    def __new__(cls, english: str, german: str) -> "Sentence":
        made = super().__new__(cls, english)
        made.german = german
        return made

    def within(self, language: str) -> str:
        """The sentence in “en” or “de”."""
        return self.german if language == "de" else str(self)


def within(sentence: str, language: str) -> str:
    """A sentence of the engine in “en” or “de”; somebody else's stays as it is."""
    if isinstance(sentence, Sentence):
        return sentence.within(language)
    return phrases.told(sentence, language, (phrases.own(language),))


class ZapwerkError(Exception):
    """The root of what the engine itself raises."""

    def within(self, language: str) -> str:
        """The sentence in “en” or “de”; one that nobody translated stays as it is."""
        said = self.args[0] if self.args else ""
        return within(said if isinstance(said, Sentence) else str(self), language)


class NotFound(ZapwerkError):
    """There is no such thing."""


class Refused(ZapwerkError):
    """What was asked cannot be done as things stand."""


@dataclass(frozen=True)
class Problem:
    """One thing to fix in a zap or an input.

    `step` is “trigger”, a step's key, or "" for the zap itself; `field` a dotted path below it, or "". `position` is
    the offset in a template's text, where that helps.
    """

    message: str
    step: str = ""
    field: str = ""
    position: int | None = None

    def __str__(self) -> str:
        place = " · ".join(part for part in (self.step, self.field) if part)
        return f"{place}: {self.message}" if place else self.message

    def within(self, language: str) -> str:
        """The message in “en” or “de”; one that nobody translated stays as it is."""
        return within(self.message, language)


class Problems(Refused):
    """Several things to fix, all of them at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)

    def within(self, language: str) -> str:
        return "\n".join(problem.within(language) for problem in self.problems)


class Conflict(Refused):
    """Somebody else changed it meanwhile; please look again. `by` is that person's id, if known, and `at` when."""

    def __init__(self, sentence: str = "", *, by: str = "", at: datetime | None = None) -> None:
        super().__init__(sentence)
        self.by = by
        self.at = at


class DataFolderError(ZapwerkError):
    """The data folder cannot be used."""


class AlreadyRunning(DataFolderError):
    """Another engine works on this data folder."""


class NewerDatabase(DataFolderError):
    """The database was written by a newer version of Zapwerk."""


class VaultError(ZapwerkError):
    """A sealed value cannot be opened with the keys at hand."""
