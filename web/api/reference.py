"""The OpenAPI document as people read it: operations by what they are about, with their fields and an example. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from web.api.document import operations

MOST_DEEP = 6  # models within each other that an example draws

Document = Mapping[str, Any]


@dataclass(frozen=True)
class FieldLine:
    """A parameter, or a field of what is sent or given. `refers` is the schema that says what is in it, if one does."""

    name: str
    kind: str
    required: bool
    text: str
    refers: str = ""


@dataclass(frozen=True)
class SchemaView:
    """A model that operations take or give."""

    name: str
    text: str
    fields: tuple[FieldLine, ...]

    @property
    def words(self) -> str:
        """What searching looks into."""
        return f"{self.name} {self.text}".casefold()


@dataclass(frozen=True)
class OperationView:
    """One operation. `address` is how a link leads to it; `curl` calls it."""

    address: str
    method: str
    path: str
    summary: str
    text: str
    role: str
    parameters: tuple[FieldLine, ...]
    body: tuple[FieldLine, ...]
    answer: tuple[FieldLine, ...]
    status: str
    problems: tuple[str, ...]
    curl: str

    @property
    def words(self) -> str:
        """What searching looks into."""
        return f"{self.method} {self.path} {self.summary} {self.text}".casefold()


@dataclass(frozen=True)
class Group:
    """The operations about one thing."""

    name: str
    text: str
    operations: tuple[OperationView, ...]


def groups(document: Document) -> tuple[Group, ...]:
    """In the order of the document's tags."""
    by_tag: dict[str, list[OperationView]] = {}
    for path, method, operation in operations(dict(document)):
        by_tag.setdefault(operation["tags"][0], []).append(_view(document, path, method, operation))
    return tuple(
        Group(tag["name"], tag["description"], tuple(by_tag[tag["name"]]))
        for tag in document["tags"]
        if tag["name"] in by_tag
    )


def schemas(document: Document) -> tuple[SchemaView, ...]:
    """The models that have fields, by name."""
    found = sorted(document["components"]["schemas"].items())
    return tuple(
        SchemaView(name, _said(one.get("description", "")), tuple(_fields(document, one, sent=_is_sent(one))))
        for name, one in found
        if one.get("properties")
    )


def _is_sent(schema: Mapping[str, Any]) -> bool:
    """What is taken refuses fields that it does not know."""
    return schema.get("additionalProperties") is False


def _said(text: str) -> str:
    return text.replace("`", "").partition("\n\n")[0].replace("\n", " ")


def _view(document: Document, path: str, method: str, operation: Mapping[str, Any]) -> OperationView:
    status = next(code for code in operation["responses"] if code.startswith("2"))
    body, answer = _content(operation.get("requestBody")), _content(operation["responses"][status])
    return OperationView(
        address=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        text=operation.get("description", ""),
        role=operation["x-role"],
        parameters=tuple(_parameter(document, one) for one in operation.get("parameters", ())),
        body=tuple(_fields(document, body[1], sent=True)) if body else (),
        answer=tuple(_fields(document, answer[1], sent=False)) if answer else (),
        status=status,
        problems=tuple(sorted(code for code in operation["responses"] if not code.startswith("2"))),
        curl=_curl(document, path, method, body),
    )


def _content(described: Mapping[str, Any] | None) -> tuple[str, Mapping[str, Any]] | None:
    """The kind of content and its schema."""
    kinds = (described or {}).get("content", {})
    return next(((kind, one.get("schema", {})) for kind, one in kinds.items()), None)


def _parameter(document: Document, one: Mapping[str, Any]) -> FieldLine:
    text = one.get("description") or one["schema"].get("description", "")
    return FieldLine(one["name"], _kind(document, one["schema"]), one.get("required", False), _said(text))


def _fields(document: Document, schema: Mapping[str, Any], *, sent: bool) -> Iterator[FieldLine]:
    whole = _resolved(document, schema)
    required = whole.get("required", ()) if sent else ()  # of what is given, everything is always there
    for name, one in whole.get("properties", {}).items():
        text = one.get("description") or _resolved(document, one).get("description", "")
        yield FieldLine(name, _kind(document, one), name in required, _said(text), _refers(document, one))


def _refers(document: Document, schema: Mapping[str, Any]) -> str:
    """The schema with fields that a field leads to: itself, in a list, or as one of several."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2] if _resolved(document, schema).get("properties") else ""
    inner = schema.get("anyOf") or ([schema["items"]] if "items" in schema else [])
    return next((name for one in inner if (name := _refers(document, one))), "")


def _resolved(document: Document, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Mapping[str, Any] = document["components"]["schemas"].get(name, schema) if name else schema
    return found


def _kind(document: Document, schema: Mapping[str, Any]) -> str:
    """In few words: “text”, “list of RunLine”, “number or null”."""
    if "$ref" in schema:
        found = _resolved(document, schema)
        return _kind(document, found) if "enum" in found else schema["$ref"].rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(json.dumps(one) for one in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_kind(document, one) for one in schema["anyOf"])
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_kind(document, schema.get('items', {}))}"
    return f"{schema['format']} {kind}" if "format" in schema else str(kind)


def _curl(document: Document, path: str, method: str, body: tuple[str, Mapping[str, Any]] | None) -> str:
    server = document["servers"][0]["url"]
    address = path.replace("{", "$").replace("}", "")
    how = "" if method == "get" else f"-X {method.upper()} "
    lines = [f'curl {how}"{server}{address}"', '-H "Authorization: Bearer $ZAPWERK_TOKEN"']
    if body is not None:
        kind, schema = body
        lines.append(f'-H "Content-Type: {kind}"')
        lines.append(_data(document, kind, schema))
    return " \\\n  ".join(lines)


def _data(document: Document, kind: str, schema: Mapping[str, Any]) -> str:
    if kind != "application/json":
        return "--data-binary @zap.yaml"
    example = json.dumps(_example(document, schema, 0), ensure_ascii=False)
    return f"-d '{example}'"


def _example(document: Document, schema: Mapping[str, Any], depth: int) -> Any:
    """A value that fits: what the schema says, else of the required fields."""
    if schema.get("examples"):
        return schema["examples"][0]
    found = _resolved(document, schema)
    if found.get("examples"):
        return found["examples"][0]
    if "enum" in found:
        return found["enum"][0]
    if "anyOf" in found:
        return _example(document, found["anyOf"][0], depth)
    if found.get("type") == "object" and depth < MOST_DEEP:
        wanted = {name: one for name, one in found.get("properties", {}).items() if _is_shown(found, name, one)}
        return {name: _example(document, one, depth + 1) for name, one in wanted.items()}
    return _plain(found)


def _is_shown(whole: Mapping[str, Any], name: str, field: Mapping[str, Any]) -> bool:
    return name in whole.get("required", ()) or bool(field.get("examples"))


def _plain(schema: Mapping[str, Any]) -> Any:
    samples: dict[str, Any] = {"string": "", "integer": schema.get("minimum", 0), "boolean": True, "array": []}
    return schema.get("default", samples.get(schema.get("type", ""), {}))
