"""Creating clients and items in the sandbox: everything arrives as it was given, what does not fit is refused."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.invoice2go.clients import NAMELESS, NewClient, create_client
from connectors.invoice2go.items import NewItem, create_item
from tests.connectors.invoice2go.contexts import Practice, practice
from zapwerk import InvalidInput, OutcomeUnknown, PermanentFailure, QuotaReached

Work = Callable[[Practice], Awaitable[Any]]

FULL = NewClient(
    name="Müller & Söhne 🌻 <script>alert(1)</script>",
    first_name="Änne",
    last_name="O’Brien",
    email="Aenne@Mueller.example",
    phone="+493012345",
    mobile="+491701234567",
    website="https://mueller.example/",
    tax_number="DE123456789",
    address="Hauptstraße 1\nHinterhaus",
    address2="Aufgang B",
    postal_code="10115",
    city="Berlin",
    state="Berlin",
    country="DE",
    payment_terms_days=14,
    notes="Zeile 1\nZeile 2 ✓",
)


def with_sandbox(folder: Path, work: Work, **options: Any) -> Any:
    async def run() -> Any:
        async with practice(folder, **options) as there:
            return await work(there)

    return asyncio.run(run())


def test_a_client_with_all_fields_arrives_exactly_as_given(tmp_path: Path):
    async def work(there: Practice) -> None:
        made = await create_client(there.ctx("key-7"), FULL)
        [kept] = (await there.state())["clients"]
        assert made.url == f"{there.sandbox.url}/clients/{made.id}"
        assert made.created_at == datetime.fromisoformat(kept.pop("created_at"))
        assert kept.pop("id") == made.id
        assert kept == {
            "name": "Müller & Söhne 🌻 <script>alert(1)</script>",
            "contact_name": "Änne O’Brien",
            "email": "Aenne@Mueller.example",
            "phone": "+493012345",
            "mobile": "+491701234567",
            "website": "https://mueller.example/",
            "tax_number": "DE123456789",
            "billing_address": "Hauptstraße 1\nHinterhaus\nAufgang B\n10115 Berlin\nBerlin\nDeutschland",
            "payment_terms_days": 14,
            "notes": "Zeile 1\nZeile 2 ✓",
            "external_reference": "key-7",
        }
        assert {name: value for name, value in made.model_dump().items() if name in kept} == kept

    with_sandbox(tmp_path, work)


def test_an_item_with_all_fields_arrives_exactly_as_given_and_money_is_text(tmp_path: Path):
    given = NewItem(
        name="Beratung ½ Tag",
        code="B-½",
        description="ä" * 1000,
        rate=Decimal("12345678901.50"),
        cost=Decimal("1E+3"),
        kind="labor",
        unit="hours",
        apply_taxes=False,
    )

    async def work(there: Practice) -> None:
        made = await create_item(there.ctx("key-8"), given)
        [kept] = (await there.state())["items"]
        assert kept["rate"] == "12345678901.50"
        assert kept["cost"] == "1000"
        assert (kept["kind"], kept["unit"], kept["apply_taxes"]) == ("labor", "hours", False)
        assert (kept["name"], kept["code"], kept["description"]) == (given.name, given.code, given.description)
        assert made.rate == given.rate
        assert made.cost == 1000

    with_sandbox(tmp_path, work)


def test_only_what_was_given_is_sent_and_taxes_apply_unless_told_otherwise(tmp_path: Path):
    async def work(there: Practice) -> None:
        await create_item(there.ctx(""), NewItem(name="Schraube"))
        [kept] = (await there.state())["items"]
        assert set(kept) == {"id", "created_at", "name", "apply_taxes"}
        assert kept["apply_taxes"] is True

    with_sandbox(tmp_path, work)


@pytest.mark.parametrize(
    ("given", "name", "contact"),
    [
        (NewClient(name=" ", first_name="Ann", last_name="Lee"), "Ann Lee", None),
        (NewClient(last_name="Lee"), "Lee", None),
        (NewClient(name="ACME", first_name="Ann", last_name="Lee"), "ACME", "Ann Lee"),
        (NewClient(name="ACME", first_name="Ann", contact_name="Bo"), "ACME", "Bo"),
        (NewClient(name="Ann Lee", first_name="Ann", last_name="Lee"), "Ann Lee", None),
    ],
    ids=["first and last name", "last name alone", "contact person", "contact name given", "no contact twice"],
)
def test_names_fall_back_on_first_and_last_name(given: NewClient, name: str, contact: str | None, tmp_path: Path):
    async def work(there: Practice) -> None:
        made = await create_client(there.ctx(), given)
        assert (made.name, made.contact_name) == (name, contact)

    with_sandbox(tmp_path, work)


def test_a_client_without_any_name_is_a_problem_of_the_name():
    with pytest.raises(ValidationError) as caught:
        NewClient(first_name=" ", email="a@b.example")
    [problem] = caught.value.errors()
    assert problem["loc"] == ("name",)
    assert str(problem["ctx"]["error"]) == NAMELESS


@pytest.mark.parametrize(
    "given",
    [
        {"rate": "12345678901234"},
        {"rate": "1E+20"},
        {"rate": "NaN"},
        {"cost": "Infinity"},
        {"description": "x" * 1001},
        {"kind": "both"},
        {"name": ""},
    ],
    ids=str,
)
def test_what_is_too_long_or_no_amount_is_refused_and_never_cut(given: dict[str, Any]):
    with pytest.raises(ValidationError):
        NewItem.model_validate({"name": "x", **given})


def test_broken_text_is_sent_as_readable_text(tmp_path: Path):
    async def work(there: Practice) -> None:
        made = await create_client(there.ctx(), NewClient(name="A\x00\ud83d B", notes="\ud83d\ude00"))
        assert made.name == "A� B"
        assert made.notes == "😀"

    with_sandbox(tmp_path, work)


def test_a_value_that_the_service_refuses_is_shown_at_its_field(tmp_path: Path):
    async def work(there: Practice) -> None:
        with pytest.raises(InvalidInput, match="no e-mail address") as caught:
            await create_client(there.ctx(), NewClient(name="A", email="not an address"))
        assert caught.value.field == "email"
        with pytest.raises(InvalidInput) as caught:
            await create_client(there.ctx(), NewClient(name="A", address="x" * 2001))
        assert caught.value.field == "address"
        assert await there.names() == []

    with_sandbox(tmp_path, work)


def test_a_full_quota_says_so_in_the_services_words_and_until_when(tmp_path: Path):
    async def work(there: Practice) -> None:
        await create_client(there.ctx("1"), NewClient(name="A"))
        with pytest.raises(QuotaReached, match="Clients 1/1") as caught:
            await create_client(there.ctx("2"), NewClient(name="B"))
        assert caught.value.until is None
        await there.control("quota", until="2030-01-01T00:00:00+01:00")
        with pytest.raises(QuotaReached) as caught:
            await create_client(there.ctx("2"), NewClient(name="B"))
        assert caught.value.until == datetime(2029, 12, 31, 23, tzinfo=UTC)
        await there.control("quota", clients=2)
        await create_client(there.ctx("2"), NewClient(name="B"))
        assert await there.names() == ["A", "B"]

    with_sandbox(tmp_path, work, clients_quota=1)


def test_the_same_key_twice_makes_one_client(tmp_path: Path):
    async def work(there: Practice) -> None:
        calls = [create_client(there.ctx("same"), NewClient(name="A")) for _ in range(5)]
        made = await asyncio.gather(*calls)
        assert len({client.id for client in made}) == 1
        assert await there.names() == ["A"]
        with pytest.raises(PermanentFailure, match="another body"):
            await create_client(there.ctx("same"), NewClient(name="B"))

    with_sandbox(tmp_path, work)


def test_a_service_without_idempotency_makes_two(tmp_path: Path):
    async def work(there: Practice) -> None:
        await create_client(there.ctx("same"), NewClient(name="A"))
        await create_client(there.ctx("same"), NewClient(name="A"))
        assert await there.names() == ["A", "A"]
        assert not create_client.repeatable(there.profile)

    with_sandbox(tmp_path, work, idempotency=False)


def test_a_profile_may_name_nested_fields_other_values_and_single_parts_of_the_address(tmp_path: Path):
    from connectors.invoice2go import items
    from connectors.invoice2go.clients import body_of
    from connectors.invoice2go.profile import SANDBOX

    profile = SANDBOX.model_copy(
        update={
            "client_fields": {"name": "client.title", "city": "client.place.city", "billing_address": "client.text"},
            "item_fields": {"name": "n", "kind": "type"},
            "value_names": {"kind.labor": "LABOUR"},
            "address_format": "{address}, {country}",
            "address_language": "en",
        }
    )
    given = NewClient(name="A", address="Road 1", city="Köln", country="de")
    assert body_of(given, profile) == {
        "client": {"title": "A", "place": {"city": "Köln"}, "text": "Road 1, Germany"},
    }
    assert items.body_of(NewItem(name="x", kind="labor"), profile) == {"n": "x", "type": "LABOUR"}


def test_an_answer_that_names_no_record_leaves_the_outcome_unknown(tmp_path: Path):
    async def work(there: Practice) -> None:
        lost = there.with_profile(record="somewhere.else")
        with pytest.raises(OutcomeUnknown):
            await create_client(lost.ctx(), NewClient(name="A"))

    with_sandbox(tmp_path, work)
