"""“Where is this?”: an answer for whatever was seen, and what cannot be known."""

from datetime import timedelta

import pytest

from engine.errors import Refused
from engine.keeping.whereabouts import JUST_NOW, MOST, Kind
from engine.store.states import RunState
from tests.engine.benches import Bench, in_a_loop
from tests.engine.toys import Thing


def kinds(bench: Bench, text: str) -> list[Kind]:
    return [one.kind for one in bench.runtime.whereabouts.ask(text).found]


def states(bench: Bench, text: str) -> list[RunState]:
    return [one.run.state for one in bench.runtime.whereabouts.ask(text).found if one.run]


@in_a_loop
async def test_a_record_is_found_by_its_words_its_id_and_its_run(bench: Bench):
    zap = await bench.zap()
    bench.toy.things.append(Thing(id="mail-4711", name="Anfrage von Ada"))
    await bench.check(zap)
    await bench.drain()
    bench.engine.indexing.catch_up()
    (run,) = bench.runs(zap)
    for text in ("anfrage ada", "Anfra", "mail-4711", run.id):
        assert states(bench, text) == [RunState.SUCCEEDED], text
    assert kinds(bench, "anfrage bob") == []


@in_a_loop
async def test_what_came_just_now_is_found_before_it_has_run(bench: Bench):
    zap = await bench.zap()
    await bench.arrive(zap, "Anfrage von Ada")
    assert states(bench, "anfrage") == [RunState.QUEUED]
    bench.change("UPDATE run SET state = 'held', hold = 'flood'")
    (found,) = bench.runtime.whereabouts.ask("ada").found
    assert found.run is not None
    assert (found.run.state, found.run.hold) == (RunState.HELD, "flood")


@in_a_loop
async def test_what_was_there_before_switching_on_is_told_by_its_id(bench: Bench):
    bench.toy.things.append(Thing(id="mail-1", name="old"))
    await bench.zap()
    (found,) = bench.runtime.whereabouts.ask("mail-1").found
    assert (found.kind, found.zap) == (Kind.BEFORE, "zap 1")
    answer = bench.runtime.whereabouts.ask("old thing")
    assert answer.found == ()
    (watched,) = answer.watched
    assert (watched.is_on, watched.since is not None) == (True, True), "what was there then cannot be known by words"


@in_a_loop
async def test_a_record_whose_run_is_gone_is_known_by_its_id(bench: Bench):
    zap = await bench.zap()
    bench.later(timedelta(minutes=1))
    bench.toy.things.append(Thing(id="mail-2", name="Anfrage"))
    await bench.check(zap)
    await bench.drain()
    bench.later(timedelta(days=40))
    bench.engine.keeping.catch_up()
    assert states(bench, "mail-2") == [RunState.SUCCEEDED]
    assert kinds(bench, "Anfrage") == []
    assert bench.runtime.whereabouts.ask("Anfrage").without_contents == 1
    bench.later(timedelta(days=400))
    bench.engine.keeping.catch_up()
    assert kinds(bench, "mail-2") == [Kind.FORGOTTEN]


@pytest.mark.parametrize("text", ["", " ab ", "\t"])
def test_a_text_that_means_everything_is_refused(bench: Bench, text: str):
    with pytest.raises(Refused, match="at least 3"):
        bench.runtime.whereabouts.ask(text)


@pytest.mark.parametrize("text", ['“%_*" OR', "\u202e\u0000 ab", "<script>", "___", "a" * 5000, "'; DROP TABLE run"])
@in_a_loop
async def test_hostile_texts_find_nothing_and_break_nothing(bench: Bench, text: str):
    await bench.zap()
    assert kinds(bench, text) == []


@pytest.mark.parametrize(
    ("text", "is_cut"),
    [
        ("one two three four five six seven eight", False),
        ("one two three four five six seven eight nine", True),
        ("ada " * 74 + "lovelace", True),
        ("a" * 40, False),
        ("a" * 41, True),
        ("ada  \n lovelace" + " " * 400, False),
    ],
    ids=["eight words", "nine words", "over 300 signs", "a word of 40", "a word of 41", "blanks do not count"],
)
def test_a_text_that_is_longer_than_what_is_searched_is_told(bench: Bench, text: str, is_cut: bool):
    wanted = bench.runtime.whereabouts.ask(text).wanted
    assert wanted.is_cut is is_cut
    assert len(wanted.words) <= 8


@in_a_loop
async def test_what_is_not_shown_and_not_searched_is_told(bench: Bench):
    zap = await bench.zap()
    bench.toy.page_size = 1000
    await bench.arrive(zap, *(f"Anfrage {number}" for number in range(MOST + 1)))
    answer = bench.runtime.whereabouts.ask("anfrage")
    assert (len(answer.found), answer.more, answer.behind) == (MOST, True, 0)
    await bench.arrive(zap, *(f"Auftrag {number}" for number in range(JUST_NOW)))
    answer = bench.runtime.whereabouts.ask("anfrage")
    assert (answer.found, answer.more) == ((), False)
    assert answer.behind > MOST
    bench.engine.indexing.catch_up()
    assert bench.runtime.whereabouts.ask("auftrag").more
