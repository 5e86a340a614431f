"""Rate limits by the generic cell rate algorithm (GCRA): a steady rate with room for a burst, one number per key."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass

from badgefed.errors import RateLimited
from badgefed.model.times import MINUTE, SECOND, Clock
from badgefed.texts import say

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
    """Counts in this process. Beyond `size` keys the one unused for longest starts afresh.

    The rate is that of one minute, or of so many `minutes`.
    """

    def __init__(
        self, rate_per_minute: int, burst: int, clock: Clock, *, size: int = MAX_KEYS, minutes: int = 1
    ) -> None:
        self._interval = minutes * MINUTE // rate_per_minute
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


def check_decision(decision: Decision) -> None:
    """Raises `RateLimited` where it is a no."""
    if not decision.allowed:
        raise RateLimited(
            say("Too many requests. Try again in %(retry_after)s seconds.", retry_after=decision.retry_after),
            retry_after=decision.retry_after,
        )


def sender_network(host: str) -> str:
    """What counts as one sender: an address; of an IPv6 address its /64, which one sender has whole."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
