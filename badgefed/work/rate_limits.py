"""Rate limits by the generic cell rate algorithm (GCRA): a steady rate with room for a burst, one number per key."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from badgefed.model.times import MINUTE, SECOND, Clock

MAX_KEYS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`remaining` requests may follow at once; `retry_after` and `reset` are whole seconds, rounded up.

    `retry_after` is 0 where the request is allowed; after `reset` the whole burst is there again.
    """

    allowed: bool
    limit: int
    remaining: int
    retry_after: int
    reset: int


class RateLimiter:
    """Counts in this process. Beyond `size` keys the one unused for longest starts afresh."""

    def __init__(self, rate_per_minute: int, burst: int, clock: Clock, *, size: int = MAX_KEYS) -> None:
        self._interval = MINUTE // rate_per_minute
        self._window = self._interval * burst
        self._burst = burst
        self._clock = clock
        self._size = size
        self._arrivals: OrderedDict[str, int] = OrderedDict()

    def check(self, key: str) -> Decision:
        """Whether one more request of `key` is allowed now; counts it if so."""
        now = self._clock()
        arrival = max(self._arrivals.get(key, 0), now) + self._interval
        if arrival - now > self._window:
            return self._decide(now, arrival - self._interval)
        self._arrivals[key] = arrival
        self._arrivals.move_to_end(key)
        if len(self._arrivals) > self._size:
            self._arrivals.popitem(last=False)
        return self._decide(now, arrival, allowed=True)

    def peek(self, key: str) -> Decision:
        """What `check` would say; counts nothing."""
        now = self._clock()
        arrival = max(self._arrivals.get(key, 0), now)
        return self._decide(now, arrival, allowed=arrival + self._interval - now <= self._window)

    def _decide(self, now: int, arrival: int, *, allowed: bool = False) -> Decision:
        """`arrival`: the instant until which what was counted so far takes up the rate."""
        used = arrival - now
        wait = 0 if allowed else used + self._interval - self._window
        return Decision(
            allowed=allowed,
            limit=self._burst,
            remaining=(self._window - used) // self._interval,
            retry_after=-(-wait // SECOND),
            reset=-(-used // SECOND),
        )
