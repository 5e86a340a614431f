"""How deliveries to other servers go, as the people of an organization, or the operators, see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from badgefed.store.database import Reader, Row, Value, placeholders


@dataclass(frozen=True, slots=True, kw_only=True)
class HostHealth:
    """How deliveries to a host go: `delivered` and `failed` of this whole server since the host was first met,
    `waiting` and `given_up` of those who ask. `next_at` None: nothing waits."""

    host: str
    delivered: int
    failed: int
    waiting: int
    given_up: int
    failures: int
    failing_since: int | None
    open_until: int | None
    next_at: int | None
    last_success_at: int | None
    last_error: str | None


# As values, not EXISTS: PostgreSQL would collect the hosts of all deliveries first.
_OF_ORGANIZATION = (
    "COALESCE((SELECT 1 FROM remote_actors JOIN followers ON followers.actor_id = remote_actors.id"
    " JOIN issuers ON issuers.id = followers.issuer_id WHERE remote_actors.host = hosts.host"
    " AND followers.ended_at IS NULL AND issuers.organization_id = ? LIMIT 1),"
    " (SELECT 1 FROM deliveries JOIN activities ON activities.id = deliveries.activity_id"
    " JOIN issuers ON issuers.id = activities.issuer_id WHERE deliveries.host = hosts.host"
    " AND issuers.organization_id = ? LIMIT 1)) = 1"
)


async def list_health(
    reader: Reader,
    *,
    organization_id: int | None,
    only_failing: bool,
    after: str,
    limit: int,
) -> list[HostHealth]:
    """By name, those beyond `after`: hosts that the organization's followers are on, or that it has something for; None: all."""
    conditions, parameters = ["hosts.host > ?"], list[Value]([after])
    if organization_id is not None:
        conditions.append(_OF_ORGANIZATION)
        parameters += [organization_id, organization_id]
    if only_failing:
        conditions.append("failures > 0")
    rows = await reader.all(
        f"SELECT * FROM hosts WHERE {' AND '.join(conditions)} ORDER BY host LIMIT ?", *parameters, limit
    )
    counts = await _count_deliveries(reader, [row["host"] for row in rows], organization_id)
    return [_health(row, counts) for row in rows]


async def _count_deliveries(
    reader: Reader, names: list[str], organization_id: int | None
) -> dict[tuple[str, str], int]:
    """By host and state. Deliveries first: PostgreSQL's plan for any organization would begin with all of its activities."""
    if not names:
        return {}
    own, parameters = "", list[Value](names)
    if organization_id is not None:
        own = (
            " JOIN activities ON activities.id = theirs.activity_id"
            " JOIN issuers ON issuers.id = activities.issuer_id AND issuers.organization_id = ?"
        )
        parameters.append(organization_id)
    rows = await reader.all(
        "WITH theirs AS MATERIALIZED (SELECT host, state, activity_id FROM deliveries"
        f" WHERE host IN ({placeholders(len(names))}))"
        f" SELECT theirs.host, theirs.state, COUNT(*) AS n FROM theirs{own} GROUP BY theirs.host, theirs.state",
        *parameters,
    )
    return {(row["host"], row["state"]): int(row["n"]) for row in rows}


def _health(row: Row, counts: Mapping[tuple[str, str], int]) -> HostHealth:
    host = row["host"]
    return HostHealth(
        host=host,
        delivered=row["delivered"],
        failed=row["failed"],
        waiting=counts.get((host, "ready"), 0),
        given_up=counts.get((host, "failed"), 0),
        failures=row["failures"],
        failing_since=row["failing_since"],
        open_until=row["open_until"],
        next_at=row["next_at"],
        last_success_at=row["last_success_at"],
        last_error=row["last_error"],
    )


async def is_host_of(reader: Reader, host: str, organization_id: int) -> bool:
    """Whether the host is among those that `list_health` shows the organization."""
    row = await reader.one(
        f"SELECT 1 AS found FROM hosts WHERE host = ? AND {_OF_ORGANIZATION}",
        host,
        organization_id,
        organization_id,
    )
    return row is not None
