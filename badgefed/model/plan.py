"""Plans: how much an organization may have. Without a plan there is no limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """None: as many as one likes. The default issuer of an organization doesn't count; a month is a calendar month, UTC."""

    issuers: int | None = None
    badges: int | None = None
    keys: int | None = None
    awards_per_month: int | None = None


UNLIMITED = Plan()
PLANS: Mapping[str, Plan] = {
    "free": Plan(issuers=1, badges=5, keys=5, awards_per_month=100),
    "starter": Plan(issuers=5, keys=20, awards_per_month=1_000),
    "pro": Plan(awards_per_month=10_000),
}


def plan_of(name: str | None) -> Plan:
    """The plan by its name; a name that isn't among `PLANS` sets no limits."""
    return PLANS.get(name or "", UNLIMITED)
