"""The worker: runs due jobs and due deliveries, inside `serve` or as a process of its own, any number of them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import SystemRandom
from typing import Literal

import structlog

from badgefed.errors import BadgefedError
from badgefed.model.times import SECOND
from badgefed.store import jobs
from badgefed.store.database import Transaction
from badgefed.store.jobs import Job, JobKind
from badgefed.work.bell import Bell
from badgefed.work.clean import schedule_cleaning
from badgefed.work.deliver import Deliverer
from badgefed.work.leases import LeaseLost
from badgefed.work.metrics import JOBS
from badgefed.work.retries import RETRIES, retry_delay
from badgefed.work.services import Services

Handler = Callable[[Services, Job], Awaitable[None]]

JOBS_AT_ONCE = 16

log = structlog.get_logger(__name__)

_random = SystemRandom().random


class Worker:
    """`handlers` run the jobs, each of which ends its job in a transaction of its own.

    `random` returns numbers in [0, 1) that spread the retries.
    """

    def __init__(
        self,
        services: Services,
        handlers: Mapping[JobKind, Handler],
        *,
        random: Callable[[], float] = _random,
    ) -> None:
        self._services = services
        self._handlers = handlers
        self._random = random
        self._bell = Bell()
        self._deliverer = Deliverer(services, random=random)

    async def step(self, only: Literal["jobs", "deliveries"] | None = None) -> bool:
        """Runs some of the due jobs, one after the other, and of the due deliveries, to the end; False if none was due."""
        worked = False
        if only != "deliveries":
            due = await self._claim(JOBS_AT_ONCE)
            for job in due:
                await self._perform(job)
            worked = bool(due)
        if only != "jobs":
            worked = await self._deliverer.step() or worked
        return worked

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set, then ends what it has begun."""
        await schedule_cleaning(self._services)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass_on_wakes(stop))
            group.create_task(self._run_jobs(stop))
            group.create_task(self._deliverer.run(stop))

    async def _pass_on_wakes(self, stop: asyncio.Event) -> None:
        wake = self._services.wake
        stopped = asyncio.create_task(stop.wait())
        while not stop.is_set():
            woken = asyncio.create_task(wake.wait())
            await asyncio.wait((woken, stopped), return_when=asyncio.FIRST_COMPLETED)
            woken.cancel()
            wake.clear()
            self._ring()

    def _ring(self) -> None:
        self._bell.ring()
        self._deliverer.bell.ring()

    async def _run_jobs(self, stop: asyncio.Event) -> None:
        running: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            while not stop.is_set():
                self._bell.silence()
                due = await self._claim_or_wait(JOBS_AT_ONCE - len(running))
                for job in due:
                    task = group.create_task(self._perform(job))
                    running.add(task)
                    task.add_done_callback(running.discard)
                if not due:
                    await self._bell.wait()

    async def _claim_or_wait(self, limit: int) -> list[Job]:
        try:
            return await self._claim(limit)
        except Exception:  # the database may be away for a while
            log.exception("the job queue is not reachable")
            await asyncio.sleep(1)
            return []

    async def _claim(self, limit: int) -> list[Job]:
        if limit <= 0:
            return []
        now = self._services.clock()
        lease = self._services.settings.lease_seconds * SECOND
        return await self._services.database.write(
            lambda tx: jobs.claim_jobs(tx, limit=limit, now=now, lease=lease)
        )

    async def _perform(self, job: Job) -> None:
        try:
            if job.attempt > RETRIES + 1:
                raise TimeoutError("no attempt came to an end")
            async with asyncio.timeout(self._services.settings.lease_seconds):
                await self._handlers[job.kind](self._services, job)
        except LeaseLost:
            JOBS.labels(kind=job.kind, outcome="lost").inc()
        except Exception as error:  # noqa: BLE001 - one job's trouble must not end the others'
            await self._set_back(job, error)
        else:
            JOBS.labels(kind=job.kind, outcome="done").inc()
        self._ring()

    async def _set_back(self, job: Job, error: Exception) -> None:
        """Only errors of our own tree have texts that may be kept: others might carry secrets."""
        is_known = isinstance(error, BadgefedError)
        text = f"{type(error).__name__}: {error}" if is_known else type(error).__name__
        delay = retry_delay(job.attempt, self._random())
        JOBS.labels(kind=job.kind, outcome="given_up" if delay is None else "retried").inc()
        log.warning(
            "job given up" if delay is None else "job failed",
            job=job.id,
            kind=job.kind,
            attempt=job.attempt,
            error=text,
            exc_info=None if is_known else error,
        )

        async def write(tx: Transaction) -> None:
            if delay is None:
                await jobs.fail_job(tx, job, error=text)
            else:
                await jobs.retry_job(tx, job, not_before=self._services.clock() + delay, error=text)

        try:
            await self._services.database.write(write)
        except Exception:  # its lease ends by itself
            log.exception("the job queue is not reachable")
