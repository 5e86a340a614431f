"""Stepping the worker by hand."""

from __future__ import annotations

from typing import Literal

from badgefed.issuing.job_handlers import JOB_HANDLERS
from badgefed.work.services import Services
from badgefed.work.worker import Worker

MAX_STEPS = 1000


async def run_until_idle(services: Services, only: Literal["jobs", "deliveries"] | None = None) -> None:
    """Does everything that is due at the clock's instant."""
    worker = Worker(services, JOB_HANDLERS, random=lambda: 0.5)
    for _ in range(MAX_STEPS):
        if not await worker.step(only):
            return
    raise AssertionError("the worker found work without end")
