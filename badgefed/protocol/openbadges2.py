"""Open Badges 2.0: the hosted documents of an issuer, a badge and a grant.

Verifiers fetch the Assertion at its id and compare that id with the Profile's `startsWith` and with the host of
the Profile's id. `allowedOrigins` is left out on purpose: it defaults to that host with its port, and validators
refuse explicit origins that have a port.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from badgefed.model.addresses import Addresses
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant
from badgefed.model.issuer import Issuer
from badgefed.model.times import format_rfc3339
from badgefed.protocol.jsonld import OPEN_BADGES_2, Document
from badgefed.protocol.openbadges import hash_email, recipient_id, require_email, tidy, web_url


def issuer_profile(issuer: Issuer, addresses: Addresses) -> Document:
    """The Issuer. `email` is required by the standard: without one it is `noreply@` and our host name."""
    document: Document = tidy(
        {
            "@context": OPEN_BADGES_2,
            "id": addresses.issuer_profile(issuer.uuid),
            "type": "Issuer",
            "name": issuer.name,
            "url": web_url(issuer.url) or issuer.actor_id,
            "email": issuer.email or f"noreply@{urlsplit(addresses.base).hostname}",
            "description": issuer.summary or None,
            "image": addresses.actor_image(issuer.username),
            "verification": {"type": "VerificationObject", "startsWith": addresses.assertion("")},
        }
    )
    return document


def badge_class(badge: Badge, issuer: Issuer, addresses: Addresses) -> Document:
    """The BadgeClass; its image is an object with the alternative text as caption where there is one."""
    image = addresses.badge_image(badge.id)
    document: Document = tidy(
        {
            "@context": OPEN_BADGES_2,
            "id": addresses.badge_class(badge.uuid),
            "type": "BadgeClass",
            "name": badge.title,
            "description": badge.description,
            "image": {"id": image, "caption": badge.image_alt} if badge.image_alt else image,
            "criteria": {"id": web_url(badge.info_uri), "narrative": badge.criteria},
            "issuer": addresses.issuer_profile(issuer.uuid),
            "tags": list(badge.hashtag_names),
        }
    )
    return document


def assertion(
    grant: Grant, badge: Badge, addresses: Addresses, *, salt: str, image: str | None = None
) -> Document:
    """The Assertion. `image` is the URL of this grant's baked picture; the plain one belongs to the BadgeClass alone.

    Raises Invalid if the grant names neither profile nor e-mail.
    """
    document: Document = tidy(
        {
            "@context": OPEN_BADGES_2,
            "id": addresses.assertion(grant.uuid),
            "type": "Assertion",
            "recipient": recipient(grant, salt=salt),
            "badge": addresses.badge_class(badge.uuid),
            "verification": {"type": "HostedBadge"},
            "issuedOn": format_rfc3339(grant.issued_at),
            "expires": None if grant.expires_at is None else format_rfc3339(grant.expires_at),
            "image": image,
            "evidence": _evidence(grant),
        }
    )
    return document


def revoked_assertion(grant: Grant, addresses: Addresses) -> Document:
    """What remains of a revoked Assertion, to be served with 410 Gone."""
    document: Document = tidy(
        {
            "@context": OPEN_BADGES_2,
            "id": addresses.assertion(grant.uuid),
            "type": "Assertion",
            "revoked": True,
            "revocationReason": grant.closed_reason or None,
        }
    )
    return document


def recipient(grant: Grant, *, salt: str) -> dict[str, Any]:
    """The IdentityObject: the profile's public id in clear, or else the e-mail address, always hashed."""
    profile = recipient_id(grant)
    if profile is not None:
        return {"type": "url", "hashed": False, "identity": profile}
    identity = hash_email(require_email(grant), salt)
    return {"type": "email", "hashed": True, "salt": salt, "identity": identity}


def _evidence(grant: Grant) -> str | dict[str, str] | None:
    if not grant.evidence:
        return None
    return web_url(grant.evidence) or {"type": "Evidence", "narrative": grant.evidence}
