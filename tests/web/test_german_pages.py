"""What is stored in English of runs and checks reads as German on the pages, and so does what is refused."""

import asyncio
import html
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from engine.people.roles import Role
from engine.store import notices
from engine.triggers.watchdog import matter, sentence
from engine.zaps.conditions import Condition, Group
from engine.zaps.model import FilterStep
from tests.engine.benches import do
from tests.web.history_house import HistoryHouse, history_house
from zapwerk import OutcomeUnknown, PermanentFailure, TemporaryFailure

UNSEEN = re.compile(r"<(script|style|template).*?</\1>|<[^>]+>", re.DOTALL)
GERMAN = {"accept-language": "de"}
ONLY_OFFERS = Group(all=(Condition(value="{{ trigger.name }}", is_="contains", to="Offer"),))

FAILS = {
    "no answer": TemporaryFailure("The service could not be reached: no connection to shop:80 (Connection refused)"),
    "refused": PermanentFailure("The service answered 404 (“no such shop”)"),
    "unknown": OutcomeUnknown("No answer came after the request had been sent: the answer broke off"),
    "bug": KeyError("oops"),
}


async def pages(folder: Path) -> Mapping[str, str]:
    """The pages of runs that ended in all manners, by what happened."""
    async with history_house(folder) as house:
        made = await _runs(house)
        found = {name: await said(house, f"/history/{run}") for name, run in made.items()}
        found["history"] = await said(house, "/history")
        found["zaps"] = await said(house, "/zaps")
        found["notices"] = await said(house, "/notices")
        return found


async def _runs(house: HistoryHouse) -> dict[str, str]:
    bench = house.bench
    failing = await bench.zap("new_thing", do("made", "make"))
    for name, error in FAILS.items():
        bench.toy.next(f"make {name}", *[error] * 3)
    made = {name: run.id for name, run in zip(FAILS, await bench.done(failing, *FAILS), strict=True)}
    filtering = await bench.zap("new_thing", FilterStep(key="only", filter=ONLY_OFFERS), do("made", "make"))
    made["filtered"] = (await bench.done(filtering, "A letter"))[0].id
    empty = do("made", "make").model_copy(update={"with_": {"name": "{{ trigger.name | replace: 'A thing', '' }}"}})
    blank = await bench.zap("new_thing", empty)
    made["blank"] = (await bench.done(blank, "A thing"))[0].id
    bench.toy.next("new_thing", PermanentFailure("The service answered 503: too busy just now."))
    await bench.check(failing)
    with bench.runtime.database.write() as session:  # as the watchdog does after a while
        said = sentence(replace(bench.watch(failing), problem="The shop did not answer."))
        notices.tell(session.connection(), matter(failing), said, zap_id=failing, now=bench.now())
    return made


async def said(house: HistoryHouse, path: str) -> str:
    """What a page says, without markup."""
    answer = await house.clients[Role.EDITOR].get(path, headers=GERMAN)
    assert answer.status_code == 200, answer.text
    return " ".join(html.unescape(UNSEEN.sub(" ", answer.text)).split())


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    return asyncio.run(pages(tmp_path_factory.mktemp("german")))


@pytest.mark.parametrize(
    ("page", "german", "english"),
    [
        pytest.param("filtered", "Name enthält nicht „Offer“", "does not contain", id="the reason of a filter"),
        pytest.param("blank", "Name ist leer.", "is empty", id="a value that is missing"),
        pytest.param(
            "no answer",
            "Der Dienst war nicht zu erreichen: keine Verbindung zu shop:80 (Verbindung abgelehnt)",
            "could not be reached",
            id="no connection",
        ),
        pytest.param("refused", "Antwort des Dienstes: 404 („no such shop“)", "The service answered", id="a refusal"),
        pytest.param(
            "unknown", "Die Verbindung brach ab, bevor der Dienst antwortete", "broke off before", id="review"
        ),
        pytest.param("bug", "ist fehlerhaft (KeyError: 'oops')", "is faulty", id="a connector's bug"),
        pytest.param("history", "Antwort des Dienstes: 404", "The service answered", id="the list of runs"),
        pytest.param("zaps", "Er ist gerade überlastet.", "too busy", id="the list of zaps"),
        pytest.param(
            "zaps", "Der Auslöser kann nicht geprüft werden.", "cannot be checked", id="what the watchdog found"
        ),
        pytest.param("notices", "Die Verbindung brach ab", "The connection broke off", id="notices"),
    ],
)
def test_a_page_for_germans_says_it_in_german(seen: Mapping[str, str], page: str, german: str, english: str):
    assert german in seen[page]
    assert english not in seen[page]
