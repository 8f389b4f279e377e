"""What the journal knows about a step, folded from its lines."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.runs import history
from engine.runs.history import Past
from engine.store.runs import Line
from engine.store.states import Entry

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def line(entry: Entry, number: int = 0, **data: Any) -> Line:
    return Line("made", entry, data, BEGIN + timedelta(seconds=number))


STARTED: dict[str, Any] = {"input": {"name": "ball"}, "form": {"if_exists": "use"}}


def past_of(*lines: Line) -> Past:
    return history.of(lines).get("made", Past())


def test_a_step_that_never_began_has_no_past():
    assert history.of([]) == {}


def test_a_started_step_is_open_and_remembers_what_was_sent_and_when():
    past = past_of(line(Entry.STARTED, 1, **STARTED), line(Entry.NOT_DONE, 2), line(Entry.STARTED, 3, **STARTED))
    assert past.started
    assert (past.asked, past.form, past.tries) == ({"name": "ball"}, {"if_exists": "use"}, 2)
    assert (past.since, past.last_try) == (BEGIN + timedelta(seconds=1), BEGIN + timedelta(seconds=3))


def test_a_later_try_that_was_not_done_leaves_the_earlier_one_open():
    past = past_of(line(Entry.STARTED, **STARTED), line(Entry.STARTED, **STARTED), line(Entry.NOT_DONE))
    assert past.started


def test_a_lookup_that_found_nothing_closes_all_tries():
    opened = [line(Entry.STARTED, **STARTED)] * 3
    assert not past_of(*opened, line(Entry.NOT_DONE, looked_up=True)).started


def test_a_person_closes_it_either_way():
    went = past_of(line(Entry.STARTED, **STARTED), line(Entry.DECIDED, went_through=True, output={"id": "1"}))
    again = past_of(line(Entry.STARTED, **STARTED), line(Entry.DECIDED, went_through=False, output={}))
    assert (went.done, went.output, went.started) == (True, {"id": "1"}, False)
    assert (again.done, again.started) == (False, False)


def test_no_two_steps_share_their_notes():
    first, second = past_of(line(Entry.STARTED, **STARTED)), past_of(line(Entry.STARTED, **STARTED))
    first.notes["a"] = 1
    assert second.notes == {}
    assert Past().notes == {}


ENTRIES = st.sampled_from(
    [
        line(Entry.STARTED, **STARTED),
        line(Entry.NOT_DONE),
        line(Entry.NOT_DONE, looked_up=True),
        line(Entry.FAILED, problem="x"),
        line(Entry.REVIEW, why="x"),
        line(Entry.CHECKPOINT, key="a", value=1),
        line(Entry.DECIDED, went_through=False, output={}),
        line(Entry.FINISHED, output={"id": "1"}),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(ENTRIES, max_size=12))
def test_folding_goes_line_by_line_and_never_forgets_a_result_or_an_open_try(lines: list[Line]):
    past = past_of(*lines)
    kinds = [one.entry for one in lines]
    assert past.tries == kinds.count(Entry.STARTED)
    assert past.done == (Entry.FINISHED in kinds)
    assert bool(past.notes) == (Entry.CHECKPOINT in kinds)
    assert past.open >= 0
    closing = {Entry.NOT_DONE, Entry.DECIDED, Entry.FINISHED}
    last_start = max((place for place, kind in enumerate(kinds) if kind == Entry.STARTED), default=None)
    open_at_the_end = last_start is not None and not closing & set(kinds[last_start:])
    assert past.started or not open_at_the_end


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), ENTRIES), max_size=12))
def test_steps_do_not_mix(found: list[tuple[str, Line]]):
    mixed = [Line(path, one.entry, one.data, one.at) for path, one in found]
    apart = {path: [one for one in mixed if one.path == path] for path in {path for path, _ in found}}
    assert history.of(mixed) == {path: history.of(lines)[path] for path, lines in apart.items()}
