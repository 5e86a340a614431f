from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import REGISTRY

from badgefed.errors import Unavailable
from badgefed.model.times import HOUR, MINUTE, SECOND
from badgefed.store import deliveries, jobs
from badgefed.store.database import Database, Transaction
from badgefed.store.jobs import Job, JobKind, Priority
from badgefed.work.leases import LeaseLost
from badgefed.work.metrics import update_gauges
from badgefed.work.retries import RETRIES
from badgefed.work.services import Services
from badgefed.work.worker import Worker
from tests.conftest import World
from tests.sinks import Sink, make_worker, publish, queue, run_due
from tests.world import START, Clock, Network

LEASE = 90 * SECOND


async def add(database: Database, kind: JobKind = JobKind.MAIL, **options: Any) -> None:
    await database.write(lambda tx: jobs.add_job(tx, kind, now=START, **options))


async def claim(database: Database, *, limit: int = 10, now: int = START) -> list[Job]:
    return await database.write(lambda tx: jobs.claim_jobs(tx, limit=limit, now=now, lease=LEASE))


async def finish(database: Database, job: Job) -> bool:
    return await database.write(lambda tx: jobs.finish_job(tx, job))


async def rows(database: Database) -> list[Mapping[str, Any]]:
    return list(await database.all("SELECT * FROM jobs ORDER BY id"))


async def test_a_claimed_job_is_nobody_elses_until_its_lease_is_over(any_database: Database) -> None:
    await add(any_database, payload={"to": "a"})
    (job,) = await claim(any_database)
    assert (job.kind, job.payload, job.attempt) == (JobKind.MAIL, {"to": "a"}, 1)
    assert await claim(any_database, now=START + LEASE - 1) == []
    (again,) = await claim(any_database, now=START + LEASE)
    assert (again.id, again.attempt) == (job.id, 2)
    assert not await finish(any_database, job), "the first lease is over"
    assert await finish(any_database, again)
    assert await rows(any_database) == []


async def test_many_claim_at_once_and_nobody_gets_what_another_one_has(any_database: Database) -> None:
    for number in range(100):
        await add(any_database, payload={"number": number})
    claimed = await asyncio.gather(*(claim(any_database, limit=10) for _ in range(12)))
    numbers = [job.payload["number"] for group in claimed for job in group]
    assert sorted(numbers) == list(range(100))


async def test_the_urgent_and_then_the_old_go_first(any_database: Database) -> None:
    await add(any_database, payload={"n": 1}, priority=Priority.BACKGROUND)
    await add(any_database, payload={"n": 2}, priority=Priority.PUBLIC, not_before=START - 1)
    await add(any_database, payload={"n": 3}, priority=Priority.PUBLIC, not_before=START - 5)
    await add(any_database, payload={"n": 4}, priority=Priority.PERSON, not_before=START + 1)
    order = [job.payload["n"] for _ in range(4) for job in await claim(any_database, limit=1)]
    assert order == [3, 2, 1]


async def test_a_unique_job_waits_once_and_can_come_again(any_database: Database) -> None:
    await add(any_database, unique_key="k", payload={"n": 1})
    await add(any_database, unique_key="k", payload={"n": 2})
    (job,) = await claim(any_database)
    assert job.payload == {"n": 1}
    await any_database.write(lambda tx: jobs.fail_job(tx, job, error="no"))
    await add(any_database, unique_key="k", payload={"n": 3})
    assert [job.payload for job in await claim(any_database)] == [{"n": 3}]


async def test_a_job_that_goes_on_is_due_again_and_forgets_its_attempts(any_database: Database) -> None:
    await add(any_database)
    (first,) = await claim(any_database)

    async def go_on(tx: Transaction) -> bool:
        return await jobs.continue_job(tx, first, payload={"page": 2}, not_before=START + MINUTE)

    assert await any_database.write(go_on)
    assert await claim(any_database, now=START + MINUTE - 1) == []
    (second,) = await claim(any_database, now=START + MINUTE)
    assert (second.id, second.attempt, second.payload) == (first.id, 1, {"page": 2})
    assert not await any_database.write(go_on), "the same attempt, but not the same lease"
    assert not await finish(any_database, first)
    assert await finish(any_database, second)


async def test_drop_and_amend_by_unique_key(any_database: Database) -> None:
    await add(any_database, unique_key="k", payload={"after": "a"})
    await any_database.write(lambda tx: jobs.amend_unique(tx, "k", until="z"))
    await any_database.write(lambda tx: jobs.amend_unique(tx, "none", until="z"))
    assert await jobs.exist_unique(any_database, ["x", "k"])
    assert not await jobs.exist_unique(any_database, ["x"])
    assert not await jobs.exist_unique(any_database, [])
    assert await any_database.write(lambda tx: jobs.drop_unique(tx, "k")) == {"after": "a", "until": "z"}
    assert await any_database.write(lambda tx: jobs.drop_unique(tx, "k")) is None


class Handler:
    """Notes what it is given, and ends the job or raises what it is told to."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.seen: list[Job] = []

    async def __call__(self, services: Services, job: Job) -> None:
        self.seen.append(job)
        if self.errors:
            raise self.errors.pop(0)
        await services.database.write(lambda tx: jobs.finish_job(tx, job))


def worker_for(services: Services, handler: Handler) -> Worker:
    return Worker(services, {JobKind.MAIL: handler}, random=lambda: 0.5)


async def test_a_job_that_fails_is_tried_again_later(any_services: Services, clock: Clock) -> None:
    handler = Handler(Unavailable("The mail server is away."), RuntimeError("password=hunter2"))
    await add(any_services.database)
    worker = worker_for(any_services, handler)
    assert await worker.step()
    assert not await worker.step(), "nothing is due"
    (row,) = await rows(any_services.database)
    assert row["last_error"] == "Unavailable: The mail server is away."
    assert row["not_before"] == clock.now + 16 * SECOND
    clock.advance(16)
    assert await worker.step()
    (row,) = await rows(any_services.database)
    assert row["last_error"] == "RuntimeError", "texts of foreign errors are not kept"
    clock.advance(31)
    assert await worker.step()
    assert await rows(any_services.database) == []
    assert [job.attempt for job in handler.seen] == [1, 2, 3]


async def test_a_job_that_always_fails_is_given_up(services: Services, clock: Clock) -> None:
    handler = Handler(*[Unavailable("no")] * 100)
    await add(services.database)
    worker = worker_for(services, handler)
    for _ in range(100):
        await worker.step()
        clock.advance(12 * 3600)
    assert len(handler.seen) == RETRIES + 1
    (row,) = await rows(services.database)
    assert (row["state"], row["last_error"]) == ("failed", "Unavailable: no")


async def test_a_job_whose_worker_always_dies_is_given_up(services: Services, clock: Clock) -> None:
    handler = Handler()
    await add(services.database)
    for _ in range(RETRIES + 1):
        await claim(services.database, now=clock.now)
        clock.advance(91)
    await worker_for(services, handler).step()
    (row,) = await rows(services.database)
    assert row["state"] == "failed"
    assert handler.seen == []


async def test_a_job_without_handler_waits_for_a_worker_that_knows_it(services: Services) -> None:
    await add(services.database, JobKind.NOTIFY)
    await worker_for(services, Handler()).step()
    (row,) = await rows(services.database)
    assert (row["state"], row["attempt"]) == ("ready", 1)


async def test_a_handler_that_lost_its_lease_leaves_no_trace(any_services: Services, clock: Clock) -> None:
    """It takes so long that another worker gets the job: what it writes with the job's end is undone."""
    taken: list[Job] = []

    async def slow(services: Services, job: Job) -> None:
        clock.advance(91)
        taken.extend(await claim(services.database, now=clock.now))

        async def write(tx: Transaction) -> None:
            await jobs.add_job(tx, JobKind.CLEAN, now=clock.now)
            if not await jobs.finish_job(tx, job):
                raise LeaseLost(job)

        await services.database.write(write)

    await add(any_services.database)
    await Worker(any_services, {JobKind.MAIL: slow}).step()
    (row,) = await rows(any_services.database)
    assert (row["kind"], row["attempt"], row["last_error"]) == ("mail", 2, None)
    assert await finish(any_services.database, taken[0])


async def test_a_handler_may_take_no_longer_than_its_lease(services: Services) -> None:
    async def endless(_services: Services, _job: Job) -> None:
        await asyncio.Event().wait()

    short = replace(services, settings=replace(services.settings, lease_seconds=0))
    await add(services.database)
    await Worker(short, {JobKind.MAIL: endless}).step()
    (row,) = await rows(services.database)
    assert row["last_error"] == "TimeoutError"


async def test_running_works_off_what_comes_and_stops_when_told(any_services: Services) -> None:
    """A job added while the worker waits is seen when `wake` is set; one that hangs holds up no other."""
    release, all_done = asyncio.Event(), asyncio.Event()
    seen: list[int] = []

    async def handle(services: Services, job: Job) -> None:
        if job.payload["n"] == 0:
            await release.wait()
        await services.database.write(lambda tx: jobs.finish_job(tx, job))
        seen.append(job.payload["n"])
        if len(seen) == 40:
            all_done.set()

    stop = asyncio.Event()
    running = asyncio.create_task(
        Worker(any_services, {JobKind.MAIL: handle, JobKind.CLEAN: handle}).run(stop)
    )
    for number in range(41):
        await add(any_services.database, payload={"n": number})
        any_services.wake.set()
    async with asyncio.timeout(60):
        await all_done.wait()
    assert sorted(seen) == list(range(1, 41))
    stop.set()
    any_services.wake.set()
    release.set()
    await running
    assert 0 in seen
    assert [row["kind"] for row in await rows(any_services.database)] == ["clean"]


async def test_cleaning_comes_round_every_hour(any_services: Services, clock: Clock) -> None:
    await add(any_services.database, JobKind.CLEAN, unique_key="clean")
    worker = make_worker(any_services)
    for _ in range(3):
        await run_due(worker)
        (row,) = await rows(any_services.database)
        assert (row["kind"], row["state"], row["not_before"]) == ("clean", "ready", clock.now + HOUR)
        clock.advance(3600)


async def test_cleaning_deletes_what_is_old_and_nothing_else(
    any_services: Services, any_world: World, clock: Clock, network: Network
) -> None:
    network.mount("peer.example", Sink(answers=[403]))
    inboxes = ["https://peer.example/inbox"]
    await publish(any_services, any_world.issuer, "refused", to_followers=False, inboxes=inboxes)
    worker = make_worker(any_services)
    await run_due(worker)
    await publish(any_services, any_world.issuer, "private", to_followers=False, inboxes=inboxes)
    await publish(any_services, any_world.issuer, "public", to_followers=True)
    await run_due(worker)
    clock.advance(31 * 24 * 3600)
    await publish(any_services, any_world.issuer, "waiting", to_followers=False, inboxes=inboxes)
    await add(any_services.database, JobKind.CLEAN)
    await worker.step(only="jobs")
    left = await any_services.database.all("SELECT object_uri FROM activities ORDER BY id")
    assert [row["object_uri"].rpartition("/")[2] for row in left] == ["public", "waiting"]
    assert await queue(any_services) == [("https://peer.example/inbox", "ready", 0)]


@pytest.mark.parametrize("broken", [False, True])
async def test_gauges_tell_what_waits(
    any_services: Services, any_world: World, clock: Clock, network: Network, broken: bool
) -> None:
    sink = Sink(always=500 if broken else 202)
    network.mount("peer.example", sink)
    for number in range(5):
        inboxes = [f"https://peer.example/{number}"]
        await publish(any_services, any_world.issuer, "n1", to_followers=False, inboxes=inboxes)
    await publish(any_services, any_world.issuer, "n2")
    if broken:
        await make_worker(any_services).step(only="deliveries")
    clock.advance(100)
    await update_gauges(any_services.database, now=clock.now)
    assert gauge("badgefed_queue_deliveries", state="ready") == 5
    assert gauge("badgefed_queue_jobs", kind="fan_out", state="ready") == 1
    assert gauge("badgefed_hosts_broken", state="open") == int(broken)
    assert gauge("badgefed_queue_delivery_age_seconds") == (0 if broken else 100)
    assert await deliveries.oldest_due(any_services.database, now=clock.now) == (None if broken else START)


def gauge(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)
