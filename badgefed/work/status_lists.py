"""Status lists: giving each credential its bit, and signing the lists anew when bits change.

A credential has one entry, of the purpose `revocation`, for Open Badges 3.0 allows one. Its bit is set while the grant is
revoked or suspended, and cleared when it is reinstated: a verifier that knows nothing else does not accept it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgefed.model.addresses import Addresses
from badgefed.model.grant import Grant
from badgefed.model.issuer import Issuer
from badgefed.protocol import dids, proofs, status_list
from badgefed.store import issuers, jobs, status_lists
from badgefed.store.database import Reader, Transaction
from badgefed.store.jobs import Job, JobKind
from badgefed.store.status_lists import StatusEntry, StatusList
from badgefed.work.keyring import SigningKey
from badgefed.work.leases import LeaseLost
from badgefed.work.services import Services

CAPACITY = status_list.MIN_LENGTH * 2 // 3
"""Entries of a list, few enough for random positions to be free."""

TRIES = 200


async def reserve_entry(services: Services, grant: Grant) -> StatusEntry:
    """The grant's entry, taken now unless it has one. Its list was signed, so that nobody finds it missing."""
    entry = await status_lists.find_entry(services.database, grant.id)
    if entry is None:
        entry = await services.database.write(
            lambda tx: _take_entry(tx, grant, services.clock()), is_brief=True
        )
    if not entry.is_signed:
        await _sign_first(services, entry.list_id)
    return entry


async def _take_entry(tx: Transaction, grant: Grant, now: int) -> StatusEntry:
    """Positions are random, so that neighbours in a list have nothing to do with each other."""
    list_id = await status_lists.open_list(tx, grant.issuer_id, capacity=CAPACITY, now=now)
    for _ in range(TRIES):
        position = secrets.randbelow(status_list.MIN_LENGTH)
        await status_lists.take_position(tx, list_id, position, grant.id)
        entry = await status_lists.find_entry(tx, grant.id)
        if entry is not None:
            return entry
    raise RuntimeError(f"no free position in status list {list_id}")


async def queue_status_list(tx: Transaction, grant_id: int, now: int) -> None:
    """Has the list signed anew in which the grant has its bit; to be called where a grant is revoked, suspended or reinstated.

    A grant without a credential has no bit, and nothing happens.
    """
    entry = await status_lists.find_entry(tx, grant_id)
    if entry is not None:
        await _queue(tx, entry.list_id, now)


async def queue_issuer_lists(tx: Transaction, issuer_id: int, now: int) -> None:
    """Has all lists of an issuer signed anew, with the key that it has by now."""
    for list_id in await status_lists.list_ids(tx, issuer_id):
        await _queue(tx, list_id, now)


async def _queue(tx: Transaction, list_id: int, now: int) -> None:
    await jobs.add_job(
        tx,
        JobKind.STATUS_LIST,
        now=now,
        payload={"list_id": list_id},
        unique_key=f"status_list:{list_id}",
    )


async def publish_status_list(services: Services, job: Job) -> None:
    """The job: signs a list as the grants are now. What changes meanwhile queues the job again."""
    if not await services.database.write(lambda tx: jobs.release_key(tx, job)):
        raise LeaseLost(job)
    await sign_list(services, job.payload["list_id"])
    await services.database.write(lambda tx: jobs.finish_job(tx, job))


async def sign_list(services: Services, list_id: int) -> None:
    """Signs and stores the list; begins anew if another was first, for that one may have been made from older facts."""
    while not await _try_to_sign(services, list_id):
        continue


async def _sign_first(services: Services, list_id: int) -> None:
    """As `sign_list`, unless somebody has done it."""
    while (await status_lists.get_list(services.database, list_id)).signed_at is None:
        await _try_to_sign(services, list_id)


async def _try_to_sign(services: Services, list_id: int) -> bool:
    found, issuer, positions = await services.database.read(lambda reader: _load(reader, list_id))
    key = await services.keyring.ed25519(issuer.id)
    now = services.clock()
    body = await asyncio.to_thread(_sign, services.addresses, found, issuer, positions, key, now)
    return await services.database.write(
        lambda tx: status_lists.replace_body(tx, found, body, now=now), is_brief=True
    )


async def _load(reader: Reader, list_id: int) -> tuple[StatusList, Issuer, list[int]]:
    found = await status_lists.get_list(reader, list_id)
    positions = await status_lists.list_set_positions(reader, list_id)
    return found, await issuers.get_issuer(reader, found.issuer_id), positions


def _sign(
    addresses: Addresses, found: StatusList, issuer: Issuer, positions: list[int], key: SigningKey, now: int
) -> bytes:
    did = addresses.did(issuer.username)
    unsigned = status_list.list_credential(
        status_list.encode(positions),
        url=addresses.status_list(found.uuid),
        issuer=did,
        valid_from=now,
    )
    signed = proofs.sign(
        unsigned,
        private_key=cast("Ed25519PrivateKey", key.private_key),
        verification_method=dids.verification_method(did, key.public_key),
        created=now,
    )
    return json.dumps(signed, separators=(",", ":")).encode()
