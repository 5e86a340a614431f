"""What the Issuers API answers: `{"statusCode": 200, "info": {…}}`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from badgefed.model.addresses import Addresses
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, Status
from badgefed.model.issuer import Issuer
from badgefed.model.times import format_milliseconds, format_rfc3339
from badgefed.protocol.openbadges import web_url


class _View(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Members are in camel case outside."""


Id = Annotated[str, Meta(description="A URL.", extra_json_schema={"format": "uri"})]
Instant = Annotated[str, Meta(description="UTC.", extra_json_schema={"format": "date-time"})]


class IssuerReference(_View, frozen=True, kw_only=True):
    """A new issuer."""

    issuer_id: Id


class IssuerSummary(_View, frozen=True, kw_only=True):
    """An issuer."""

    id: Id
    name: str
    url: str
    email: str | None
    verified: bool
    timestamp: Instant


class IssuerSummaries(_View, frozen=True, kw_only=True):
    """The issuers of the key's organization."""

    issuers: list[IssuerSummary]


class Verified(_View, frozen=True, kw_only=True):
    """The issuer's address is proved."""

    verified: bool


class Deletion(_View, frozen=True, kw_only=True):
    """It is gone."""

    deleted: bool


class Sent(_View, frozen=True, kw_only=True):
    """A mail is on its way."""

    sent: bool


class IssuerUpdate(_View, frozen=True, kw_only=True):
    """The issuer was changed."""

    issuer_id: Id
    updated: bool


class BadgeReference(_View, frozen=True, kw_only=True):
    """A new badge."""

    badge_id: Id


class Criteria(_View, frozen=True, kw_only=True):
    """How a badge is earned."""

    narrative: str


class BadgeSummary(_View, frozen=True, kw_only=True):
    """A badge."""

    id: Id
    name: str
    description: str
    criteria: Criteria
    image: Id
    issuer: Id
    timestamp: Instant


class BadgeSummaries(_View, frozen=True, kw_only=True):
    """The badges of the key's organization."""

    badges: list[BadgeSummary]


class BadgeUpdate(_View, frozen=True, kw_only=True):
    """The badge was changed."""

    badge_id: Id
    updated: bool


class AwardReference(_View, frozen=True, kw_only=True):
    """A new award."""

    award_id: Id


class AwardStatus(StrEnum):
    """`pending`: granted by another API, and not accepted yet."""

    ISSUED = "issued"
    PENDING = "pending"
    DECLINED = "declined"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    REVOKED = "revoked"


class AwardRecipient(_View, frozen=True, kw_only=True):
    """Whom an award is for."""

    name: str | None
    email: str | None


class AwardSummary(_View, frozen=True, kw_only=True):
    """An award."""

    id: Id
    badge_id: Id
    recipient: AwardRecipient
    issued_on: Instant
    expires: Instant | None
    status: AwardStatus
    revocation_reason: str | None
    url: Annotated[str, Meta(description="Its page.", extra_json_schema={"format": "uri"})]


class AwardSummaries(_View, frozen=True, kw_only=True, omit_defaults=True):
    """Awards, the newest first. With a `lastEvaluatedKey` there are more: ask again with it."""

    awards: list[AwardSummary]
    count: int
    last_evaluated_key: str | None = None


class Revoked(_View, frozen=True, kw_only=True):
    """The award was taken back."""

    deleted: bool
    revoked: bool


def view_issuer(issuer: Issuer, addresses: Addresses) -> IssuerSummary:
    return IssuerSummary(
        id=addresses.issuer_profile(issuer.uuid),
        name=issuer.name,
        url=web_url(issuer.url) or issuer.actor_id,
        email=issuer.email,
        verified=issuer.is_verified,
        timestamp=format_milliseconds(issuer.created_at),
    )


def view_badge(badge: Badge, issuer: Issuer, addresses: Addresses) -> BadgeSummary:
    return BadgeSummary(
        id=addresses.badge_class(badge.uuid),
        name=badge.title,
        description=badge.description,
        criteria=Criteria(narrative=badge.criteria),
        image=addresses.badge_image(badge.id),
        issuer=addresses.issuer_profile(issuer.uuid),
        timestamp=format_milliseconds(badge.created_at),
    )


_STATUSES: Mapping[Status, AwardStatus] = {
    Status.PENDING: AwardStatus.PENDING,
    Status.DECLINED: AwardStatus.DECLINED,
    Status.REVOKED: AwardStatus.REVOKED,
}


def _status(grant: Grant, now: int) -> AwardStatus:
    if grant.status in _STATUSES:
        return _STATUSES[grant.status]
    if grant.suspended_at is not None:
        return AwardStatus.SUSPENDED
    is_over = grant.expires_at is not None and grant.expires_at <= now
    return AwardStatus.EXPIRED if is_over else AwardStatus.ISSUED


def view_award(grant: Grant, badge_uuid: str, addresses: Addresses, *, now: int) -> AwardSummary:
    return AwardSummary(
        id=addresses.assertion(grant.uuid),
        badge_id=addresses.badge_class(badge_uuid),
        recipient=AwardRecipient(name=grant.name, email=grant.email),
        issued_on=format_rfc3339(grant.issued_at),
        expires=format_rfc3339(grant.expires_at) if grant.expires_at is not None else None,
        status=_status(grant, now),
        revocation_reason=grant.closed_reason if grant.status is Status.REVOKED else None,
        url=addresses.award_page(grant.uuid),
    )
