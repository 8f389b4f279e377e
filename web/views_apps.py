"""What is shown of apps. Called by `cli_apps`."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

from engine.connections.stored import Connections
from engine.registry import Broken, Registry
from engine.sdk.auth import Auth, Profile
from engine.sdk.connector import Connector, Operation
from engine.sdk.fields import fields_of
from engine.zaps.values import title_of
from web.shapes import AppLine, AppShown, AuthShown, FieldShown, OperationShown, ProfileShown


def every(registry: Registry) -> list[AppLine]:
    """All apps, by key; then what could not be loaded."""
    found = [_line(registry.connectors[key]) for key in sorted(registry.connectors)]
    return found + [_broken(one) for one in registry.broken]


def one(connector: Connector, stored: Connections) -> AppShown:
    """An app with its operations, ways to sign in, and profiles as they are filled in."""
    return AppShown(
        key=connector.key,
        title=connector.title,
        description=connector.description,
        version=connector.version,
        auth=[_auth(kind) for kind in connector.auth.values()],
        profiles=[_profile(name, stored.profile(connector, name)[0]) for name in connector.profiles],
        operations=list(_operations(connector)),
    )


def _line(connector: Connector) -> AppLine:
    return AppLine(
        key=connector.key,
        title=connector.title,
        description=connector.description,
        version=connector.version,
        triggers=[*_uses(connector.triggers), *_uses(connector.webhooks), *_uses(connector.schedules)],
        actions=_uses(connector.actions),
        searches=_uses(connector.searches),
        auth=list(connector.auth),
        profiles=list(connector.profiles),
    )


def _uses(table: Mapping[str, Operation[Any, Any]]) -> list[str]:
    return [one.use for one in table.values()]


def _broken(one: Broken) -> AppLine:
    return AppLine(one.name, one.name, one.where, None, [], [], [], [], [], problem=one.reason)


def _operations(connector: Connector) -> Iterator[OperationShown]:
    tables: tuple[tuple[str, dict[str, Any]], ...] = (
        ("trigger", connector.triggers),
        ("webhook", connector.webhooks),
        ("schedule", connector.schedules),
        ("action", connector.actions),
        ("search", connector.searches),
    )
    for kind, table in tables:
        yield from (_operation(kind, operation) for operation in table.values())


def _operation(kind: str, one: Operation[Any, Any]) -> OperationShown:
    return OperationShown(one.use, kind, one.title, one.description, fields(one.form))


def fields(model: type[BaseModel]) -> list[FieldShown]:
    """What a form asks for."""
    return [
        FieldShown(name, title_of(name, info), str(shape.kind), info.is_required(), info.description or "")
        for name, info, shape in fields_of(model)
    ]


def _auth(kind: Auth) -> AuthShown:
    return AuthShown(kind.key, kind.title, kind.help, fields(kind.given))


def _profile(name: str, profile: Profile) -> ProfileShown:
    return ProfileShown(name, profile.problem() or "", {key: _value(value) for key, value in dict(profile).items()})


def _value(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "set" if value.get_secret_value() else "not set"
    return value
