"""Grants as their organization sees them: whatever their state, with their badge."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from badgefed.model.grant import Grant, Status
from badgefed.store.database import Reader, Value
from badgefed.store.grants import read_grant
from badgefed.store.search import contains


class GrantFilter(StrEnum):
    """States that grants are looked for by. `valid`: processed, neither suspended nor expired."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    VALID = "valid"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    DECLINED = "declined"


class GrantOrder(StrEnum):
    """`expiry`: of those that expire, the one that does so first in front."""

    NEWEST = "newest"
    OLDEST = "oldest"
    EXPIRY = "expiry"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """Conditions on what stands beyond a grant, and on what stands before it or is it; `by` is the SQL of the order."""

    beyond: str
    until: str
    by: str


_EXPIRY = "(grants.expires_at, grants.id) {} (SELECT expires_at, id FROM grants WHERE id = ? AND organization_id = ?)"
_ORDERS = {
    GrantOrder.NEWEST: _Order(beyond="grants.id < ?", until="grants.id >= ?", by="grants.id DESC"),
    GrantOrder.OLDEST: _Order(beyond="grants.id > ?", until="grants.id <= ?", by="grants.id"),
    GrantOrder.EXPIRY: _Order(
        beyond=_EXPIRY.format(">"), until=_EXPIRY.format("<="), by="grants.expires_at, grants.id"
    ),
}
_CONDITIONS = {
    GrantFilter.PENDING: "grants.status = 'pending'",
    GrantFilter.ACCEPTED: "grants.status = 'accepted'",
    GrantFilter.VALID: "grants.status = 'processed' AND grants.suspended_at IS NULL"
    " AND (grants.expires_at IS NULL OR grants.expires_at > ?)",
    GrantFilter.EXPIRED: "grants.status = 'processed' AND grants.expires_at <= ?",
    GrantFilter.SUSPENDED: "grants.status = 'processed' AND grants.suspended_at IS NOT NULL",
    GrantFilter.REVOKED: "grants.status = 'revoked'",
    GrantFilter.DECLINED: "grants.status = 'declined'",
}


def state_of(grant: Grant, now: int) -> str:
    """The one word for where a grant stands."""
    if grant.status is not Status.PROCESSED:
        return grant.status
    if grant.suspended_at is not None:
        return GrantFilter.SUSPENDED
    is_expired = grant.expires_at is not None and grant.expires_at <= now
    return GrantFilter.EXPIRED if is_expired else GrantFilter.VALID


_SEARCHED = (
    "grants.name",
    "grants.email",
    "grants.profile",
    "grants.handle",
    "grants.code",
    "badges.title",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRow:
    """A grant in a list."""

    grant: Grant
    badge_title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantSearch:
    """Which grants are looked for, and in which order; `text` in recipient, badge and code."""

    state: GrantFilter | None = None
    text: str | None = None
    badge_id: int | None = None
    order: GrantOrder = GrantOrder.NEWEST


EVERY_GRANT = GrantSearch()


async def list_grants(
    reader: Reader,
    organization_id: int,
    search: GrantSearch = EVERY_GRANT,
    *,
    limit: int,
    now: int,
    after: int | None = None,
    until: int | None = None,
) -> list[GrantRow]:
    """Those beyond the grant with the id `after`, as far as the one with the id `until`: see `find_end`."""
    condition, parameters = _condition(organization_id, search, now=now, after=after, until=until)
    if search.text:
        has_text, values = contains(reader.dialect, _SEARCHED, search.text)
        condition, parameters = f"{condition} AND {has_text}", [*parameters, *values]
    rows = await reader.all(
        "SELECT grants.*, badges.title AS badge_title FROM grants JOIN badges ON badges.id = grants.badge_id"
        f" WHERE {condition} ORDER BY {_order_by(search)} LIMIT ?",
        *parameters,
        limit,
    )
    return [GrantRow(grant=read_grant(row), badge_title=row["badge_title"]) for row in rows]


async def find_end(
    reader: Reader, organization_id: int, search: GrantSearch, *, now: int, after: int | None, within: int
) -> int | None:
    """Where so many grants end, whatever text is looked for in them; None if there are fewer."""
    condition, parameters = _condition(organization_id, search, now=now, after=after)
    row = await reader.one(
        f"SELECT id FROM grants WHERE {condition} ORDER BY {_order_by(search)} LIMIT 1 OFFSET ?",
        *parameters,
        within - 1,
    )
    return row["id"] if row else None


def _order_by(search: GrantSearch) -> str:
    """What has expired is mostly old: the sum keeps planners from looking for it among all that is newer."""
    by = _ORDERS[search.order].by
    is_plain = search.order is GrantOrder.EXPIRY or search.state is not GrantFilter.EXPIRED
    return by if is_plain else by.replace("grants.id", "grants.id + 0")


def _condition(
    organization_id: int, search: GrantSearch, *, now: int, after: int | None, until: int | None = None
) -> tuple[str, list[Value]]:
    """All but the text."""
    conditions, parameters = ["grants.organization_id = ?"], list[Value]([organization_id])
    if search.order is GrantOrder.EXPIRY:
        conditions.append("grants.expires_at IS NOT NULL")
    order = _ORDERS[search.order]
    for place, grant_id in ((order.beyond, after), (order.until, until)):
        if grant_id is not None:
            conditions.append(place)
            parameters += [grant_id, organization_id][: place.count("?")]
    if search.badge_id is not None:
        conditions.append("grants.badge_id = ?")
        parameters.append(search.badge_id)
    if search.state is not None:
        conditions.append(_CONDITIONS[search.state])
        parameters += [now] * _CONDITIONS[search.state].count("?")
    return " AND ".join(conditions), parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantNumbers:
    """How many grants an organization has, in each place of their life. `total` counts accepted ones as well, which are processed soon."""

    total: int
    pending: int
    valid: int
    expired: int
    suspended: int
    revoked: int
    declined: int


async def count_grants(reader: Reader, organization_id: int, *, now: int) -> GrantNumbers:
    """`valid`: processed, neither suspended nor expired."""
    rows = await reader.all(
        "SELECT status, COUNT(*) AS n FROM grants WHERE organization_id = ? GROUP BY status", organization_id
    )
    counts = {row["status"]: int(row["n"]) for row in rows}
    expired = await _count(reader, _CONDITIONS[GrantFilter.EXPIRED], organization_id, now)
    suspended = await _count(reader, _CONDITIONS[GrantFilter.SUSPENDED], organization_id)
    both = await _count(
        reader,
        f"{_CONDITIONS[GrantFilter.SUSPENDED]} AND {_CONDITIONS[GrantFilter.EXPIRED]}",
        organization_id,
        now,
    )
    return GrantNumbers(
        total=sum(counts.values()),
        pending=counts.get(Status.PENDING, 0),
        valid=counts.get(Status.PROCESSED, 0) - expired - suspended + both,
        expired=expired,
        suspended=suspended,
        revoked=counts.get(Status.REVOKED, 0),
        declined=counts.get(Status.DECLINED, 0),
    )


async def _count(reader: Reader, condition: str, organization_id: int, *parameters: int) -> int:
    row = await reader.one(
        f"SELECT COUNT(*) AS n FROM grants WHERE organization_id = ? AND {condition}",
        organization_id,
        *parameters,
    )
    return int(row["n"]) if row else 0


async def was_ever_accepted(reader: Reader, organization_id: int) -> bool:
    """Whether a recipient accepted any of the organization's grants, whatever came of it."""
    return await _has(reader, organization_id, "accepted_at IS NOT NULL")


async def is_any_shown(reader: Reader, organization_id: int) -> bool:
    """Whether any of the organization's grants is public."""
    return await _has(
        reader, organization_id, "status = 'processed' AND suspended_at IS NULL AND visibility = 'public'"
    )


async def _has(reader: Reader, organization_id: int, condition: str) -> bool:
    row = await reader.one(
        f"SELECT 1 AS found FROM grants WHERE organization_id = ? AND {condition} LIMIT 1", organization_id
    )
    return row is not None


async def find_latest(reader: Reader, organization_id: int, *, where: GrantFilter, now: int) -> Grant | None:
    """The newest grant of the organization in that state."""
    found = await list_grants(reader, organization_id, GrantSearch(state=where), now=now, limit=1)
    return found[0].grant if found else None
