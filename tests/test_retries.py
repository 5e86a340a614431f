from __future__ import annotations

import pytest

from badgefed.model.times import DAY, HOUR, MINUTE, SECOND
from badgefed.work.retries import (
    BREAKER_FAILURES,
    RETRIES,
    Breaker,
    Verdict,
    judge,
    read_retry_after,
    retry_delay,
)
from tests.world import START

WEDNESDAY = 1_788_343_200 * SECOND  # Wed, 02 Sep 2026 10:00:00 GMT


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.DELIVERED),
        (202, Verdict.DELIVERED),
        (204, Verdict.DELIVERED),
        (301, Verdict.MOVED),
        (308, Verdict.MOVED),
        (400, Verdict.REFUSED),
        (401, Verdict.RETRY),
        (403, Verdict.REFUSED),
        (404, Verdict.MOVED),
        (405, Verdict.REFUSED),
        (406, Verdict.REFUSED),
        (408, Verdict.RETRY),
        (410, Verdict.MOVED),
        (413, Verdict.REFUSED),
        (415, Verdict.REFUSED),
        (418, Verdict.REFUSED),
        (422, Verdict.REFUSED),
        (429, Verdict.THROTTLED),
        (500, Verdict.RETRY),
        (501, Verdict.RETRY),
        (503, Verdict.RETRY),
    ],
)
def test_verdicts(status: int, verdict: Verdict) -> None:
    assert judge(status) is verdict


def test_a_503_that_says_when_to_come_back_is_throttling() -> None:
    assert judge(503, has_retry_after=True) is Verdict.THROTTLED
    assert judge(500, has_retry_after=True) is Verdict.RETRY


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 16), (2, 31), (3, 96), (5, 640), (10, 10_015), (15, 43_200), (16, 43_200)]
)
def test_delays_grow_with_the_fourth_power_up_to_twelve_hours(attempt: int, seconds: int) -> None:
    assert retry_delay(attempt, 0.5) == seconds * SECOND


def test_jitter_is_half_of_the_delay_more_or_less() -> None:
    assert retry_delay(10, 0.0) == 10_015 * SECOND // 2
    most = retry_delay(10, 0.999_999)
    assert most is not None
    assert 15_000 * SECOND < most < 15_023 * SECOND


def test_sixteen_retries_take_two_to_three_days_and_then_it_is_over() -> None:
    delays = [retry_delay(attempt, 0.5) for attempt in range(1, RETRIES + 1)]
    total = sum(delay for delay in delays if delay is not None)
    assert None not in delays
    assert 2 * DAY < total < 3 * DAY
    assert retry_delay(RETRIES + 1, 0.5) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120 * SECOND),
        (" 7 ", 7 * SECOND),
        ("0", 0),
        ("Wed, 02 Sep 2026 10:05:00 GMT", 5 * MINUTE),
        ("Wed, 02 Sep 2026 09:00:00 GMT", 0),
        ("Wed, 01 Sep 2027 10:00:00 GMT", DAY),
        ("9" * 50, DAY),
        ("86401", DAY),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("٣", None),
    ],
)
def test_retry_after(value: str | None, expected: int | None) -> None:
    assert read_retry_after(value, now=WEDNESDAY) == expected


def failed(times: int, *, every: int = SECOND, breaker: Breaker | None = None) -> Breaker:
    breaker = breaker or Breaker()
    for number in range(times):
        breaker = breaker.after_failure(START + number * every)
    return breaker


def test_five_failures_within_ten_minutes_open_it_for_half_an_hour() -> None:
    assert not failed(4).is_open(START + 4 * SECOND)
    breaker = failed(5)
    assert breaker.is_broken
    assert breaker.is_open(START + 4 * SECOND)
    assert breaker.open_until == START + 4 * SECOND + 30 * MINUTE
    assert not breaker.is_open(START + 31 * MINUTE)


def test_failures_that_are_far_apart_do_not_open_it() -> None:
    assert not failed(20, every=4 * MINUTE).is_broken


def test_a_failed_probe_opens_it_again_and_an_answer_closes_it() -> None:
    opened = failed(BREAKER_FAILURES)
    later = START + HOUR
    assert opened.after_failure(later).open_until == later + 30 * MINUTE
    assert opened.after_answer(later) == Breaker()


def test_throttling_pauses_without_counting_as_a_failure() -> None:
    paused = failed(4).after_throttling(START, 2 * HOUR)
    assert paused.is_open(START + HOUR)
    assert not paused.is_broken
    assert paused.failures == 0
    assert paused.after_answer(START + HOUR) == paused, "an answer that was under way does not end the pause"
    assert paused.after_answer(START + 3 * HOUR) == Breaker()
