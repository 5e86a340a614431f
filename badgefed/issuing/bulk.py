"""Granting badges by a list: it is accepted as a whole, and its rows are granted by a job, some in each transaction.

Each row's result commits together with its grant. So a job that is cut off at any row goes on with the next one.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from badgefed.errors import BadgefedError, Conflict, Invalid, NotFound
from badgefed.issuing import grants
from badgefed.issuing.bulk_rows import GivenList, Judge, ReadList, judge_rows, list_badges
from badgefed.issuing.grants import Offer
from badgefed.model.audit import Action, Author, AuthorKind, Target
from badgefed.model.bulk import Bulk, BulkRow, RowState
from badgefed.model.grant import Details
from badgefed.model.times import format_milliseconds
from badgefed.model.webhook import Event
from badgefed.store import audit, bulk, jobs, organizations
from badgefed.store.database import Reader, Transaction
from badgefed.store.jobs import Job, JobKind, Priority
from badgefed.work.leases import LeaseLost
from badgefed.work.services import Services
from badgefed.work.webhooks import Data, emit

BATCH = 50
FORESEEN_AT_ONCE = 200
MAX_RUNNING = 10
TOO_MANY = (
    f"{MAX_RUNNING} lists of this organization are being worked on: wait until one of them is completed."
)
BULK_NOT_FOUND = "Bulk job not found."


async def judge_list(
    services: Services, organization_id: int, given: GivenList, *, badge: str | None
) -> ReadList:
    """Each row by itself; `badge` is for those that name none."""
    called = await asyncio.to_thread(list_badges, given)
    names = await bulk.find_badge_names(services.database, organization_id, {*called, badge or ""})
    judge = Judge(badges=names, badge=badge, now=services.clock())
    return await asyncio.to_thread(judge_rows, given, judge)


async def accept_rows(
    tx: Transaction, services: Services, organization_id: int, rows: Sequence[BulkRow], *, by: Author
) -> Bulk:
    """The list and the job that grants its waiting rows. Raises `Conflict` where too many are being worked on."""
    await organizations.lock_organization(tx, organization_id)
    if await bulk.count_running(tx, organization_id) >= MAX_RUNNING:
        raise Conflict(TOO_MANY)
    now = services.clock()
    added = await bulk.add_bulk(tx, organization_id=organization_id, author=by.label, rows=rows, now=now)
    await audit.record(
        tx,
        by=by,
        action=Action.BULK_CREATE,
        target=Target(id=added.id, label=added.uuid),
        organization_id=organization_id,
        now=now,
        details={"rows": added.counts.total},
    )
    if added.counts.done == added.counts.total:
        return await _complete(tx, added, now)
    await jobs.add_job(
        tx,
        JobKind.BULK,
        payload={"bulk": added.id, "by": dataclasses.asdict(by)},
        priority=Priority.PUBLIC,
        now=now,
    )
    return added


async def foresee_rows(services: Services, organization_id: int, rows: Sequence[BulkRow]) -> list[BulkRow]:
    """What would become of each row now. Changes nothing."""
    foreseen: list[BulkRow] = []
    for start in range(0, len(rows), FORESEEN_AT_ONCE):
        some = rows[start : start + FORESEEN_AT_ONCE]
        work = partial(_foresee_some, organization_id=organization_id, rows=some, now=services.clock())
        foreseen += await services.database.read(work)
    return foreseen


async def _foresee_some(
    reader: Reader, *, organization_id: int, rows: Sequence[BulkRow], now: int
) -> list[BulkRow]:
    return [
        await _foresee_row(reader, organization_id, row, now) if row.state is RowState.WAITING else row
        for row in rows
    ]


async def _foresee_row(reader: Reader, organization_id: int, row: BulkRow, now: int) -> BulkRow:
    try:
        held = await grants.foresee(reader, offer_of(organization_id, row), now=now)
    except BadgefedError as error:
        return _refused(row, error)
    if held is None:
        return replace(row, state=RowState.CREATED)
    return replace(row, state=RowState.EXISTS, grant_id=held.id)


async def run_bulk(services: Services, job: Job) -> None:
    """Grants some rows; after that the job is in the queue again, or the list is completed."""
    await services.database.write(lambda tx: _grant_some(tx, services, job))
    services.wake.set()


async def _grant_some(tx: Transaction, services: Services, job: Job) -> None:
    found = await bulk.find_bulk_by_id(tx, int(job.payload["bulk"]))
    if found is None:
        raise LookupError(f"bulk {job.payload['bulk']}")
    by, now = _author(job), services.clock()
    waiting = await bulk.list_waiting(tx, found.id, limit=BATCH)
    done = [await _grant_row(tx, services, found.organization_id, row, by) for row in waiting]
    found = await bulk.finish_rows(tx, found.id, done)
    if len(waiting) == BATCH:
        ended = await jobs.continue_job(tx, job, payload=job.payload, not_before=now)
    else:
        await _complete(tx, found, now)
        ended = await jobs.finish_job(tx, job)
    if not ended:
        raise LeaseLost(job)


def _author(job: Job) -> Author:
    by = job.payload["by"]
    return Author(kind=AuthorKind(by["kind"]), id=by["id"], label=by["label"], network=by["network"])


async def _grant_row(
    tx: Transaction, services: Services, organization_id: int, row: BulkRow, by: Author
) -> BulkRow:
    try:
        offered = await grants.offer(tx, offer_of(organization_id, row), services, by=by)
    except BadgefedError as error:
        return _refused(row, error)
    state = RowState.CREATED if offered.is_new else RowState.EXISTS
    return replace(row, state=state, grant_id=offered.grant.id)


def offer_of(organization_id: int, row: BulkRow) -> Offer:
    """What a row that waits asks for."""
    content = row.content
    return Offer(
        organization_id=organization_id,
        badge_id=row.badge_id or 0,
        profile=content.profile,
        email=content.email,
        name=content.name,
        evidence=content.evidence,
        details=Details(narrative=content.narrative, license_number=content.license_number),
        expires_at=row.expires_at,
    )


def _refused(row: BulkRow, error: BadgefedError) -> BulkRow:
    """The row with the reason. Trouble that is not the row's is raised again."""
    if error.status >= BadgefedError.status:
        raise error
    state = RowState.CONFLICT if isinstance(error, Conflict) else RowState.INVALID
    field = error.field if isinstance(error, Invalid) else None
    if isinstance(error, NotFound):
        field = "badge"
    return replace(row, state=state, field=field, reason=str(error))


async def _complete(tx: Transaction, found: Bulk, now: int) -> Bulk:
    completed = await bulk.complete_bulk(tx, found.id, now=now)
    if completed is None:
        return found
    await emit(tx, found.organization_id, Event.BULK_COMPLETED, {"bulk": _view(completed)}, now=now)
    return completed


def _view(completed: Bulk) -> Data:
    counts = completed.counts
    return {
        "id": completed.uuid,
        "total": counts.total,
        "created": counts.created,
        "exists": counts.existing,
        "conflict": counts.conflicts,
        "invalid": counts.invalid,
        "createdAt": format_milliseconds(completed.created_at),
    }
