"""The job `republish`: the Note of a processed grant, made anew and sent as an Update.

The signed credential and the assertion stay as they are: they were true when they were signed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from badgefed.model.grant import Grant, Status
from badgefed.model.times import SECOND, from_rfc3339
from badgefed.protocol import activities
from badgefed.protocol.notes import next_revision
from badgefed.store import documents, jobs
from badgefed.store.database import Reader, Transaction
from badgefed.store.documents import DocumentKind
from badgefed.store.jobs import Job, Priority
from badgefed.work.leases import LeaseLost
from badgefed.work.process import Material, encode, load_material, make_note, publish_note
from badgefed.work.services import Services


async def republish(services: Services, job: Job) -> None:
    """Does nothing but end the job where the grant is not processed (any more)."""
    loaded = await services.database.read(lambda reader: _load(reader, job.grant_id or 0))
    if loaded is None:
        await services.database.write(lambda tx: jobs.finish_job(tx, job))
        return
    material, previous, assertion = loaded
    sent = from_rfc3339(previous.get("updated", previous["published"]))
    revision = next_revision(sent, services.clock())
    note = make_note(services, material, assertion, updated=revision)
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
    if not await jobs.finish_job(tx, job):
        raise LeaseLost(job)
    await documents.replace_note(tx, grant.id, encode(note))
    update = activities.update(f"{grant.note_uri}#updates/{revision // SECOND}", note)
    await publish_note(tx, grant, update, priority=Priority.CHANGE, now=now)
