"""The Note of a processed grant, made anew: sent as an Update by the job `republish`, or published under another id.

The signed credential and the assertion stay as they are: they were true when they were signed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from badgefed.model.grant import Grant, Status
from badgefed.model.times import SECOND, from_rfc3339
from badgefed.model.visibility import Visibility
from badgefed.protocol import activities
from badgefed.protocol.notes import next_revision
from badgefed.store import documents, grants, jobs
from badgefed.store.database import Reader, Transaction
from badgefed.store.documents import DocumentKind
from badgefed.store.jobs import Job, Priority
from badgefed.work.leases import LeaseLost
from badgefed.work.process import make_note, publish_note
from badgefed.work.services import Services
from badgefed.work.sign_grants import Material, encode, load_material


async def republish(services: Services, job: Job) -> None:
    """Does nothing but end the job where the grant is not processed (any more)."""
    loaded = await services.database.read(lambda reader: _load(reader, job.grant_id or 0))
    if loaded is None:
        await services.database.write(lambda tx: jobs.finish_job(tx, job))
        return
    material, previous, assertion = loaded
    sent = from_rfc3339(previous.get("updated", previous["published"]))
    revision = next_revision(sent, services.clock())
    published = from_rfc3339(previous["published"])
    note = make_note(services, material, assertion, published=published, updated=revision)
    await services.database.write(
        lambda tx: _store(tx, job, material.grant, note, revision=revision, now=services.clock())
    )
    services.wake.set()


async def _load(
    reader: Reader, grant_id: int
) -> tuple[Material, Mapping[str, Any], Mapping[str, Any]] | None:
    material = await load_material(reader, grant_id, Status.PROCESSED)
    note = await documents.find_document(reader, grant_id, DocumentKind.NOTE)
    assertion = await documents.find_document(reader, grant_id, DocumentKind.ASSERTION)
    if material is None or note is None or assertion is None:
        return None
    return material, json.loads(note.body), json.loads(assertion.body)


async def _store(
    tx: Transaction, job: Job, grant: Grant, note: Mapping[str, Any], *, revision: int, now: int
) -> None:
    """Nothing is left to do where the Note has another id by now: that one says what is true."""
    if not await jobs.finish_job(tx, job):
        raise LeaseLost(job)
    if not await grants.hold_note(tx, grant):
        return
    await documents.replace_note(tx, grant.id, encode(note))
    update = activities.update(f"{grant.note_uri}#updates/{revision // SECOND}", note)
    await publish_note(tx, grant, update, priority=Priority.CHANGE, now=now)


async def publish_again(tx: Transaction, services: Services, grant: Grant, *, now: int) -> None:
    """Stores the Note of a processed grant that has got a new id, and sends it to everybody if the grant is public."""
    loaded = await _load(tx, grant.id)
    if loaded is None:
        raise LookupError(f"grant {grant.id} has no documents")
    material, _, assertion = loaded
    note = make_note(services, material, assertion, published=now)
    await documents.replace_note(tx, grant.id, encode(note))
    if grant.visibility is Visibility.PUBLIC:
        create = activities.create(f"{grant.note_uri}/activity", note)
        await publish_note(tx, grant, create, priority=Priority.PUBLIC, now=now)
