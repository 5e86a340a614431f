"""What an organization's plan lets it have. Counted so that the limits hold exactly, however many ask at once."""

from __future__ import annotations

from badgefed.errors import Forbidden, PaymentRequired
from badgefed.model.organization import Organization
from badgefed.model.plan import plan_of
from badgefed.model.times import month_start, to_datetime
from badgefed.store import api_keys, award_usage, badges, issuers, organizations
from badgefed.store.database import Transaction

QUOTA_REACHED = "monthly award quota reached"
LIMIT_REACHED = "{things} limit reached for your plan"


async def check_issuers(tx: Transaction, organization_id: int) -> None:
    """Raises `Forbidden` where one more issuer is too many."""
    organization = await _locked(tx, organization_id)
    count = await issuers.count_extra_issuers(tx, organization_id=organization_id)
    _check("issuer", count, plan_of(organization.plan).issuers)


async def check_badges(tx: Transaction, organization_id: int) -> None:
    """Raises `Forbidden` where one more badge is too many."""
    organization = await _locked(tx, organization_id)
    count = await badges.count_badges(tx, organization_id=organization_id)
    _check("badge", count, plan_of(organization.plan).badges)


async def check_keys(tx: Transaction, organization_id: int, *, now: int) -> None:
    """Raises `Forbidden` where one more API key is too many."""
    organization = await _locked(tx, organization_id)
    count = len(await api_keys.list_live_keys(tx, organization_id, now=now))
    _check("API key", count, plan_of(organization.plan).keys)


async def _locked(tx: Transaction, organization_id: int) -> Organization:
    await organizations.lock_organization(tx, organization_id)
    return await organizations.get_organization(tx, organization_id)


def _check(things: str, count: int, limit: int | None) -> None:
    if limit is not None and count >= limit:
        raise Forbidden(LIMIT_REACHED.format(things=things))


async def count_award(tx: Transaction, organization: Organization, *, now: int) -> None:
    """Counts one more award in this calendar month. Raises `PaymentRequired` where it is too many."""
    limit = plan_of(organization.plan).awards_per_month
    if limit is None:
        return
    month = _month(now)
    if not await award_usage.is_begun(tx, organization.id, month):
        await award_usage.begin_month(tx, organization.id, month, first_uuid=_first_uuid(month_start(now)))
    if not await award_usage.use_award(tx, organization.id, month, limit=limit):
        raise PaymentRequired(QUOTA_REACHED)


async def give_back_award(tx: Transaction, organization: Organization, *, now: int) -> None:
    """For an award that was counted and not made after all."""
    if plan_of(organization.plan).awards_per_month is not None:
        await award_usage.give_back(tx, organization.id, _month(now))


def _month(now: int) -> str:
    return f"{to_datetime(now):%Y-%m}"


def _first_uuid(instant: int) -> str:
    """Below every UUIDv7 of this instant or later, above every one from before."""
    milliseconds = f"{instant // 1000:012x}"
    return f"{milliseconds[:8]}-{milliseconds[8:]}"
