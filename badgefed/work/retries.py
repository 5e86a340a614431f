"""When a delivery is tried again, when it is given up, and when a whole host is left alone. Pure.

Attempt n that failed is followed by another one after 15 + n⁴ seconds, at most 12 hours, half of it more or less: 16 more
attempts over about three days. Instants and lengths of time are in microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from enum import StrEnum

from badgefed.model.times import DAY, HOUR, MINUTE, SECOND, from_datetime

RETRIES = 16
MAX_DELAY = 12 * HOUR
MAX_RETRY_AFTER = DAY
DEFAULT_PAUSE = MINUTE
BREAKER_FAILURES = 5
BREAKER_WINDOW = 10 * MINUTE
BREAKER_PAUSE = 30 * MINUTE


class Verdict(StrEnum):
    """What an answer's status means for the activity.

    `delivered` and `refused` are final; `retry` is worth another attempt; `throttled` too, for all that waits for the
    host; `moved`: another attempt, and a look at whether the actor is still there.
    """

    DELIVERED = "delivered"
    RETRY = "retry"
    THROTTLED = "throttled"
    MOVED = "moved"
    REFUSED = "refused"


def judge(status: int, *, has_retry_after: bool = False) -> Verdict:
    """The verdict on an HTTP status, after both signature schemes were tried."""
    if 200 <= status < 300:
        return Verdict.DELIVERED
    if status == 429 or (status == 503 and has_retry_after):
        return Verdict.THROTTLED
    if status in (404, 410) or 300 <= status < 400:
        return Verdict.MOVED
    if status in (401, 408) or status >= 500:
        return Verdict.RETRY
    return Verdict.REFUSED


def retry_delay(attempt: int, chance: float) -> int | None:
    """How long to wait after the failure of this attempt, counted from 1; None: give up. `chance` is in [0, 1)."""
    if attempt > RETRIES:
        return None
    base = min((15 + attempt**4) * SECOND, MAX_DELAY)
    return int(base * (0.5 + chance))


def read_retry_after(value: str | None, *, now: int) -> int | None:
    """How long `Retry-After` (RFC 9110 §10.2.3) asks to wait, at most a day; None if it says nothing usable."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:10]) * SECOND, MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        return None
    return max(0, min(from_datetime(moment) - now, MAX_RETRY_AFTER))


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """A host's health. It is asked nothing before `open_until`; after that, if it is broken, by one request at a time."""

    failures: int = 0
    failing_since: int | None = None
    open_until: int | None = None

    @property
    def is_broken(self) -> bool:
        return self.failures >= BREAKER_FAILURES

    def is_open(self, now: int) -> bool:
        return self.open_until is not None and self.open_until > now

    def after_failure(self, now: int) -> Breaker:
        """The fifth failure within ten minutes opens it for half an hour, and so does each one from then on."""
        if self.is_broken:
            return replace(self, failures=self.failures + 1, open_until=now + BREAKER_PAUSE)
        if self.failing_since is None or now - self.failing_since > BREAKER_WINDOW:
            return Breaker(failures=1, failing_since=now)
        failures = self.failures + 1
        opened = now + BREAKER_PAUSE if failures >= BREAKER_FAILURES else None
        return Breaker(failures=failures, failing_since=self.failing_since, open_until=opened)

    def after_answer(self, now: int) -> Breaker:
        """The host lives. A pause that it asked for stays."""
        return self if self.is_open(now) and not self.is_broken else Breaker()

    def after_throttling(self, now: int, pause: int) -> Breaker:
        """The host lives and wants no request for the length of `pause`."""
        return Breaker(open_until=now + pause)
