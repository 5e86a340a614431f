"""What the bulk API answers."""

from __future__ import annotations

import msgspec

from badgefed.model.bulk import Bulk, BulkRow, Counts
from badgefed.model.times import format_milliseconds


class BulkCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Rows by what became of them."""

    created: int
    exists: int
    conflict: int
    invalid: int


class BulkProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a list has come; `id` is null for a dry run, which is kept nowhere."""

    id: str | None
    status: str
    total: int
    done: int
    counts: BulkCounts
    createdBy: str | None
    createdAt: str | None
    finishedAt: str | None


class BulkRowView(msgspec.Struct, frozen=True, kw_only=True):
    """One row, and what became of it."""

    row: int
    line: int
    status: str
    field: str | None
    reason: str | None
    badge: str | None
    email: str | None
    profile: str | None
    name: str | None
    grantId: int | None


class BulkAccepted(msgspec.Struct, frozen=True, kw_only=True):
    """A list that was accepted, or tried: then with a verdict on each row."""

    success: bool
    dryRun: bool
    bulk: BulkProgress
    ignoredColumns: list[str]
    rows: list[BulkRowView]


class BulkAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One list."""

    success: bool
    bulk: BulkProgress


class BulkList(msgspec.Struct, frozen=True, kw_only=True):
    """Lists, newest first."""

    success: bool
    bulks: list[BulkProgress]
    nextCursor: int | None


class BulkRows(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of one list, in its order."""

    success: bool
    rows: list[BulkRowView]
    nextCursor: int | None


def view_bulk(bulk: Bulk) -> BulkProgress:
    finished = bulk.finished_at
    return BulkProgress(
        id=bulk.uuid,
        status=bulk.state,
        total=bulk.counts.total,
        done=bulk.counts.done,
        counts=_view_counts(bulk.counts),
        createdBy=bulk.author,
        createdAt=format_milliseconds(bulk.created_at),
        finishedAt=None if finished is None else format_milliseconds(finished),
    )


def view_dry_run(counts: Counts) -> BulkProgress:
    return BulkProgress(
        id=None,
        status="dry-run",
        total=counts.total,
        done=counts.done,
        counts=_view_counts(counts),
        createdBy=None,
        createdAt=None,
        finishedAt=None,
    )


def _view_counts(counts: Counts) -> BulkCounts:
    return BulkCounts(
        created=counts.created,
        exists=counts.existing,
        conflict=counts.conflicts,
        invalid=counts.invalid,
    )


def view_row(row: BulkRow) -> BulkRowView:
    content = row.content
    return BulkRowView(
        row=row.number,
        line=row.line,
        status=row.state,
        field=row.field,
        reason=row.reason,
        badge=content.badge,
        email=content.email,
        profile=content.profile,
        name=content.name,
        grantId=row.grant_id,
    )
