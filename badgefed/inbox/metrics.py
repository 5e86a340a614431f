"""What became of the requests to the inboxes, in numbers."""

from __future__ import annotations

from functools import lru_cache

from prometheus_client import Counter

from badgefed.errors import BadgefedError, SignatureRejected
from badgefed.inbox.activity import Result
from badgefed.inbox.verbs import FIRST

RECEIVED = Counter("badgefed_inbox_activities", "Accepted activities", ["type", "result"])
REFUSED = Counter("badgefed_inbox_refusals", "Refused requests to the inboxes", ["reason"])


@lru_cache(maxsize=256)
def _received(kind: str, result: Result) -> Counter:
    return RECEIVED.labels(kind, result)


def count_received(activity_type: str, result: Result) -> None:
    """Types that no function handles count as `other`: strangers choose them."""
    _received(activity_type if activity_type in FIRST else "other", result).inc()


def count_refused(error: BadgefedError) -> None:
    """By the reason of a rejected signature, else by the kind of the error."""
    reason = error.reason if isinstance(error, SignatureRejected) else type(error).__name__
    REFUSED.labels(reason).inc()
