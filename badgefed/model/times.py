"""Instants are integers: microseconds since 1970-01-01 UTC. Outside the store they are RFC 3339 with `Z`."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], int]

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def system_clock() -> int:
    """The wall clock's instant now."""
    return time.time_ns() // 1000


def to_datetime(instant: int) -> datetime:
    """The instant as an aware UTC datetime, exact to the microsecond."""
    return _EPOCH + timedelta(microseconds=instant)


def from_datetime(moment: datetime) -> int:
    """The instant of an aware datetime."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_rfc3339(text: str) -> int:
    """The instant of a time with its zone. Raises `ValueError`, also for one outside the years 1 to 9999 of UTC."""
    return _check_years(from_datetime(datetime.fromisoformat(text)))


def from_iso8601(text: str) -> int:
    """The instant of an ISO 8601 date (its midnight) or time; without a zone it is UTC. Raises as `from_rfc3339`."""
    moment = datetime.fromisoformat(text)
    return _check_years(from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC)))


def _check_years(instant: int) -> int:
    try:
        to_datetime(instant)
    except OverflowError as error:
        raise ValueError(f"{instant} is in no year of UTC that can be written") from error
    return instant


def month_start(instant: int) -> int:
    """The first instant of the calendar month, UTC."""
    return from_datetime(to_datetime(instant).replace(day=1, hour=0, minute=0, second=0, microsecond=0))


def format_rfc3339(instant: int) -> str:
    """Whole seconds, `2026-03-12T10:30:00Z`; fractions are cut off."""
    return to_datetime(instant).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_milliseconds(instant: int) -> str:
    """With three decimals, `2026-03-12T10:30:00.000Z`."""
    moment = to_datetime(instant)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
