"""The harness sees what it is there for: what is lost, doubled, or told wrongly."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from tests.chaos import verdict
from tests.chaos.history import Ran
from tests.chaos.verdict import Verdict
from tests.chaos.zaps import Due

LATER = datetime(2027, 1, 1, tzinfo=UTC)
DONE, REVIEW = "succeeded", "needs_review"


def judged(runs: list[Ran], *effects: Due, taken: dict[str, list[str]] | None = None) -> Verdict:
    accepted = {zap: Counter(names) for zap, names in ({"keys": ["a"]} if taken is None else taken).items()}
    return verdict.reached(accepted, runs, Counter(effects), since=LATER)


def hooked(state: str = DONE, zap: str = "keys", step: str = "", id: str = "1") -> Ran:
    return Ran(zap, id, state, step, "a")


def mail(id: str, reference: str, state: str = DONE) -> Ran:
    return Ran("mails", id, state, "", reference, "anna@shop.example")


BOOK, NOTE = Due("keys", "book", "a"), Due("keys", "note", "a")


def test_an_event_with_one_run_and_its_effects_is_well():
    assert judged([hooked()], BOOK, NOTE).findings == []


@pytest.mark.parametrize(
    ("runs", "effects", "what"),
    [
        pytest.param([], [], "lost: accepted, and there is no run", id="no run"),
        pytest.param([hooked(), hooked(id="2")], [BOOK, NOTE], "doubled: more than one run", id="two runs"),
        pytest.param([hooked()], [BOOK], "lost: no effect keys.note a", id="no effect"),
        pytest.param([hooked()], [BOOK, BOOK, NOTE], "doubled: 2 effects keys.book a", id="two effects"),
        pytest.param([hooked("failed")], [BOOK, NOTE], "the run is failed", id="told wrongly"),
        pytest.param([hooked("queued")], [BOOK, NOTE], "the run is queued", id="never ended"),
        pytest.param([hooked(REVIEW, step="booked")], [BOOK, NOTE], "the run is needs_review", id="asked in vain"),
        pytest.param([hooked()], [BOOK, NOTE, Due("keys", "book", "b")], "an effect that no run asked for", id="other"),
    ],
)
def test_what_must_not_be_is_found(runs: list[Ran], effects: list[Due], what: str):
    assert [finding.what for finding in judged(runs, *effects).findings] == [what]


def test_a_run_may_stand_before_a_person_where_nobody_can_know():
    asked = hooked(REVIEW, "neither", "booked")
    found = judged([asked], Due("neither", "book", "a"), taken={"neither": ["a"]})
    assert found.findings == []
    assert (found.rows["neither"].in_review, found.rows["neither"].effects) == (1, 1)
    assert judged([asked], taken={"neither": ["a"]}).findings == []


def test_but_not_at_a_step_that_could_be_repeated():
    asked = hooked(REVIEW, "neither", "noted")
    found = judged([asked], Due("neither", "book", "a"), taken={"neither": ["a"]})
    assert [finding.what for finding in found.findings] == ["the run is needs_review"]


def test_mails_of_one_address_make_one_client_and_each_its_booking():
    runs, taken = [mail("1", "m1"), mail("2", "m2")], {"mails": ["m1", "m2"]}
    booked = [Due("keys", "book", "m1"), Due("keys", "book", "m2")]
    client = Due("lookup", "client", "anna@shop.example")
    assert judged(runs, client, *booked, taken=taken).findings == []
    assert len(judged(runs, client, client, *booked, taken=taken).findings) == 1
    assert len(judged(runs, *booked, taken=taken).findings) == 1


def test_a_time_that_did_not_fire_is_lost():
    times = [f"2027-01-01T00:00:{second:02}Z" for second in (3, 9)]
    runs = [Ran("clock", str(n), DONE, "", moment) for n, moment in enumerate(times)]
    found = judged(runs, *(Due("keys", "book", moment) for moment in times), taken={})
    assert [(finding.what, finding.reference) for finding in found.findings] == [
        ("lost: accepted, and there is no run", "2027-01-01T00:00:06Z")
    ]
