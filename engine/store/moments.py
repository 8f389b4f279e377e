"""Times in the database are whole milliseconds since 1970, UTC: the same on SQLite and PostgreSQL, and sortable."""

from datetime import UTC, datetime, timedelta

NEVER = 253_370_764_800_000
"""The year 9999: a time that does not come by itself."""


def to_ms(moment: datetime) -> int:
    """Milliseconds of an aware datetime."""
    return round(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """The aware datetime in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def maybe(milliseconds: int | None) -> datetime | None:
    """`from_ms`, where there may be none."""
    return None if milliseconds is None else from_ms(milliseconds)


def span_ms(span: timedelta) -> int:
    """Milliseconds of a timedelta."""
    return round(span.total_seconds() * 1000)
