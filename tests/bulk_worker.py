"""A worker that grants by lists: the program that `test_bulk_crash.py` starts and kills. It ends once none is left to do."""

from __future__ import annotations

import asyncio
import contextlib

from badgefed.issuing.bulk import run_bulk
from badgefed.store import jobs
from badgefed.store.jobs import Job, JobKind
from badgefed.work.services import Services
from badgefed.work.worker import Worker
from tests.crash_worker import open_services


async def drop(services: Services, job: Job) -> None:
    await services.database.write(lambda tx: jobs.finish_job(tx, job))


HANDLERS = {JobKind.BULK: run_bulk, JobKind.MAIL: drop, JobKind.CLEAN: drop}


async def main() -> None:
    services = await open_services()
    stop = asyncio.Event()
    worker = asyncio.create_task(Worker(services, HANDLERS).run(stop))
    print("ready", flush=True)
    while await services.database.one("SELECT id FROM bulks WHERE state = 'running'") is not None:
        await asyncio.sleep(0.05)
    stop.set()
    services.wake.set()
    await worker
    await services.client.close()
    await services.database.close()


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        asyncio.run(main())
