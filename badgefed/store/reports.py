"""Reports (Flag) from other servers, for people to look at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from badgefed.store.database import Reader, Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`objects` are the ids that it is about; `content` is plain text; `actor_id` often stands for a whole server."""

    activity_id: str
    actor_id: str
    objects: tuple[str, ...]
    content: str
    created_at: int


def _report(row: Row) -> Report:
    return Report(
        activity_id=row["activity_id"],
        actor_id=row["actor_id"],
        objects=tuple(json.loads(row["objects"])),
        content=row["content"],
        created_at=row["created_at"],
    )


async def add_report(
    tx: Transaction, *, activity_id: str, actor_id: str, objects: Sequence[str], content: str, now: int
) -> None:
    await tx.execute(
        "INSERT INTO reports (actor_id, activity_id, objects, content, created_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (activity_id) DO NOTHING",
        actor_id,
        activity_id,
        json.dumps(list(objects)),
        content,
        now,
    )


async def list_reports(reader: Reader, *, limit: int = 100) -> list[Report]:
    """Newest first."""
    rows = await reader.all("SELECT * FROM reports ORDER BY id DESC LIMIT ?", limit)
    return [_report(row) for row in rows]
