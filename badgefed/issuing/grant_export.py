"""An organization's grants as a file for spreadsheets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from badgefed.model.grant import Status
from badgefed.model.times import format_rfc3339
from badgefed.protocol.csv_rows import BYTE_ORDER_MARK, format_csv
from badgefed.store.organization_grants import GrantRow, GrantSearch, list_grants, state_of
from badgefed.work.services import Services

BATCH = 500
CSV_HEADER = (
    "code",
    "status",
    "badge",
    "name",
    "email",
    "profile",
    "granted by",
    "issued",
    "accepted",
    "expires",
    "closed",
    "reason",
    "address",
)


async def write_grants(services: Services, organization_id: int, search: GrantSearch) -> AsyncIterator[str]:
    """CSV, piece by piece."""
    yield BYTE_ORDER_MARK + format_csv([CSV_HEADER])
    after = None
    while True:
        rows = await list_grants(
            services.database,
            organization_id,
            search,
            limit=BATCH,
            now=services.clock(),
            after=after,
        )
        yield await asyncio.to_thread(format_csv, [_cells(row, services.clock()) for row in rows])
        if len(rows) < BATCH:
            return
        after = rows[-1].grant.id


def _cells(row: GrantRow, now: int) -> tuple[str, ...]:
    grant = row.grant
    return (
        grant.code,
        state_of(row.grant, now),
        row.badge_title,
        grant.name or "",
        grant.email or "",
        grant.handle or grant.profile or "",
        grant.granted_by or "",
        *(
            format_rfc3339(instant) if instant else ""
            for instant in (grant.issued_at, grant.accepted_at, grant.expires_at, grant.closed_at)
        ),
        grant.suspended_reason or grant.closed_reason or "",
        grant.note_uri if grant.status is Status.PROCESSED else "",
    )
