"""“Is there one like it already?” — by e-mail or code, else by the exact name."""

from pathlib import Path
from typing import Any

import pytest

from connectors.invoice2go.clients import NewClient, create_client, same_client
from connectors.invoice2go.items import NewItem, same_item
from tests.connectors.invoice2go.contexts import Practice
from tests.connectors.invoice2go.test_creating import with_sandbox

WAYS = pytest.mark.parametrize("filters", [True, False], ids=["with filters", "without filters"])


async def found(there: Practice, **given: Any) -> str | None:
    client = await same_client(there.lookup(), NewClient(**given))
    return client.name if client else None


@WAYS
def test_a_client_is_known_by_email_else_by_exact_name(tmp_path: Path, filters: bool):
    async def work(there: Practice) -> None:
        clients = [{"name": "Anna Öz", "email": "Anna@OEZ.example"}, {"name": "Bob"}, {"name": "Cem"}]
        await there.control("seed", clients=clients)
        assert await found(there, name="A. Öz", email=" anna@oez.EXAMPLE ") == "Anna Öz"
        assert await found(there, name="Anna O\u0308z") == "Anna Öz"
        assert await found(there, name="Bob", email="bob@new.example") == "Bob"
        assert await found(there, name="Anna Öz", email="another@anna.example") is None
        assert await found(there, name="Bobby") is None
        assert await found(there, first_name="Cem") == "Cem"

    with_sandbox(tmp_path, work, filters=filters)


@WAYS
def test_an_item_is_known_by_code_else_by_exact_name(tmp_path: Path, filters: bool):
    async def name(there: Practice, **given: Any) -> str | None:
        item = await same_item(there.lookup(), NewItem(**given))
        return item.name if item else None

    async def work(there: Practice) -> None:
        await there.control("seed", items=[{"name": "Screw", "code": "S-1"}, {"name": "Nail"}])
        assert await name(there, name="Bolt", code="S-1") == "Screw"
        assert await name(there, name="Bolt", code="s-1") is None
        assert await name(there, name="Screw") == "Screw"
        assert await name(there, name="Screw", code="S-2") is None
        assert await name(there, name="Nail", code="N-1") == "Nail"

    with_sandbox(tmp_path, work, filters=filters)


@WAYS
def test_a_client_is_found_among_three_thousand(tmp_path: Path, filters: bool):
    async def work(there: Practice) -> None:
        clients = [{"name": f"Client {n}", "email": f"c{n}@x.example"} for n in range(3000)]
        await there.control("seed", clients=clients)
        assert await found(there, name="?", email="C0@x.example") == "Client 0"
        assert await found(there, name="?", email="c2999@x.example") == "Client 2999"
        assert await found(there, name="Client 1500") == "Client 1500"
        assert await found(there, name="?", email="nobody@x.example") is None

    with_sandbox(tmp_path, work, filters=filters)


def test_a_service_that_ignores_page_numbers_is_not_read_for_ever(tmp_path: Path):
    async def work(there: Practice) -> None:
        await there.control("seed", clients=[{"name": f"Client {n}"} for n in range(5)])
        odd = there.with_profile(page_param="p", pages_total="", email_param="", name_param="")
        assert await found(odd, name="Nobody") is None
        assert len((await there.state())["calls"]) <= 4

    with_sandbox(tmp_path, work)


def test_without_a_number_of_pages_reading_ends_at_the_empty_one(tmp_path: Path):
    async def work(there: Practice) -> None:
        await there.control("seed", clients=[{"name": f"Client {n}"} for n in range(250)])
        plain = there.with_profile(pages_total="", name_param="")
        assert await found(plain, name="Client 0") == "Client 0"
        assert await found(plain, name="Nobody") is None

    with_sandbox(tmp_path, work)


def test_the_same_customer_writing_twice_is_known_the_second_time(tmp_path: Path):
    async def work(there: Practice) -> None:
        first = await create_client(there.ctx("1"), NewClient(name="Anna", email="a@x.example"))
        again = await same_client(there.lookup("2"), NewClient(name="Anna Öz", email="A@x.example"))
        assert again == first

    with_sandbox(tmp_path, work)
