"""Reads the body of a delivery by its content type: JSON, a form, a form with files, text, or a file. Pure but for
the files, which are kept by the engine. Raises `InvalidInput` for what is not what it says it is.
"""

import json
import math
from dataclasses import dataclass, field
from email.message import Message
from io import BytesIO
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from zapwerk import Delivery, File, InvalidInput

MAX_PARTS = 1000  # fields and files of one form
MAX_VALUE = 1_000_000  # bytes; a longer body is kept as a file: read into values it may take fifty times its size
LONGEST_SAID = 40  # characters of a number that an answer repeats
FORM = "application/x-www-form-urlencoded"
FORM_WITH_FILES = "multipart/form-data"
TEXTS = ("text/", "application/xml", "application/javascript", "application/graphql")


@dataclass
class Read:
    """A body's value, and the files that came with it."""

    value: Any = None
    files: list[File] = field(default_factory=list)


async def read(delivery: Delivery, files: Any) -> Read:
    """`files` is where files are kept (`ctx.files`)."""
    if not delivery.body:
        return Read()
    kind, options = _content_type(delivery.content_type)
    if len(delivery.body) > MAX_VALUE and kind != FORM_WITH_FILES:
        return Read(files=[await files.save("body", delivery.body, kind or "application/octet-stream")])
    if kind == "application/json" or kind.endswith("+json"):
        return Read(_json(delivery.body))
    if kind == FORM:
        return Read(pairs(_text(delivery.body, options)))
    if kind == FORM_WITH_FILES:
        return await _form(delivery.body, options.get("boundary", ""), files)
    if kind == "":
        return Read(_unsaid(delivery.body))
    if kind.startswith(TEXTS) or kind.endswith("+xml"):
        return Read(_text(delivery.body, options))
    return Read(files=[await files.save("body", delivery.body, kind)])


def pairs(form: str) -> dict[str, Any]:
    """A form or query as a mapping; a name that came several times has the list of its values."""
    found: dict[str, Any] = {}
    try:
        given = parse_qsl(form, keep_blank_values=True, max_num_fields=MAX_PARTS)
    except ValueError as error:
        raise InvalidInput(f"The form has more than {MAX_PARTS:,} fields.") from error
    for name, value in given:
        _add(found, name, value)
    return found


def _add(found: dict[str, Any], name: str, value: Any) -> None:
    if name not in found:
        found[name] = value
    elif isinstance(found[name], list):
        found[name].append(value)
    else:
        found[name] = [found[name], value]


def _content_type(header: str) -> tuple[str, dict[str, str]]:
    kind, options = parse_options_header(header)
    known = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in options.items()}
    return kind.decode("latin-1").strip().lower(), known


def _json(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_no_number, parse_float=_finite)
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        raise InvalidInput(f"The body is no valid JSON: {error.msg} at {at} (position {error.pos}).") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"The body is no valid JSON: it is not UTF-8 at position {error.start}.") from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"The body is no JSON that can be kept: {error}.") from error


def _finite(said: str) -> float:
    """Python reads 1e999 as infinity, which would be kept as nothing."""
    number = float(said)
    if not math.isfinite(number):
        raise ValueError(f"{said[:LONGEST_SAID]} is larger than any number that can be kept")
    return number


def _no_number(said: str) -> NoReturn:
    raise ValueError(f"{said} is no number that JSON knows")


def _unsaid(body: bytes) -> Any:
    """A body without a content type: JSON if it is, else text."""
    try:
        return _json(body)
    except InvalidInput:
        return _text(body, {})


def _text(body: bytes, options: dict[str, str]) -> str:
    try:
        return body.decode(options.get("charset", "utf-8"), errors="replace")
    except LookupError:  # a charset that nobody knows
        return body.decode("utf-8", errors="replace")


@dataclass
class _Part:
    """One field or file of a form, while it is read."""

    headers: dict[str, str] = field(default_factory=dict)
    content: BytesIO = field(default_factory=BytesIO)
    header_name: bytes = b""
    header_value: bytes = b""


class _Parts:
    """Gathers the parts that the parser tells of."""

    def __init__(self) -> None:
        self.all: list[_Part] = []

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_part_data": self._data,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
        }

    def _begin(self) -> None:
        if len(self.all) >= MAX_PARTS:
            raise InvalidInput(f"The form has more than {MAX_PARTS:,} fields.")
        self.all.append(_Part())

    def _data(self, data: bytes, start: int, end: int) -> None:
        self.all[-1].content.write(data[start:end])

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self.all[-1].header_name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self.all[-1].header_value += data[start:end]

    def _header_end(self) -> None:
        part = self.all[-1]
        part.headers[part.header_name.decode("latin-1").lower()] = part.header_value.decode("utf-8", "replace")
        part.header_name = part.header_value = b""


async def _form(body: bytes, boundary: str, files: Any) -> Read:
    parts = _parts(body, boundary)
    form = Read({})
    for part in parts:
        said = Message()
        said["content-disposition"] = part.headers.get("content-disposition", "")
        name = str(said.get_param("name", "", "content-disposition"))
        file_name = said.get_filename()
        kind, options = _content_type(part.headers.get("content-type", ""))
        if file_name is None:
            _add(form.value, name, _text(part.content.getvalue(), options))
            continue
        file = await files.save(file_name or name, part.content.getvalue(), kind or "application/octet-stream")
        form.files.append(file)
        _add(form.value, name, file.model_dump())
    return form


def _parts(body: bytes, boundary: str) -> list[_Part]:
    if not boundary:
        raise InvalidInput("The form says no boundary, so its parts cannot be told apart.")
    gathered = _Parts()
    parser = MultipartParser(boundary.encode("latin-1", "replace"), gathered.callbacks())
    try:
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise InvalidInput(f"The form cannot be read: {error}.") from error
    return gathered.all
