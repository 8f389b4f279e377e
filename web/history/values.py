"""Single values of a run: the files that occur in it, and the texts that are shown as pages. Called by `pages.run`."""

from collections.abc import Mapping
from typing import Any

from engine.errors import NotFound, Sentence
from engine.history.details import RunDetail
from engine.runs.control import Control
from engine.sdk.records import File
from web import trees
from web.history.steps import INPUT, OUTPUT, RECORD, SENT


def file(control: Control, run_id: str, ref: str) -> File:
    """The file with this ref, if this run knows it. Raises `NotFound`: a ref alone opens nothing."""
    detail = control.show(run_id)
    for value in (detail.payload, *(line.data for line in detail.lines)):
        for one in trees.files_in(value):
            if one["ref"] == ref:
                return _file(one)
    raise NotFound(Sentence("There is no such file in this run.", "Diese Datei gibt es in dieser Ausführung nicht."))


def text(detail: RunDetail, part: str, step: str, pointer: str) -> str:
    """A text within the record, or within what a step got or gave. Raises `NotFound`."""
    found = trees.at(_part(detail, part, step), pointer)
    if not isinstance(found, str):
        raise NotFound(
            Sentence("There is no such text in this run.", "Diesen Text gibt es in dieser Ausführung nicht.")
        )
    return found


def _part(detail: RunDetail, part: str, key: str) -> Any:
    if part == RECORD:
        return detail.record.value
    step = next((one for one in detail.steps if one.key == key), None)
    if step is None:
        return None
    sent = step.review.sent if step.review else None
    found = {INPUT: step.input, OUTPUT: step.output, SENT: sent}.get(part)
    return found.value if found else None


def _file(described: Mapping[str, Any]) -> File:
    kind = described.get("content_type")
    return File(
        ref=described["ref"],
        name=described["name"],
        content_type=kind if isinstance(kind, str) else "application/octet-stream",
    )
