"""Failures as the API tells them: application/problem+json (RFC 9457), in the language that the program asks for."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from engine.errors import Conflict, Problem, Problems, Refused, within
from engine.people.refusals import OwnersOnly, Throttled
from web.languages import preferred, words
from web.vocabulary import Vocabulary

MEDIA_TYPE = "application/problem+json"
API = "/api/"
MOST_ERRORS = 100  # told at once
KINDS = frozenset({"group", "condition"})  # what pydantic calls the members of a list, beside their number


class Unreadable(Exception):
    """What was sent is no JSON (400; `position` counts its characters), or of a kind that is not taken (415; `expected`
    is the one that is, “” where nothing is)."""

    def __init__(self, status: int, *, position: int | None = None, expected: str = "") -> None:
        super().__init__(status)
        self.status = status
        self.position = position
        self.expected = expected


def wanted(request: Request) -> bool:
    """Whether a program asks."""
    return request.url.path.startswith(API) and request.url.path != "/api/docs"


def language(request: Request) -> str:
    """What the program asks for; else what the person reads whose token it brings."""
    accepted = request.headers.get("accept-language", "")
    visitor = getattr(request.state, "visitor", None)
    return visitor.language if visitor is not None and not accepted else preferred(accepted)


def answer(status: int, detail: str, *, title: str = "", **more: Any) -> JSONResponse:
    """One problem. `more` are members of its own, like `errors` by field."""
    body = {"title": title or HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    headers = {"cache-control": "no-store"}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def of_unreadable(error: Unreadable, language: str) -> Response:
    _ = words(language).gettext
    if error.status == 415 and not error.expected:
        return answer(415, _("Nothing is to be sent with this."))
    if error.status == 415:
        sentence = _("This is to be sent as %(kind)s, and the header Content-Type must say so.")
        return answer(415, sentence % {"kind": error.expected})
    if error.position is None:
        return answer(400, _("The body is no JSON, or holds what JSON does not know."))
    sentence = _("The body is no JSON: reading it ends at character %(position)s.")
    return answer(400, sentence % {"position": error.position}, position=error.position)


def of_too_long(most: str, language: str) -> Response:
    """`most` is what may be sent, like “2 MB”."""
    sentence = words(language).gettext("The body is larger than the %(most)s that are taken, so nothing was done.")
    return answer(413, sentence % {"most": most})


def of_method(allowed: str, language: str) -> Response:
    """It is asked in another way than those there are, like “GET, POST”."""
    sentence = words(language).gettext("This address takes only: %(methods)s.")
    return answer(405, sentence % {"methods": allowed})


def of_refusal(error: Refused, vocabulary: Vocabulary, language: str) -> Response:
    """What the engine refused: by field, because of somebody else's change, too often, or as things stand."""
    said = vocabulary.told(error)
    match error:
        case Problems():
            _ = words(language).gettext
            detail = _("This cannot be done yet; `errors` says what is to be mended.")
            return answer(422, detail, errors=[_error(one, vocabulary) for one in error.problems[:MOST_ERRORS]])
        case Conflict():
            return answer(409, said, changed_by=error.by, changed_at=error.at.isoformat() if error.at else None)
        case Throttled():
            response = answer(429, said)
            response.headers["retry-after"] = str(error.seconds)
            return response
        case OwnersOnly():
            return answer(403, said)
        case _:
            return answer(409, said)


def of_validation(error: Exception, language: str) -> Response:
    """What cannot be read of a request, by its place in it. What was sent is not repeated."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    _ = words(language).gettext
    if any(one["loc"][:1] == ("path",) for one in found):
        return answer(404, _("There is no such thing."))
    some = found[:MOST_ERRORS]
    errors = [{"step": "", "field": _field(one["loc"]), "message": _message(one, language)} for one in some]
    return answer(422, _("The request cannot be read; `errors` says where."), errors=errors)


def _error(one: Problem, vocabulary: Vocabulary) -> dict[str, str]:
    return {"step": one.step, "field": one.field, "message": vocabulary.told(one)}


def _field(place: Iterable[int | str]) -> str:
    """“steps.0.key”; what stands in the address or a header by its name alone."""
    parts = list(place)
    inner = [part for at, part in enumerate(parts[1:], 1) if not (isinstance(parts[at - 1], int) and _is_kind(part))]
    return ".".join(map(str, inner)).replace("with_", "with")


def _is_kind(part: int | str) -> bool:
    return part in KINDS or part in ("use", "filter")


def _message(one: Any, language: str) -> str:
    """Of the common mistakes in words of our own; of the others in those of pydantic."""
    _ = words(language).gettext
    told = {
        "missing": _("This is missing."),
        "extra_forbidden": _("There is no such field."),
        "string_type": _("This must be a text."),
        "string_too_short": _("This is empty."),
        "string_too_long": _("This is too long."),
        "string_pattern_mismatch": _("This does not have the form that is expected here."),
        "int_type": _("This must be a whole number."),
        "int_parsing": _("This must be a whole number."),
        "bool_type": _("This must be true or false."),
        "bool_parsing": _("This must be true or false."),
        "list_type": _("This must be a list."),
        "dict_type": _("This must be a group of named values."),
        "model_attributes_type": _("This must be a group of named values."),
        "model_type": _("This must be a group of named values."),
        "unwelcome_sign": _("There is a sign in this that no text may hold: NUL, or half of a character."),
    }
    return told.get(one["type"]) or within(str(one["msg"]), language)
