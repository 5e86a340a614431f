"""What an organization has granted, searched and in pages."""

from __future__ import annotations

from dataclasses import dataclass

from badgefed.model.grant import Grant
from badgefed.store.database import Reader, Value
from badgefed.store.grants import read_grant
from badgefed.store.search import contains


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardSearch:
    """`text` is looked for in `columns` of the grant: `name`, `email`, or both."""

    badge_id: int | None = None
    text: str | None = None
    columns: tuple[str, ...] = ("name", "email")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAward:
    grant: Grant
    badge_uuid: str


async def list_awards(
    reader: Reader, organization_id: int, search: AwardSearch, *, before: int | None, limit: int
) -> list[ListedAward]:
    """The newest first, those with an id below `before`: what is granted meanwhile moves no page."""
    conditions, parameters = ["grants.organization_id = ?"], list[Value]([organization_id])
    if before is not None:
        conditions.append("grants.id < ?")
        parameters.append(before)
    if search.badge_id is not None:
        conditions.append("grants.badge_id = ?")
        parameters.append(search.badge_id)
    if search.text is not None:
        condition, values = contains(
            reader.dialect, tuple(f"grants.{column}" for column in search.columns), search.text
        )
        conditions.append(condition)
        parameters += values
    rows = await reader.all(
        "SELECT grants.*, badges.uuid AS badge_uuid FROM grants JOIN badges ON badges.id = grants.badge_id"
        f" WHERE {' AND '.join(conditions)} AND grants.status <> 'external' ORDER BY grants.id DESC LIMIT ?",
        *parameters,
        limit,
    )
    return [ListedAward(grant=read_grant(row), badge_uuid=row["badge_uuid"]) for row in rows]
