"""Apps: what there is, what each can do as JSON Schema, and for owners how this installation reaches them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from fastapi import Request
from pydantic import BaseModel, SecretStr

from engine.connections.addresses import folded
from engine.connections.stored import shown
from engine.errors import Problem, Problems, Sentence
from engine.people.audit import Action
from engine.registry import AnyOperation
from engine.sdk.auth import Auth, OAuth2, Profile
from engine.sdk.connector import Connector
from engine.sdk.fields import Kind, fields_of
from engine.store import connections
from engine.store.encoding import plain
from web.api.app_schemas import (
    AppLine,
    AppPage,
    AppShown,
    HostSent,
    OperationShown,
    ProfileName,
    Profiles,
    ProfileSent,
    ProfileShown,
    WayShown,
    schema_of,
)
from web.api.doing import tell
from web.api.paging import After, Limit, part
from web.api.routing import router as new_router
from web.api.schemas import Language
from web.site import By, Here, Site
from web.visitors import Visitor
from web.vocabulary import Vocabulary

router = new_router("/apps", "Apps")

NO_HOST = Sentence("This is no name of a computer.", "Das ist kein Name eines Computers.")

OperationKind = Literal["polling", "webhook", "schedule", "action", "search"]


@router.get("")
def every(request: Request, here: Here, language: Language, limit: Limit = 50, after: After = "") -> AppPage:
    """List the apps."""
    registry = here.runtime.registry()
    some, following = part(request, registry.connectors.values(), lambda one: one.key, limit, after)
    with here.runtime.database.read() as session:
        accounts = Counter(one.app for one in connections.every(session))
    vocabulary = Vocabulary(registry, language)
    return AppPage(items=[_line(one, vocabulary, accounts[one.key]) for one in some], next=following)


@router.get("/{key}")
def one(here: Here, language: Language, key: str) -> AppShown:
    """Get an app: its operations with the schemas of their inputs and outputs, and the ways to sign in."""
    registry = here.runtime.registry()
    connector, vocabulary = registry.connector(key), Vocabulary(registry, language)
    return AppShown(
        key=connector.key,
        title=vocabulary.app(key),
        description=vocabulary.app_description(key),
        version=connector.version,
        needs_connection=connector.needs_connection,
        sign_ins=[_way(connector, kind, vocabulary) for kind in connector.auth.values()],
        profiles=[_named(here, connector, name, vocabulary) for name in connector.profiles],
        operations=list(_operations(connector, vocabulary)),
    )


@router.get("/{key}/profiles")
def profiles(here: Here, language: Language, key: str) -> Profiles:
    """List how this installation reaches an app."""
    connector = here.runtime.registry().connector(key)
    return Profiles(items=[_profile(here, connector, name, language) for name in connector.profiles])


@router.get("/{key}/profiles/{name}")
def profile(here: Here, language: Language, key: str, name: str) -> ProfileShown:
    """Get one way to reach an app."""
    return _profile(here, here.runtime.registry().connector(key), name, language)


@router.put("/{key}/profiles/{name}")
def configure(here: Here, by: By, language: Language, key: str, name: str, sent: ProfileSent) -> ProfileShown:
    """Set values of a profile."""
    connector = here.runtime.registry().connector(key)
    if sent.values:
        here.runtime.connections.set_profile(connector, name, sent.values, trusted=False)
        _tell(here, by, key, name, fields=", ".join(sorted(sent.values)))
    return _profile(here, connector, name, language)


@router.post("/{key}/profiles/{name}/hosts")
def allow_host(here: Here, by: By, language: Language, key: str, name: str, sent: HostSent) -> ProfileShown:
    """Let what uses a profile reach a host in a private network."""
    connector = here.runtime.registry().connector(key)
    host = _host(sent.host)
    here.runtime.connections.allow_host(connector, name, host)
    _tell(here, by, key, name, allowed_hosts=host)
    return _profile(here, connector, name, language)


def _line(connector: Connector, vocabulary: Vocabulary, accounts: int) -> AppLine:
    triggers = (connector.triggers, connector.webhooks, connector.schedules)
    return AppLine(
        key=connector.key,
        title=vocabulary.app(connector.key),
        description=vocabulary.app_description(connector.key),
        version=connector.version,
        triggers=[use for table in triggers for use in _uses(table)],
        actions=_uses(connector.actions),
        searches=_uses(connector.searches),
        connections=accounts,
    )


def _uses(table: Mapping[str, AnyOperation]) -> list[str]:
    return [one.use for one in table.values()]


def _operations(connector: Connector, vocabulary: Vocabulary) -> Iterator[OperationShown]:
    tables: tuple[tuple[OperationKind, Mapping[str, Any]], ...] = (
        ("polling", connector.triggers),
        ("webhook", connector.webhooks),
        ("schedule", connector.schedules),
        ("action", connector.actions),
        ("search", connector.searches),
    )
    for kind, table in tables:
        yield from (_operation(one, kind, vocabulary) for one in table.values())


def _operation(one: AnyOperation, kind: OperationKind, vocabulary: Vocabulary) -> OperationShown:
    words = vocabulary.operation(one.use)
    gives: Any = one.returns
    known = isinstance(gives, type) and issubclass(gives, BaseModel)
    return OperationShown(
        use=one.use,
        kind=kind,
        title=words.title,
        description=words.description,
        inputs=schema_of(one.form),
        outputs=schema_of(gives, gives=True) if known else {},
        choices=[name for name, _, shape in fields_of(one.form) if shape.kind is Kind.CHOICES],
    )


def _way(connector: Connector, kind: Auth, vocabulary: Vocabulary) -> WayShown:
    words = vocabulary.sign_in(connector.key, kind.key)
    return WayShown(
        key=kind.key,
        title=words("title", kind.title),
        help=words("help", kind.help),
        browser=isinstance(kind, OAuth2),
        values=schema_of(kind.given),
    )


def _named(here: Site, connector: Connector, name: str, vocabulary: Vocabulary) -> ProfileName:
    found, _ = here.runtime.connections.profile(connector, name)
    problem = vocabulary.error(connector.key, found.problem() or "")
    return ProfileName(name=name, title=vocabulary.profile(connector, name), mark=found.mark(), problem=problem)


def _profile(here: Site, connector: Connector, name: str, language: str) -> ProfileShown:
    found, hosts = here.runtime.connections.profile(connector, name)
    values, secret = shown(found), _secrets(found)
    vocabulary = Vocabulary(here.runtime.registry(), language)
    return ProfileShown(
        name=name,
        mark=found.mark(),
        problem=vocabulary.error(connector.key, found.problem() or ""),
        values=plain({field: value for field, value in values.items() if field not in secret}),
        secrets_set=sorted(field for field in secret if values[field]),
        allowed_hosts=sorted(hosts),
    )


def _secrets(profile: Profile) -> frozenset[str]:
    kinds = {name for name, _, shape in fields_of(type(profile)) if shape.kind is Kind.SECRET}
    return frozenset(kinds | {name for name, value in dict(profile).items() if isinstance(value, SecretStr)})


def _host(typed: str) -> str:
    """Raises `Problems`."""
    name = folded(typed)
    if not name or any(sign.isspace() or not sign.isprintable() or sign == "/" for sign in name):
        raise Problems([Problem(NO_HOST, field="host")])
    return name


def _tell(here: Site, by: Visitor, key: str, name: str, **details: str) -> None:
    tell(here, by, Action.APP_CONFIGURED, key, key, profile=name, **details)
