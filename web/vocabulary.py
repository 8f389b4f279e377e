"""What apps, their triggers, actions and fields are called, in the reader's language. Pages ask; nothing is looked up
twice for one page.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from engine.errors import NotFound
from engine.registry import AnyOperation, Registry
from engine.sdk.connector import Action, Connector, Scheduled, Search, Trigger, Webhook
from engine.texts import Texts
from web.forms.fields import Label, words_of

TABLES: tuple[tuple[type[Any], str], ...] = (
    (Trigger, "triggers"),
    (Webhook, "webhooks"),
    (Scheduled, "schedules"),
    (Action, "actions"),
    (Search, "searches"),
)
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
        filled = {**{name: one for name, one in defaults.items() if isinstance(one, str)}, **given}
        return _PLACEHOLDER.sub(lambda found: _shown(filled.get(found.group(1))), words.sentence).strip()

    def fields(self, use: str) -> Label:
        """What the input fields of an operation are called."""
        operation = self._registry.operation(use)
        texts, place = self.texts(self._registry.connectors[operation.connector]), place_of(operation)
        own = words_of(texts, place)
        return lambda path, english: texts.of(path, english) if path.startswith("groups.") else own(path, english)

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
        """What a connector said, in this language where it knows it."""
        connector = self._registry.connectors.get(app)
        return self.texts(connector).error(sentence) if connector else sentence

    def texts(self, connector: Connector) -> Texts:
        return _texts(connector, self._language)


@lru_cache(maxsize=512)
def _texts(connector: Connector, language: str) -> Texts:
    """An edited connector is another object, so its texts are read anew."""
    return Texts.load(connector, language)


def place_of(operation: AnyOperation) -> str:
    """Where an operation's words stand in a file of texts: “actions.create_client”."""
    table = next(name for kind, name in TABLES if isinstance(operation, kind))
    return f"{table}.{operation.key}"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping) and "value" in value:
        return str(value.get("label") or value["value"])
    return str(value) if value not in (None, "") else "…"
