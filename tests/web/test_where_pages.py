"""“Where is it?”: every sentence of the page, in both languages, and the look at the app."""

from datetime import timedelta

import pytest

from engine.people.roles import Role
from engine.zaps.model import FilterStep
from tests.engine.benches import do
from tests.engine.letters import AUTOMATIC, installed, watching
from tests.engine.toys import Thing, error
from tests.web.history_house import HistoryHouse
from tests.web.test_storage_pages import in_a_house

EDITOR, VIEWER = Role.EDITOR, Role.VIEWER
GERMAN = {"accept-language": "de"}
SAID = {
    ("succeeded", ""): ("It was done.", "Es wurde erledigt."),
    ("filtered", ""): ("It came in, and a filter left it out.", "Es kam an, und ein Filter hat es ausgelassen."),
    ("stopped", ""): ("there was nothing to do", "es gab nichts zu tun"),
    ("handled", ""): ("A step failed, and the zap went on", "Ein Schritt schlug fehl, und der Zap machte weiter"),
    ("failed", ""): ("It came in, and failed.", "Es kam an und schlug fehl."),
    ("cancelled", ""): ("somebody cancelled it", "jemand hat es abgebrochen"),
    ("queued", ""): ("waits for its turn", "bis es an der Reihe ist"),
    ("running", ""): ("It is being done just now.", "Es wird gerade erledigt."),
    ("waiting", ""): ("It waits for a time that the zap says.", "Es wartet auf eine Zeit, die der Zap vorgibt."),
    ("retrying", ""): ("it is tried again by itself", "es wird von selbst noch einmal versucht"),
    ("needs_review", ""): ("Somebody must look", "Jemand muss nachsehen"),
    ("held", "flood"): ("more came in at once than usual", "weil auf einmal mehr ankam als üblich"),
    ("held", "quota"): ("the plan’s limit at an app is reached", "die Grenze des Tarifs erreicht ist"),
    ("held", "off"): ("its zap was switched off", "weil sein Zap ausgeschaltet wurde"),
    ("held", "paused"): ("its zap is paused", "weil sein Zap pausiert"),
    ("held", "connection:x"): ("until its account is reconnected", "bis sein Konto neu verknüpft ist"),
    ("held", "attention"): ("its zap needs attention", "weil sein Zap Aufmerksamkeit braucht"),
}


async def both(house: HistoryHouse, path: str, **form: str) -> tuple[str, str]:
    """The page in English and in German; posted where a form is given."""
    client = house.clients[EDITOR]
    data = {**form, "csrf": await house.csrf(EDITOR)} if form else None
    answers = [
        await (client.post(path, data=data, headers=headers) if data else client.get(path, headers=headers))
        for headers in ({"accept-language": "en"}, GERMAN)
    ]
    assert [one.status_code for one in answers] == [200, 200], answers[0].text
    return answers[0].text, answers[1].text


@in_a_house
async def test_whatever_became_of_a_run_is_a_sentence_in_both_languages(house: HistoryHouse):
    zap = await house.bench.zap()
    await house.bench.arrive(zap, "Anfrage von Ada")
    for (state, hold), (english, german) in SAID.items():
        house.bench.change("UPDATE run SET state = :state, hold = :hold", state=state, hold=hold)
        pages = await both(house, "/where?q=anfrage")
        assert (english in pages[0], german in pages[1]) == (True, True), (state, hold)


@in_a_house
async def test_a_filter_and_a_failure_say_why(house: HistoryHouse):
    bench = house.bench
    only = FilterStep.model_validate(
        {"key": "only", "filter": {"all": [{"value": "{{ trigger.name }}", "is": "contains", "to": "Auftrag"}]}}
    )
    zap = await bench.zap("new_thing", only, do("made", "make"))
    await bench.done(zap, "Anfrage von Ada")
    english, german = await both(house, "/where?q=anfrage")
    assert "It came in, and a filter left it out." in english
    reasons = [row.problem for row in bench.runtime.history.these([house.run_id(zap)])]
    assert reasons[0]
    assert "Auftrag" in english
    assert "Auftrag" in german
    bench.toy.next("make Auftrag von Bob", error("permanent"))
    await bench.done(zap, "Auftrag von Bob")
    assert "Things cannot be made on Sundays." in (await both(house, "/where?q=bob"))[0]


@in_a_house
async def test_what_was_there_before_is_said_by_its_id(house: HistoryHouse):
    house.bench.toy.things.append(Thing(id="mail-4711", name="old"))
    await house.bench.zap()
    english, german = await both(house, "/where?q=mail-4711")
    assert "It was there already when the zap was switched on" in english
    assert "Es war schon da, als der Zap eingeschaltet wurde" in german


@in_a_house
async def test_until_somebody_looks_the_page_says_what_it_cannot_know(house: HistoryHouse):
    installed(house.bench)
    await watching(house.bench)
    english, german = await both(house, "/where?q=christkind")
    assert "No zap has seen this" in english
    assert "only ids are remembered: words do not find it" in english
    assert "What a trigger’s own settings leave out, such as automatic mail, is not remembered at all." in english
    assert "Look at the app now" in english
    assert "Was die Einstellungen eines Auslösers auslassen" in german
    assert "Jetzt in der App nachsehen" in german
    assert "Look at the app now" not in await house.page("/where?q=christkind", VIEWER)
    assert (await house.post("/where", VIEWER, q="christkind")).status_code == 403
    assert (await house.post("/where", EDITOR, q="a")).status_code == 422


@pytest.mark.parametrize(
    ("asked", "english", "german"),
    [
        pytest.param("anfrage vorher", "It was there already when", "Es war schon da", id="before"),
        pytest.param("rundbrief", "because of “Leave out newsletters”", "wegen „Leave out newsletters“", id="left out"),
        pytest.param(
            "anfrage gleich", "comes in with the next check", "wird bei der nächsten Prüfung geholt", id="next"
        ),
        pytest.param(
            "christkind",
            "No zap has seen this, and the apps do not have it",
            "Kein Zap hat das gesehen, und die Apps haben es nicht",
            id="never",
        ),
    ],
)
@in_a_house
async def test_a_look_at_the_app_answers(house: HistoryHouse, asked: str, english: str, german: str):
    bench, post = house.bench, installed(house.bench)
    post.deliver("Anfrage vorher", bench.now() - timedelta(days=1))
    await watching(bench)
    bench.later(timedelta(minutes=5))
    post.deliver("Rundbrief", bench.now(), AUTOMATIC)
    post.deliver("Anfrage gleich", bench.now())
    pages = await both(house, "/where", q=asked)
    assert english in pages[0]
    assert german in pages[1]
    assert "older ones were not looked at" in pages[0]
    assert bench.runs() == []


@in_a_house
async def test_a_zap_that_is_off_and_an_app_that_does_not_answer_are_said(house: HistoryHouse):
    bench, post = house.bench, installed(house.bench)
    zap = await watching(bench)
    bench.runtime.switching.off(zap)
    bench.later(timedelta(minutes=5))
    post.deliver("Anfrage <b>von</b> Ada", bench.now())
    english, german = await both(house, "/where", q="anfrage ada")
    assert "because its zap is switched off" in english
    assert "weil der Zap ausgeschaltet ist" in german
    assert "<b>von" not in english
    post.error = error("temporary")  # type: ignore[assignment]
    english, german = await both(house, "/where", q="anfrage ada")
    assert "The service is busy." in english
    assert "no app that could be looked at has it" in english
    assert "keine App, in der nachgesehen werden konnte, hat es" in german


@in_a_house
async def test_the_api_looks_for_editors(house: HistoryHouse):
    bench, post = house.bench, installed(house.bench)
    await watching(bench)
    bench.later(timedelta(minutes=5))
    post.deliver("Rundbrief", bench.now(), AUTOMATIC)
    people = bench.runtime.people
    owner = next(one for one in people.accounts.every() if one.role is Role.OWNER)
    asked = {role: people.tokens.make(owner, role.value, role).secret for role in (EDITOR, VIEWER)}
    answers = {
        role: await house.clients[role].get(
            "/api/v1/where/look", params={"q": "rundbrief"}, headers={"authorization": f"Bearer {secret}"}
        )
        for role, secret in asked.items()
    }
    assert answers[VIEWER].status_code == 403
    told = answers[EDITOR].json()
    assert [(one["place"], one["because"]) for one in told["found"]] == [("left_out", ["leave_out"])]
    assert [(one["records"], one["problem"]) for one in told["looked"]] == [(1, "")]


@in_a_house
async def test_the_page_says_where_less_was_searched_or_is_shown_than_was_asked_for(house: HistoryHouse):
    bench, post = house.bench, installed(house.bench)
    for number in range(12):
        post.deliver(f"Anfrage {number}", bench.now() - timedelta(hours=number + 1))
    await watching(bench)
    english, german = await both(house, "/where?q=eins+zwei+drei+vier+fünf+sechs+sieben+acht+neun")
    assert "more than a search takes. These words were looked for: eins, zwei, drei, vier, funf, sechs" in english
    assert "Das ist mehr, als eine Suche aufnimmt. Gesucht wurden diese Wörter: eins, zwei" in german
    assert 'value="eins zwei drei vier fünf sechs sieben acht neun"' in english
    assert "more than a search takes" not in (await both(house, "/where?q=eins+zwei"))[0]
    english, german = await both(house, "/where", q="anfrage")
    assert "only the first that fit are shown" in english
    assert "nur die ersten passenden sind zu sehen" in german


@in_a_house
async def test_the_api_says_where_less_was_searched_or_is_shown_than_was_asked_for(house: HistoryHouse):
    people = house.bench.runtime.people
    owner = next(one for one in people.accounts.every() if one.role is Role.OWNER)
    headers = {"authorization": f"Bearer {people.tokens.make(owner, 'editor', EDITOR).secret}"}
    for path in ("/api/v1/where", "/api/v1/where/look"):
        asked = {"long": "a1 b2 c3 d4 e5 f6 g7 h8 i9", "short": "a1 b2"}
        told = {
            name: (await house.clients[EDITOR].get(path, params={"q": text}, headers=headers)).json()
            for name, text in asked.items()
        }
        assert (told["long"]["cut"], told["long"]["words"]) == (True, ["a1", "b2", "c3", "d4", "e5", "f6", "g7", "h8"])
        assert (told["short"]["cut"], told["short"]["words"]) == (False, ["a1", "b2"])
    assert (told["long"]["looked"], told["long"]["more"]) == ([], False)
