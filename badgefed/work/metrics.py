"""What the worker counts as it works, and what of the queue is counted when somebody asks."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

from badgefed.model.times import SECOND
from badgefed.store import deliveries, hosts, jobs
from badgefed.store.database import Database, Reader
from badgefed.work.retries import BREAKER_FAILURES

DELIVERIES = Counter(
    "badgefed_deliveries", "Attempts at deliveries, by what became of them.", labelnames=["outcome"]
)
JOBS = Counter("badgefed_jobs", "Jobs run, by what became of them.", labelnames=["kind", "outcome"])
QUEUED_DELIVERIES = Gauge("badgefed_queue_deliveries", "Deliveries in the queue, by state.", ["state"])
QUEUED_JOBS = Gauge("badgefed_queue_jobs", "Jobs in the queue, by kind and state.", ["kind", "state"])
BROKEN_HOSTS = Gauge("badgefed_hosts_broken", "Hosts that fail, by the state of their breaker.", ["state"])
DELIVERY_AGE = Gauge(
    "badgefed_queue_delivery_age_seconds",
    "How long the host that is due longest has waited for its turn.",
)


async def update_gauges(database: Database, *, now: int) -> None:
    """Counts what waits, since when, and for how many hosts the breaker is open."""

    async def count(reader: Reader) -> None:
        for state, number in (await deliveries.count_by_state(reader, ("ready", "failed"))).items():
            QUEUED_DELIVERIES.labels(state=state).set(number)
        QUEUED_JOBS.clear()
        for (kind, state), number in (await jobs.count_waiting(reader)).items():
            QUEUED_JOBS.labels(kind=kind, state=state).set(number)
        for state, number in (await hosts.count_broken(reader, failures=BREAKER_FAILURES, now=now)).items():
            BROKEN_HOSTS.labels(state=state).set(number)
        oldest = await deliveries.oldest_due(reader, now=now)
        DELIVERY_AGE.set(0 if oldest is None else (now - oldest) / SECOND)

    await database.read(count)
