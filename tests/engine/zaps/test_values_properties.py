"""What is written for people is read back as it was; and nothing raises anything but the documented problems."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import babel.dates
import babel.numbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from engine.zaps import dates, numbers, values
from engine.zaps.locales import Locale
from engine.zaps.sentences import SENTENCES, Unreadable, said
from zapwerk import Country, Currency, Duration, Email, Json, Money, Phone, Secret, Url

LOCALES = [Locale("de", "Europe/Berlin"), Locale("en", "America/New_York"), Locale("en", "Europe/London")]

amounts = st.decimals(-(10**12), 10**12, places=2, allow_nan=False, allow_infinity=False)
locales = st.sampled_from(LOCALES)


@given(number=amounts, locale=locales)
def test_an_amount_written_by_babel_is_read_back(number, locale):
    written = babel.numbers.format_decimal(number, "#,##0.00", locale=locale.language)
    assert numbers.read(written, locale, money=True) == number


@given(number=amounts, locale=locales, currency=st.sampled_from(["EUR", "CHF", "PLN"]))
def test_an_amount_with_its_currency_is_read_back(number, locale, currency):
    written = babel.numbers.format_currency(number, currency, locale=locale.language)
    assert numbers.read(written, locale, money=True) == number


@given(number=st.decimals(-(10**12), 10**12, places=3), locale=locales)
def test_our_own_numbers_are_read_back(number, locale):
    assert numbers.read(numbers.written(number, locale), locale) == number


@given(number=st.integers(-(10**15), 10**15), locale=locales)
def test_a_whole_number_is_read_back_however_it_is_grouped(number, locale):
    assert numbers.read(babel.numbers.format_decimal(number, locale=locale.language), locale) == number
    assert numbers.read(str(number), locale) == number


days = st.dates(date(1000, 1, 1), date(9990, 1, 1))


@given(day=days, locale=locales, style=st.sampled_from(["medium", "long", "full", "iso"]))
def test_a_day_in_any_style_is_read_back(day, locale, style):
    assert dates.read_date(dates.written(day, style, locale), locale) == day


@given(day=days, locale=locales)
def test_a_day_in_figures_is_read_back(day, locale):
    pattern = "MM/dd/y" if locale.region == "US" else "dd/MM/y"
    assert dates.read_date(babel.dates.format_date(day, pattern, locale="en"), locale) == day
    assert dates.read_date(babel.dates.format_date(day, "d.M.y", locale="de"), locale) == day


@given(moment=st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)), locale=locales)
def test_a_moment_is_read_back_or_refused_where_the_clocks_change(moment, locale):
    moment = moment.replace(second=0, microsecond=0)
    written = moment.strftime("%d.%m.%Y %H:%M")
    try:
        found = dates.read_datetime(written, locale).replace(tzinfo=None)
    except Unreadable as error:
        found = {"time_ambiguous": moment}[error.code]
    assert found == moment


@given(seconds=st.integers(0, 10**8))
def test_a_duration_in_iso_form_is_read_back(seconds):
    minutes, rest = divmod(seconds, 60)
    assert dates.read_duration(f"PT{minutes}M{rest}S") == timedelta(seconds=seconds)


class Everything(BaseModel):
    text: str = ""
    number: int = 0
    money: Money = Decimal(0)
    day: date | None = None
    moment: datetime | None = None
    duration: Duration | None = None
    yes: bool = False
    email: Email | None = None
    url: Url | None = None
    phone: Phone | None = None
    country: Country | None = None
    currency: Currency | None = None
    json_: Json = None
    secret: Secret | None = None
    many: list[Decimal] = []
    named: dict[str, int] = {}


likely = st.text(st.sampled_from("0123456789.,-/: €$+()'aemnpTZ{}[]@<>"), max_size=25)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | likely | st.decimals()
anything = st.recursive(
    scalars, lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=5), one, max_size=3)
)


@given(raw=st.fixed_dictionaries({}, optional=dict.fromkeys(Everything.model_fields, anything)), locale=locales)
@settings(max_examples=600, deadline=None)
def test_any_data_is_read_or_refused_with_sentences(raw, locale):
    try:
        told = [isinstance(values.read(Everything, raw, locale), Everything)]
    except values.ValueProblems as error:
        told = [bool(problem.message and problem.field) for problem in error.problems]
    assert all(told)


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_names_the_same_parameters_in_both_languages(code):
    every = dict.fromkeys(("title", "value", "count", "most", "least", "limit", "of", "choices", "words"), "x")
    english, german = said(code, every), said(code, every, "de")
    assert english.count("x") >= 1
    assert english != german or code == "said"
