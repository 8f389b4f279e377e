"""What is sent to an app, field by field with titles: of tests and rehearsals alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.editing.readable import readable
from engine.zaps.plain import is_blank
from web import trees
from web.drafting.naming import Naming
from web.languages import words
from web.trees import Tree, shown

IF_EXISTS = "if_exists"  # for the engine, not for the app


@dataclass(frozen=True)
class Sent:
    """One field: a text, or a tree for what has parts. `note` says why it is not known, `problem` what is wrong."""

    title: str
    text: str = ""
    tree: Tree | None = None
    note: str = ""
    problem: str = ""
    field: str = ""


def of_given(naming: Naming, key: str, given: Mapping[str, Any], place: str) -> tuple[Sent, ...]:
    """The fields of a form that was filled in, without those that are empty. `place` makes ids on the page unlike."""
    return tuple(_sent(naming, key, given, place))


def _sent(naming: Naming, key: str, given: Mapping[str, Any], place: str) -> Iterator[Sent]:
    for name, value in given.items():
        if is_blank(value) or name == IF_EXISTS:
            continue
        title = naming.field(key, name)
        if has_parts(value):
            yield Sent(title, tree=trees.tree(value, f"{place}-{name}", titles=naming.given(key, name)), field=name)
        else:
            yield Sent(title, shown(readable(value, naming.language)), field=name)


def has_parts(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(one, Mapping | list) for one in value)
    return isinstance(value, Mapping) and not ("value" in value and "label" in value)


def only_after(naming: Naming, steps: tuple[str, ...]) -> str:
    """Why a value is not known yet."""
    _ = words(naming.language).gettext
    named = ", ".join(f"“{naming.step(one)}”" if naming.language == "en" else f"„{naming.step(one)}“" for one in steps)
    return _("Known only after %(steps)s was really done.") % {"steps": named}


def does(naming: Naming, use: str) -> str:
    """“create a client”: what an operation does; its title where the sentence wants values filled in."""
    said = naming.vocabulary.operation(use)
    if said.sentence and "{" not in said.sentence:
        return said.sentence
    return said.title if naming.language == "de" else said.title[:1].lower() + said.title[1:]
