"""A lane: one host's turn to be delivered to, by the worker that holds the host's lease."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from badgefed.model.times import SECOND
from badgefed.store.deliveries import Delivery, Setback
from badgefed.store.hosts import Host, Release
from badgefed.work.knock import Answer, Outgoing, read_scheme
from badgefed.work.metrics import DELIVERIES
from badgefed.work.retries import DEFAULT_PAUSE, Breaker, Verdict, judge, retry_delay

PER_TURN = 20
PACE = SECOND

log = structlog.get_logger(__name__)

_delivered = DELIVERIES.labels(outcome="delivered")
_retried = DELIVERIES.labels(outcome="retried")
_given_up = DELIVERIES.labels(outcome="given_up")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    delivery: Delivery
    outgoing: Outgoing


class Lane:
    """What is due for a host, and what becomes of it. Not a value: it is filled while its parcels are sent."""

    def __init__(self, host: Host, due: Sequence[Parcel], *, now: int, deadline: int) -> None:
        self.host = host.host
        self.was_failing = host.failures > 0
        self.scheme = read_scheme(host.scheme)
        self.inboxes_to_check: set[str] = set()
        self.delivered: list[int] = []
        self.setbacks: list[Setback] = []
        self._remembered_scheme = host.scheme
        self._breaker = Breaker(
            failures=host.failures, failing_since=host.failing_since, open_until=host.open_until
        )
        self._paced_until = host.paced_until
        self._deadline = deadline
        self._last_success_at: int | None = None
        self._last_error: str | None = None
        self._waiting: deque[Parcel] = deque()
        self._left: list[Parcel] = []
        self._choose(due, now)

    def _choose(self, due: Sequence[Parcel], now: int) -> None:
        """A host that failed gets one parcel as a probe, any other up to 20, and a paced one if its second is over."""
        limit = 1 if self._breaker.is_broken else PER_TURN
        for parcel in due:
            is_early = parcel.delivery.is_paced and now < self._paced_until
            if is_early or len(self._waiting) >= limit:
                self._left.append(parcel)
                continue
            self._waiting.append(parcel)
            if parcel.delivery.is_paced:
                self._paced_until = now + PACE

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, now: int) -> Parcel | None:
        """The next parcel to send; None if the turn is over."""
        if not self._waiting or now >= self._deadline or self._breaker.is_open(now):
            return None
        return self._waiting.popleft()

    def stop(self) -> None:
        """Sends nothing more than what is under way."""
        self._deadline = 0

    def note(self, parcel: Parcel, answer: Answer, *, now: int, chance: float) -> None:
        """Takes down what an attempt brought. `chance` in [0, 1) spreads the time of the next one."""
        if answer.status is None:
            self._note_silence(parcel, answer, now, chance)
            return
        verdict = judge(answer.status, has_retry_after=answer.retry_after is not None)
        if verdict is Verdict.DELIVERED:
            self._note_delivered(parcel, answer, now)
            return
        if verdict is Verdict.THROTTLED:
            pause = DEFAULT_PAUSE if answer.retry_after is None else max(answer.retry_after, SECOND)
            self._breaker = self._breaker.after_throttling(now, pause)
        elif answer.status >= 500:
            self._fail(now)
        else:
            self._breaker = self._breaker.after_answer(now)
        if verdict is Verdict.MOVED:
            self.inboxes_to_check.add(parcel.delivery.inbox)
        delay = retry_delay(parcel.delivery.attempt + 1, chance)
        if verdict is Verdict.REFUSED or delay is None:
            self._give_up(parcel, answer.reason)
        else:
            self._retry(parcel, now + (delay if answer.retry_after is None else answer.retry_after), answer)

    def note_trouble(self, parcel: Parcel, error: Exception, *, now: int, chance: float) -> None:
        """An attempt that failed on our side: the host has nothing to do with it."""
        name = type(error).__name__
        log.error("delivery failed here", inbox=parcel.delivery.inbox, error=name, exc_info=error)
        answer = Answer(status=None, reason=f"our own error: {name}", retry_after=None, scheme=self.scheme)
        self._retry_by_schedule(parcel, answer, now, chance)

    def release(self, now: int) -> Release:
        """What the store has to know when the turn is over."""
        unsent = [*self._waiting, *self._left]
        is_at_once = any(not parcel.delivery.is_paced for parcel in unsent)
        return Release(
            host=self.host,
            failures=self._breaker.failures,
            failing_since=self._breaker.failing_since,
            open_until=self._breaker.open_until,
            paced_until=self._paced_until,
            scheme=self._remembered_scheme,
            delivered=len(self.delivered),
            failed=len(self.setbacks),
            last_success_at=self._last_success_at,
            last_error=self._last_error,
            next_at=None if not unsent else now if is_at_once else max(now, self._paced_until),
            priority=min((parcel.delivery.priority for parcel in unsent), default=0),
        )

    def _note_delivered(self, parcel: Parcel, answer: Answer, now: int) -> None:
        self.delivered.append(parcel.delivery.id)
        self.scheme = self._remembered_scheme = answer.scheme
        self._breaker = self._breaker.after_answer(now)
        self._last_success_at = now
        _delivered.inc()

    def _note_silence(self, parcel: Parcel, answer: Answer, now: int, chance: float) -> None:
        if answer.reason == "address":
            self._give_up(parcel, answer.reason)
            return
        self._fail(now)
        self._retry_by_schedule(parcel, answer, now, chance)

    def _fail(self, now: int) -> None:
        was_open = self._breaker.is_open(now)
        self._breaker = self._breaker.after_failure(now)
        if self._breaker.is_open(now) and not was_open:
            log.warning("host is left alone", host=self.host, failures=self._breaker.failures)

    def _retry_by_schedule(self, parcel: Parcel, answer: Answer, now: int, chance: float) -> None:
        delay = retry_delay(parcel.delivery.attempt + 1, chance)
        if delay is None:
            self._give_up(parcel, answer.reason)
        else:
            self._retry(parcel, now + delay, answer)

    def _retry(self, parcel: Parcel, not_before: int, answer: Answer) -> None:
        self._last_error = answer.reason
        self.setbacks.append(
            Setback(delivery_id=parcel.delivery.id, not_before=not_before, error=answer.reason)
        )
        _retried.inc()

    def _give_up(self, parcel: Parcel, reason: str) -> None:
        self._last_error = reason
        self.setbacks.append(Setback(delivery_id=parcel.delivery.id, not_before=None, error=reason))
        _given_up.inc()
        log.warning(
            "delivery given up",
            inbox=parcel.delivery.inbox,
            attempts=parcel.delivery.attempt + 1,
            reason=reason,
        )
