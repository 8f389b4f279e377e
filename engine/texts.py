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
"""

import logging
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from engine.sdk.connector import Connector
from engine.sdk.fields import Group, Labels, fields_of

IN_CODE = "en"  # the language that stands in the connectors' code

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Texts:
    """The texts of one connector in one language."""

    tree: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, connector: Connector, language: str) -> "Texts":
        """What stands beside the connector; nothing where there is no file, or one that cannot be read (logged)."""
        try:
            return cls(_tree(connector, language))
        except (OSError, ValueError) as error:
            log.warning("the texts of “%s” in “%s” cannot be read: %s", connector.key, language, error)
            return cls()

    def of(self, path: str, fallback: str) -> str:
        """The text at a path like `actions.create_client.fields.name.title`, or the fallback."""
        found: Any = self.tree
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return found if isinstance(found, str) and found else fallback

    def error(self, sentence: str) -> str:
        """What a connector said when it raised, in this language where the file has it."""
        errors = self.tree.get("errors")
        found = errors.get(sentence) if isinstance(errors, Mapping) else None
        return found if isinstance(found, str) and found else sentence


def missing(connector: Connector, language: str) -> list[str]:
    """The paths of all texts that the connector has in English but not in `language`."""
    if language == IN_CODE:
        return []
    texts = Texts.load(connector, language)
    return [path for path, english in _expected(connector) if english and not texts.of(path, "")]


def languages(connector: Connector) -> dict[str, Path]:
    """The files with this connector's words, by language."""
    found = {file.name.split(".")[1]: file for folder in _folders(connector) for file in _beside(folder, connector.key)}
    return dict(sorted(found.items()))


def names_nothing(connector: Connector, language: str) -> list[str]:
    """The paths in the file for `language` that are no text of the connector. Raises `OSError`, `ValueError`."""
    known = {path for path, _ in (*_expected(connector), *_welcome(connector))}
    tree = {name: value for name, value in _tree(connector, language).items() if name != "errors"}
    return [path for path in _leaves(tree) if path not in known and ".output." not in path]


def _welcome(connector: Connector) -> Iterator[tuple[str, str]]:
    """Texts that need no translation of their own, and may have one. What a record holds is not known in advance."""
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
    for folder in _folders(connector):
        file = folder / f"{connector.key}.{language}.toml"
        if file.is_file():
            return tomllib.loads(file.read_text("utf-8"))
    return {}


def _folders(connector: Connector) -> list[Path]:
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
    for key, kind in connector.auth.items():
        yield f"auth.{key}.title", kind.title
        yield f"auth.{key}.help", kind.help
        yield from _field_texts(f"auth.{key}", kind.given)


def _field_texts(place: str, model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    for name, info, shape in fields_of(model):
        yield f"{place}.fields.{name}.title", info.title or name
        yield f"{place}.fields.{name}.help", info.description or ""
        labels = shape.marker(Labels)
        for value, label in (labels.by_value if labels else {}).items():
            yield f"{place}.fields.{name}.choices.{value}", label
