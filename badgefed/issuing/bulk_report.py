"""What became of a list's rows, as a file to correct and send in again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

from badgefed.model.bulk import Bulk, BulkRow, RowState
from badgefed.protocol.csv_rows import BYTE_ORDER_MARK, format_csv
from badgefed.store.bulk import list_rows
from badgefed.work.services import Services

BATCH = 500
CSV_HEADER = (
    "row",
    "line",
    "status",
    "field",
    "reason",
    "email",
    "profile",
    "name",
    "badge",
    "evidence",
    "narrative",
    "licenseNumber",
    "expires",
)


async def write_rows(services: Services, bulk: Bulk, states: tuple[RowState, ...]) -> AsyncIterator[str]:
    """CSV, piece by piece: the rows in one of the states, or all where none are named."""
    yield BYTE_ORDER_MARK + format_csv([CSV_HEADER])
    after = 0
    while rows := await list_rows(services.database, bulk.id, states=states, after=after, limit=BATCH):
        yield await asyncio.to_thread(format_csv, _cells(rows))
        after = rows[-1].number


def _cells(rows: Iterable[BulkRow]) -> Iterable[Sequence[str]]:
    """The cells under `CSV_HEADER`, whose names are understood when the file is sent in again."""
    for row in rows:
        content = row.content
        values = (
            row.field,
            row.reason,
            content.email,
            content.profile,
            content.name,
            content.badge,
            content.evidence,
            content.narrative,
            content.license_number,
            content.expires,
        )
        yield (str(row.number), str(row.line), row.state, *(value or "" for value in values))
