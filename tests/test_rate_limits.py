from __future__ import annotations

import pytest

from badgefed.model.times import SECOND
from badgefed.work.rate_limits import RateLimiter
from tests.world import Clock


def spend(limiter: RateLimiter, key: str, most: int) -> int:
    """How many requests are allowed in a row, at most `most`."""
    return next((count for count in range(most) if not limiter.check(key).allowed), most)


@pytest.mark.parametrize(("rate", "burst"), [(60, 1), (60, 10), (300, 300), (1, 5), (100, 7)])
def test_a_burst_then_a_steady_rate(clock: Clock, rate: int, burst: int) -> None:
    limiter = RateLimiter(rate, burst, clock)
    assert spend(limiter, "a", burst + 5) == burst
    clock.advance(60 / rate)
    assert spend(limiter, "a", 5) == 1
    clock.advance(10 * 60 / rate)
    assert spend(limiter, "a", 20) == min(10, burst)


def test_no_more_than_rate_and_burst_in_any_minute(clock: Clock) -> None:
    limiter = RateLimiter(60, 10, clock)
    allowed = 0
    for _ in range(600):
        allowed += limiter.check("a").allowed
        clock.advance(0.1)
    assert 60 <= allowed <= 70


def test_what_a_decision_says(clock: Clock) -> None:
    limiter = RateLimiter(60, 3, clock)
    decisions = [limiter.check("a") for _ in range(4)]
    assert [decision.remaining for decision in decisions] == [2, 1, 0, 0]
    assert [decision.retry_after for decision in decisions] == [0, 0, 0, 1]
    assert [decision.reset for decision in decisions] == [1, 2, 3, 3]
    assert {decision.limit for decision in decisions} == {3}
    clock.advance(decisions[-1].retry_after)
    assert limiter.check("a").allowed


def test_waiting_as_long_as_told_is_enough_and_needed(clock: Clock) -> None:
    limiter = RateLimiter(7, 2, clock)
    spend(limiter, "a", 2)
    refused = limiter.check("a")
    clock.now += (refused.retry_after - 1) * SECOND
    assert not limiter.check("a").allowed
    clock.now += SECOND
    assert limiter.check("a").allowed


def test_peeking_counts_nothing(clock: Clock) -> None:
    limiter = RateLimiter(60, 2, clock)
    assert [limiter.peek("a").remaining for _ in range(5)] == [2] * 5
    spend(limiter, "a", 2)
    assert not limiter.peek("a").allowed
    assert limiter.peek("a").retry_after == 1


def test_keys_have_nothing_to_do_with_each_other(clock: Clock) -> None:
    limiter = RateLimiter(60, 2, clock)
    spend(limiter, "a", 2)
    assert limiter.check("b").allowed
    assert not limiter.check("a").allowed


def test_memory_is_bounded_and_forgets_the_least_used(clock: Clock) -> None:
    limiter = RateLimiter(60, 1, clock, size=3)
    for key in ("a", "b", "c", "d"):
        assert limiter.check(key).allowed
    assert not limiter.check("d").allowed
    assert limiter.check("a").allowed
