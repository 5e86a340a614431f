"""Status lists: one bit for each credential, set while it must not be accepted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from badgefed.issuing import grants
from badgefed.model.grant import Grant
from badgefed.protocol import data_integrity, status_list
from badgefed.protocol.verification_keys import from_multikey
from badgefed.store import documents, jobs, status_lists
from badgefed.store.database import Transaction
from badgefed.store.documents import DocumentKind
from badgefed.store.jobs import JobKind
from badgefed.store.migrate import migrate, open_database
from badgefed.work.services import Services
from badgefed.work.status_lists import CAPACITY, queue_status_list, reserve_entry, sign_list
from tests.conftest import World
from tests.doors import publish
from tests.workers import run_until_idle
from tests.world import Clock

DID = "did:web:badges.example:issuers:org"


async def credential_of(services: Services, grant: Grant) -> dict[str, Any]:
    found = await documents.find_document(services.database, grant.id, DocumentKind.CREDENTIAL)
    assert found is not None
    credential: dict[str, Any] = json.loads(found.body)
    return credential


async def list_of(services: Services, entry: status_list.StatusEntry) -> dict[str, Any]:
    body = await status_lists.find_body(services.database, entry.list_url.rpartition("/")[2])
    assert body is not None
    document: dict[str, Any] = json.loads(body)
    return document


async def is_set(services: Services, grant: Grant) -> bool:
    """What a verifier finds that has the credential."""
    entry = status_list.read_entry((await credential_of(services, grant))["credentialStatus"])
    return status_list.read_status(await list_of(services, entry), entry, issuer=DID)


async def revoke(tx: Transaction, grant: Grant, now: int) -> None:
    await grants.revoke(tx, grant.id, reason="x", now=now)
    await queue_status_list(tx, grant.id, now)


async def suspend(tx: Transaction, grant: Grant, now: int) -> None:
    await grants.suspend(tx, grant.id, reason="x", now=now)
    await queue_status_list(tx, grant.id, now)


async def reinstate(tx: Transaction, grant: Grant, now: int) -> None:
    await grants.reinstate(tx, grant.id, now=now)
    await queue_status_list(tx, grant.id, now)


Step = Callable[[Transaction, Grant, int], Awaitable[None]]


async def take(services: Services, step: Step, grant: Grant) -> None:
    await services.database.write(lambda tx: step(tx, grant, services.clock()))


async def test_a_bit_follows_the_life_of_its_grant(any_services: Services, any_world: World) -> None:
    services = any_services
    jane, other = [await publish(services, any_world, name) for name in ("jane", "other")]
    assert not await is_set(services, jane)
    for step, expected in ((suspend, True), (reinstate, False), (suspend, True), (revoke, True)):
        await take(services, step, jane)
        await run_until_idle(services, only="jobs")
        assert await is_set(services, jane) is expected, step.__name__
        assert not await is_set(services, other)


async def test_the_list_is_signed_by_the_issuer_of_its_credentials(services: Services, world: World) -> None:
    grant = await publish(services, world)
    credential = await credential_of(services, grant)
    entry = status_list.read_entry(credential["credentialStatus"])
    found = await list_of(services, entry)
    assert (found["id"], found["issuer"]) == (entry.list_url, credential["issuer"]["id"])
    key = await services.keyring.ed25519(world.issuer.id)
    data_integrity.verify(found, key=from_multikey(key.public_key), now=services.clock())
    assert found["proof"][0]["verificationMethod"] == f"{DID}#{key.public_key}"
    assert credential["credentialStatus"]["id"] != entry.list_url


async def test_the_list_is_there_before_the_first_credential(services: Services, world: World) -> None:
    """Whoever sees an entry finds its list."""
    grant = await publish(services, world)
    rows = await services.database.all("SELECT body, taken, signed_at FROM status_lists")
    assert [(row["taken"], row["body"] is None) for row in rows] == [(1, False)]
    await publish(services, world, "other")
    after = await services.database.all("SELECT taken, signed_at FROM status_lists")
    assert [(row["taken"], row["signed_at"]) for row in after] == [(2, rows[0]["signed_at"])]
    assert not await is_set(services, grant)


async def test_a_grant_keeps_its_entry(services: Services, world: World) -> None:
    grant = await publish(services, world)
    first = await reserve_entry(services, grant)
    assert await reserve_entry(services, grant) == first
    [row] = await services.database.all("SELECT taken FROM status_lists")
    assert row["taken"] == 1


async def test_many_at_once_share_a_list_and_no_position(any_services: Services, any_world: World) -> None:
    published = [await publish(any_services, any_world, f"jane{number}") for number in range(6)]
    await any_services.database.write(lambda tx: tx.execute("DELETE FROM status_entries"))
    await any_services.database.write(lambda tx: tx.execute("DELETE FROM status_lists"))
    entries = await asyncio.gather(*[reserve_entry(any_services, grant) for grant in published])
    again = await asyncio.gather(*[reserve_entry(any_services, grant) for grant in published])
    places = [(entry.list_id, entry.position) for entry in entries]
    assert [(entry.list_id, entry.position) for entry in again] == places
    assert len(set(places)) == len(published)
    assert all(0 <= entry.position < status_list.MIN_LENGTH for entry in entries)


async def test_a_taken_position_is_nobody_elses(any_services: Services, any_world: World) -> None:
    first, second = [await publish(any_services, any_world, name) for name in ("jane", "other")]
    entry = await status_lists.find_entry(any_services.database, first.id)
    assert entry is not None

    async def collide(tx: Transaction) -> list[bool]:
        await tx.execute("DELETE FROM status_entries WHERE grant_id = ?", second.id)
        return [
            await status_lists.take_position(tx, entry.list_id, position, grant_id)
            for position, grant_id in (
                (entry.position, second.id),
                (entry.position ^ 1, first.id),
                (entry.position ^ 1, second.id),
            )
        ]

    assert await any_services.database.write(collide) == [False, False, True]


async def test_a_full_list_is_followed_by_another(services: Services, world: World) -> None:
    first = await publish(services, world)
    await services.database.write(lambda tx: tx.execute("UPDATE status_lists SET taken = ?", CAPACITY))
    second = await publish(services, world, "other")
    lists = [(await credential_of(services, grant))["credentialStatus"] for grant in (first, second)]
    assert lists[0]["statusListCredential"] != lists[1]["statusListCredential"]
    assert not await is_set(services, second)
    await services.database.write(lambda tx: revoke(tx, second, services.clock()))
    await run_until_idle(services, only="jobs")
    assert (await is_set(services, first), await is_set(services, second)) == (False, True)


async def test_what_changes_while_a_list_is_signed_is_not_lost(
    any_services: Services, any_world: World
) -> None:
    """The job lets go of its key before it reads: a change that comes later brings a job of its own."""
    services = any_services
    jane, other = [await publish(services, any_world, name) for name in ("jane", "other")]
    now = services.clock()
    await services.database.write(lambda tx: revoke(tx, jane, now))
    [job] = await services.database.write(lambda tx: jobs.claim_jobs(tx, limit=1, now=now, lease=10**6))
    assert job.kind is JobKind.STATUS_LIST
    assert await services.database.write(lambda tx: jobs.release_key(tx, job))
    await sign_list(services, job.payload["list_id"])
    await services.database.write(lambda tx: revoke(tx, other, now))
    assert await services.database.write(lambda tx: jobs.finish_job(tx, job))
    assert (await is_set(services, jane), await is_set(services, other)) == (True, False)
    await run_until_idle(services, only="jobs")
    assert (await is_set(services, jane), await is_set(services, other)) == (True, True)


async def test_an_older_list_never_takes_the_place_of_a_newer_one(
    any_services: Services, any_world: World
) -> None:
    grant = await publish(any_services, any_world)
    entry = await status_lists.find_entry(any_services.database, grant.id)
    assert entry is not None
    before = await status_lists.get_list(any_services.database, entry.list_id)
    await any_services.database.write(lambda tx: revoke(tx, grant, any_services.clock()))
    await sign_list(any_services, entry.list_id)
    late = await any_services.database.write(
        lambda tx: status_lists.replace_body(tx, before, b"older", now=any_services.clock())
    )
    assert not late
    assert await is_set(any_services, grant)


async def test_many_changes_make_one_job(services: Services, world: World) -> None:
    published = [await publish(services, world, f"jane{number}") for number in range(3)]
    for grant in published:
        await take(services, revoke, grant)
    rows = await services.database.all("SELECT id FROM jobs WHERE kind = 'status_list'")
    assert len(rows) == 1
    await run_until_idle(services, only="jobs")
    assert [await is_set(services, grant) for grant in published] == [True] * 3


async def test_a_lost_lease_signs_nothing(services: Services, world: World, clock: Clock) -> None:
    grant = await publish(services, world)
    await services.database.write(lambda tx: revoke(tx, grant, clock()))
    [job] = await services.database.write(lambda tx: jobs.claim_jobs(tx, limit=1, now=clock(), lease=10**6))
    clock.advance(2)
    await run_until_idle(services, only="jobs")
    assert await is_set(services, grant)
    assert not await services.database.write(lambda tx: jobs.release_key(tx, job))


@pytest.mark.parametrize("step", [suspend, revoke])
async def test_a_grant_without_an_entry_needs_no_list(services: Services, world: World, step: Step) -> None:
    """As those that were processed before there were status lists."""
    grant = await publish(services, world)
    await services.database.write(lambda tx: tx.execute("DELETE FROM status_entries"))
    await take(services, step, grant)
    assert await services.database.all("SELECT id FROM jobs WHERE kind = 'status_list'") == []


async def test_the_job_waits_for_changes_that_are_under_way(postgresql_url: str) -> None:
    """Else it would read the facts before such a change, which found a job waiting and brought none of its own."""
    database = await open_database(postgresql_url)
    await migrate(database)
    key, written, go_on = "status_list:1", asyncio.Event(), asyncio.Event()

    async def change(tx: Transaction) -> None:
        await jobs.add_job(tx, JobKind.STATUS_LIST, now=1, unique_key=key)
        written.set()
        await go_on.wait()

    async def count_blocked() -> int:
        row = await database.one("SELECT COUNT(*) AS n FROM pg_locks WHERE NOT granted")
        return int(row["n"]) if row else 0

    await database.write(lambda tx: jobs.add_job(tx, JobKind.STATUS_LIST, now=1, unique_key=key))
    [job] = await database.write(lambda tx: jobs.claim_jobs(tx, limit=1, now=1, lease=10))
    changing = asyncio.create_task(database.write(change))
    await written.wait()
    releasing = asyncio.create_task(database.write(lambda tx: jobs.release_key(tx, job)))
    while not releasing.done() and not await count_blocked():
        await asyncio.sleep(0)
    assert not releasing.done()
    go_on.set()
    await changing
    assert await releasing
    await database.close()
