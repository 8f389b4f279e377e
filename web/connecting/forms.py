"""Fills the views of connecting: from a connector's description, what was typed, what went wrong. All of it blocks."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.connections.connecting import HostNotAllowed
from engine.connections.signing_in import NotReady, Unregistered
from engine.connections.stored import auth_kind, shown
from engine.errors import NotFound, Refused, Sentence
from engine.sdk.auth import Auth, Credentials, NoAuth, OAuth2, Profile
from engine.sdk.connecting import Suggestion
from engine.sdk.connector import Connector
from engine.sdk.fields import Kind, fields_of
from engine.store import connections
from engine.store.connections import StoredConnection
from web import moments
from web.connecting import troubles
from web.connecting.asked import Asked
from web.connecting.checks import Check
from web.connecting.troubles import Trouble
from web.connecting.views import (
    AppChoice,
    ChoosePage,
    ConnectPage,
    Hint,
    Instead,
    IntroductionPage,
    ProfileChoice,
    TickLine,
    Way,
)
from web.forms.fields import Field, Form
from web.forms.posted import posted
from web.rendering import Page
from web.site import Site
from web.sorting import by_name
from web.visitors import Visitor
from web.vocabulary import Vocabulary

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Failed:
    """A try that came to nothing."""

    error: Refused | None = None
    name_problem: str = ""
    check: Check | None = None


@dataclass(frozen=True)
class Choice:
    """The app, profile and way to sign in that are asked about. Raises `NotFound` for what there is not (`of`)."""

    connector: Connector
    kind: Auth
    profile_name: str
    profile: Profile

    @classmethod
    def of(cls, here: Site, asked: Asked) -> "Choice":
        connector = here.runtime.registry().connector(asked.app)
        ways = _ways(connector)
        if not ways:
            raise NotFound(Sentence(f"{connector.title} needs no account.", f"{connector.title} braucht kein Konto."))
        name = asked.profile or next(iter(connector.profiles))
        profile, _ = here.runtime.connections.profile(connector, name)
        return cls(connector, auth_kind(connector, asked.auth or ways[0].key), name, profile)

    def raw(self, asked: Asked) -> dict[str, Any]:
        """What was typed, completed by what the first field tells."""
        own = self.typed(asked)
        follows = self.suggested(own)
        return {**(follows.values if follows else {}), **own}

    def typed(self, asked: Asked) -> dict[str, Any]:
        """What was typed, and nothing else: what is empty was not."""
        return {name: value for name, value in posted(self.kind.given, asked.given).items() if value != ""}

    @property
    def first(self) -> str:
        return self.kind.first if isinstance(self.kind, Credentials) else ""

    def suggested(self, typed: Mapping[str, Any]) -> Suggestion | None:
        """What the connector makes of it; a fault of its own costs only the suggestion."""
        if not isinstance(self.kind, Credentials) or self.kind.suggest is None:
            return None
        try:
            return self.kind.suggest(typed)
        except Exception:
            log.exception("the connector “%s” could not make a suggestion", self.connector.key)
            return None


def begun(here: Site, by: Visitor, asked: Asked) -> Page:
    """The page that an address leads to: choose, read, or fill in. Raises `NotFound`."""
    if not asked.app:
        return _choose(here, by, asked)
    connector = here.runtime.registry().connector(asked.app)
    if not asked.profile and (connector.introduction or len(connector.profiles) > 1):
        return _introduction(here, by, asked, connector)
    return form(here, by, asked)


def form(here: Site, by: Visitor, asked: Asked, failed: Failed = Failed()) -> ConnectPage:
    """The form of a new connection. Raises `NotFound`."""
    choice = Choice.of(here, asked)
    own, vocabulary = choice.typed(asked), Vocabulary(here.runtime.registry(), by.language)
    suggestion = choice.suggested(own)
    follows = suggestion.values if suggestion else {}
    raw = {name: value for name, value in own.items() if follows.get(name) != value}
    first = bool(choice.first) and not str(raw.get(choice.first, "")).strip()
    trouble = _trouble(here, by, choice, failed)
    base = _base(here, by, asked, choice, raw, trouble, failed)
    address = str(raw.get(choice.first, "")).strip() if choice.first else ""
    guessed = asked.name if asked.name and asked.name != asked.known else ""
    name = guessed or _free_name(here, address or vocabulary.app(asked.app))
    return replace(
        base,
        first=first,
        known="" if first else name,
        name="" if first else name,
        fields=tuple(_suggested(one, follows) for one in base.fields if not first or one.path == choice.first),
        hint=_hint(suggestion, choice, vocabulary),
        ways=_way_lines(choice, asked, vocabulary),
        back=replace(asked, profile="", auth="").address() if choice.connector.introduction else asked_back(asked),
    )


def again(here: Site, by: Visitor, asked: Asked, stored: StoredConnection, failed: Failed = Failed()) -> ConnectPage:
    """The form that connects an account again: what is stored stands in it, but for secrets. Raises `NotUsable`."""
    live = here.runtime.connections.opened(stored)
    asked = replace(asked, app=stored.app, profile=stored.profile, auth=stored.auth)
    choice = Choice(live.connector, auth_kind(live.connector, stored.auth), stored.profile, live.profile)
    secrets = secrets_of(choice)
    kept = {name: value for name, value in shown(live.given).items() if name not in secrets and value is not None}
    before = {name: kept[name] for name in choice.kind.given.model_fields if name in kept}
    base = _base(
        here,
        by,
        asked,
        choice,
        {**before, **posted(choice.kind.given, asked.given)},
        _trouble(here, by, choice, failed),
        failed,
        secrets,
    )
    path = f"/connections/{stored.id}"
    return replace(base, connection_id=stored.id, connection=stored.name, name=stored.name, back=path)


def asked_back(asked: Asked) -> str:
    """Where “Back” leads from the form."""
    return replace(asked, app="", profile="", auth="").address() if asked.embed or asked.next else "/connections/new"


def ticks(check: Check | None, here: Site, by: Visitor) -> tuple[TickLine, ...]:
    """In the reader's language, with numbers as it writes them."""
    if check is None:
        return ()
    connector = here.runtime.registry().connectors.get(check.app)
    texts = Vocabulary(here.runtime.registry(), by.language).texts(connector) if connector else None
    lines = []
    for tick in check.ticks:
        text = texts.progress(tick.text) if texts else tick.text
        for name, value in tick.values.items():
            text = text.replace(
                "{" + name + "}", moments.number(value, by.language) if isinstance(value, int) else value
            )
        lines.append(TickLine(text, tick.state))
    return tuple(lines)


def mark_of(here: Site, app: str, profile: str) -> str:
    """“practice”, “unverified” or “”, also for what is not installed any more."""
    connector = here.runtime.registry().connectors.get(app)
    if connector is None or profile not in connector.profiles:
        return ""
    return here.runtime.connections.profile(connector, profile)[0].mark()


def _base(
    here: Site,
    by: Visitor,
    asked: Asked,
    choice: Choice,
    raw: Mapping[str, Any],
    trouble: Trouble,
    failed: Failed,
    kept: frozenset[str] = frozenset(),
) -> ConnectPage:
    vocabulary = Vocabulary(here.runtime.registry(), by.language)
    words = vocabulary.sign_in(choice.connector.key, choice.kind.key)
    drawn = Form(given=raw, problems=trouble.problems, language=by.language, words=words, kept=kept)
    fields = drawn.fields(choice.kind.given)
    names = {one.path for one in fields}
    lost = tuple(
        troubles.sentences(Trouble(problems=tuple(p for p in trouble.problems if p.field not in names)), by.language)
    )
    return ConnectPage(
        embed=asked.embed,
        next=asked.next,
        app=choice.connector.key,
        app_title=vocabulary.app(choice.connector.key),
        profile=choice.profile_name,
        mark=choice.profile.mark(),
        auth=choice.kind.key,
        title=words("title", choice.kind.title),
        help=words("help", choice.kind.help),
        ways=(),
        oauth=isinstance(choice.kind, OAuth2),
        first=False,
        known="",
        name="",
        name_problem=failed.name_problem,
        fields=fields,
        hint=None,
        trouble=replace(trouble, above=(*trouble.above, *lost)),
        blocked=_is_blocked(choice),
        forgotten=bool(failed.error or failed.name_problem) and bool(secrets_of(choice)) and not kept,
        ticks=ticks(failed.check, here, by),
        allow=asked.allow if by.is_owner and not isinstance(failed.error, HostNotAllowed) else "",
    )


def _free_name(here: Site, title: str) -> str:
    return here.runtime.connecting.free_name(title[: connections.LONGEST_NAME - len(" (999)")])


def _suggested(field: Field, follows: Mapping[str, str]) -> Field:
    """What follows from the first field counts while this one is empty, and is seen there."""
    return replace(field, placeholder=follows[field.path]) if field.path in follows else field


def _trouble(here: Site, by: Visitor, choice: Choice, failed: Failed) -> Trouble:
    if failed.error is not None:
        return troubles.of(failed.error, choice.connector.key, here, by)
    problem = choice.profile.problem()
    if problem:
        return troubles.of(NotReady(problem), choice.connector.key, here, by)
    if _is_blocked(choice):
        return troubles.of(Unregistered(choice.connector, choice.profile_name), choice.connector.key, here, by)
    return Trouble()


def _is_blocked(choice: Choice) -> bool:
    unknown = isinstance(choice.kind, OAuth2) and not choice.profile.client_id
    return unknown or choice.profile.problem() is not None


def secrets_of(choice: Choice) -> frozenset[str]:
    """The fields of this sign-in that are never shown again."""
    return frozenset(name for name, _, shape in fields_of(choice.kind.given) if shape.kind is Kind.SECRET)


def _ways(connector: Connector) -> list[Auth]:
    return [kind for kind in connector.auth.values() if not isinstance(kind, NoAuth)]


def _way_lines(choice: Choice, asked: Asked, vocabulary: Vocabulary) -> tuple[Way, ...]:
    ways = _ways(choice.connector)
    if len(ways) < 2:
        return ()
    key = choice.connector.key
    return tuple(
        Way(
            vocabulary.sign_in(key, kind.key)("title", kind.title),
            replace(asked, profile=choice.profile_name, auth=kind.key).address(),
            kind.key == choice.kind.key,
        )
        for kind in ways
    )


def _hint(suggestion: Suggestion | None, choice: Choice, vocabulary: Vocabulary) -> Hint | None:
    if suggestion is None or not suggestion.hint:
        return None
    link = suggestion.link if suggestion.link.startswith("https://") else ""
    return Hint(vocabulary.error(choice.connector.key, suggestion.hint), link, suggestion.possible)


def _choose(here: Site, by: Visitor, asked: Asked) -> ChoosePage:
    registry = here.runtime.registry()
    vocabulary = Vocabulary(registry, by.language)
    found = [
        AppChoice(key, vocabulary.app(key), vocabulary.app_description(key))
        for key, connector in registry.connectors.items()
        if _ways(connector)
    ]
    apps = tuple(sorted(found, key=lambda one: by_name(one.title)))
    return ChoosePage(asked.embed, asked.next, apps, {one.key: replace(asked, app=one.key).address() for one in apps})


def _introduction(here: Site, by: Visitor, asked: Asked, connector: Connector) -> IntroductionPage:
    vocabulary = Vocabulary(here.runtime.registry(), by.language)
    texts, introduction = vocabulary.texts(connector), connector.introduction
    text = texts.of("introduction.text", introduction.text) if introduction else ""
    instead = introduction.instead if introduction else {}
    return IntroductionPage(
        embed=asked.embed,
        next=asked.next,
        app=connector.key,
        app_title=vocabulary.app(connector.key),
        paragraphs=tuple(one.strip() for one in text.split("\n\n") if one.strip()),
        profiles=tuple(_profile_choice(here, asked, connector, name, vocabulary) for name in connector.profiles),
        instead=tuple(
            Instead(app, texts.of(f"introduction.instead.{app}", title))
            for app, title in instead.items()
            if app in here.runtime.registry().connectors
        ),
        owners=() if by.is_owner else troubles.owners_of(here),
    )


def _profile_choice(here: Site, asked: Asked, connector: Connector, name: str, vocabulary: Vocabulary) -> ProfileChoice:
    profile, _ = here.runtime.connections.profile(connector, name)
    known = connector.introduction.profiles if connector.introduction else {}
    title, explanation = known.get(name, (name, ""))
    texts = vocabulary.texts(connector)
    return ProfileChoice(
        name=name,
        title=texts.of(f"introduction.profiles.{name}.title", title),
        help=texts.of(f"introduction.profiles.{name}.help", explanation),
        mark=profile.mark(),
        problem=vocabulary.error(connector.key, profile.problem() or ""),
        path=replace(asked, profile=name).address(),
    )
