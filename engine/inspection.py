"""Looks a connector over before people meet it: what is wrong, what could be better, where it stands, what to do.

Called by `zapwerk connectors check`, and by `standard_checks` in a connector's tests. Nothing of the connector is run.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel

from engine import texts
from engine.loading import Loaded
from engine.registry import AnyOperation
from engine.sdk.connector import Action, Connector
from engine.sdk.fields import Choices, fields_of
from engine.sdk.records import Record

PLACEHOLDER = re.compile(r"\{(\w+)\}")
CHOICES_TAKE = 3  # ctx, given, search

Weight = Literal["problem", "hint"]


@dataclass(frozen=True)
class Finding:
    """One thing about a connector: “problem” is to be mended, “hint” may be.

    `subject` is what it is about (“create_task.title”), `remedy` what to do; `file` and `line` where, if known.
    """

    weight: Weight
    subject: str
    sentence: str
    remedy: str = ""
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.subject}: {self.sentence} {self.remedy}".strip()


def of_loaded(loaded: Loaded) -> list[Finding]:
    """What is to be said about everything in one file or package."""
    if loaded.reason:
        remedy = "Mend it; nothing of the connector can be used before."
        return [Finding("problem", loaded.origin.name, loaded.reason, remedy, loaded.file, loaded.line)]
    return [finding for connector in loaded.connectors for finding in of(connector)]


def of(connector: Connector) -> list[Finding]:
    """What is to be said about one connector; problems first."""
    found = [*_of_connector(connector), *_of_sign_in(connector), *_of_texts(connector)]
    for operation in connector.operations:
        place = _place(operation.function)
        found += [_at(place, operation, one) for one in _of_operation(operation)]
    return sorted(found, key=lambda one: one.weight != "problem")


def problems(connector: Connector) -> list[Finding]:
    """Only what must be mended."""
    return [one for one in of(connector) if one.weight == "problem"]


def _problem(subject: str, sentence: str, remedy: str, place: tuple[str, int | None] = ("", None)) -> Finding:
    return Finding("problem", subject, sentence, remedy, *place)


def _hint(subject: str, sentence: str, remedy: str, place: tuple[str, int | None] = ("", None)) -> Finding:
    return Finding("hint", subject, sentence, remedy, *place)


def _at(place: tuple[str, int | None], operation: AnyOperation, finding: Finding) -> Finding:
    subject = f"{operation.key}.{finding.subject}" if finding.subject else operation.key
    file, line = (finding.file, finding.line) if finding.file else place
    return replace(finding, subject=subject, file=file, line=line)


def _of_connector(connector: Connector) -> Iterator[Finding]:
    key, here = connector.key, _place_of(connector)
    if not connector.title.strip():
        yield _problem(key, "It has no title.", "Say what people call the app: Connector(…, title=…).", here)
    if not (isinstance(connector.version, int) and connector.version >= 1):
        yield _problem(key, f"Its version is {connector.version!r}.", "Use whole numbers from 1 on.", here)
    if not list(connector.operations):
        yield _problem(key, "It does nothing: no trigger, action, search or webhook.", "Describe one.", here)
    if connector.needs_connection and connector.checked_by is None:
        remedy = f"Add @{key}.check, which returns the Account."
        yield _problem(key, "It has no @check, so a wrong password would be saved.", remedy, here)
    yield from _of_address(connector, here)


def _of_address(connector: Connector, here: tuple[str, int | None]) -> Iterator[Finding]:
    address, key = connector.base_url, connector.key
    known = {name for profile in connector.profiles.values() for name in type(profile).model_fields}
    known |= {name for kind in connector.auth.values() for name in kind.given.model_fields}
    for name in PLACEHOLDER.findall(address):
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            yield _problem(key, f"Its base_url names {{{name}}}, which nobody fills in.", f"Use one of: {there}.", here)
    if address and not address.startswith(("http://", "https://", "{")):
        yield _problem(key, f"Its base_url “{address}” is no address.", "Write it like https://api.example.com/.", here)
    if address.startswith("http://") and not _is_local(address):
        yield _hint(key, "Its base_url is not encrypted.", "Use https:// if the service can.", here)


def _is_local(address: str) -> bool:
    return urlsplit(address).hostname in ("localhost", "127.0.0.1", "::1")


def _of_sign_in(connector: Connector) -> Iterator[Finding]:
    for key, kind in connector.auth.items():
        for name, info, _ in fields_of(kind.given):
            if not info.title:
                yield _untitled(f"auth.{key}.{name}", kind.given, name)


def _of_operation(operation: AnyOperation) -> Iterator[Finding]:
    if not operation.description:
        yield _problem("", "It has no docstring.", "Its first line is what people read: say what it does.")
    for name in PLACEHOLDER.findall(operation.sentence):
        if name not in operation.form.model_fields:
            there = ", ".join(operation.given.model_fields) or "none"
            yield _problem(
                "",
                f"Its sentence names {{{name}}}, which is no field of {operation.given.__name__}.",
                f"There is: {there}.",
            )
    yield from _of_fields(operation)
    if operation.returns is not None:
        yield from _of_record(operation.returns)
    if isinstance(operation, Action):
        yield from _of_effect(operation)


def _of_fields(operation: AnyOperation) -> Iterator[Finding]:
    form = operation.form
    try:
        form.model_json_schema()
    except Exception as error:  # noqa: BLE001 (whatever pydantic says is the finding)
        remedy = "Use the kinds of fields that the SDK reference lists."
        yield _problem("", f"{form.__name__} makes no JSON schema: {error}", remedy, _place(form))
    for name, info, shape in fields_of(operation.given):
        if not info.title:
            yield _untitled(name, operation.given, name)
        choices = shape.marker(Choices)
        if choices is not None:
            yield from _of_choices(name, choices, operation.given)


def _of_choices(name: str, choices: Choices, given: type[BaseModel]) -> Iterator[Finding]:
    if len(inspect.signature(choices.function).parameters) != CHOICES_TAKE:
        words = f"Its choices, {choices.function.__name__}, do not take (ctx, given, search)."
        yield _problem(name, words, "Give it these three parameters.", _place(choices.function))
    for other in choices.depends:
        if other not in given.model_fields or other == name:
            words = f"Its choices depend on “{other}”, which is no other field of {given.__name__}."
            yield _problem(name, words, "Name fields of the same model.", _place_of_field(given, name))


def _untitled(subject: str, model: type[BaseModel], name: str) -> Finding:
    remedy = "Say what people call it: Field(title=…)."
    return _problem(subject, "It has no title.", remedy, _place_of_field(model, name))


def _of_record(record: type[Record]) -> Iterator[Finding]:
    own = record.model_fields["id"]
    if own.annotation is not str:
        words = f"The id of {record.__name__} is not a str."
        yield _problem("", words, "Turn it into text: known from new is told by it.", _place(record))
    elif not own.is_required() and own.default != "":
        words = f"The id of {record.__name__} has a default, so several things would count as one."
        yield _problem("", words, "Remove the default.", _place(record))
    if set(record.model_fields) == set(Record.model_fields):
        words = f"{record.__name__} declares no field besides id, so nothing can be mapped from it."
        yield _problem("", words, "Name what later steps may use.", _place(record))


def _of_effect(action: Action[Any, Any]) -> Iterator[Finding]:
    if action.find_this is None and action.never_repeatable:
        yield _hint(
            "",
            "When its answer is lost, a person must say what became of it.",
            f"Add @{action.key}.lookup (did this very call arrive?), or repeatable=True if a second call does no harm.",
        )
    if action.find_like is None:
        remedy = f"If the service can be asked, add @{action.key}.existing."
        yield _hint("", "It makes a new one each time, also where there is one like it.", remedy)


def _of_texts(connector: Connector) -> Iterator[Finding]:
    for language, file in texts.languages(connector).items():
        subject = f"{connector.key}.{language}"
        try:
            strangers = texts.names_nothing(connector, language)
        except (OSError, ValueError) as error:
            yield _problem(subject, f"The file cannot be read: {error}", "Mend it.", (str(file), None))
            continue
        for path in strangers:
            words = f"“{path}” names nothing of this connector."
            yield _hint(subject, words, "Correct the path, or remove it.", _line_of(file, path))
        for path in texts.missing(connector, language):
            yield _hint(subject, f"“{path}” is not translated.", f"Add it to {file.name}.", (str(file), None))


def _place_of(connector: Connector) -> tuple[str, int | None]:
    """Where the connector is made: in the file of its first function."""
    functions = [connector.checked_by, *(one.function for one in connector.operations)]
    for function in filter(None, functions):
        file, _ = _place(function)
        line = _first_line(Path(file), rf"Connector\(\s*(?:$|[\"']{connector.key}[\"'])") if file else None
        if line:
            return file, line
    return "", None


def _place(thing: Callable[..., Any] | type) -> tuple[str, int | None]:
    try:
        return inspect.getsourcefile(thing) or "", inspect.getsourcelines(thing)[1]
    except (OSError, TypeError):
        return "", None


def _place_of_field(model: type[BaseModel], name: str) -> tuple[str, int | None]:
    """Where a field is declared, in the model or one that it inherits from."""
    owner = next(one for one in model.__mro__ if name in inspect.get_annotations(one))
    file, first = _place(owner)
    if not file or first is None:
        return "", None
    found = _first_line(Path(file), rf"^\s+{name}\s*:", after=first)
    return file, found or first


def _line_of(file: Path, path: str) -> tuple[str, int | None]:
    """Where a text stands in a file of translations, by the last part of its path."""
    table, _, name = path.rpartition(".")
    after = _first_line(file, rf"^\[{re.escape(table)}\]") if table else 1
    return str(file), _first_line(file, rf"^{name}\s*=", after=after or 1)


def _first_line(file: Path, pattern: str, *, after: int = 1) -> int | None:
    lines = file.read_text("utf-8", errors="replace").splitlines()
    numbered = list(enumerate(lines, start=1))[after - 1 :]
    return next((number for number, line in numbered if re.search(pattern, line)), None)
