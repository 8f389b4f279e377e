"""Pages over HTTP at a thousand zaps and a long history, while runs are executed. Called by `history`, on its folder.

`zapwerk serve` is a process of its own, somebody is signed in, and asks one thing after the other over one connection
that stays open: every page, its filters, and what the editor sends with each key that is typed. First nothing else is
done, and the processor time that the server takes for each answer is read from the kernel (Linux; elsewhere it is 0).
Then webhooks come at the rate asked for, and it is the time until the whole answer is there that counts.
"""

import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks import load
from benchmarks.bulk import zap_id_of
from benchmarks.load import Order
from engine.history.finding import Filter
from engine.history.indexing import Indexing
from engine.people.sign_ins import csrf_of
from engine.runtime import Runtime
from engine.settings import Settings
from engine.store import zaps
from engine.zaps.model import Zap
from tests.processes import Installation, Served

STEPS = 50  # of the draft that is edited
PASSWORD = "only for this benchmark"
WORDS = ("anfrage", "rechnung", "muster", "erika", "kunde", "telefon")
BEGINNINGS = ("anf", "rech", "must", "tele", "bre")
RESTS = 3.0  # seconds without the end of a run: the last one has ended
WARM = 2  # answers of each kind that are not counted
_CARDS = re.compile(r'data-cards="(\w+)"')

Asks = Callable[[], None]


@dataclass
class Clerk:
    """Somebody who is signed in, and edits a draft of fifty steps."""

    line: HTTPConnection
    token: str
    zap_id: str
    zaps: int
    runs: list[str]
    revision: int = 1
    cards: str = ""
    chance: random.Random = field(default_factory=lambda: random.Random(5))

    def get(self, path: str, **asked: object) -> None:
        self._ask("GET", f"{path}?{urlencode(asked)}" if asked else path)

    def saves(self, change: str, **fields: object) -> None:
        """A change of the draft, as the editor's scripts send it."""
        body = urlencode({"revision": self.revision, "cards": self.cards, "step": f"send{STEPS - 1}", **fields})
        answer = json.loads(self._ask("POST", f"/zaps/{self.zap_id}/draft/{change}", body))
        self.revision = answer["revision"]
        found = _CARDS.search(answer.get("flow", ""))
        self.cards = found[1] if found else self.cards

    def previews(self) -> None:
        where = urlencode({"step": f"send{STEPS - 1}", "field": "body"})
        template = f"{self._typed()} {{{{ trigger.body.text }}}}"
        self._ask("POST", f"/zaps/{self.zap_id}/preview?{where}", urlencode({"template": template}))

    def questions(self) -> dict[str, Asks]:
        """By name; each time about something else."""
        chance, get, week = self.chance, self.get, timedelta(days=7)
        now = datetime.now(UTC)
        then = {"since": (now - 2 * week).date(), "until": (now - week).date()}
        return {
            "zaps": lambda: get("/zaps"),
            "zaps, by their last run": lambda: get("/zaps", sort="last"),
            "zaps, a page far back": lambda: get("/zaps", page=max(self.zaps // 40, 1)),
            "zaps, some words": lambda: get("/zaps", q=f"customer {chance.randrange(10)}"),
            "history": lambda: get("/history"),
            "history, far back": lambda: get("/history", before=self._run()),
            "history, one zap": lambda: get("/history", zap=self._zap()),
            "history, failed": lambda: get("/history", state="failed"),
            "history, on hold": lambda: get("/history", state="held"),
            "history, one zap, filtered out": lambda: get("/history", zap=self._zap(), state="filtered"),
            "history, a week, done": lambda: get("/history", state="succeeded", **then),
            "history, a common word": lambda: get("/history", q=chance.choice(WORDS)),
            "history, a rare word": lambda: get("/history", q=chance.randrange(10**6)),
            "history, two words": lambda: get("/history", q=f"{chance.choice(WORDS)} {chance.choice(WORDS)}"),
            "history, the beginning of a word": lambda: get("/history", q=chance.choice(BEGINNINGS)),
            "history, a word, one zap": lambda: get("/history", q=chance.choice(WORDS), zap=self._zap()),
            "history, a word, failed": lambda: get("/history", q=chance.choice(WORDS), state="failed"),
            "history, a word, a week": lambda: get("/history", q="kunde", **then),
            "a run": lambda: get(f"/history/{self._run()}"),
            "the editor": lambda: get(f"/zaps/{self.zap_id}", step=f"send{STEPS - 1}"),
            "a key in the editor": lambda: self.saves("value", field="body", **{"given.body": self._typed()}),
            "a key that changes the flow": lambda: self.saves("title", title=self._typed()),
            "its preview": self.previews,
        }

    def _ask(self, method: str, path: str, body: str | None = None) -> bytes:
        headers = {"cookie": f"zapwerk={self.token}", "x-csrf": csrf_of(self.token)}
        headers["origin"] = f"http://{self.line.host}:{self.line.port}"
        if body is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        found = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{method} {path} was answered with {answer.status}: {found[:500]!r}")
        return found

    def _zap(self) -> str:
        return zap_id_of(self.chance.randrange(self.zaps))

    def _run(self) -> str:
        return self.chance.choice(self.runs)

    def _typed(self) -> str:
        return f"text {self.chance.randrange(10**9)}"


@dataclass(frozen=True)
class Wanted:
    """How often each thing is asked, at which rate runs come meanwhile, and of which zap."""

    zaps: int
    rounds: int
    rate: float
    webhook_zap: str


def measured(installation: Installation, wanted: Wanted, folder: Path) -> dict[str, Any]:
    """By question: p50 and p95 while runs are executed, and p95 of the processor time of its answer."""
    token, draft, runs = _prepared(installation.data, wanted.zaps)
    with installation.serving() as served, closing(HTTPConnection("127.0.0.1", served.port, timeout=60)) as line:
        clerk = Clerk(line, token, draft, wanted.zaps, runs)
        worked = {name: _worked(served, asks, wanted.rounds) for name, asks in clerk.questions().items()}
        with _arriving(installation, wanted, folder) as executed:
            line.close()  # the server closes a line that nobody speaks on; another one is opened by the next request
            begun, before = time.monotonic(), executed()
            times = {name: _times(asks, wanted.rounds) for name, asks in clerk.questions().items()}
            pace = (executed() - before) / (time.monotonic() - begun)
    found = {
        name: {**spread(times[name], "p50", "p95"), **spread(worked[name], "cpu p50", "cpu p95")} for name in times
    }
    slowest = max(one["p95"] for one in found.values())
    return {"slowest page p95, ms": slowest, **found, "runs a second while pages were asked": round(pace, 1)}


def _prepared(data: Path, zaps: int) -> tuple[str, str, list[str]]:
    """A signed-in owner's token, a draft of fifty steps, and runs from all over the history. All is indexed."""
    runtime = Runtime(Settings(data=data))
    try:
        Indexing(runtime.database, busy=lambda: False).catch_up()
        draft = runtime.editing.drafts.create(template=_long_zap(), name=f"Fifty steps {time.time_ns()}")
        now, chance = runtime.now(), random.Random(3)
        moments = [now - timedelta(days=29) * chance.random() for _ in range(50)]
        runs = [run for until in moments for run in runtime.history.ids(Filter(until=until), 1)]
        return _signed_in(runtime), draft.id, runs
    finally:
        runtime.database.close()


def _signed_in(runtime: Runtime) -> str:
    accounts = runtime.people.accounts
    link = runtime.people.links.set_up()
    if link is not None:
        owner = accounts.set_up(link.token, "Olga Owner", "olga@zapwerk.example", PASSWORD, "", "")
    else:
        owner = accounts.every()[0]
    return runtime.people.sign_ins.begin_for(owner, address="127.0.0.1", agent="benchmark").token


def _long_zap() -> Zap:
    """A filter, then steps that each use what the trigger and the step before gave."""
    words = {"all": [{"value": "{{ trigger.body.text }}", "is": "contains", "to": "Anfrage"}]}
    sends = [
        {
            "key": f"send{number}",
            "use": "http.request",
            "with": {"method": "POST", "url": "https://example.com/", "body": f"{{{{ trigger.body.text }}}} {number}"},
        }
        for number in range(1, STEPS)
    ]
    drawn = {"zapwerk": 1, "name": "-", "trigger": {"use": "webhook.catch"}}
    return Zap.model_validate({**drawn, "steps": [{"key": "inquiry", "filter": words}, *sends]})


@contextmanager
def _arriving(installation: Installation, wanted: Wanted, folder: Path) -> Iterator[Callable[[], int]]:
    """Webhooks at that rate, from a process of its own; gives what counts the zap's runs that ended."""
    address: str = installation.show("zaps", "show", wanted.webhook_zap)["trigger"]["url"]
    order = Order(address, requests=10_000_000, rate=wanted.rate, prefix=f"p{time.time_ns()}")
    with closing(_Ended(installation.data, wanted.webhook_zap)) as ended:
        loading = load.begun(order, folder / "pages.jsonl")
        try:
            time.sleep(2)
            yield ended.count
        finally:
            loading.kill()
            loading.communicate()
            ended.rest()


class _Ended:
    """Counts the runs of one zap that ended, from the tallies."""

    def __init__(self, data: Path, name: str) -> None:
        self._runtime = Runtime(Settings(data=data))
        with self._runtime.database.read() as session:
            self._zap_id = zaps.find(session, name).id

    def count(self) -> int:
        return self._runtime.figures.of_zaps([self._zap_id])[self._zap_id].total

    def rest(self) -> None:
        """Waits until no run ends any more, so that none is left to the next measurement in this folder."""
        before = -1
        while before < (now := self.count()):
            before = now
            time.sleep(RESTS)

    def close(self) -> None:
        self._runtime.database.close()


def _times(asks: Asks, rounds: int) -> list[float]:
    """Seconds until each answer was there."""
    found = []
    for number in range(-WARM, rounds):
        time.sleep(0.02)  # as between two people's clicks: the engine's own work goes on
        begun = time.perf_counter()
        asks()
        if number >= 0:
            found.append(time.perf_counter() - begun)
    return found


def _worked(served: Served, asks: Asks, rounds: int) -> list[float]:
    """Seconds of processor time that the server took for each answer."""
    found = []
    for number in range(-WARM, rounds):
        before = _processor_time(served)
        asks()
        if number >= 0:
            found.append(_processor_time(served) - before)
    return found


def _processor_time(served: Served) -> float:
    assert served.process is not None
    threads = Path(f"/proc/{served.process.pid}/task").glob("*/schedstat")
    return sum(int(one.read_text().split()[0]) for one in threads) / 1e9


def spread(seconds: Sequence[float], half: str, most: str) -> Mapping[str, float]:
    """The middle and the 95th of a hundred, in milliseconds, under these names."""
    ordered = sorted(one * 1000 for one in seconds)
    last = min(len(ordered) * 95 // 100, len(ordered) - 1)
    return {half: round(ordered[len(ordered) // 2], 1), most: round(ordered[last], 1)}
