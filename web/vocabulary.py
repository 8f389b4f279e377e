"""What apps, their triggers, actions and fields are called, in the reader's language. Pages ask; nothing is looked up
twice for one page.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from engine.editing import common_titles, titles
from engine.editing.titles import Titles
from engine.editing.words import Words
from engine.errors import NotFound, Problem, Problems, ZapwerkError
from engine.phrases import Phrases
from engine.registry import AnyOperation, Registry
from engine.sdk.connector import Connector
from engine.texts import Texts, place_of
from engine.texts import titles as titles_in
from engine.zaps import sealing
from engine.zaps.retold import retold
from web.forms.fields import Label, told, words_of

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class OperationWords:
    """A trigger, action or search in words. `known` is False where its connector is not installed any more."""

    use: str
    app: str
    app_title: str
    title: str
    description: str = ""
    sentence: str = ""
    known: bool = True


class Vocabulary:
    """The words of all connectors there are now, in one language."""

    def __init__(self, registry: Registry, language: str) -> None:
        self._registry = registry
        self._language = language

    def app(self, key: str) -> str:
        """What an app is called; its key for one that is not installed."""
        connector = self._registry.connectors.get(key)
        return self.texts(connector).of("title", connector.title) if connector else key

    def app_description(self, key: str) -> str:
        connector = self._registry.connectors.get(key)
        return self.texts(connector).of("description", connector.description) if connector else ""

    def operation(self, use: str) -> OperationWords:
        """In words, also where it is not (fully) chosen yet or not installed any more."""
        app = use.partition(".")[0]
        try:
            operation = self._registry.operation(use)
        except NotFound:
            return OperationWords(use, app, self.app(app) if app else "", use.partition(".")[2] or use, known=False)
        texts, place = self.texts(self._registry.connectors[app]), place_of(operation)
        return OperationWords(
            use=use,
            app=app,
            app_title=self.app(app),
            title=texts.of(f"{place}.title", operation.title),
            description=texts.of(f"{place}.description", operation.description),
            sentence=texts.of(f"{place}.sentence", operation.sentence),
        )

    def sentence(self, use: str, given: Mapping[str, Any]) -> str:
        """“a new e-mail arrives in INBOX”: the operation's sentence with what was filled in, else its title."""
        words = self.operation(use)
        if not words.sentence:
            return words.title
        defaults = {name: info.default for name, info in self._registry.operation(use).form.model_fields.items()}
        filled = {**{name: one for name, one in defaults.items() if isinstance(one, str)}, **sealing.blotted(given)}
        return _PLACEHOLDER.sub(lambda found: _shown(filled.get(found.group(1))), words.sentence).strip()

    def fields(self, use: str) -> Label:
        """What the input fields of an operation are called."""
        operation = self._registry.operation(use)
        texts, place = self.texts(self._registry.connectors[operation.connector]), place_of(operation)
        own = words_of(texts, place)
        return lambda path, english: texts.of(path, english) if path.startswith("groups.") else own(path, english)

    def record(self, use: str) -> Titles:
        """What the values are called that an operation gives; nothing is, of one that is not installed."""
        return titles.of_record(*self._named(use))

    def given(self, use: str) -> Titles:
        """What the values are called that an operation is given."""
        return titles.of_input(*self._named(use))

    def _named(self, use: str) -> tuple[Words, AnyOperation | None]:
        try:
            operation = self._registry.operation(use)
        except NotFound:
            operation = None
        return Words(self._registry, self._language), operation

    def sign_in(self, app: str, auth: str) -> Label:
        """What the fields of a way to sign in are called; “title” and “help” are its own."""
        return words_of(self.texts(self._registry.connectors[app]), f"auth.{auth}")

    def profile(self, connector: Connector, name: str) -> str:
        """What one of an app's profiles is called; its name where nobody gave it a title."""
        known = connector.introduction.profiles if connector.introduction else {}
        return self.texts(connector).of(f"introduction.profiles.{name}.title", known.get(name, (name, ""))[0])

    def profile_fields(self, connector: Connector) -> Label:
        """What the settings of an app's profiles are called."""
        return words_of(self.texts(connector), "profile")

    def error(self, app: str, sentence: str) -> str:
        """What a connector or the engine said, in this language. Without an app: whichever connector it was."""
        connectors = self._registry.connectors
        some = [connectors[app]] if app in connectors else [] if app else list(connectors.values())
        names = (*(_titles(one, self._language) for one in some), _common_titles(self._language))
        return retold(sentence, self._language, *map(self.texts, some), names=names)

    def told(self, said: ZapwerkError | Problem, app: str = "") -> str:
        """What is wrong, in this language, also where the engine repeats what a connector said."""
        if isinstance(said, Problem):
            return told(said, self._language, errors=partial(self.error, app))
        if isinstance(said, Problems):
            return "\n".join(self.told(one, app) for one in said.problems)
        own_words = type(said).within is not ZapwerkError.within
        return said.within(self._language) if own_words else self.error(app, said.args[0] if said.args else str(said))

    def every(self) -> dict[str, Texts]:
        """The texts of all connectors, by app."""
        return {key: self.texts(connector) for key, connector in self._registry.connectors.items()}

    def texts(self, connector: Connector) -> Texts:
        return _texts(connector, self._language)


@lru_cache(maxsize=512)
def _texts(connector: Connector, language: str) -> Texts:
    """An edited connector is another object, so its texts are read anew."""
    return Texts.load(connector, language)


@lru_cache(maxsize=512)
def _titles(connector: Connector, language: str) -> Phrases:
    """What a connector's own things are called, where the engine names one in a sentence."""
    return Phrases(titles_in(connector, language))


@lru_cache(maxsize=8)
def _common_titles(language: str) -> Phrases:
    """What the reason of a filter calls a value whose field has a common name."""
    return Phrases(common_titles.AS_SUBJECTS) if language == "de" else Phrases()


def _shown(value: Any) -> str:
    if isinstance(value, Mapping) and "value" in value:
        return str(value.get("label") or value["value"])
    return str(value) if value not in (None, "") else "…"
