"""An installation with a long history, filled by inserting rows at once: thousands of zaps, a million runs. Called by
`history`.

The runs are spread over thirty days and unevenly over the zaps; each has a mail as its event and the journal of a
filter and an action. Nothing of it was executed.
"""

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert

from benchmarks.letters import Letters
from engine.store import ids
from engine.store.database import Database
from engine.store.moments import NEVER
from engine.store.states import RunState
from engine.store.tables import EventRow, JournalRow, RunRow, VersionRow, ZapRow

AT_ONCE = 5_000  # runs in one transaction
MAILS = 20_000  # different texts; the subjects differ in all
DAYS = 30
DAY_MS = 86_400_000

SHARES = {
    RunState.SUCCEEDED: 0.70,
    RunState.FILTERED: 0.26,
    RunState.FAILED: 0.03,
    RunState.STOPPED: 0.005,
    RunState.HELD: 0.004,
    RunState.NEEDS_REVIEW: 0.001,
}
PROBLEMS = {
    RunState.FAILED: "The service refuses the e-mail address of this client.",
    RunState.HELD: "“Office” must be reconnected: the app password is no longer accepted.",
    RunState.NEEDS_REVIEW: "The service did not answer in time; it is not known whether the client was created.",
    RunState.STOPPED: "A client like this exists already.",
}


@dataclass(frozen=True)
class Bulk:
    """How much there is. The newest run is of this moment."""

    zaps: int
    runs: int

    def fill(self, database: Database) -> None:
        with database.connect() as connection:
            _insert(connection, ZapRow, [_zap(number) for number in range(self.zaps)])
            _insert(connection, VersionRow, [_version(number) for number in range(self.zaps)])
        chance, mails = random.Random(7), _Mails()
        for first in range(0, self.runs, AT_ONCE):
            some = list(self._some(range(first, min(first + AT_ONCE, self.runs)), chance, mails))
            with database.connect() as connection:
                _insert(connection, EventRow, [event for event, _, _ in some])
                _insert(connection, JournalRow, [line for _, _, lines in some for line in lines])
                _insert(connection, RunRow, [run for _, run, _ in some])

    def _some(
        self, numbers: range, chance: random.Random, mails: "_Mails"
    ) -> Iterator[tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]]:
        begin = time.time_ns() // 1_000_000 - DAYS * DAY_MS
        for number in numbers:
            at = begin + number * DAYS * DAY_MS // self.runs
            zap_id = zap_id_of(int(self.zaps * chance.random() ** 2))
            (state,) = chance.choices(list(SHARES), list(SHARES.values()))
            mail = mails.mail(number, chance)
            event = _event(zap_id, number, at, mail)
            run = _run(zap_id, event["id"], state, at)
            yield event, run, list(_journal(run["id"], state, at, mail))


@dataclass(frozen=True)
class _Mail:
    """A mail, as JSON."""

    subject: str
    client: str
    payload: str


class _Mails:
    """Mails whose texts are made once: making one takes longer than storing it."""

    def __init__(self) -> None:
        self._made: dict[int, dict[str, Any]] = {}
        self._texts: dict[int, str] = {}

    def mail(self, number: int, chance: random.Random) -> _Mail:
        known = number % MAILS
        if known not in self._made:
            self._made[known] = mail = Letters().mail(known)
            self._texts[known] = _json({name: value for name, value in mail.items() if name not in ("id", "subject")})
        mail = self._made[known]
        subject = f"{mail['subject']} {chance.randrange(10**6)}"
        client = f'{{"name":"{mail["sender"]["name"]}","email":"{mail["sender"]["address"]}","notes":"{subject}"}}'
        return _Mail(subject, client, f'{{"id":"17:{number}","subject":"{subject}",{self._texts[known][1:]}')


def zap_id_of(number: int) -> str:
    return f"{ids.floor(1_700_000_000_000)}{number:09}"


def _zap(number: int) -> dict[str, Any]:
    return {
        "id": zap_id_of(number),
        "name": f"Mails of customer {number} become clients",
        "state": "on",
        "attention": "",
        "draft": _definition(number),
        "folder": f"Folder {number % 20}",
        "updated_by": "",
        "published": 1,
        "concurrency": None,
        "revision": 1,
        "created_at": 1_700_000_000_000,
        "updated_at": 1_700_000_000_000,
        "deleted_at": None,
    }


def _version(number: int) -> dict[str, Any]:
    zap = {"zap_id": zap_id_of(number), "number": 1, "definition": _definition(number)}
    return {**zap, "connectors": "{}", "created_by": "", "created_at": 1_700_000_000_000}


def _definition(number: int) -> str:
    has_invoice = {"all": [{"value": "{{ trigger.subject }}", "is": "contains", "to": "Anfrage"}]}
    create = {"key": "client", "use": "invoice2go.create_client", "with": {"name": "{{ trigger.sender.name }}"}}
    zap = {
        "zapwerk": 1,
        "name": f"Mails of customer {number} become clients",
        "trigger": {"use": "imap.new_email"},
        "steps": [{"key": "inquiry", "filter": has_invoice}, create],
    }
    return json.dumps(zap)


def _event(zap_id: str, number: int, at: int, mail: _Mail) -> dict[str, Any]:
    return {
        "id": _id(at),
        "zap_id": zap_id,
        "source": "imap.new_email:office@example.com:INBOX",
        "record_id": f"17:{number}",
        "payload": mail.payload.encode(),
        "received_at": at,
    }


def _run(zap_id: str, event_id: str, state: RunState, at: int) -> dict[str, Any]:
    rests = state in (RunState.HELD, RunState.NEEDS_REVIEW)
    return {
        "id": _id(at),
        "zap_id": zap_id,
        "version": 1,
        "event_id": event_id,
        "replay_of": None,
        "state": state.value,
        "hold": "connection:office" if state == RunState.HELD else "",
        "due_at": NEVER if rests else at,
        "attempt": 0,
        "owner": "",
        "epoch": 1,
        "lease_until": 0,
        "step": "" if state == RunState.SUCCEEDED else "client",
        "problem": PROBLEMS.get(state, ""),
        "field": "",
        "created_at": at,
        "started_at": at + 3,
        "finished_at": None if rests else at + 700,
    }


def _journal(run_id: str, state: RunState, at: int, mail: _Mail) -> Iterator[dict[str, Any]]:
    if state == RunState.FILTERED:
        yield _line(run_id, "inquiry", "filtered", at + 3, f'{{"reason":"{mail.subject} does not contain Anfrage."}}')
        return
    yield _line(run_id, "inquiry", "finished", at + 3, '{"output":{"passed":true},"reason":"It contains Anfrage."}')
    sent = f'{{"input":{mail.client},"form":{{"if_exists":"use"}},"key":"{run_id * 2}"}}'
    yield _line(run_id, "client", "started", at + 4, sent)
    if state == RunState.SUCCEEDED:
        made = f'{{"output":{{"id":"c-{run_id}",{mail.client[1:]}}}'
        yield _line(run_id, "client", "finished", at + 700, made)
    else:
        yield _line(run_id, "client", "failed", at + 700, _json({"problem": PROBLEMS[state], "error": "InvalidInput"}))


def _line(run_id: str, path: str, entry: str, at: int, data: str) -> dict[str, Any]:
    return {"run_id": run_id, "path": path, "entry": entry, "data": data.encode(), "at": at}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _id(at: int) -> str:
    """An id of that moment."""
    return ids.floor(at) + ids.new()[ids.TIME_DIGITS :]


def _insert(connection: Connection, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    connection.execute(insert(table), rows)
