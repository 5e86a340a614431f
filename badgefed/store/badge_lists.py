"""An organization's badges as its people see them: newest first, with what was granted of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from badgefed.model.badge import Badge
from badgefed.model.grant import Status
from badgefed.store.badges import read_badge
from badgefed.store.database import Reader, Value, placeholders
from badgefed.store.search import contains


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeRow:
    """`image` is the SHA-256 of its picture. `granted` counts what was accepted and holds, `waiting` what waits for its recipient."""

    badge: Badge
    image: str
    issuer_name: str
    granted: int
    waiting: int


async def list_badge_rows(
    reader: Reader,
    organization_id: int,
    *,
    is_active: bool | None = None,
    text: str | None = None,
    before: int | None = None,
    limit: int,
) -> list[BadgeRow]:
    """Those with ids below `before`. `text` is searched for in titles, in any case; `is_active` None: all."""
    conditions, values = ["badges.organization_id = ?"], [organization_id]
    parameters: list[Value] = list(values)
    if is_active is not None:
        conditions.append("badges.is_active = ?")
        parameters.append(int(is_active))
    if text:
        condition, sought = contains(reader.dialect, ("badges.title",), text)
        conditions.append(condition)
        parameters += sought
    if before is not None:
        conditions.append("badges.id < ?")
        parameters.append(before)
    rows = await reader.all(
        "SELECT badges.*, images.sha256, issuers.name AS issuer_name FROM badges"
        " JOIN images ON images.id = badges.image_id JOIN issuers ON issuers.id = badges.issuer_id"
        f" WHERE {' AND '.join(conditions)} ORDER BY badges.id DESC LIMIT ?",
        *parameters,
        limit,
    )
    counts = await count_grants(reader, [row["id"] for row in rows])
    return [
        BadgeRow(
            badge=read_badge(row),
            image=row["sha256"],
            issuer_name=row["issuer_name"],
            granted=counts.get((row["id"], Status.ACCEPTED), 0)
            + counts.get((row["id"], Status.PROCESSED), 0),
            waiting=counts.get((row["id"], Status.PENDING), 0),
        )
        for row in rows
    ]


async def count_grants(reader: Reader, badge_ids: Sequence[int]) -> dict[tuple[int, Status], int]:
    """How many grants of each badge are in each state, by badge and state."""
    rows = await reader.all(
        "SELECT badge_id, status, COUNT(*) AS n FROM grants"
        f" WHERE badge_id IN ({placeholders(len(badge_ids)) or 'NULL'}) GROUP BY badge_id, status",
        *badge_ids,
    )
    return {(row["badge_id"], Status(row["status"])): row["n"] for row in rows}
