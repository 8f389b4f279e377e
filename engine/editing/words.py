"""What apps, operations and their fields are called, in English or German. Called by the other modules here."""

from functools import lru_cache

from pydantic.fields import FieldInfo

from engine.editing import common_titles
from engine.errors import NotFound, Sentence
from engine.registry import AnyOperation, Registry
from engine.sdk.connector import Connector
from engine.texts import Texts, place_of
from engine.zaps.model import ActionStep, FilterStep, Step, TriggerUse
from engine.zaps.retold import retold
from engine.zaps.values import title_of

_FILTER = {"en": "Filter", "de": "Filter"}
_NOTHING = {"en": "Nothing chosen yet", "de": "Noch nichts gewählt"}


class Words:
    """The words of all connectors in one language."""

    def __init__(self, registry: Registry, language: str) -> None:
        self._registry = registry
        self.language = language

    def app(self, key: str) -> str:
        """The title of an app; its key where it is not installed."""
        connector = self._registry.connectors.get(key)
        return key if connector is None else _texts(connector, self.language).of("title", connector.title)

    def step(self, drawn: TriggerUse | Step) -> str:
        """What a step is called: as the person did, else by what it does."""
        if drawn.title:
            return drawn.title
        if isinstance(drawn, FilterStep):
            return _FILTER[self.language]
        operation = self.operation_of(drawn)
        return self.title(operation) if operation else self.app(drawn.app) or _NOTHING[self.language]

    def operation_of(self, drawn: TriggerUse | ActionStep) -> AnyOperation | None:
        """What a step does; None while it is not chosen, or not installed."""
        try:
            return self._registry.operation(drawn.use) if drawn.is_chosen else None
        except NotFound:
            return None

    def title(self, operation: AnyOperation) -> str:
        """“Create client”."""
        return self._of(operation, "title", operation.title)

    def does(self, operation: AnyOperation) -> str:
        """“create a client”: the sentence, or the title where the sentence wants values filled in."""
        said = self._of(operation, "sentence", operation.sentence)
        return self.title(operation) if "{" in said else said

    def field(self, operation: AnyOperation, name: str, info: FieldInfo) -> str:
        """What an input is called."""
        return self._of(operation, f"fields.{name}.title", title_of(name, info))

    def output(self, operation: AnyOperation, path: tuple[str, ...], fallback: str) -> str:
        """What a field of the record is called that an operation gives."""
        place = f"output.{'.'.join(path)}"
        told = self._of(operation, place, "") or self._of(operation, f"{place}.title", "")
        return told or self._as_given(operation, path, fallback) or self.common(fallback)

    def common(self, title: str) -> str:
        """A title that no file has, where it is a common one."""
        return common_titles.german(title) if self.language == "de" else title

    def _as_given(self, operation: AnyOperation, path: tuple[str, ...], english: str) -> str:
        """What an action gives back under the name and title of what it was given is called like that."""
        info = operation.form.model_fields.get(path[0]) if len(path) == 1 else None
        alike = info is not None and title_of(path[0], info) == english
        return self._of(operation, f"fields.{path[0]}.title", "") if alike else ""

    def both(self, app: str, sentence: str) -> Sentence:
        """What a connector said when it raised, in German too where its file has it."""
        connector = self._registry.connectors.get(app)
        some = () if connector is None else (_texts(connector, "de"),)
        return Sentence(str(sentence), retold(sentence, "de", *some))

    def _of(self, operation: AnyOperation, path: str, fallback: str) -> str:
        connector = self._registry.connectors.get(operation.connector)
        if connector is None:
            return fallback
        return _texts(connector, self.language).of(f"{place_of(operation)}.{path}", fallback)


@lru_cache(maxsize=128)
def _texts(connector: Connector, language: str) -> Texts:
    """Kept, because reading the file takes milliseconds; an edited connector is another one."""
    return Texts.load(connector, language)
