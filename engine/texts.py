"""The words of a connector in another language: `KEY.LANG.toml` beside the module with the connector's functions.

Pages ask `Texts.of` with a dotted path and the English text to fall back on; `connectors check` asks `missing`.

    title = "Rechnungen"
    [actions.create_client]
    title = "Kunde anlegen"
    sentence = "einen Kunden anlegen"
    [actions.create_client.fields.name]
    title = "Kundenname"
    [errors]
    "The plan’s limit is reached." = "Das Limit des Tarifs ist erreicht."
    "There is no list “{name}”." = "Die Liste „{name}“ gibt es nicht."

A placeholder in an error stands for any words; where these are themselves among the errors, they are translated too,
unless they stand in quotes. What the engine itself says is translated by its own `phrases`.
"""

import logging
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from engine import phrases
from engine.phrases import IN_CODE, Phrases
from engine.sdk.connector import Action, Connector, Operation, Scheduled, Search, Trigger, Webhook
from engine.sdk.fields import Group, Labels, fields_of

SENTENCES = ("errors", "progress")  # tables whose keys are what the code says in English
PLACES: Mapping[type[Any], str] = MappingProxyType(
    {Trigger: "triggers", Webhook: "webhooks", Scheduled: "schedules", Action: "actions", Search: "searches"}
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Texts:
    """The texts of one connector in one language."""

    tree: Mapping[str, Any] = field(default_factory=dict)
    language: str = "de"

    @classmethod
    def load(cls, connector: Connector, language: str) -> "Texts":
        """What stands beside the connector; nothing where there is no file, or one that cannot be read (logged)."""
        try:
            return cls(_tree(connector, language), language)
        except (OSError, ValueError) as error:
            log.warning("the texts of “%s” in “%s” cannot be read: %s", connector.key, language, error)
            return cls(language=language)

    def of(self, path: str, fallback: str) -> str:
        """The text at a path like `actions.create_client.fields.name.title`, or the fallback."""
        found: Any = self.tree
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return found if isinstance(found, str) and found else fallback

    def error(self, sentence: str) -> str:
        """What a connector said when it raised, in this language where its file or the engine has it."""
        return phrases.told(sentence, self.language, (self.errors, phrases.own(self.language)))

    def progress(self, text: str) -> str:
        """What a connector tells of a check, with its placeholders, in this language where the file has it."""
        return self._sentences("progress").get(text) or text

    def _sentences(self, table: str) -> dict[str, str]:
        found = self.tree.get(table)
        pairs = found.items() if isinstance(found, Mapping) else ()
        return {english: words for english, words in pairs if isinstance(words, str)}

    @cached_property
    def errors(self) -> Phrases:
        """What the connector may say when it raises."""
        return Phrases(self._sentences("errors"))


def place_of(operation: Operation[Any, Any]) -> str:
    """Where an operation's words stand in a file of texts: “actions.create_client”."""
    return f"{PLACES[type(operation)]}.{operation.key}"


def missing(connector: Connector, language: str) -> list[str]:
    """The paths of all texts that the connector has in English but not in `language`."""
    if language == IN_CODE:
        return []
    texts = Texts.load(connector, language)
    return [path for path, english in _expected(connector) if english and not texts.of(path, "")]


def titles(connector: Connector, language: str) -> dict[str, str]:
    """What its operations and their fields are called in this language, by their English titles: the engine names them
    in sentences. Where two have the same, the first one's."""
    texts, found = Texts.load(connector, language), dict[str, str]()
    for _, operations in _tables(connector):
        for one in operations.values():
            place = place_of(one)
            for path, english in ((f"{place}.title", one.title), *_field_texts(place, one.given)):
                if path.endswith(".title") and texts.of(path, ""):
                    found.setdefault(english, texts.of(path, ""))
    return found


def languages(connector: Connector) -> dict[str, Path]:
    """The files with this connector's words, by language."""
    found = {file.name.split(".")[1]: file for folder in folders(connector) for file in _beside(folder, connector.key)}
    return dict(sorted(found.items()))


def names_nothing(connector: Connector, language: str) -> list[str]:
    """The paths in the file for `language` that are no text of the connector. Raises `OSError`, `ValueError`."""
    known = {path for path, _ in (*_expected(connector), *_welcome(connector))}
    tree = {name: value for name, value in _tree(connector, language).items() if name not in SENTENCES}
    return [path for path in _leaves(tree) if path not in known and ".output." not in path]


def _welcome(connector: Connector) -> Iterator[tuple[str, str]]:
    """Texts that need no translation of their own, and may have one. What a record holds is not known in advance."""
    yield from _field_texts("profile", type(next(iter(connector.profiles.values()))))
    for table, operations in _tables(connector):
        for operation in operations.values():
            yield from _field_texts(f"{table}.{operation.key}", operation.form)
            for _, _, shape in fields_of(operation.form):
                group = shape.marker(Group)
                if group is not None:
                    yield f"groups.{group.title}", group.title


def _leaves(tree: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, value in tree.items():
        yield from _leaves(value, f"{above}{name}.") if isinstance(value, Mapping) else (f"{above}{name}",)


def _beside(folder: Path, key: str) -> list[Path]:
    return [file for file in folder.glob(f"{key}.*.toml") if file.name.count(".") == 2]


def _tree(connector: Connector, language: str) -> dict[str, Any]:
    if language == IN_CODE or not language.isalpha():
        return {}
    for folder in folders(connector):
        file = folder / f"{connector.key}.{language}.toml"
        if file.is_file():
            return tomllib.loads(file.read_text("utf-8"))
    return {}


def folders(connector: Connector) -> list[Path]:
    """Where the connector's modules lie, with the files beside them."""
    modules = {function.__module__ for function in _functions(connector)}
    files = [getattr(sys.modules.get(name), "__file__", None) for name in sorted(modules)]
    return sorted({Path(file).parent for file in files if file})


def _functions(connector: Connector) -> Iterator[Callable[..., Any]]:
    for _, table in _tables(connector):
        yield from (operation.function for operation in table.values())
    if connector.checked_by is not None:
        yield connector.checked_by


def _tables(connector: Connector) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "triggers", connector.triggers
    yield "webhooks", connector.webhooks
    yield "schedules", connector.schedules
    yield "actions", connector.actions
    yield "searches", connector.searches


def _expected(connector: Connector) -> Iterator[tuple[str, str]]:
    yield "title", connector.title
    yield "description", connector.description
    for table, operations in _tables(connector):
        for operation in operations.values():
            place = f"{table}.{operation.key}"
            yield f"{place}.title", operation.title
            yield f"{place}.sentence", operation.sentence
            yield f"{place}.description", operation.description
            yield from _field_texts(place, operation.given)
            yield from ((f"counted.{one}", one) for one in getattr(operation.returns, "counted", ()))
    yield from _introduction(connector)
    for key, kind in connector.auth.items():
        yield f"auth.{key}.title", kind.title
        yield f"auth.{key}.help", kind.help
        yield from _field_texts(f"auth.{key}", kind.given)


def _introduction(connector: Connector) -> Iterator[tuple[str, str]]:
    introduction = connector.introduction
    if introduction is None:
        return
    yield "introduction.text", introduction.text
    for name, (title, explanation) in introduction.profiles.items():
        yield f"introduction.profiles.{name}.title", title
        yield f"introduction.profiles.{name}.help", explanation
    for app, title in introduction.instead.items():
        yield f"introduction.instead.{app}", title


def _field_texts(place: str, model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    for name, info, shape in fields_of(model):
        yield f"{place}.fields.{name}.title", info.title or name
        yield f"{place}.fields.{name}.help", info.description or ""
        labels = shape.marker(Labels)
        for value, label in (labels.by_value if labels else {}).items():
            yield f"{place}.fields.{name}.choices.{value}", label
