"""What a call brought is looked through for secrets: all of it, and without a copy of what holds none."""

import base64

import pytest
from pydantic import SecretStr

from engine.connections import echoes
from engine.connections.redaction import BLOT, Redactor
from engine.sdk.auth import KeyGiven, Profile
from engine.sdk.records import Account, Choice, File, Page, Record

SECRET = "hunter2-secret"
OF_THE_CONNECTION = Redactor([SECRET])
NOTHING = Profile()


class Thing(Record):
    """A record with a bit of everything."""

    name: str = ""
    parts: tuple[str, ...] = ()
    file: File | None = None


def deep(levels: int) -> list[object]:
    made: list[object] = []
    for _ in range(levels):
        made = [made]
    return made


PAIR = base64.b64encode(f"erika:{SECRET}".encode()).decode()


@pytest.mark.parametrize(
    "value",
    [
        Thing(id="1", name=f"key {SECRET}"),
        Thing(id="1", name="x" * 500 + SECRET),
        Thing(id=SECRET),
        Thing(id="1", parts=("a", f"Basic {PAIR}")),
        Thing(id="1", file=File(ref="sha256:0", name=f"{SECRET}.txt")),
        Thing(id="1", more={"deep": [{SECRET: 1}]}),
        Thing(id="1", **{SECRET: 1}),
        Page((Thing(id="1", name=SECRET),), 1),
        Page((), 1, f"rebuilt for {SECRET}"),
        [Thing(id="1", name=SECRET)],
        [Choice(SECRET, f"the key {SECRET}")],
        Account("1", f"key {SECRET}"),
    ],
    ids=["text", "long text", "id", "base64 in a tuple", "file name", "in depth", "name of a field", "page", "warning",
         "several", "choice", "account"],
)  # fmt: skip
def test_a_secret_is_taken_out_wherever_it_stands(value: object):
    cleaned = echoes.taken_out(value, NOTHING, OF_THE_CONNECTION)
    assert BLOT in repr(cleaned)
    assert SECRET not in repr(cleaned)
    assert PAIR[8:-4] not in repr(cleaned)
    assert type(cleaned) is type(value)


def test_why_a_record_does_not_fit_is_told_without_it():
    odd = Thing.of({"id": SECRET, "name": 5})
    assert BLOT in echoes.taken_out(odd, NOTHING, OF_THE_CONNECTION).misfit


@pytest.mark.parametrize("value", [Thing(id="1", name="n", more=deep(900)), Choice("a", "b"), None], ids=str)
def test_what_holds_none_stays_the_object_that_it_was(value: object):
    assert echoes.taken_out(value, NOTHING, OF_THE_CONNECTION) is value


def test_of_a_page_only_the_records_are_copied_that_hold_one():
    page = Page((Thing(id="1"), Thing(id=SECRET)), 1)
    cleaned = echoes.taken_out(page, NOTHING, OF_THE_CONNECTION)
    assert cleaned.records[0] is page.records[0]
    assert cleaned.records[1].id == BLOT


def test_a_secret_that_was_typed_is_taken_out_too_also_where_it_begins_with_the_connections():
    given = KeyGiven(key=SecretStr(f"{SECRET}-and-more"))
    said = Thing(id="1", name=f"{SECRET}-and-more or {SECRET}")
    assert echoes.taken_out(said, given, OF_THE_CONNECTION).name == f"{BLOT} or {BLOT}"


def test_short_secrets_stay_for_they_may_be_data_by_chance():
    said = Thing(id="1", name="admin 1234567")
    assert echoes.taken_out(said, NOTHING, Redactor(["admin", "1234567"])) is said
