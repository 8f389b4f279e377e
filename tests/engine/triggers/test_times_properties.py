"""What holds for the times of every schedule, in zones with all kinds of changes; cron against a slow reading of it."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.triggers.times import Timetable
from zapwerk import Cron, Daily, Every, Monthly, Schedule, Weekly

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Sydney", "Australia/Lord_Howe", "Africa/Cairo",
    "America/Santiago", "Asia/Kathmandu", "Africa/Casablanca", "Pacific/Chatham",
)  # fmt: skip
YEAR = timedelta(days=366)

zones = st.sampled_from(ZONES).map(ZoneInfo)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31)).map(
    lambda one: one.replace(tzinfo=UTC, microsecond=0)
)
clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))
weekdays = st.lists(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1, unique=True)


def numbers(first: int, last: int) -> st.SearchStrategy[str]:
    lists = st.lists(st.integers(first, last), min_size=1, max_size=3).map(lambda some: ",".join(map(str, some)))
    steps = st.integers(1, last - first + 1).map(lambda step: f"*/{step}")
    return st.just("*") | lists | steps


possible_days = st.just("*") | st.lists(st.integers(1, 28), min_size=1, max_size=3).map(
    lambda some: ",".join(map(str, some))
)
lines = st.builds("{} {} {} {} {}".format, numbers(0, 59), numbers(0, 23), possible_days, numbers(1, 12), numbers(0, 7))
daily = st.builds(Daily, clocks, every=st.integers(1, 40))
schedules: st.SearchStrategy[Schedule] = st.one_of(
    daily,
    lines.map(Cron),
    st.builds(Weekly, weekdays.map(tuple), clocks),
    st.builds(Monthly, st.integers(1, 31) | st.just("last"), clocks),
    st.builds(Every, st.integers(1, 200_000).map(lambda seconds: timedelta(seconds=seconds))),
)


@settings(max_examples=80, deadline=None)
@given(schedules, zones, moments)
def test_times_only_grow_and_asking_again_from_each_gives_the_same(schedule: Schedule, zone: ZoneInfo, begin: datetime):
    table = Timetable(schedule, zone)
    found = list(islice(table.between(begin, begin + 9 * YEAR), 12))
    assert all(before < after for before, after in zip([begin, *found], found, strict=False))
    for before, after in pairwise(found):
        assert table.after(after - timedelta(seconds=1)) == after
        assert table.after(before + (after - before) / 2) == after


@settings(max_examples=80, deadline=None)
@given(clocks, zones, moments)
def test_daily_is_exactly_once_on_each_local_day(clock: time, zone: ZoneInfo, begin: datetime):
    found = Timetable(Daily(clock), zone).between(begin, begin + YEAR)
    days = [one.astimezone(zone).date() for one in found]
    assert days == [days[0] + timedelta(days=number) for number in range(len(days))]
    assert len(days) >= 365


@settings(max_examples=80, deadline=None)
@given(clocks, zones, moments)
def test_daily_is_at_its_time_or_where_the_clock_goes_on(clock: time, zone: ZoneInfo, begin: datetime):
    for one in Timetable(Daily(clock), zone).between(begin, begin + YEAR):
        local = one.astimezone(zone)
        before = (one - timedelta(seconds=1)).astimezone(zone)
        assert local.fold == 0
        due = datetime.combine(local.date(), clock)
        assert local.replace(tzinfo=None) == due or before.replace(tzinfo=None) < due < local.replace(tzinfo=None)


@settings(max_examples=60, deadline=None)
@given(lines, moments)
def test_a_cron_line_is_what_a_minute_by_minute_reading_of_it_finds(line: str, begin: datetime):
    until = begin + timedelta(days=40)
    assert list(islice(Timetable(Cron(line), ZoneInfo("UTC")).between(begin, until), 50)) == list(
        islice(slowly(line, begin, until), 50)
    )


def slowly(line: str, begin: datetime, until: datetime):
    """Each minute that fits the line, found by looking at each minute of each day that fits."""
    minute, hour, day, month, weekday = line.split()
    one = begin.date()
    while one <= until.date():
        if fits(month, one.month, 1) and fits_the_day(day, weekday, one):
            for of_day in range(24 * 60):
                moment = datetime.combine(one, time(of_day // 60, of_day % 60), UTC)
                if begin < moment <= until and fits(hour, moment.hour, 0) and fits(minute, moment.minute, 0):
                    yield moment
        one += timedelta(days=1)


def fits_the_day(day: str, weekday: str, one: date) -> bool:
    number = one.isoweekday()
    by_weekday = fits(weekday, number, 0) or (number == 7 and fits(weekday, 0, 0))
    if day.startswith("*") or weekday.startswith("*"):
        return fits(day, one.day, 1) and by_weekday
    return fits(day, one.day, 1) or by_weekday


def fits(field: str, value: int, first: int) -> bool:
    if field == "*":
        return True
    if field.startswith("*/"):
        return (value - first) % int(field[2:]) == 0
    return value in map(int, field.split(","))


@settings(max_examples=60, deadline=None)
@given(schedules, zones, moments, st.integers(1, 4))
def test_the_latest_times_are_the_end_of_all_times(schedule: Schedule, zone: ZoneInfo, until: datetime, count: int):
    table, after = Timetable(schedule, zone), until - timedelta(days=3)
    assert table.latest(count, until, after=after) == list(table.between(after, until))[-count:]
