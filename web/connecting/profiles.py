"""The profiles of an app as a form for owners: what stands in it, and what of it was changed. All of it blocks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.connections.stored import Connections, shown
from engine.errors import Problem, Problems
from engine.sdk.auth import OAuth2, Profile
from engine.sdk.connector import Connector
from engine.sdk.fields import Kind, fields_of
from engine.zaps import values
from engine.zaps.locales import Locale
from engine.zaps.remarks import remark
from web.connecting.asked import LONGEST
from web.forms.fields import Field, Form
from web.forms.posted import posted
from web.vocabulary import Vocabulary

OF_SIGN_IN = ("client_id", "client_secret")


@dataclass(frozen=True)
class ProfileForm:
    """One profile. `title` is “” where an app has only one; `problem` says why it cannot be used yet."""

    name: str
    title: str
    mark: str
    problem: str
    fields: tuple[Field, ...]
    more: tuple[Field, ...]
    above: tuple[str, ...] = ()
    open: bool = False


def has_settings(connector: Connector) -> bool:
    """Whether an owner has anything to fill in."""
    return _signs_in(connector) or any(type(one) is not Profile for one in connector.profiles.values())


def of(
    stored: Connections,
    connector: Connector,
    name: str,
    vocabulary: Vocabulary,
    language: str,
    sent: Mapping[str, Any] | None = None,
    problems: tuple[Problem, ...] = (),
) -> ProfileForm:
    """`sent` stands in the form instead of what is stored."""
    profile, _ = stored.profile(connector, name)
    given = {field: value for field, value in shown(profile).items() if field not in _secrets(profile)}
    kept = frozenset(field for field in _secrets(profile) if shown(profile)[field])
    words = vocabulary.profile_fields(connector)
    form = Form({**given, **(sent or {})}, problems, language, words, f"given-{name}", kept)
    hidden = () if _signs_in(connector) else OF_SIGN_IN
    drawn = [one for one in form.fields(type(profile)) if one.path not in hidden]
    return ProfileForm(
        name=name,
        title=vocabulary.profile(connector, name) if len(connector.profiles) > 1 else "",
        mark=profile.mark(),
        problem=vocabulary.error(connector.key, profile.problem() or ""),
        fields=tuple(replace(one, placeholder="") for one in drawn if not one.more),
        more=tuple(replace(one, placeholder="", more=False) for one in drawn if one.more),
        above=form.elsewhere(type(profile)),
        open=any(one.wrong() for one in drawn if one.more),
    )


def sent_values(profile: Profile, name: str, pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """What the form sent, raw. A list or mapping whose rows were all removed sends nothing, and is empty then."""
    found = posted(type(profile), pairs, f"given-{name}")
    empty: dict[Kind, Any] = {Kind.LIST: [], Kind.MAPPING: {}}
    gone = {
        field: empty[shape.kind]
        for field, _, shape in fields_of(type(profile))
        if shape.kind in empty and field not in found
    }
    return {**found, **gone}


def changed(profile: Profile, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The values that differ from what is stored. Raises `Problems` for what cannot be read.

    A text that was emptied is empty: for these settings that says “there is no such thing”.
    """
    model = type(profile)
    asked = {field: _one_kind_of_line_end(value) for field, value in raw.items() if value != ""}
    read = values.read(model, asked, Locale())
    texts = {field for field, _, shape in fields_of(model) if shape.kind not in (Kind.INTEGER, Kind.DECIMAL)}
    new = {field: getattr(read, field) if field in asked else "" for field in raw if field in asked or field in texts}
    before = {field: getattr(profile, field) for field in model.model_fields}
    return {field: _plain(value) for field, value in new.items() if value != before[field]}


def must_be_texts(raw: Mapping[str, Any], sentence: str) -> None:
    """Raises `Problems` for what is too long, and for control characters."""
    long = [field for field, value in raw.items() if isinstance(value, str) and len(value) > LONGEST]
    if long:
        raise Problems([Problem(remark("setting_too_long", most=LONGEST), field=field) for field in long])
    bad = [
        field
        for field, value in raw.items()
        if isinstance(value, str) and any(ord(s) < 32 and s not in "\r\n\t" for s in value)
    ]
    if bad:
        raise Problems([Problem(sentence, field=field) for field in bad])


def _one_kind_of_line_end(value: Any) -> Any:
    """Browsers send the ends of lines as two signs."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    """Secrets as text again: they are sealed where they are stored."""
    secret = getattr(value, "get_secret_value", None)
    return secret() if secret else value


def _secrets(profile: Profile) -> frozenset[str]:
    return frozenset(name for name, _, shape in fields_of(type(profile)) if shape.kind is Kind.SECRET)


def _signs_in(connector: Connector) -> bool:
    return any(isinstance(kind, OAuth2) for kind in connector.auth.values())
