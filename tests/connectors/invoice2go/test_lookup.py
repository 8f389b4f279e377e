"""“Did this very call arrive?” — by our reference, or by the only exact match since the call began."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.invoice2go.clients import NewClient, create_client, this_client
from connectors.invoice2go.items import NewItem, create_item, this_item
from connectors.invoice2go.searching import Age, age
from tests.connectors.invoice2go.contexts import Practice
from tests.connectors.invoice2go.test_creating import with_sandbox
from zapwerk import CannotTell

ANNA = NewClient(name="Anna Öz", email="anna@oez.example", notes="Anfrage")
BARE = {"idempotency": False, "references": False}


@pytest.mark.parametrize("changes", [{}, {"reference_param": ""}], ids=["filtered", "by reading the list"])
def test_a_call_is_found_by_its_reference_and_by_no_likeness(tmp_path: Path, changes: dict[str, Any]):
    async def work(there: Practice) -> None:
        there = there.with_profile(**changes)
        made = await create_client(there.ctx("mine"), ANNA)
        began = datetime.now(UTC) - timedelta(seconds=1)
        assert (await this_client(there.lookup("mine", began), ANNA) or ANNA) == made
        assert await this_client(there.lookup("other", began), ANNA) is None

    with_sandbox(tmp_path, work)


def test_a_service_that_silently_drops_references_leads_to_a_person_and_never_to_a_second_client(tmp_path: Path):
    async def work(there: Practice) -> None:
        there = there.with_profile(reference_field="external_reference", reference_param="external_reference")
        began = datetime.now(UTC)
        assert await this_client(there.lookup("k", began), ANNA) is None
        made = await create_client(there.ctx("k"), ANNA)
        with pytest.raises(CannotTell) as told:
            await this_client(there.lookup("k", began), ANNA)
        assert [one["id"] for one in told.value.candidates] == [made.id]

    with_sandbox(tmp_path, work, **BARE)


def test_an_item_is_found_by_its_reference(tmp_path: Path):
    async def work(there: Practice) -> None:
        made = await create_item(there.ctx("mine"), NewItem(name="x", rate="1.50"))
        assert await this_item(there.lookup("mine"), NewItem(name="x", rate="1.50")) == made
        assert await this_item(there.lookup("other"), NewItem(name="x", rate="1.50")) is None

    with_sandbox(tmp_path, work)


@pytest.mark.parametrize("filters", [True, False], ids=["with filters", "without filters"])
def test_without_references_the_only_exact_match_since_the_call_is_it(tmp_path: Path, filters: bool):
    async def work(there: Practice) -> None:
        began = datetime.now(UTC)
        assert await this_client(there.lookup("k", began), ANNA) is None
        made = await create_client(there.ctx("k"), ANNA)
        assert await this_client(there.lookup("k", began), ANNA) == made

    with_sandbox(tmp_path, work, filters=filters, **BARE)


def test_without_references_a_match_from_long_before_is_not_it(tmp_path: Path):
    async def work(there: Practice) -> None:
        old = {"name": ANNA.name, "email": ANNA.email, "notes": "Anfrage", "created_at": "2020-01-01T00:00:00+00:00"}
        await there.control("seed", clients=[old])
        assert await this_client(there.lookup("k", datetime.now(UTC)), ANNA) is None

    with_sandbox(tmp_path, work, **BARE)


def test_without_references_a_match_that_may_be_older_goes_to_a_person(tmp_path: Path):
    async def work(there: Practice) -> None:
        made = await create_client(there.ctx("k"), ANNA)
        with pytest.raises(CannotTell) as caught:
            await this_client(there.lookup("k", datetime.now(UTC) + timedelta(seconds=1)), ANNA)
        [candidate] = caught.value.candidates
        assert candidate["id"] == made.id
        assert candidate["email"] == "anna@oez.example"
        assert candidate["url"] == made.url

    with_sandbox(tmp_path, work, **BARE)


def test_without_references_two_matches_go_to_a_person(tmp_path: Path):
    async def work(there: Practice) -> None:
        began = datetime.now(UTC)
        await create_client(there.ctx("k"), ANNA)
        await create_client(there.ctx("k"), ANNA)
        with pytest.raises(CannotTell) as caught:
            await this_client(there.lookup("k", began), ANNA)
        assert len(caught.value.candidates) == 2

    with_sandbox(tmp_path, work, **BARE)


def test_without_references_a_namesake_that_says_something_else_goes_to_a_person(tmp_path: Path):
    async def work(there: Practice) -> None:
        began = datetime.now(UTC)
        await create_client(there.ctx("k"), ANNA.model_copy(update={"notes": "etwas anderes"}))
        with pytest.raises(CannotTell):
            await this_client(there.lookup("k", began), ANNA)

    with_sandbox(tmp_path, work, **BARE)


def test_without_times_of_creation_every_match_goes_to_a_person(tmp_path: Path):
    async def work(there: Practice) -> None:
        began = datetime.now(UTC)
        await create_client(there.ctx("k"), ANNA)
        timeless = there.with_profile(created_field="")
        with pytest.raises(CannotTell):
            await this_client(timeless.lookup("k", began), ANNA)
        assert await this_client(timeless.lookup("k", began), NewClient(name="Somebody else")) is None

    with_sandbox(tmp_path, work, **BARE)


BEGAN = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("created", "ahead", "expected"),
    [
        (0.1, 0, Age.SINCE),
        (-0.1, 0, Age.UNSURE),
        (-60, 0, Age.OLDER),
        (-299, -300, Age.UNSURE),
        (-280, -300, Age.SINCE),
        (-400, -300, Age.OLDER),
        (60, 300, Age.OLDER),
        (60, None, Age.SINCE),
        (-60, None, Age.UNSURE),
    ],
    ids=[
        "just after",
        "just before",
        "long before",
        "just after, by a clock that is slow",
        "surely after, by a clock that is slow",
        "long before, by a clock that is slow",
        "long before, by a clock that is fast",
        "long after, by an unknown clock",
        "before, by an unknown clock",
    ],
)
def test_before_and_after_are_told_across_two_clocks(created: float, ahead: float | None, expected: Age):
    drift = None if ahead is None else timedelta(seconds=ahead)
    assert age(BEGAN + timedelta(seconds=created), BEGAN, drift) is expected


def test_nothing_is_known_about_a_record_without_a_time():
    assert age(None, BEGAN, timedelta(0)) is Age.UNSURE


def test_two_calls_at_once_each_find_their_own(tmp_path: Path):
    async def work(there: Practice) -> None:
        made = await asyncio.gather(*(create_client(there.ctx(f"k{n}"), ANNA) for n in range(10)))
        found = await asyncio.gather(*(this_client(there.lookup(f"k{n}"), ANNA) for n in range(10)))
        assert found == made

    with_sandbox(tmp_path, work)
