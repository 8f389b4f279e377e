"""What the API gives and takes of apps, and JSON Schemas of what their operations take and give."""

from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema

from web.api.schemas import Page, Sent, Shown, Values


class AppLine(Shown):
    """An app in the list, with what zap files call its operations."""

    key: str = Field(examples=["shop"])
    title: str
    description: str
    version: int
    triggers: list[str]
    actions: list[str]
    searches: list[str]
    connections: int


class AppPage(Page[AppLine]):
    """Apps by key."""


class OperationShown(Shown):
    """A trigger, action or search. In a zap each of its inputs may also be a template."""

    use: str = Field(examples=["shop.send_parcel"])
    kind: Literal["polling", "webhook", "schedule", "action", "search"]
    title: str
    description: str
    inputs: Values = Field(description="A JSON Schema.")
    outputs: Values = Field(description="A JSON Schema.")
    choices: list[str] = Field(description="The inputs whose values the app knows.")


class WayShown(Shown):
    """A way to sign in. With `browser` one signs in at the app; else `values` says what is asked for."""

    key: str
    title: str
    help: str
    browser: bool
    values: Values = Field(description="A JSON Schema.")


class ProfileName(Shown):
    """A way to reach the app. `problem` says why it cannot be used yet; `mark` is practice, unverified or empty."""

    name: str
    title: str
    mark: str
    problem: str


class AppShown(Shown):
    """An app with everything it can do."""

    key: str
    title: str
    description: str
    version: int
    needs_connection: bool
    sign_ins: list[WayShown]
    profiles: list[ProfileName]
    operations: list[OperationShown]


class ProfileShown(Shown):
    """How this installation reaches an app. Of secrets it only says which are set."""

    name: str
    mark: str
    problem: str
    values: Values
    secrets_set: list[str]
    allowed_hosts: list[str]


class Profiles(Shown):
    """All profiles of an app."""

    items: list[ProfileShown]


class ProfileSent(Sent):
    """What is to be set; what is left out stays. Secrets are never given back."""

    values: Annotated[Values, Field(max_length=200, examples=[{"client_id": "abc"}])]


class HostSent(Sent):
    """A host in a private network that may be reached from now on."""

    host: Annotated[str, Field(max_length=255, examples=["nas.local"])]


class _Lenient(GenerateJsonSchema):
    """What JSON Schema cannot say may be anything."""

    def handle_invalid_for_json_schema(self, schema: CoreSchema, error_info: str) -> JsonSchemaValue:
        return {}


@lru_cache(maxsize=1024)
def schema_of(model: type[BaseModel], gives: bool = False) -> dict[str, Any]:
    """As JSON Schema: of what is taken, or with `gives` of what comes back. An edited connector has other models."""
    mode: Literal["validation", "serialization"] = "serialization" if gives else "validation"
    return model.model_json_schema(by_alias=True, schema_generator=_Lenient, mode=mode)
