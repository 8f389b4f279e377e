"""The OpenAPI document: FastAPI draws what routes take and give; here is added what they have in common. Pure.

Made once, of the routes there are; asked for by `docs`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from web.access import Need, needed
from web.api.schemas import Problem
from web.problems import MEDIA_TYPE

TITLE = "Zapwerk"
DESCRIPTION = """Everything that the pages do, for programs.

Send a token with each request: `Authorization: Bearer zw_…`. Tokens are made in the settings, with a role; a program
may do what that role may, and never more than the person who made the token.

Lists come in pages: `limit` says how many, and `next` of the answer is the path of the page that follows. What is
refused is answered as `application/problem+json` (RFC 9457), in the language of `Accept-Language` (en, de).

Within v1, fields and operations are only added. Be prepared for fields that you do not know.
"""
TAGS = {
    "Zaps": "A named trigger plus steps.",
    "Drafts": "What is drawn, while the live version goes on running.",
    "Publishing": "From the draft to a version that runs.",
    "Versions": "What was published.",
    "Files": "Zaps as YAML.",
    "Testing": "Single steps, really done with samples.",
    "Rehearsals": "What a zap would do, with nothing created.",
    "Runs": "The history.",
    "Connections": "Accounts at apps.",
    "Apps": "What there is to connect.",
    "People": "Who may sign in. For owners.",
    "Oneself": "Your profile, tokens and sign-ins.",
    "Mapping": "What fits into the fields of a step, and what it would give.",
    "Pausing": "Everything at once, or one zap.",
    "Notices": "How people are reached.",
    "Keeping": "How long things stay, how much there is, and what is kept about a person.",
    "Backups": "Making and fetching them, and how it goes on after a restore.",
    "House": "Health, notices, the audit log.",
}
PROBLEMS = {
    400: "The body cannot be read.",
    401: "No token, or one that is not good any more.",
    403: "The role is not enough.",
    404: "There is no such thing.",
    409: "It cannot be done as things stand, or somebody changed it meanwhile.",
    413: "The body is too long.",
    415: "The body is of another kind than is taken here.",
    422: "Something sent is wrong; `errors` says where.",
    429: "Too often; `Retry-After` says for how many seconds to wait.",
}
METHODS = ("get", "put", "post", "patch", "delete")
READS = ("get",)


def made(routes: Iterable[Any], version: str, address: str, cookie: str) -> dict[str, Any]:
    """The whole document; `cookie` is what pages are signed in with."""
    mine = [one for one in routes if isinstance(one, APIRoute) and one.include_in_schema]
    document = get_openapi(
        title=TITLE,
        version=version,
        description=DESCRIPTION,
        routes=mine,
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        servers=[{"url": address}],
        separate_input_output_schemas=False,
    )
    components = document.setdefault("components", {})
    schemas = {name: one for name, one in components.get("schemas", {}).items() if "ValidationError" not in name}
    components["schemas"] = {**schemas, **_schemas(Problem)}
    components["securitySchemes"] = _ways_in(cookie)
    document["security"] = [{"token": []}, {"session": []}]
    for path, method, operation in operations(document):
        _complete(path, method, operation)
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation, in the order of the document."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    first, _, rest = operation.get("description", "").partition(". ")
    operation["summary"] = first.rstrip(".")
    operation["description"] = rest
    if not rest:
        del operation["description"]
    operation["x-role"] = (needed(method.upper(), path) or Need.OWNER).name.lower()
    operation["responses"].pop("422", None)
    for status in _statuses(path, method, operation):
        operation["responses"][str(status)] = {
            "description": PROBLEMS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }


def _statuses(path: str, method: str, operation: dict[str, Any]) -> Sequence[int]:
    """What may come back instead."""
    found = [401, 403, 409]
    if "{" in path or method not in READS:
        found.append(404)
    if "429" in operation["responses"]:
        found.append(429)
    if "requestBody" in operation or method not in READS:
        found += [400, 413, 415]
    return sorted([*found, 422])


def _schemas(model: type[BaseModel]) -> dict[str, Any]:
    """A model that stands in no route's signature."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    return {**schema.pop("$defs", {}), model.__name__: schema}


def _ways_in(cookie: str) -> dict[str, Any]:
    return {
        "token": {"type": "http", "scheme": "bearer", "description": "A token: zw_…"},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie,
            "description": "A browser that is signed in. Writes also need the header X-CSRF of its pages.",
        },
    }
