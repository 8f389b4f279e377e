"""Raw values become typed ones, or are refused with a sentence that quotes them."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr, ValidationError, create_model, field_validator, model_validator

from engine.sdk.fields import Choices
from engine.zaps import values
from engine.zaps.locales import Locale
from engine.zaps.values import ValueProblems
from zapwerk import Country, Currency, Duration, Email, File, Html, Json, Labels, LongText, Money, Phone, Secret, Url

GERMAN = Locale("de", "Europe/Berlin")
ENGLISH = Locale("en")
AMERICAN = Locale("en", "America/New_York")
BRITISH = Locale("en", "Europe/London")


class Size(StrEnum):
    SMALL = "s"
    LARGE = "l"


class Item(BaseModel):
    name: str = Field(title="Item name")
    rate: Money = Field(Decimal(0), title="Rate")


def read(kind, raw, locale=GERMAN, **constraints):
    model: Any = create_model("Given", value=(kind, Field(title="Amount", **constraints)))
    read_back: Any = values.read(model, {"value": raw}, locale)
    return read_back.value


def refusal(kind, raw, locale=GERMAN, **constraints):
    with pytest.raises(ValueProblems) as refused:
        read(kind, raw, locale, **constraints)
    return refused.value.problems[0].message


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        pytest.param(str, "  Anna\r\n Berg ", "Anna  Berg", id="text is trimmed and on one line"),
        pytest.param(str, Decimal("12.50"), "12.5", id="a number as text, without exponent or zeros"),
        pytest.param(str, Decimal("1E+3"), "1000", id="no exponent"),
        pytest.param(str, 12, "12", id="a whole number as text"),
        pytest.param(str, 0.1, "0.1", id="a float as text"),
        pytest.param(str, ["a", "b"], "a, b", id="a list as text"),
        pytest.param(str, "a\x00b\x07c", "abc", id="control characters are dropped"),
        pytest.param(str, "a\ud800b", "a?b", id="half characters are replaced"),
        pytest.param(LongText, " a\r\nb \n", "a\nb", id="long text keeps its lines"),
        pytest.param(Html, " <b>a</b> ", "<b>a</b>", id="html"),
        pytest.param(int, "1.234", 1234, id="whole number with a separator"),
        pytest.param(int, "12,0", 12, id="whole number with a needless decimal"),
        pytest.param(int, 5.0, 5, id="a float that is whole"),
        pytest.param(Decimal, "1.234,50", Decimal("1234.50"), id="decimal"),
        pytest.param(Decimal, 0.1, Decimal("0.1"), id="a float is taken as it is written"),
        pytest.param(float, "1,5", 1.5, id="float"),
        pytest.param(Money, "1.234,50 €", Decimal("1234.50"), id="money"),
        pytest.param(Money, "EUR 5,-", Decimal(5), id="a round amount"),
        pytest.param(date, "31.12.2026", date(2026, 12, 31), id="date"),
        pytest.param(time, "14.30 Uhr", time(14, 30), id="time"),
        pytest.param(datetime, "31.12.2026, 14:30 Uhr", datetime(2026, 12, 31, 13, 30, tzinfo=UTC), id="moment"),
        pytest.param(Duration, "1 Stunde 30 Minuten", timedelta(minutes=90), id="duration"),
        pytest.param(bool, "Ja", True, id="ja"),
        pytest.param(bool, "x", True, id="a cross in a box"),
        pytest.param(bool, "nein", False, id="nein"),
        pytest.param(bool, False, False, id="no stays no"),
        pytest.param(bool, 1, True, id="one"),
        pytest.param(Email, " Anna@Berg.Example ", "Anna@berg.example", id="e-mail"),
        pytest.param(Email, "Anna Berg <anna@berg.example>", "anna@berg.example", id="e-mail with a name"),
        pytest.param(Email, "mailto:a@b.example", "a@b.example", id="mailto"),
        pytest.param(Email, "jürgen@müller.example", "jürgen@müller.example", id="umlauts in an address"),
        pytest.param(Url, "https://a.example/ä?b=1", "https://a.example/ä?b=1", id="web address"),
        pytest.param(Url, "www.a.example", "https://www.a.example", id="web address without https"),
        pytest.param(Url, "malerei-müller.de/kontakt", "https://malerei-müller.de/kontakt", id="bare host"),
        pytest.param(Phone, "030/123-45", "+493012345", id="phone"),
        pytest.param(Phone, "Tel.: +1 212 555 0100", "+12125550100", id="phone abroad"),
        pytest.param(Country, "Deutschland", "DE", id="country in German"),
        pytest.param(Country, "germany", "DE", id="country in English"),
        pytest.param(Country, "at", "AT", id="country by code"),
        pytest.param(Country, "USA", "US", id="country by habit"),
        pytest.param(Currency, "€", "EUR", id="currency by sign"),
        pytest.param(Currency, "US-Dollar", "USD", id="currency by name"),
        pytest.param(Literal["use", "create"], "USE", "use", id="choice in capitals"),
        pytest.param(
            Annotated[Literal["use", "new"], Labels({"new": "Neu anlegen"})], "neu anlegen", "new", id="label"
        ),
        pytest.param(Literal[1, 2], "2", 2, id="choice among numbers"),
        pytest.param(Size, "L", Size.LARGE, id="enum"),
        pytest.param(Annotated[str, Choices(lambda: None)], {"value": "7", "label": "Inbox"}, "7", id="stored choice"),
        pytest.param(Annotated[list[str], Choices(lambda: None)], "a, b", ["a", "b"], id="several choices"),
        pytest.param(
            Annotated[list[str], Choices(lambda: None)],
            [{"value": "7, 8", "label": "Inbox"}, "b", ["c", ""], None],
            ["7, 8", "b", "c"],
            id="several stored choices, and a template's list",
        ),
        pytest.param(list[str], "a, b\n", ["a", "b"], id="comma separated"),
        pytest.param(list[str], "a, x\nb", ["a, x", "b"], id="lines"),
        pytest.param(list[str], '["a,b"]', ["a,b"], id="a list as JSON"),
        pytest.param(list[Decimal], "1,5; 2", [Decimal("1.5"), Decimal(2)], id="commas do not part numbers"),
        pytest.param(list[int], 5, [5], id="a single value as a list"),
        pytest.param(tuple[Email, ...], ["a@b.example"], ("a@b.example",), id="tuple"),
        pytest.param(list[Item], [{"name": " a ", "rate": "1,50"}], [Item(name="a", rate=Decimal("1.50"))], id="lines"),
        pytest.param(Item, '{"name": "a"}', Item(name="a"), id="a group as JSON"),
        pytest.param(dict[str, Decimal], {"a": "1,5"}, {"a": Decimal("1.5")}, id="mapping"),
        pytest.param(Json, '{"a": [1]}', {"a": [1]}, id="JSON"),
        pytest.param(Json, "just text", "just text", id="text where JSON is asked"),
        pytest.param(Any, 5, 5, id="anything"),
        pytest.param(File, {"ref": "sha256:1", "name": "a"}, File(ref="sha256:1", name="a"), id="file"),
        pytest.param(Secret, " s3cret ", SecretStr("s3cret"), id="secret"),
    ],
)
def test_values_are_read(kind, raw, value):
    assert read(kind, raw) == value


@pytest.mark.parametrize(
    ("kind", "raw", "sentence"),
    [
        (int, "1,5", "Amount needs a whole number; “1,5” is none."),
        (int, True, "“True” is not a number that can be read for Amount."),
        (Decimal, "12 Stück", "“12 Stück” is not a number that can be read for Amount."),
        (Decimal, "1.2.3", "“1.2.3” is not a number that can be read for Amount."),
        (Decimal, "12 34", "“12 34” is not a number that can be read for Amount."),
        (Decimal, float("nan"), "“nan” is not a number that can be read for Amount."),
        pytest.param(Decimal, 10**5000, "a very large number is not a number that can be read for Amount.", id="huge"),
        (Money, "1,234", "“1,234” could be two different amounts; please write Amount with two decimals or none."),
        (date, "31.12.26", "The year in “31.12.26” has two digits; write Amount like 2026-12-31."),
        (date, "30.02.2026", "There is no such day as “30.02.2026”."),
        (date, "bald", "“bald” is not a date that can be read for Amount; write it like 2026-12-31."),
        (datetime, "31.12.2026", "“31.12.2026” is not a date with a time that can be read for Amount; "),
        (datetime, "29.03.2026 02:30", "On the day the clocks change, “2026-03-29 02:30” does not exist once; "),
        (datetime, "25.10.2026 02:30", "On the day the clocks change, “2026-10-25 02:30” does not exist once; "),
        (time, "25:00", "“25:00” is not a time that can be read for Amount; write it like 14:30."),
        (Duration, "90", "“90” is not a duration that can be read for Amount; write it like “90 min” or “1 h 30 min”."),
        (bool, "vielleicht", "Amount needs yes or no; “vielleicht” is neither."),
        (Email, "anna@", "“anna@” is not a valid e-mail address."),
        (Email, "a@b.example, c@d.example", "“a@b.example, c@d.example” is not a valid e-mail address."),
        (Url, "javascript:alert(1)", "“javascript:alert(1)” is not a web address; "),
        (Url, "ftp://a.example", "“ftp://a.example” is not a web address; "),
        (Url, "https://a b.example", "“https://a b.example” is not a web address; "),
        (Phone, "12", "“12” is not a phone number."),
        (Phone, "0800 BLUMEN", "“0800 BLUMEN” is not a phone number."),
        (Phone, "030 12345 ext. 5", "“030 12345 ext. 5” has an extension, which Amount cannot hold."),
        (Country, "Atlantis", "“Atlantis” is not a country that is known here."),
        (Currency, "$", "“$” is not a currency; write it like EUR."),
        (Literal["use", "create"], "stop", "“stop” is not one of the choices for Amount: use, create."),
        (Json, "{oops", "Amount needs valid JSON."),
        (Json, "[NaN]", "Amount needs valid JSON."),
        pytest.param(Json, "[" * 100_000, "Amount needs valid JSON.", id="deep JSON"),
        (Item, "text", "Amount needs a group of named values; “text” is none."),
        (str, {"a": 1}, "Amount needs a text, but was given a group of values."),
        (File, "a.pdf", "Amount needs a file; “a.pdf” is none."),
        pytest.param(
            list[str], ["a"] * 10_001, "Amount has 10,001 entries; at most 10,000 are allowed.", id="long list"
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_value_quoted(kind, raw, sentence):
    assert refusal(kind, raw).startswith(sentence)


@pytest.mark.parametrize(
    ("constraints", "kind", "raw", "sentence"),
    [
        ({"max_length": 1000}, LongText, "x" * 1204, "Amount has 1,204 characters; at most 1,000 are allowed."),
        ({"min_length": 3}, str, "ab", "Amount has 2 characters; at least 3 are needed."),
        ({"max_digits": 3}, Money, "1234", "Amount may have at most 3 digits; “1234” has more."),
        ({"max_digits": 5, "decimal_places": 2}, Money, "12345", "Amount may have at most 3 digits; “12345” has more."),
        ({"decimal_places": 2}, Decimal, "1,234", "Amount may have at most 2 decimals; “1.234” has more."),
        ({"ge": 0}, int, "-1", "Amount must be at least 0; it is “-1”."),
        ({"gt": 0}, int, "0", "Amount must be more than 0; it is “0”."),
        ({"le": 10}, int, "11", "Amount must be at most 10; it is “11”."),
        ({"lt": 10}, int, "10", "Amount must be less than 10; it is “10”."),
        ({"multiple_of": 5}, int, "7", "Amount must be a multiple of 5; “7” is none."),
        ({"pattern": "^a"}, str, "b", "Amount does not have the form that is asked for: “b”."),
        ({"max_length": 1}, list[str], "a,b", "Amount has 2 entries; at most 1 are allowed."),
        ({"min_length": 2}, list[str], ["a"], "Amount has 1 entries; at least 2 are needed."),
    ],
)
def test_constraints_become_sentences(constraints, kind, raw, sentence):
    assert refusal(kind, raw, **constraints) == sentence


@pytest.mark.parametrize("blank", ["", "  ", "\u00a0\n", "\u200b", None])
def test_blank_in_an_optional_field_is_not_given(blank):
    class Given(BaseModel):
        email: Email | None = None
        rate: Money = Decimal(7)
        since: date | None
        tags: list[str] = ["none"]

    given = values.read(Given, dict.fromkeys(Given.model_fields, blank), GERMAN)
    assert given == Given(since=None)
    assert given.model_fields_set == {"since"}


def test_blank_in_a_required_field_is_told_from_not_given():
    assert refusal(str, " ") == "Amount is empty."
    model = create_model("Given", name=(str, ...))
    with pytest.raises(ValueProblems, match=r"Name is required\."):
        values.read(model, {}, GERMAN)


def test_zero_and_no_are_values():
    assert read(int, 0) == 0
    assert read(bool | None, False, default=None) is False


@pytest.mark.parametrize(
    ("written", "locale", "day"),
    [
        ("03/04/2026", GERMAN, date(2026, 4, 3)),
        ("03/04/2026", BRITISH, date(2026, 4, 3)),
        ("03/04/2026", AMERICAN, date(2026, 3, 4)),
        ("03/04/2026", Locale("en", "UTC", "US"), date(2026, 3, 4)),
        ("12/31/2026", ENGLISH, date(2026, 12, 31)),
        ("31/12/2026", AMERICAN, date(2026, 12, 31)),
        ("04/04/2026", ENGLISH, date(2026, 4, 4)),
        ("3.4.2026", AMERICAN, date(2026, 4, 3)),
        ("3. März 2026", ENGLISH, date(2026, 3, 3)),
        ("March 3rd, 2026", GERMAN, date(2026, 3, 3)),
        ("Montag, 5. Jan. 2026", GERMAN, date(2026, 1, 5)),
        ("2026-12-31T23:30:00Z", GERMAN, date(2027, 1, 1)),
        ("Thu, 31 Dec 2026 23:30:00 +0000", GERMAN, date(2027, 1, 1)),
    ],
)
def test_days_are_read_as_people_there_write_them(written, locale, day):
    assert read(date, written, locale) == day


def test_a_day_with_two_readings_is_refused():
    assert "“03/04/2026” could be two different dates" in refusal(date, "03/04/2026", ENGLISH)
    assert "two different dates" in refusal(date, "03/04/2026", Locale("en", "UTC", "CA"))


@pytest.mark.parametrize(
    ("written", "locale", "number"),
    [
        ("1.234", GERMAN, "1234"),
        ("1.234", ENGLISH, "1.234"),
        ("1,234", ENGLISH, "1234"),
        ("1,234", GERMAN, "1.234"),
        ("19.99", GERMAN, "19.99"),
        ("19,99", ENGLISH, "19.99"),
        ("1,234.50", GERMAN, "1234.50"),
        ("1.234,50", ENGLISH, "1234.50"),
        ("0.125", GERMAN, "0.125"),
        ("1’234.50", Locale("de", "Europe/Zurich"), "1234.50"),
        ("1.500", Locale("de", "Europe/Zurich"), "1.500"),
        ("1 234 567,8", GERMAN, "1234567.8"),
        ("−3,20", GERMAN, "-3.20"),
    ],
)
def test_numbers_are_read_as_people_there_write_them(written, locale, number):
    assert read(Decimal, written, locale) == Decimal(number)


def test_a_local_phone_number_needs_a_country():
    assert "needs its country code" in refusal(Phone, "030 12345", ENGLISH)
    assert read(Phone, "030 12345", Locale("en", "UTC", "DE")) == "+493012345"
    assert read(Phone, "01 234567", Locale("de", "Europe/Vienna")) == "+431234567"


def test_the_dollar_is_a_currency_in_the_united_states():
    assert read(Currency, "$", AMERICAN) == "USD"


class Rules(BaseModel):
    start: int = Field(title="Start")
    end: int = Field(title="End")
    password: Secret = Field(SecretStr(""), title="Password", min_length=8)

    @field_validator("start")
    @classmethod
    def _even(cls, start: int) -> int:
        if start % 2:
            raise ValueError("must be even")
        return start

    @model_validator(mode="after")
    def _in_order(self) -> "Rules":
        if self.start > self.end:
            raise ValueError("The start must not lie behind the end.")
        return self


def test_a_connectors_own_rules_are_told_in_its_words():
    with pytest.raises(ValueProblems) as refused:
        values.read(Rules, {"start": "3", "end": "4"}, GERMAN)
    assert [(one.field, one.message) for one in refused.value.problems] == [("start", "Start: must be even")]
    with pytest.raises(ValueProblems, match="must not lie behind the end"):
        values.read(Rules, {"start": "4", "end": "2"}, GERMAN)


def test_all_problems_come_at_once_by_field():
    class Order(BaseModel):
        name: str
        items: list[Item]
        email: Email
        note: str = Field("", max_length=3)

    raw = {"items": [{"name": "a", "rate": "x"}, {"rate": "1"}], "email": "nobody", "note": "long"}
    with pytest.raises(ValueProblems) as refused:
        values.read(Order, raw, GERMAN)
    assert [one.field for one in refused.value.problems] == ["name", "items.0.rate", "items.1.name", "email", "note"]


def test_a_secret_is_never_repeated():
    class Login(BaseModel):
        password: Secret = Field(max_length=3)
        other: str = ""

    for raw in ({"password": "hunter2"}, {"password": ["hunter2"]}, {"password": "a", "other": SecretStr("hunter2")}):
        with pytest.raises(ValueProblems) as refused:
            values.read(Login, raw, GERMAN)
        assert "hunter2" not in str(refused.value)


def test_every_sentence_can_be_told_in_german():
    with pytest.raises(ValueProblems) as refused:
        read(LongText, "x" * 1204, max_length=1000)
    assert refused.value.problems[0].within("de") == "Amount hat 1.204 Zeichen; höchstens 1.000 sind erlaubt."


def test_a_quoted_value_is_shortened_and_on_one_line():
    message = refusal(Email, "x\n" * 500)
    assert len(message) < 120
    assert "\n" not in message


def test_fields_that_are_not_known_yet_are_left_out_of_the_problems():
    raw = {"start": "{{ a }}", "end": "soon"}
    assert [one.field for one in values.problems(Rules, raw, GERMAN, unknown=["start"])] == ["end"]


class Person(BaseModel):
    name: str = Field("", title="Name")
    first_name: str = ""
    age: int = Field(0, title="Age", ge=0)

    @model_validator(mode="after")
    def _has_a_name(self) -> "Person":
        if not self.name and not self.first_name:
            error = {"type": "value_error", "loc": ("name",), "input": "", "ctx": {"error": ValueError("Nameless.")}}
            raise ValidationError.from_exception_data("Person", [error])  # type: ignore[list-item]
        return self


def test_a_rule_about_several_fields_is_not_broken_while_one_of_them_is_not_known_yet():
    assert [one.field for one in values.problems(Person, {}, GERMAN)] == ["name"]
    assert values.problems(Person, {"first_name": "{{ a }}"}, GERMAN, unknown=["first_name"]) == []
    raw = {"first_name": "{{ a }}", "age": "-1"}
    assert [one.field for one in values.problems(Person, raw, GERMAN, unknown=["first_name"])] == ["age"]


def test_the_known_fields_are_read_while_others_are_not_known_yet():
    raw = {"first_name": "{{ a }}", "age": " 17 "}
    assert values.read_known(Person, raw, GERMAN, unknown=["first_name"]) == {"age": 17}
    with pytest.raises(ValueProblems, match="Age"):
        values.read_known(Person, {**raw, "age": "old"}, GERMAN, unknown=["first_name"])


def test_models_within_models_without_end_are_refused():
    class Tree(BaseModel):
        below: "Tree | None" = None

    raw: dict[str, Any] = {}
    for _ in range(50):
        raw = {"below": raw}
    with pytest.raises(ValueProblems):
        values.read(Tree, raw, GERMAN)
