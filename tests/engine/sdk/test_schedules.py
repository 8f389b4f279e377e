"""Schedules as values: what can be written, what is refused, and with which sentence."""

from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime, time, timedelta

import pytest
from pydantic import BaseModel, ValidationError

from engine.sdk import cron
from engine.sdk.schedules import time_zone
from engine.sdk.signatures import NoInput
from zapwerk import Connector, Cron, Daily, Every, FireTime, Monthly, Schedule, TimeZone, Weekly


class Given(BaseModel):
    at: time = time(9, 0)


LINES = [
    pytest.param("*/15 * * * *", {"minutes": (0, 15, 30, 45)}, id="steps"),
    pytest.param("5/20 * * * *", {"minutes": (5, 25, 45)}, id="steps from a value on"),
    pytest.param("10-20/5 * * * *", {"minutes": (10, 15, 20)}, id="steps in a range"),
    pytest.param("1,2,30-32 * * * *", {"minutes": (1, 2, 30, 31, 32)}, id="lists and ranges"),
    pytest.param("0 9-17 * * *", {"hours": tuple(range(9, 18))}, id="hours"),
    pytest.param("0 0 1 JAN,jul *", {"months": (1, 7)}, id="months by name"),
    pytest.param("0 0 * * MON-fri", {"weekdays": (1, 2, 3, 4, 5)}, id="weekdays by name"),
    pytest.param("0 0 * * 0", {"weekdays": (0,)}, id="Sunday is 0"),
    pytest.param("0 0 * * 7", {"weekdays": (0,)}, id="Sunday is 7"),
    pytest.param("0 0 * * 5-7", {"weekdays": (0, 5, 6)}, id="a range up to Sunday"),
    pytest.param("0 0 * * fri-sun", {"weekdays": (0, 5, 6)}, id="a range up to Sunday by name"),
    pytest.param("0 0 * * 0-0", {"weekdays": (0,)}, id="a range of one Sunday"),
    pytest.param("0 0 1 * 1", {"either_day": True}, id="both days restricted: either"),
    pytest.param("0 0 */2 * 1", {"either_day": False}, id="a day that begins with * is not restricted"),
    pytest.param("0 0 1 * *", {"either_day": False}, id="one day restricted"),
    pytest.param("0 */2 * * *", {"every_hour": True}, id="the hour begins with *"),
    pytest.param("0 0-23 * * *", {"every_hour": False}, id="the hour is written out"),
    pytest.param("@yearly", {"minutes": (0,), "hours": (0,), "days": (1,), "months": (1,)}, id="@yearly"),
    pytest.param("@monthly", {"hours": (0,), "days": (1,), "months": tuple(range(1, 13))}, id="@monthly"),
    pytest.param("@Weekly", {"hours": (0,), "weekdays": (0,)}, id="@weekly"),
    pytest.param("@daily", {"minutes": (0,), "hours": (0,), "days": tuple(range(1, 32))}, id="@daily"),
    pytest.param("@hourly", {"minutes": (0,), "hours": tuple(range(24))}, id="@hourly"),
    pytest.param("  0\t9   * *  1 ", {"hours": (9,), "weekdays": (1,)}, id="blanks"),
    pytest.param("0 0 29 2 *", {"days": (29,), "months": (2,)}, id="29 February is possible"),
    pytest.param("0 0 31 2 1", {"either_day": True}, id="31 February or a Monday"),
]


@pytest.mark.parametrize(("line", "wanted"), LINES)
def test_a_cron_line_says_what_vixie_cron_reads_in_it(line: str, wanted: dict[str, object]):
    read = cron.read(line)
    assert {name: getattr(read, name) for name in wanted} == wanted


REFUSED = [
    pytest.param("0 0 31 2 *", "no day 31 in February", id="31 February"),
    pytest.param("0 0 30,31 feb *", "no day 30 in February", id="30 February"),
    pytest.param("0 0 31 4,6,9,11 *", "no day 31 in April and June and September and November", id="31 April"),
    pytest.param("60 * * * *", "no minute 60; it goes from 0 to 59", id="minute 60"),
    pytest.param("0 24 * * *", "no hour 24; it goes from 0 to 23", id="hour 24"),
    pytest.param("0 0 0 * *", "no day 0; it goes from 1 to 31", id="day 0"),
    pytest.param("0 0 * 13 *", "no month 13; it goes from 1 to 12", id="month 13"),
    pytest.param("0 0 * * 8", "no weekday 8; it goes from 0 to 7", id="weekday 8"),
    pytest.param("0 0 * * * *", "six fields", id="six fields"),
    pytest.param("0 0 * *", "4 fields", id="four fields"),
    pytest.param("9:00", "1 field;", id="a time"),
    pytest.param("", "no field", id="nothing"),
    pytest.param("@reboot", "“@reboot” names no time", id="@reboot"),
    pytest.param("*/0 * * * *", "step of “0”", id="step 0"),
    pytest.param("*/x * * * *", "step of “x”", id="a step that is no number"),
    pytest.param("0 22-4 * * *", "“22-23,0-4”", id="a range that runs backwards"),
    pytest.param("0 0 ? * 1", "instead of “?”", id="a question mark"),
    pytest.param("0 0 L * *", "the monthly schedule", id="L"),
    pytest.param("0 0 * * mon#2", "not known here", id="the second Monday"),
    pytest.param("1,,2 * * * *", "no minute", id="an empty place in a list"),
    pytest.param("-1 * * * *", "no minute", id="less than nothing"),
    pytest.param("0 0 * * mo", "no weekday", id="an unknown name"),
    pytest.param("0 " * 300, "at most 500 characters", id="far too long"),
]


@pytest.mark.parametrize(("line", "said"), REFUSED)
def test_an_impossible_cron_line_is_refused_with_a_sentence(line: str, said: str):
    with pytest.raises(ValueError, match=said.replace("?", r"\?")) as refused:
        Cron(line)
    assert str(refused.value).endswith(".")


ZONES = [
    pytest.param("Europe/Berlin", "Europe/Berlin", id="as it is"),
    pytest.param(" europe/berlin ", "Europe/Berlin", id="in other letters"),
    pytest.param("America/New York", "America/New_York", id="with a blank"),
    pytest.param("UTC", "UTC", id="UTC"),
]


@pytest.mark.parametrize(("written", "name"), ZONES)
def test_a_time_zone_gets_its_proper_name(written: str, name: str):
    assert time_zone(written) == name
    assert Daily(time(9), zone=written).zone == name


UNKNOWN = [
    pytest.param("Berlin", "Did you mean “Europe/Berlin”", id="a city"),
    pytest.param("Europe/Berln", "Did you mean “Europe/Berlin”", id="a slip"),
    pytest.param("new york", "Did you mean “America/New_York”", id="a city of two words"),
    pytest.param("Mars", "Write it like Europe/Berlin", id="far away"),
    pytest.param("../../etc/passwd", "Write it like Europe/Berlin", id="a path"),
    pytest.param("", "Write it like Europe/Berlin", id="nothing"),
]


@pytest.mark.parametrize(("written", "said"), UNKNOWN)
def test_an_unknown_time_zone_is_refused_with_the_nearest(written: str, said: str):
    with pytest.raises(ValueError, match=said):
        time_zone(written)


def test_the_type_of_a_time_zone_is_checked_where_a_model_uses_it():
    class Where(BaseModel):
        zone: TimeZone

    assert Where(zone="europe/berlin").zone == "Europe/Berlin"
    with pytest.raises(ValidationError, match="Europe/Berlin"):
        Where(zone="Berlin")


IMPOSSIBLE = [
    pytest.param(lambda: Every(timedelta(0)), id="no time between"),
    pytest.param(lambda: Every(timedelta(seconds=1.5)), id="parts of seconds"),
    pytest.param(lambda: Every(timedelta(days=5000)), id="fourteen years"),
    pytest.param(lambda: Every(timedelta(hours=1), start=datetime(2026, 1, 1, tzinfo=UTC)), id="a start with a zone"),
    pytest.param(lambda: Daily(time(9), every=0), id="each zeroth day"),
    pytest.param(lambda: Daily(time(9, tzinfo=UTC)), id="a time with a zone"),
    pytest.param(lambda: Daily(time(9, 0, 0, 1)), id="microseconds"),
    pytest.param(lambda: Weekly((), time(9)), id="no weekday"),
    pytest.param(lambda: Monthly(0, time(9)), id="day 0"),
    pytest.param(lambda: Monthly(32, time(9)), id="day 32"),
    pytest.param(lambda: Daily(time(9), zone="Berlin"), id="a zone that is none"),
]


@pytest.mark.parametrize("make", IMPOSSIBLE)
def test_a_schedule_that_cannot_be_is_refused_where_it_is_made(make):
    with pytest.raises(ValueError, match=r"\w[.?”]+$"):
        make()


def test_a_schedule_is_a_value():
    assert Daily(time(9), every=2, start=date(2026, 1, 1)) == Daily(time(9), every=2, start=date(2026, 1, 1))
    assert hash(Cron("@daily")) == hash(Cron("@daily"))
    with pytest.raises(FrozenInstanceError):
        Daily(time(9)).at = time(10)  # type: ignore[misc]


def test_a_scheduled_trigger_is_described_by_its_signature_and_stays_callable():
    app = Connector("clock", title="Clock")

    @app.schedule(sentence="it is {at}")
    def daily(given: Given) -> Daily:
        """Each day."""
        return Daily(given.at)

    @app.schedule()
    def midnight() -> Daily:
        """Each day at midnight."""
        return Daily(time(0))

    assert daily(Given(at=time(7))) == Daily(time(7))
    assert midnight() == midnight(NoInput()) == Daily(time(0))
    assert (daily.use, daily.given, daily.returns, daily.description) == ("clock.daily", Given, FireTime, "Each day.")
    assert list(app.schedules) == ["daily", "midnight"]


def _of_schedule(function):
    Connector("clock", title="Clock").schedule()(function)


def test_a_wrong_signature_is_an_error_that_names_the_function():
    def no_return(given: Given):
        return Daily(given.at)

    def other_return(given: Given) -> str:
        return "daily"

    def no_model(given: int) -> Schedule:
        return Daily(time(given))

    def too_many(ctx: object, given: Given) -> Schedule:
        return Daily(given.at)

    async def asks_somebody(given: Given) -> Schedule:
        return Daily(given.at)

    for function in (no_return, other_return, no_model, too_many, asks_somebody):
        with pytest.raises(TypeError, match=f"“clock”: {function.__name__} must"):
            _of_schedule(function)


def test_a_name_is_used_once_whatever_the_kind():
    app = Connector("clock", title="Clock")
    app.schedule()(_daily)
    with pytest.raises(TypeError, match="described twice"):
        app.schedule()(_daily)


def _daily() -> Daily:
    """Each day."""
    return Daily(time(9))
