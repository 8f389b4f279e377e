"""What the decorated functions of a connector have in common. `triggers` and `connector` make the kinds of it."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from engine.sdk import signatures
from engine.sdk.fields import Choices, Place, fields_of

GivenT = TypeVar("GivenT", bound=BaseModel)
ReturnedT = TypeVar("ReturnedT")
FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


class Operation(Generic[GivenT, ReturnedT]):
    """What triggers, actions and searches have in common: one described function."""

    def __init__(
        self,
        connector: str,
        function: Callable[..., ReturnedT],
        signature: signatures.Signature,
        *,
        sentence: str,
        title: str,
    ) -> None:
        self.connector = connector
        self.function = function
        self.key: str = function.__name__
        self.title = title or self.key.replace("_", " ").capitalize()
        self.description = (function.__doc__ or "").strip()
        self.sentence = sentence or self.title[:1].lower() + self.title[1:]
        self.given = signature.given
        self.returns = signature.returns
        self.blocking = signature.blocking

    @property
    def use(self) -> str:
        """How zap files name it: `tasko.create_task`."""
        return f"{self.connector}.{self.key}"

    @property
    def form(self) -> type[BaseModel]:
        """The model a person fills in."""
        return self.given

    @property
    def places(self) -> tuple[str, ...]:
        """The inputs that name a place. A trigger watches it: another value there is another source."""
        return tuple(name for name, _, shape in fields_of(self.given) if _names_a_place(shape.markers))

    def __call__(self, ctx: Any, given: GivenT) -> ReturnedT:
        return self.function(ctx, given)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.use}>"


def _names_a_place(markers: tuple[Any, ...]) -> bool:
    return any(isinstance(m, Place) or (isinstance(m, Choices) and m.place) for m in markers)
