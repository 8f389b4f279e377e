"""The values that a field offers which only the service knows: folders, projects. Asked while a person draws."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from engine.connections.calls import Calls, ConnectorBug
from engine.connections.stored import Connections, NotUsable
from engine.editing.draft import Draft
from engine.editing.sentences import said
from engine.editing.words import Words
from engine.errors import NotFound, Problem, Problems, Refused
from engine.registry import AnyOperation, Registry
from engine.runs.effects import sentence
from engine.sdk.errors import AuthFailed, ConnectorError
from engine.sdk.fields import Choices as Marker
from engine.sdk.fields import Kind, Shape, fields_of
from engine.sdk.records import Choice
from engine.zaps import drawing, mapping, paths, values
from engine.zaps.paths import Place


@dataclass(frozen=True)
class Choices:
    """Asks for them. Used on the event loop that runs the calls."""

    registry: Callable[[], Registry]
    connections: Connections
    calls: Calls

    async def of(self, draft: Draft, step: str, place: Place, search: str = "") -> list[Choice]:
        """The choices of a field, with what else is filled in at the step.

        Raises `NotFound` for a field that has none, `Problems` where the connection must be repaired first, and
        `Refused` where the service could not be asked.
        """
        user = drawing.using(draft.zap, step)
        operation = self.registry().operation(user.use)
        marker = _marker(operation.form, place)
        try:
            live = await self.connections.serving(user.use, user.connection)
            return await self.calls.choices(marker.function, live, self._given(draft, step, operation), search)
        except NotUsable as error:
            raise Problems([Problem(str(error), step, "connection")]) from error
        except (ConnectorError, ConnectorBug) as error:
            told = Words(self.registry(), "en").both(user.app, sentence(error))
            if isinstance(error, AuthFailed):
                raise Problems([Problem(told, step, "connection")]) from error
            raise Refused(said("choices_failed", said=told)) from error

    def _given(self, draft: Draft, step: str, operation: AnyOperation) -> BaseModel:
        """What is filled in, as far as it can be read: a field that cannot is as if it were empty."""
        model, scope, locale = operation.given, draft.scope(before=step), draft.zap.locale
        typed: dict[str, Any] = {}
        for name, value in self.connections.typed.opened(drawing.using(draft.zap, step)).with_.items():
            others = frozenset(model.model_fields) - {name}
            try:
                rendered = mapping.render(value, scope, locale)
                typed |= values.read_known(model, {name: rendered}, locale, unknown=others)
            except (mapping.MappingError, values.ValueProblems):
                continue
        return model.model_construct(**typed)


def _marker(form: type[BaseModel], place: Place) -> Marker:
    """Where a field says which function knows its choices; numbers count the entries of lists."""
    shapes: dict[str, Shape] = {name: shape for name, _, shape in fields_of(form)}
    found: Shape | None = None
    for segment in paths.path_of(place):
        if isinstance(segment, int):
            found = found.element if found is not None and found.kind is Kind.LIST else found
        else:
            found = shapes.get(segment)
        shapes = {} if found is None or found.kind is not Kind.MODEL else _fields(found.python_type)
    marker: Any = None if found is None else found.marker(Marker)
    if not isinstance(marker, Marker):
        raise NotFound(said("no_choices", field=paths.text_of(place)))
    return marker


def _fields(model: type[BaseModel]) -> dict[str, Shape]:
    return {name: shape for name, _, shape in fields_of(model)}
