"""Every kind of field both ways: what was typed becomes a value or is refused at its field, and stands there again."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, create_model, field_validator

from engine.errors import Problem, Sentence
from engine.sdk.fields import Choices, Group, Kind, More
from engine.zaps.limits import MAX_ITEMS
from engine.zaps.sentences import ValueProblem
from tests.web.forms.filling import as_sent, drawn, every, sent_to
from web.forms.fields import Form, told
from zapwerk import Country, Currency, Duration, Email, File, Html, Json, Labels, LongText, Money, Phone, Secret, Url

Folder = Annotated[str, Choices(lambda: None)]
Folders = Annotated[list[str], Choices(lambda: None)]
LONG = "x" * 1_000_000
TOO_MANY = MAX_ITEMS + 1


class Size(StrEnum):
    SMALL = "s"
    LARGE = "l"


class Line(BaseModel):
    what: str = Field(title="What")
    rate: Money = Field(Decimal(0), title="Rate")


def model_of(kind: Any, **constraints: Any) -> type[BaseModel]:
    return create_model("Given", value=(kind, Field(title="Amount", **constraints)))


def one(*texts: str) -> list[tuple[str, str]]:
    return [("given.value", text) for text in texts]


CHOSEN = [("given.value.value", "7"), ("given.value.label", "Inbox")]
BOTH_WAYS = [
    pytest.param(str, one("Anna"), "Anna", "Anna", id="text"),
    pytest.param(LongText, one("a\r\nb"), "a\nb", "a\r\nb", id="long text"),
    pytest.param(Html, one("<b>a</b>"), "<b>a</b>", "<b>a</b>", id="html"),
    pytest.param(int, one("1.234"), 1234, "1.234", id="whole number"),
    pytest.param(Decimal, one("1.234,50"), Decimal("1234.50"), "1.234,50", id="decimal"),
    pytest.param(Money, one("12,50 €"), Decimal("12.50"), "12,50 €", id="money"),
    pytest.param(date, one("31.12.2026"), date(2026, 12, 31), "31.12.2026", id="date"),
    pytest.param(time, one("14:30"), time(14, 30), "14:30", id="time"),
    pytest.param(
        datetime, one("31.12.2026 14:30"), datetime(2026, 12, 31, 13, 30, tzinfo=UTC), "31.12.2026 14:30", id="moment"
    ),
    pytest.param(Duration, one("90 Min"), timedelta(minutes=90), "90 Min", id="duration"),
    pytest.param(Email, one("a@b.example"), "a@b.example", "a@b.example", id="e-mail"),
    pytest.param(Url, one("b.example"), "https://b.example", "b.example", id="web address"),
    pytest.param(Phone, one("030/123-45"), "+493012345", "030/123-45", id="phone"),
    pytest.param(Country, one("Deutschland"), "DE", "Deutschland", id="country"),
    pytest.param(Currency, one("€"), "EUR", "€", id="currency"),
    pytest.param(bool, one("false", "true"), True, "true", id="a ticked box"),
    pytest.param(bool, one("false"), False, "false", id="a box that is not ticked"),
    pytest.param(Literal["use", "create"], one("create"), "create", "create", id="choice"),
    pytest.param(Size, one("l"), Size.LARGE, "l", id="enum"),
    pytest.param(Folder, one("INBOX"), "INBOX", "INBOX", id="choice of the service, typed"),
    pytest.param(Folder, CHOSEN, "7", "7", id="choice of the service, chosen"),
    pytest.param(Folders, one("a", "b"), ["a", "b"], "a, b", id="several of the service"),
    pytest.param(Json, one('{"a": 1}'), {"a": 1}, '{"a": 1}', id="json"),
    pytest.param(list[str], one("a, b"), ["a", "b"], "a, b", id="a list in one text"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "sent", "value", "text"), BOTH_WAYS)
def test_what_was_typed_is_read_and_stands_there_again(kind: Any, sent: list[tuple[str, str]], value: Any, text: str):
    answer = sent_to(model_of(kind), sent, "de")
    assert not answer.problems
    assert answer.value.value == value
    assert answer.field("value").text == text


@pytest.mark.parametrize(("kind", "sent", "value", "text"), BOTH_WAYS)
def test_what_is_stored_is_drawn_and_sent_back_unchanged(kind: Any, sent: Any, value: Any, text: str):
    """A form that is opened and saved without a change changes nothing."""
    model = model_of(kind)
    first = sent_to(model, sent, "de")
    again = sent_to(model, [*as_sent(drawn(first.fields, "de"))], "de")
    assert not again.problems
    if not first.field("value").choices:  # those are chosen by a script
        assert again.value == first.value


def test_every_kind_is_in_the_table():
    drawn_kinds = {sent_to(model_of(one.values[0]), ()).fields[0].kind for one in BOTH_WAYS}
    of_their_own = {Kind.SECRET, Kind.MODEL, Kind.MAPPING, Kind.FILE}  # below; nobody types a file
    assert drawn_kinds == set(Kind) - of_their_own


WRONG = [
    pytest.param(int, "zwölf", "not a number", "keine Zahl", id="whole number"),
    pytest.param(int, "1,5", "whole number", "ganze Zahl", id="a part of a number"),
    pytest.param(Decimal, "1,2,3,4", "not a number", "keine Zahl", id="decimal"),
    pytest.param(Money, "viel", "not a number", "keine Zahl", id="money"),
    pytest.param(date, "bald", "not a date", "kein lesbares Datum", id="date"),
    pytest.param(date, "31.02.2026", "no such day", "gibt es nicht", id="a day that there is not"),
    pytest.param(time, "25:61", "not a time", "keine lesbare Uhrzeit", id="time"),
    pytest.param(datetime, "später", "not a date with a time", "kein lesbarer Zeitpunkt", id="moment"),
    pytest.param(Duration, "eine Weile", "not a duration", "keine lesbare Dauer", id="duration"),
    pytest.param(Email, "anna@", "not a valid e-mail", "keine gültige E-Mail", id="e-mail"),
    pytest.param(Url, "javascript:alert(1)", "not a web address", "keine Webadresse", id="web address"),
    pytest.param(Phone, "ruf an", "not a phone", "keine Telefonnummer", id="phone"),
    pytest.param(Country, "Atlantis", "not a country", "kein bekanntes Land", id="country"),
    pytest.param(Currency, "Muscheln", "not a currency", "keine Währung", id="currency"),
    pytest.param(bool, "vielleicht", "yes or no", "ja oder nein", id="box"),
    pytest.param(Literal["use", "create"], "drop", "not one of the choices", "steht bei", id="choice"),
    pytest.param(Size, "xl", "not one of the choices", "steht bei", id="enum"),
    pytest.param(File, "kein Anhang", "needs a file", "braucht eine Datei", id="file"),
    pytest.param(str, "", "is empty", "ist leer", id="nothing where something is needed"),
    pytest.param(str, "  \t ", "is empty", "ist leer", id="blanks where something is needed"),
    pytest.param(Email, "a@b.example\u202e", "not a valid e-mail", "keine gültige E-Mail", id="right to left"),
    pytest.param(int, "{{ 7 * 7 }}", "not a number", "keine Zahl", id="a template"),
    pytest.param(int, "<script>alert(1)</script>", "not a number", "keine Zahl", id="markup"),
    pytest.param(int, "\x00", "", "", id="a sign that nobody can type"),
    pytest.param(Email, LONG, "", "", id="a million characters"),
    pytest.param(int, "9" * 5_000, "", "", id="a number of five thousand digits"),
]


@pytest.mark.parametrize(("kind", "text", "english", "german"), WRONG)
def test_what_cannot_be_read_is_refused_at_its_field_in_both_languages(kind: Any, text: str, english: str, german: str):
    answers = {language: sent_to(model_of(kind), one(text), language) for language in ("en", "de")}
    assert answers["en"].problems.keys() == answers["de"].problems.keys() == {"value"}
    assert english in answers["en"].problems["value"]
    assert german in answers["de"].problems["value"]
    assert answers["en"].problems != answers["de"].problems
    assert len(answers["de"].problems["value"]) < 400  # a sentence does not repeat all that was pasted
    assert answers["de"].field("value").text == text
    assert answers["de"].field("value").wrong()


@pytest.mark.parametrize(("kind", "text", "english", "german"), WRONG)
def test_what_was_refused_is_drawn_as_text_and_never_as_markup(kind: Any, text: str, english: str, german: str):
    answer = sent_to(model_of(kind), one(text), "de")
    html = drawn(answer.fields, "de")
    assert "<script" not in html
    assert 'aria-invalid="true"' in html
    assert answer.problems["value"][:20].partition("<")[0] in html.replace("&#34;", '"')


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_is_missing_is_asked_for(language: str):
    answer = sent_to(model_of(str), (), language)
    assert answer.problems == {"value": {"en": "Amount is required.", "de": "Amount wird benötigt."}[language]}


@pytest.mark.parametrize(
    ("kind", "constraints", "text", "german"),
    [
        pytest.param(
            str, {"max_length": 1_000}, LONG, "1.000.000 Zeichen; höchstens 1.000 sind erlaubt", id="too long"
        ),
        pytest.param(str, {"min_length": 3}, "ab", "mindestens 3", id="too short"),
        pytest.param(int, {"le": 10}, "11", "höchstens 10", id="too much"),
        pytest.param(int, {"gt": 0}, "0", "über 0", id="too little"),
        pytest.param(Decimal, {"decimal_places": 2}, "1,234", "höchstens 2 Nachkommastellen", id="too many decimals"),
        pytest.param(str, {"pattern": "^[A-Z]+$"}, "abc", "nicht die verlangte Form: „abc“", id="another form"),
        pytest.param(list[str], {"max_length": 1}, "a, b", "höchstens 1", id="too many"),
    ],
)
def test_what_is_too_much_or_too_little_is_said_in_german(kind: Any, constraints: Any, text: str, german: str):
    assert german in sent_to(model_of(kind, **constraints), one(text), "de").problems["value"]


@pytest.mark.parametrize(
    ("text", "english", "german"),
    [
        pytest.param("1,234", 1234, None, id="a comma"),
        pytest.param("1.5", None, None, id="a point"),
        pytest.param("1,234.50", None, None, id="both, English"),
    ],
)
def test_numbers_are_read_by_the_language(text: str, english: int | None, german: int | None):
    assert getattr(sent_to(model_of(int), one(text), "en").value, "value", None) == english
    assert getattr(sent_to(model_of(int), one(text), "de").value, "value", None) == german


def test_dates_are_read_by_the_language():
    assert sent_to(model_of(date), one("3.4.2026"), "de").value.value == date(2026, 4, 3)
    assert "two different dates" in sent_to(model_of(date), one("3/4/2026"), "en").problems["value"]


class Order(BaseModel):
    """Fields within fields."""

    class Person(BaseModel):
        name: str = Field(title="Name")
        email: Email | None = Field(None, title="E-mail")

    who: Person = Field(title="Who")
    lines: list[Line] = Field(default_factory=list, title="Lines")
    headers: dict[str, int] = Field(default_factory=dict, title="Headers")


NESTED = [
    ("given.who.name", "Anna"),
    ("given.who.email", "anna@"),
    ("given.lines.0.what", "Paint"),
    ("given.lines.0.rate", "5"),
    ("given.lines.3.what", ""),
    ("given.lines.3.rate", "much"),
    ("given.headers.0.key", "A"),
    ("given.headers.0.value", "1"),
    ("given.headers.1.key", "B"),
    ("given.headers.1.value", "x"),
]


def test_problems_within_groups_lists_and_mappings_stand_at_their_field():
    answer = sent_to(Order, NESTED, "de")
    assert answer.problems.keys() == {"who.email", "lines.1.what", "lines.1.rate", "headers.1"}
    assert answer.field("lines.1.rate").text == "much"
    assert [row.key for row in answer.field("headers").rows] == ["A", "B"]
    assert answer.field("who").wrong()


def test_nested_rows_are_drawn_and_sent_as_they_were():
    fields = sent_to(Order, NESTED).fields
    assert sent_to(Order, as_sent(drawn(fields))).fields == fields


def test_an_empty_row_is_drawn_for_the_next_entry():
    lines = next(one for one in Form().fields(Order) if one.path == "lines")
    assert lines.blank is not None
    assert [one.name for one in lines.blank.fields] == ["given.lines.__n__.what", "given.lines.__n__.rate"]


class Guarded(BaseModel):
    user: str = Field(title="User")
    password: Secret = Field(title="Password")


def test_a_secret_never_goes_back():
    answer = sent_to(Guarded, [("given.password", "s3cret")])
    html = drawn(answer.fields)
    assert "s3cret" not in html
    assert answer.problems.keys() == {"user"}


SEALED = "sealed:gAAAA" + "x" * 80


def test_a_stored_secret_is_told_but_not_shown():
    for form in (Form(kept=frozenset({"password"})), Form({"password": SEALED})):
        password = form.fields(Guarded)[1]
        assert (password.kept, password.text, password.given) == (True, "", True)
        assert SEALED not in drawn((password,))


def test_a_secret_says_where_it_stands_so_that_it_can_be_kept():
    headers = Form({"headers": {"A": SEALED, "B": "1"}}).fields(Order)[2]
    assert [row.stored for row in headers.rows] == ['["headers", "A"]', ""]


class Worded(BaseModel):
    size: Annotated[Literal["s", "l"], Labels({"s": "Small", "l": "Large"})] = Field(
        "l", title="Size", description="How?"
    )
    extra: Annotated[str, More(), Group("Extras")] = Field("none", title="Extra")


GERMAN = {
    "fields.size.title": "Größe",
    "fields.size.help": "Wie?",
    "fields.size.choices.s": "Klein",
    "groups.Extras": "Weiteres",
}


def test_titles_help_choices_and_groups_are_in_the_readers_words():
    size, extra = Form(language="de", words=lambda path, english: GERMAN.get(path, english)).fields(Worded)
    assert (size.title, size.help, size.placeholder) == ("Größe", "Wie?", "l")
    assert [option.label for option in size.options] == ["Klein", "Large"]
    assert (extra.group, extra.more, extra.placeholder) == ("Weiteres", True, "none")


class Picky(BaseModel):
    code: str = Field(title="Code")

    @field_validator("code")
    @classmethod
    def _good(cls, code: str) -> str:
        raise ValueError("Codes begin with K.")


def test_what_a_connector_says_about_a_value_is_told_in_the_readers_words():
    answer = sent_to(Picky, [("given.code", "x")])
    assert answer.problems == {"code": "Codes begin with K."}
    problem = ValueProblem.of("said", {"title": "Code", "words": "Codes begin with K."}, "code")
    german = {"Codes begin with K.": "Codes beginnen mit K."}
    assert told(problem, "de", errors=german.__getitem__) == "Codes beginnen mit K."


@pytest.mark.parametrize(
    ("problem", "german"),
    [
        pytest.param(Problem(Sentence("No.", "Nein.")), "Nein.", id="with its German beside it"),
        pytest.param(Problem("The file is empty."), "Die Datei ist leer.", id="known to the engine"),
        pytest.param(Problem("Somebody else's words."), "Somebody else's words.", id="nobody's"),
        pytest.param(ValueProblem.of("missing", {"title": "Name"}), "Kundenname wird benötigt.", id="about a value"),
    ],
)
def test_a_problem_is_told_in_german(problem: Problem, german: str):
    assert told(problem, "de", "Kundenname") == german


def test_what_belongs_to_no_field_is_said_above_the_form():
    form = Form(
        problems=(Problem("The file is empty."), Problem("x", field="size"), Problem("y", field="gone")), language="de"
    )
    assert form.elsewhere(Worded) == ("Die Datei ist leer.", "y")


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=60)


class Texts(BaseModel):
    line: str = ""
    lines: LongText = ""
    many: list[str] = []
    pairs: dict[str, str] = {}


@settings(max_examples=60, deadline=None)
@given(
    line=TEXTS.filter(lambda text: "\n" not in text),
    lines=TEXTS,
    many=st.lists(TEXTS, max_size=3),
    pairs=st.dictionaries(TEXTS.map(str.strip).filter(bool), TEXTS, max_size=3),
)
def test_whatever_stands_in_a_form_comes_back_as_it_was(line: str, lines: str, many: list[str], pairs: dict[str, str]):
    given = {"line": line, "lines": lines, "many": many, "pairs": pairs}
    shown = Form(given).fields(Texts)
    again = sent_to(Texts, as_sent(drawn(shown))).fields
    assert [(one.path, one.text, one.key) for one in every(again)] == [
        (one.path, one.text, one.key) for one in every(shown)
    ]


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        pytest.param([{"value": "7", "label": "Inbox"}, "8"], [("7", "Inbox"), ("8", "8")], id="as they were chosen"),
        pytest.param("a, b", [("a", "a"), ("b", "b")], id="a text of several"),
        pytest.param("{{ trigger.a, trigger.b }}", [("{{ trigger.a, trigger.b }}",) * 2], id="a template is one"),
        pytest.param(["", None], [], id="nothing"),
        pytest.param(
            ["x"] * TOO_MANY, [(", ".join(["x"] * TOO_MANY),) * 2], id="more than can be read stand as a text"
        ),
    ],
)
def test_each_of_several_choices_stands_there_by_its_words(given: Any, chosen: list[tuple[str, str]]):
    (shown,) = Form({"value": given}).fields(model_of(Folders))
    assert [(one.value, one.label) for one in shown.chosen] == chosen


def test_a_choice_says_which_fields_it_depends_on():
    class Two(BaseModel):
        hall: str = ""
        shelf: Annotated[str, Choices(lambda: None, depends=("hall",))] = ""

    assert [one.depends for one in Form().fields(Two)] == [(), ("hall",)]
