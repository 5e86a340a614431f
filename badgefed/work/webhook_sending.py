"""The job `webhook`: sends an endpoint what is due there. There is one such job for an endpoint at a time, in all processes.

A round takes a few seconds at most, so that slow endpoints leave the worker to others. After five failures in a row the
endpoint is left alone for half an hour; after three days without a success it is disabled, and its owners are told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from random import SystemRandom

import structlog

from badgefed.errors import FetchFailed
from badgefed.model.times import HOUR, SECOND
from badgefed.model.webhook import (
    RETRIED_FOR,
    Attempt,
    DeliveryState,
    Endpoint,
    EndpointState,
    WebhookDelivery,
)
from badgefed.net.transport import Response
from badgefed.protocol.sealing import unseal
from badgefed.protocol.webhook_signatures import sign
from badgefed.store import jobs, members, webhook_deliveries, webhooks
from badgefed.store.database import Reader, Transaction
from badgefed.store.jobs import Job
from badgefed.store.webhooks import SealedSecrets
from badgefed.work.account_mails import send_webhook_disabled
from badgefed.work.leases import LeaseLost
from badgefed.work.retries import BREAKER_FAILURES, BREAKER_PAUSE, RETRIES, read_retry_after, retry_delay
from badgefed.work.services import Services

SEALING_PURPOSE = "webhook-secret"
ROUND = 10
AT_ONCE = 2
ROUND_SECONDS = 5.0
TIMEOUT_SECONDS = 10.0
KEPT_BYTES = 500
# The first attempt, from which failures are counted, comes a little after the event.
DISABLED_AFTER = RETRIED_FOR - HOUR
DISABLED = "The endpoint was disabled after three days without a success."
GONE = "The endpoint was deleted."

log = structlog.get_logger(__name__)

_random = SystemRandom().random


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """What is to be sent now, and with which secrets it is signed."""

    endpoint: Endpoint
    secrets: tuple[str, ...]
    due: Sequence[WebhookDelivery]


Outcome = tuple[WebhookDelivery, Attempt]


async def send_due(services: Services, job: Job) -> None:
    """One round, after which the job waits for the next."""
    endpoint_id = int(job.payload["endpoint"])
    now = services.clock()
    work = await services.database.read(lambda reader: _load(reader, services, endpoint_id, now))
    outcomes = await _send_round(services, work) if work is not None else []
    await services.database.write(lambda tx: _finish(tx, services, job, endpoint_id, outcomes))


async def _load(reader: Reader, services: Services, endpoint_id: int, now: int) -> _Round | None:
    endpoint = await webhooks.find_endpoint_by_id(reader, endpoint_id)
    if endpoint is None or endpoint.state is not EndpointState.ACTIVE or endpoint.paused_until > now:
        return None
    sealed = await webhooks.read_secrets(reader, endpoint_id)
    due = await webhook_deliveries.list_due(reader, endpoint_id, now=now, limit=ROUND)
    return _Round(endpoint=endpoint, secrets=open_secrets(services, sealed, now), due=due)


def open_secrets(services: Services, sealed: SealedSecrets, now: int) -> tuple[str, ...]:
    """The secrets to sign with, the current one first."""
    is_rotating = sealed.previous is not None and (sealed.previous_until or 0) > now
    wanted = (sealed.current, sealed.previous if is_rotating else None)
    key = services.settings.secret_key
    return tuple(
        unseal(key, purpose=SEALING_PURPOSE, sealed=item).decode() for item in wanted if item is not None
    )


async def _send_round(services: Services, work: _Round) -> list[Outcome]:
    """Ends early where something fails or the time is over."""
    outcomes: list[Outcome] = []
    clock = asyncio.get_running_loop().time
    until = clock() + min(ROUND_SECONDS, services.settings.lease_seconds / 4)
    waiting = iter(work.due)

    async def send_some() -> None:
        for delivery in waiting:
            attempt = await _send(services, work, delivery)
            outcomes.append((delivery, attempt))
            if attempt.error is not None or clock() > until:
                return

    await asyncio.gather(*(send_some() for _ in range(AT_ONCE)))
    return outcomes


async def _send(services: Services, work: _Round, delivery: WebhookDelivery) -> Attempt:
    now = services.clock()
    headers = {
        "Content-Type": "application/json",
        "Badgefed-Event": delivery.event,
        "Badgefed-Delivery": delivery.uuid,
        "Badgefed-Signature": sign(work.secrets, timestamp=now // SECOND, body=delivery.body),
    }
    clock = asyncio.get_running_loop().time
    started = clock()
    timeout = min(TIMEOUT_SECONDS, services.settings.delivery_timeout_seconds)
    try:
        response = await services.client.post(work.endpoint.url, delivery.body, headers, timeout=timeout)
    except FetchFailed as failure:
        return Attempt(
            http_status=failure.http_status,
            answer=None,
            error=str(failure),
            milliseconds=int((clock() - started) * 1000),
        )
    return Attempt(
        http_status=response.status,
        answer=response.body[:KEPT_BYTES].decode("utf-8", "replace").replace("\x00", "\ufffd"),
        error=_judge(response),
        milliseconds=int((clock() - started) * 1000),
        retry_after=read_retry_after(response.headers.get("retry-after"), now=now),
    )


def _judge(response: Response) -> str | None:
    """What is wrong with the answer; None if nothing is."""
    if 200 <= response.status < 300:
        return None
    if 300 <= response.status < 400:
        return f"The answer was a redirect ({response.status}), which is not followed: change the endpoint's URL."
    return f"The answer was {response.status}."


async def _finish(
    tx: Transaction, services: Services, job: Job, endpoint_id: int, outcomes: Sequence[Outcome]
) -> None:
    """Changes the endpoint's row before it looks for what is due next: see `store/webhooks.py`."""
    now = services.clock()
    endpoint = await _note_health(tx, endpoint_id, outcomes, now)
    for delivery, attempt in outcomes:
        await _record(tx, delivery, attempt, now)
    if endpoint is None or endpoint.state is EndpointState.DISABLED:
        await webhook_deliveries.fail_waiting(tx, endpoint_id, error=GONE if endpoint is None else DISABLED)
    elif endpoint.failing_since is not None and now - endpoint.failing_since >= DISABLED_AFTER:
        await _disable(tx, endpoint, now)
    due = await webhook_deliveries.next_due(tx, endpoint_id)
    is_sending = endpoint is not None and endpoint.state is EndpointState.ACTIVE
    if due is None or endpoint is None or not is_sending:
        ended = await jobs.finish_job(tx, job)
    else:
        ended = await jobs.continue_job(
            tx, job, payload=job.payload, not_before=max(due, endpoint.paused_until)
        )
    if not ended:
        raise LeaseLost(job)


async def _note_health(
    tx: Transaction, endpoint_id: int, outcomes: Sequence[Outcome], now: int
) -> Endpoint | None:
    """The endpoint with what the round said of it; None if it is deleted."""
    failed = [attempt for _, attempt in outcomes if attempt.error is not None]
    if len(failed) < len(outcomes):
        await webhooks.note_success(tx, endpoint_id)
    endpoint = await webhooks.lock_endpoint(tx, endpoint_id)
    if endpoint is None or not failed:
        return endpoint
    is_broken = endpoint.failures + len(failed) >= BREAKER_FAILURES
    pauses = [attempt.retry_after or 0 for attempt in failed]
    paused_until = now + max(*pauses, BREAKER_PAUSE if is_broken else 0)
    return await webhooks.note_failures(
        tx, endpoint_id, count=len(failed), paused_until=paused_until, now=now
    )


async def _record(tx: Transaction, delivery: WebhookDelivery, attempt: Attempt, now: int) -> None:
    state, not_before = DeliveryState.DELIVERED, now
    if attempt.error is not None:
        state = DeliveryState.FAILED if now >= delivery.retry_until else DeliveryState.WAITING
        delay = retry_delay(min(delivery.attempt + 1, RETRIES), _random()) or 0
        not_before = min(now + delay, delivery.retry_until)
    await webhook_deliveries.record_attempt(
        tx, delivery, attempt, state=state, not_before=not_before, now=now
    )


async def _disable(tx: Transaction, endpoint: Endpoint, now: int) -> None:
    """Gives up what waits, and writes to the owners."""
    if not await webhooks.disable_endpoint(tx, endpoint.id, now=now):
        return
    await webhook_deliveries.fail_waiting(tx, endpoint.id, error=DISABLED)
    log.warning("webhook endpoint disabled", endpoint=endpoint.uuid)
    for owner in await members.list_owners(tx, endpoint.organization_id):
        await send_webhook_disabled(tx, endpoint.id, owner, now=now)
