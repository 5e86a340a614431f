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


_ORDERS = {
    GrantOrder.NEWEST: ("grants.id < ?", "grants.id DESC"),
    GrantOrder.OLDEST: ("grants.id > ?", "grants.id"),
    GrantOrder.EXPIRY: (
        "(grants.expires_at, grants.id) > (SELECT expires_at, id FROM grants WHERE id = ?)",
        "grants.expires_at, grants.id",
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


async def list_grants(
    reader: Reader,
    organization_id: int,
    *,
    limit: int,
    now: int,
    state: GrantFilter | None = None,
    text: str | None = None,
    badge_id: int | None = None,
    order: GrantOrder = GrantOrder.NEWEST,
    after: int | None = None,
) -> list[GrantRow]:
    """In that order, those beyond the grant with the id `after`; `text` is looked for in recipient, badge and code."""
    beyond, ordering = _ORDERS[order]
    conditions, parameters = ["grants.organization_id = ?"], list[Value]([organization_id])
    if order is GrantOrder.EXPIRY:
        conditions.append("grants.expires_at IS NOT NULL")
    if after is not None:
        conditions.append(beyond)
        parameters.append(after)
    if badge_id is not None:
        conditions.append("grants.badge_id = ?")
        parameters.append(badge_id)
    if state is not None:
        conditions.append(_CONDITIONS[state])
        parameters += [now] * _CONDITIONS[state].count("?")
    if text:
        condition, values = contains(reader.dialect, _SEARCHED, text)
        conditions.append(condition)
        parameters += values
    rows = await reader.all(
        "SELECT grants.*, badges.title AS badge_title FROM grants JOIN badges ON badges.id = grants.badge_id"
        f" WHERE {' AND '.join(conditions)} ORDER BY {ordering} LIMIT ?",
        *parameters,
        limit,
    )
    return [GrantRow(grant=read_grant(row), badge_title=row["badge_title"]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantNumbers:
    """How many grants an organization has, in each place of their life."""

    total: int
    pending: int
    valid: int
    expired: int
    suspended: int
    revoked: int
    declined: int
    answered: int
    public: int


async def count_grants(reader: Reader, organization_id: int, *, now: int) -> GrantNumbers:
    """`valid`: processed, neither suspended nor expired; `answered`: accepted by their recipients; `public`: of the valid ones."""
    row = await reader.one(
        "SELECT COUNT(*) AS total, COUNT(CASE WHEN status = 'pending' THEN 1 END) AS pending,"
        " COUNT(CASE WHEN status = 'processed' AND suspended_at IS NULL AND (expires_at IS NULL OR expires_at > ?)"
        " THEN 1 END) AS valid,"
        " COUNT(CASE WHEN status = 'processed' AND expires_at <= ? THEN 1 END) AS expired,"
        " COUNT(CASE WHEN status = 'processed' AND suspended_at IS NOT NULL THEN 1 END) AS suspended,"
        " COUNT(CASE WHEN status = 'revoked' THEN 1 END) AS revoked,"
        " COUNT(CASE WHEN status = 'declined' THEN 1 END) AS declined,"
        " COUNT(accepted_at) AS answered,"
        " COUNT(CASE WHEN status = 'processed' AND suspended_at IS NULL AND visibility = 'public' THEN 1 END) AS public"
        " FROM grants WHERE organization_id = ?",
        now,
        now,
        organization_id,
    )
    assert row is not None
    return GrantNumbers(**{name: int(row[name]) for name in GrantNumbers.__slots__})


async def find_latest(reader: Reader, organization_id: int, *, where: GrantFilter, now: int) -> Grant | None:
    """The newest grant of the organization in that state."""
    found = await list_grants(reader, organization_id, state=where, now=now, limit=1)
    return found[0].grant if found else None
