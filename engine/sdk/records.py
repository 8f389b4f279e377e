"""The values that pass between a connector and the engine: what was found, what was made, who is signed in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError


class Record(BaseModel):
    """One thing a trigger found or an action made.

    `id` is stable: the same thing has the same id for ever, however often it is read. The engine tells
    new from known by it, so an id's format is a promise. Fields the model does not name are kept and can be mapped.
    `counted: ClassVar = ("client", "clients")` says what one and several are called, for sums like “12 clients”.
    """

    model_config = ConfigDict(extra="allow")
    counted: ClassVar[tuple[str, ...]] = ()

    id: str
    _misfit: str = PrivateAttr("")

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The record of a service's row; one that does not fit the model is kept as it came, with a warning.

        For triggers: one odd row must not hide the others. A row without a usable id raises `ValidationError`.
        """
        try:
            return cls.model_validate(row)
        except ValidationError as error:
            bare = Record.model_validate(row)
            odd: Self = cls.model_construct(**{**row, "id": bare.id})  # type: ignore[assignment]  # the plugin's own word
            odd._misfit = f"Record {bare.id} is not as expected: {_first_of(error)}"
            return odd

    @property
    def misfit(self) -> str:
        """What does not fit the model, as a sentence; “” for a record that does."""
        return self._misfit


def _first_of(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


RecordT = TypeVar("RecordT", bound=Record)


@dataclass(frozen=True)
class Page(Generic[RecordT]):
    """What a trigger with a cursor yields: records, oldest first, and the cursor that lies behind them.

    `cursor` is any JSON value. The engine stores it in the same transaction as the events of these records;
    an empty page moves the cursor too. `warning` is a sentence for the person who owns the zap, for something that
    is no failure but should be seen (“the mailbox was rebuilt”). `more` says, on the last page of a check, that it
    stops there although there may be more: the next one goes on.
    """

    records: tuple[RecordT, ...]
    cursor: Any
    warning: str | None = None
    more: bool = False


@dataclass(frozen=True)
class Account:
    """Who is signed in: `id` as the service knows it (stable), `label` as a person does (an address, a company)."""

    id: str
    label: str


@dataclass(frozen=True)
class Choice:
    """One possible value of a `Choices` field, and the words people know it by."""

    value: str
    label: str


class File(BaseModel):
    """A file kept by the engine: content in the blob store, here its address and description.

    `ref` is `sha256:` and the hex digest of the content; `size` is in bytes.
    """

    model_config = ConfigDict(frozen=True)

    ref: str
    name: str
    content_type: str = "application/octet-stream"
    size: int = 0


@dataclass(frozen=True)
class Delivery:
    """One call of a webhook: the body as it came, and what stood around it.

    Header names are in lower case; of a header or a query parameter that came several times, the last one counts.
    `query_string` is the query as it was sent.
    """

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    content_type: str = ""
    query_string: str = ""


@dataclass(frozen=True)
class Hook:
    """The engine's side of one webhook: the address to give to the service, and the secret that signs."""

    url: str
    secret: str


@dataclass(frozen=True)
class Sandbox:
    """Where a running stand-in of a service is, and what a connection to it needs.

    `url` is for people; `profile` and `credentials` are the values to fill in; `facts` are further addresses
    to print (name → value).
    """

    url: str
    profile: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
