"""Open Badges 3.0: the AchievementCredential and its parts, as the official JSON Schema wants them.

Everything that the model has 0..* or 1..* is an array, nothing is null or empty. Each builder makes the part as it
stands inside a credential; `as_document` makes it one that stands alone.
"""

from __future__ import annotations

from typing import Any

from badgefed.model.addresses import Addresses
from badgefed.model.badge import Badge, BadgeType
from badgefed.model.grant import Grant
from badgefed.model.issuer import Issuer
from badgefed.model.times import format_rfc3339
from badgefed.protocol.jsonld import (
    CREDENTIALS_V2,
    OPEN_BADGES_3,
    OPEN_BADGES_3_EXTENSIONS,
    Document,
)
from badgefed.protocol.openbadges import hash_email, recipient_id, require_email, tidy, web_url

CONTEXTS = (CREDENTIALS_V2, OPEN_BADGES_3, OPEN_BADGES_3_EXTENSIONS)

CREDENTIAL_SCHEMA = {
    "id": "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json",
    "type": "1EdTechJsonSchemaValidator2019",
}

ACHIEVEMENT_TYPES: dict[BadgeType, str] = {
    BadgeType.ACHIEVEMENT: "Achievement",
    BadgeType.BADGE: "Badge",
    BadgeType.CREDENTIAL: "ext:Credential",
    BadgeType.RECOGNITION: "Award",
    BadgeType.MILESTONE: "ext:Milestone",
    BadgeType.HONOR: "Award",
    BadgeType.CERTIFICATION: "Certification",
    BadgeType.DISTINCTION: "Award",
}
"""The vocabulary's own term where it has one that says no more than ours, else an extension of it (OB 3.0 AchievementType)."""


def as_document(part: Document) -> Document:
    """The part with the contexts of the credentials, to be served at its own address."""
    return {"@context": list(CONTEXTS), **part}


def profile(issuer: Issuer, addresses: Addresses) -> Document:
    """The issuer's Profile; its id is the `did:web` that also names the signing keys."""
    part: Document = tidy(
        {
            "id": addresses.did(issuer.username),
            "type": ["Profile"],
            "name": issuer.name,
            "url": web_url(issuer.url) or issuer.actor_id,
            "description": issuer.summary or None,
            "email": issuer.email,
            "image": {"id": addresses.actor_image(issuer.username), "type": "Image"},
        }
    )
    return part


def achievement(
    badge: Badge, *, organization_slug: str, addresses: Addresses, image: str | None = None
) -> Document:
    """The Achievement that every grant of the badge embeds. `image` is the URL of the picture where not the badge's present one."""
    part: Document = tidy(
        {
            "id": addresses.achievement(organization_slug, badge.slug),
            "type": ["Achievement"],
            "achievementType": ACHIEVEMENT_TYPES[badge.badge_type],
            "name": badge.title,
            "description": badge.description,
            "criteria": {"id": web_url(badge.info_uri), "narrative": badge.criteria},
            "image": {
                "id": image or addresses.badge_image(badge.id),
                "type": "Image",
                "caption": badge.image_alt or None,
            },
            "tag": list(badge.hashtag_names),
        }
    )
    return part


def credential(
    grant: Grant,
    badge: Badge,
    issuer: Issuer,
    *,
    organization_slug: str,
    addresses: Addresses,
    salt: str,
    image: str | None = None,
    status: dict[str, Any] | None = None,
) -> Document:
    """The unsigned AchievementCredential. `status` becomes its one credentialStatus.

    `image` should be a URL whose picture never changes, so that the award keeps its art when the badge gets another.
    Any texts will do: they are cleaned so that signing can't fail. Raises Invalid if the grant names neither profile nor e-mail.
    """
    issued = format_rfc3339(grant.issued_at)
    embedded = achievement(badge, organization_slug=organization_slug, addresses=addresses, image=image)
    document: Document = tidy(
        {
            "@context": list(CONTEXTS),
            "id": addresses.credential(grant.uuid),
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": badge.title,
            "issuer": profile(issuer, addresses),
            "validFrom": issued,
            "validUntil": None if grant.expires_at is None else format_rfc3339(grant.expires_at),
            "awardedDate": issued,
            "credentialSubject": {
                **subject_identity(grant, salt=salt),
                "type": ["AchievementSubject"],
                "achievement": embedded,
            },
            "evidence": _evidence(grant),
            "credentialSchema": [CREDENTIAL_SCHEMA],
            "credentialStatus": status,
        }
    )
    return document


def subject_identity(grant: Grant, *, salt: str) -> dict[str, Any]:
    """Who the subject is: `id` with the profile's public id, or else `identifier` with the e-mail address, always hashed."""
    profile_id = recipient_id(grant)
    if profile_id is not None:
        return {"id": profile_id}
    identity = {
        "type": "IdentityObject",
        "hashed": True,
        "identityHash": hash_email(require_email(grant), salt),
        "identityType": "emailAddress",
        "salt": salt,
    }
    return {"identifier": [identity]}


def _evidence(grant: Grant) -> list[dict[str, Any]]:
    if not grant.evidence:
        return []
    url = web_url(grant.evidence)
    return [{"id": url, "type": ["Evidence"], "narrative": None if url else grant.evidence}]
