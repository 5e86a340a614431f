"""The audit log: entries are added in the transaction of the fact that they are about, and read. Nothing changes them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from badgefed.model.audit import Action, Author, AuthorKind, Entry, Target
from badgefed.store.database import Reader, Row, Transaction, Value
from badgefed.store.search import contains

Details = Mapping[str, str | int | None]


def _entry(row: Row) -> Entry:
    return Entry(
        id=row["id"],
        organization_id=row["organization_id"],
        author=Author(
            kind=AuthorKind(row["author_kind"]),
            id=row["author_id"],
            label=row["author_label"],
            network=row["network"],
        ),
        action=row["action"],
        target=Target(id=row["target_id"], label=row["target_label"]),
        details=json.loads(row["details"]),
        created_at=row["created_at"],
    )


async def record(
    tx: Transaction,
    *,
    by: Author,
    action: Action,
    target: Target,
    organization_id: int | None,
    now: int,
    details: Details | None = None,
) -> None:
    """`organization_id` None: it concerns the server or an account, not one organization. `details` must hold no secret."""
    await tx.execute(
        "INSERT INTO audit_log (organization_id, author_kind, author_id, author_label, network, action,"
        " target_id, target_label, details, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        organization_id,
        by.kind,
        by.id,
        by.label,
        by.network,
        action,
        target.id,
        target.label,
        json.dumps(dict(details or {}), ensure_ascii=False, separators=(",", ":")),
        now,
    )


async def list_entries(
    reader: Reader,
    *,
    organization_id: int | None,
    limit: int,
    kind: str | None = None,
    text: str | None = None,
    before: int | None = None,
    until: int | None = None,
) -> list[Entry]:
    """Newest first, those with an id below `before`, down to `until`. `organization_id` None: of the whole server.

    `kind` is the kind of the target, e.g. `grant`; `text` is looked for in the names of author and target.
    """
    conditions, parameters = _between(organization_id, before, until)
    if kind:
        conditions.append("action LIKE ?")
        parameters.append(f"{kind}.%")
    if text:
        condition, values = contains(reader.dialect, ("author_label", "target_label"), text)
        conditions.append(condition)
        parameters += values
    rows = await reader.all(
        f"SELECT * FROM audit_log WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT ?",
        *parameters,
        limit,
    )
    return [_entry(row) for row in rows]


async def find_end(
    reader: Reader, *, organization_id: int | None, before: int | None, within: int
) -> int | None:
    """The id of the entry that so many of those below `before` end with; None if there are fewer."""
    conditions, parameters = _between(organization_id, before)
    row = await reader.one(
        f"SELECT id FROM audit_log WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT 1 OFFSET ?",
        *parameters,
        within - 1,
    )
    return row["id"] if row else None


def _between(
    organization_id: int | None, before: int | None, until: int | None = None
) -> tuple[list[str], list[Value]]:
    given = {"organization_id = ?": organization_id, "id < ?": before, "id >= ?": until}
    places = {condition: value for condition, value in given.items() if value is not None}
    return ["1 = 1", *places], [*places.values()]
