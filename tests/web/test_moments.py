"""Moments, durations and numbers as people of either language write them, in their own time zone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web import moments

NOW = datetime(2026, 11, 23, 13, 2, 31, tzinfo=UTC)
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


@pytest.mark.parametrize(
    ("passed", "english", "german"),
    [
        pytest.param(timedelta(0), "just now", "gerade eben", id="now"),
        pytest.param(timedelta(seconds=4), "just now", "gerade eben", id="some seconds"),
        pytest.param(timedelta(seconds=-4), "just now", "gerade eben", id="in some seconds"),
        pytest.param(timedelta(seconds=20), "20 seconds ago", "vor 20 Sekunden", id="seconds"),
        pytest.param(timedelta(minutes=3), "3 minutes ago", "vor 3 Minuten", id="minutes"),
        pytest.param(timedelta(hours=-2), "in 2 hours", "in 2 Stunden", id="to come"),
        pytest.param(timedelta(days=1), "1 day ago", "vor 1 Tag", id="a day"),
        pytest.param(timedelta(minutes=55), "55 minutes ago", "vor 55 Minuten", id="nearly an hour is no hour"),
        pytest.param(timedelta(days=-6), "in 6 days", "in 6 Tagen", id="days to come"),
        pytest.param(timedelta(days=400), "1 year ago", "vor 1 Jahr", id="a year"),
    ],
)
def test_how_long_ago(passed: timedelta, english: str, german: str):
    assert moments.ago(NOW - passed, "en", now=NOW) == english
    assert moments.ago(NOW - passed, "de", now=NOW) == german


@pytest.mark.parametrize(
    ("moment", "zone", "english", "german"),
    [
        pytest.param(NOW - timedelta(hours=2), BERLIN, "12:02", "12:02", id="today is a time of day"),
        pytest.param(NOW - timedelta(hours=14), BERLIN, "00:02", "00:02", id="today began with midnight there"),
        pytest.param(
            NOW - timedelta(hours=14), NEW_YORK, "22 Nov, 18:02", "22. Nov., 18:02", id="which was yesterday elsewhere"
        ),
        pytest.param(NOW - timedelta(days=2), BERLIN, "21 Nov, 14:02", "21. Nov., 14:02", id="this year"),
        pytest.param(NOW - timedelta(days=365), BERLIN, "23 Nov 2025", "23. Nov. 2025", id="another year"),
    ],
)
def test_a_moment_in_a_list(moment: datetime, zone: str, english: str, german: str):
    assert moments.short(moment, "en", zone, now=NOW) == english
    assert moments.short(moment, "de", zone, now=NOW) == german


@pytest.mark.parametrize(
    ("moment", "zone", "english", "german"),
    [
        pytest.param(NOW, BERLIN, "23 Nov 2026, 14:02:31 CET", "23. Nov. 2026, 14:02:31 MEZ", id="winter"),
        pytest.param(
            NOW - timedelta(days=150), BERLIN, "26 Jun 2026, 15:02:31 CEST", "26. Juni 2026, 15:02:31 MESZ", id="summer"
        ),
        pytest.param(NOW, NEW_YORK, "23 Nov 2026, 08:02:31 EST", "23. Nov. 2026, 08:02:31 -0500", id="overseas"),
        pytest.param(NOW, "UTC", "23 Nov 2026, 13:02:31 UTC", "23. Nov. 2026, 13:02:31 UTC", id="UTC"),
        pytest.param(NOW, "Nowhere/At_all", "23 Nov 2026, 13:02:31 UTC", "23. Nov. 2026, 13:02:31 UTC", id="no zone"),
        pytest.param(NOW, "../../etc/passwd", "23 Nov 2026, 13:02:31 UTC", "23. Nov. 2026, 13:02:31 UTC", id="a path"),
    ],
)
def test_an_exact_moment_has_its_zone(moment: datetime, zone: str, english: str, german: str):
    assert moments.exact(moment, "en", zone) == english
    assert moments.exact(moment, "de", zone) == german


@pytest.mark.parametrize(
    ("milliseconds", "english", "german"),
    [
        pytest.param(0, "0.0 s", "0,0 s", id="nothing"),
        pytest.param(640, "0.6 s", "0,6 s", id="parts of a second"),
        pytest.param(12_400, "12 s", "12 s", id="seconds"),
        pytest.param(125_000, "2 min 5 s", "2 min 5 s", id="minutes"),
        pytest.param(11_400_000, "3 h 10 min", "3 h 10 min", id="hours"),
        pytest.param(3_600_000 * 1_234, "1,234 h 0 min", "1.234 h 0 min", id="many hours"),
    ],
)
def test_how_long_something_lasted(milliseconds: float, english: str, german: str):
    assert moments.lasted(milliseconds, "en") == english
    assert moments.lasted(milliseconds, "de") == german


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [(0, "0", "0"), (999, "999", "999"), (1_000, "1,000", "1.000"), (-1_234_567, "-1,234,567", "-1.234.567")],
)
def test_whole_numbers_have_separators(value: int, english: str, german: str):
    assert (moments.number(value, "en"), moments.number(value, "de")) == (english, german)


def test_other_numbers_have_the_separators_of_the_language():
    assert (moments.number(1234.5, "en"), moments.number(1234.5, "de")) == ("1,234.5", "1.234,5")


@given(st.integers(-(10**12), 10**12), st.sampled_from(["en", "de"]))
def test_a_number_can_be_read_back(value: int, language: str):
    assert int(moments.number(value, language).replace(moments.GROUPS[language], "")) == value


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["en", "de"]),
    st.sampled_from([BERLIN, NEW_YORK, "Asia/Kathmandu", "UTC", "x"]),
)
def test_every_moment_can_be_written(moment: datetime, language: str, zone: str):
    assert str(moment.astimezone(moments.zone(zone)).year) in moments.exact(moment, language, zone)
    assert moments.short(moment, language, zone, now=NOW)
    assert moments.ago(moment, language, now=NOW)
