"""What the Verification API answers: the report of docs/verification.md, and a credential of this server with its standing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from badgefed.model.addresses import Addresses
from badgefed.model.badge import Badge
from badgefed.model.grant import CredentialStatus, Grant, Presence, credential_status, presence
from badgefed.model.issuer import Issuer
from badgefed.model.times import format_milliseconds, format_rfc3339
from badgefed.model.visibility import Surface
from badgefed.verification.json_report import to_json
from badgefed.verification.results import CheckName, Kind, Outcome, Verdict, Verification

_INSTANT = Meta(description="RFC 3339, UTC.", extra_json_schema={"format": "date-time"})

Instant = Annotated[str, _INSTANT]
Json = Annotated[dict[str, Any], Meta(description="As it was read; empty where nothing could be.")]


class _View(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Members are in camel case outside."""


class CheckView(_View, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: CheckName
    outcome: Outcome
    sentence: Annotated[str, Meta(description="For people.")]
    detail: Annotated[str | None, Meta(description="The technical reason.")]


class ShownIssuerView(_View, frozen=True, kw_only=True):
    """The issuer, as the badge names it."""

    id: str | None
    name: str | None
    url: str | None
    image: str | None


class EvidenceView(_View, frozen=True, kw_only=True):
    """What the badge was awarded for."""

    name: str | None
    url: str | None
    narrative: str | None


class ShownBadgeView(_View, frozen=True, kw_only=True):
    """What the badge says, in its issuer's words: escape all of it, and believe it no further than the verdict goes."""

    name: str | None
    description: str | None
    image: Annotated[str | None, Meta(description="An http(s) or data URL.")]
    image_alt: str | None
    achievement_type: str | None
    criteria: str | None
    criteria_url: str | None
    issuer: ShownIssuerView
    recipient: Annotated[str | None, Meta(description="Null where the badge has only a hash of it.")]
    issued_at: Instant | None
    expires_at: Instant | None
    evidence: list[EvidenceView]
    language: str | None


class StatusView(_View, frozen=True, kw_only=True):
    """Where the word on revocation came from, and from when it is."""

    url: str
    as_of: Instant


class VerificationReport(_View, frozen=True, kw_only=True):
    """The verdict, and what it stands on."""

    verdict: Verdict
    kind: Annotated[Kind | None, Meta(description="How the badge is secured.")]
    checked_at: Instant
    source: Annotated[str | None, Meta(description="Where it was found; null for what was handed in.")]
    checks: list[CheckView]
    badge: ShownBadgeView
    status: StatusView | None
    document: Json
    token: Annotated[str | None, Meta(description="The compact JWS, where it came as one.")]


class CredentialBadge(_View, frozen=True, kw_only=True):
    """The badge, as it was granted."""

    id: str
    name: str
    description: str
    criteria: str
    image_url: str


class CredentialIssuer(_View, frozen=True, kw_only=True):
    """Who issued it."""

    id: Annotated[str, Meta(description="The issuer's DID.")]
    name: str
    url: Annotated[str, Meta(description="Its page, and its ActivityPub actor.")]


class Credential(_View, frozen=True, kw_only=True):
    """A credential of this server. Of one that nobody has accepted yet, only what stands in its link is said."""

    id: str
    credential_id: str
    verification_url: str
    status: CredentialStatus
    badge: CredentialBadge | None = None
    issuer: CredentialIssuer | None = None
    recipient_name: str | None = None
    issuance_date: Instant | None = None
    expiration_date: Instant | None = None
    supersedes_credential_id: Annotated[
        str | None, Meta(description="The UUID of the one that this renews.")
    ] = None
    superseded_by_credential_id: Annotated[
        str | None, Meta(description="The UUID of the one that renews this, once it is published.")
    ] = None
    revoked_at: Instant | None = None
    revocation_reason: str | None = None
    suspended_at: Instant | None = None
    suspension_reason: str | None = None
    fingerprint: Annotated[str | None, Meta(description="SHA-256 of the signed credential's JCS form.")] = (
        None
    )
    page_url: str | None = None


class Standing(_View, frozen=True, kw_only=True):
    """What must hold of a credential, each by itself."""

    signature_valid: bool
    not_revoked: bool
    not_expired: bool


class CredentialReport(_View, frozen=True, kw_only=True):
    """`status`: the first that applies of revoked, suspended, expired, pending, valid."""

    status: CredentialStatus
    credential: Credential
    verification: Standing
    ob3_credential: Annotated[
        dict[str, Any] | None, Meta(description="The signed credential; null once it is revoked.")
    ]
    verdict: Verdict
    checks: list[CheckView]
    checked_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """The UUIDs of the credentials that one renews and that renews it."""

    supersedes: str | None
    superseded_by: str | None


def view_report(verification: Verification) -> VerificationReport:
    return msgspec.convert(to_json(verification), VerificationReport)


def view_unpublished(grant: Grant, addresses: Addresses, *, now: int) -> CredentialReport:
    """Of a grant that was never published: its state, and nothing of what its recipient has not made public."""
    status = credential_status(grant, now=now)
    return CredentialReport(
        status=status,
        credential=Credential(
            id=grant.uuid,
            credential_id=grant.code,
            verification_url=addresses.verify(grant.code),
            status=status,
        ),
        verification=Standing(
            signature_valid=False,
            not_revoked=status is not CredentialStatus.REVOKED,
            not_expired=status is not CredentialStatus.EXPIRED,
        ),
        ob3_credential=None,
        verdict=Verdict.COULD_NOT_CHECK,
        checks=[],
        checked_at=format_rfc3339(now),
    )


def view_credential(
    grant: Grant,
    badge: Badge,
    issuer: Issuer,
    renewed: Renewed,
    verification: Verification,
    addresses: Addresses,
) -> CredentialReport:
    """Of a published grant; of a revoked one without recipient, as on its other doors."""
    report = view_report(verification)
    status = credential_status(grant, now=verification.checked_at)
    return CredentialReport(
        status=status,
        credential=_credential(grant, badge, issuer, renewed, addresses, status),
        verification=view_standing(verification),
        ob3_credential=report.document or None,
        verdict=report.verdict,
        checks=report.checks,
        checked_at=report.checked_at,
    )


def view_standing(verification: Verification) -> Standing:
    return Standing(
        signature_valid=_passes(verification, CheckName.INTEGRITY),
        not_revoked=_passes(verification, CheckName.NOT_REVOKED),
        not_expired=_passes(verification, CheckName.DATES),
    )


def _credential(
    grant: Grant,
    badge: Badge,
    issuer: Issuer,
    renewed: Renewed,
    addresses: Addresses,
    status: CredentialStatus,
) -> Credential:
    is_shown = presence(grant, Surface.VERIFICATION) is Presence.SHOWN
    return Credential(
        id=grant.uuid,
        credential_id=grant.code,
        verification_url=addresses.verify(grant.code),
        status=status,
        badge=CredentialBadge(
            id=badge.uuid,
            name=badge.title,
            description=badge.description,
            criteria=badge.criteria,
            image_url=addresses.badge_image(badge.id),
        ),
        issuer=CredentialIssuer(
            id=addresses.did(issuer.username), name=issuer.name, url=addresses.actor(issuer.username)
        ),
        recipient_name=grant.name if is_shown else None,
        issuance_date=format_milliseconds(grant.issued_at),
        expiration_date=_instant(grant.expires_at),
        supersedes_credential_id=renewed.supersedes,
        superseded_by_credential_id=renewed.superseded_by,
        revoked_at=_instant(grant.closed_at),
        revocation_reason=grant.closed_reason,
        suspended_at=_instant(grant.suspended_at),
        suspension_reason=grant.suspended_reason,
        fingerprint=grant.fingerprint,
        page_url=grant.note_uri if is_shown else None,
    )


def _instant(instant: int | None) -> str | None:
    return None if instant is None else format_milliseconds(instant)


def _passes(verification: Verification, name: CheckName) -> bool:
    check = verification.check(name)
    return check is not None and check.outcome is Outcome.PASS
