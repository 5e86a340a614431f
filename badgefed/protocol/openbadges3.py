"""Open Badges 3.0: the AchievementCredential and its parts, as the official JSON Schema wants them.

Everything that the model has 0..* or 1..* is an array, nothing is null or empty. Each builder makes the part as it
stands inside a credential; `as_document` makes it one that stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import quote

from badgefed.model.addresses import Addresses
from badgefed.model.badge import Alignment, Badge, BadgeType, ResultDescription
from badgefed.model.grant import Evidence, Grant, Result
from badgefed.model.issuer import Issuer
from badgefed.model.times import format_rfc3339
from badgefed.protocol.jsonld import (
    CREDENTIALS_V2,
    OPEN_BADGES_3,
    OPEN_BADGES_3_EXTENSIONS,
    Document,
)
from badgefed.protocol.openbadges import (
    evidence_of,
    hash_email,
    recipient_id,
    require_email,
    tidy,
    web_url,
)

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

CERTIFICATE = "Certificate"

ALIGNMENT_TARGETS = frozenset(
    [
        "ceasn:Competency",
        "ceterms:Credential",
        "CFItem",
        "CFRubric",
        "CFRubricCriterion",
        "CFRubricCriterionLevel",
        "CTDL",
    ]
)
RESULT_TYPES = frozenset(
    [
        "GradePointAverage",
        "LetterGrade",
        "Percent",
        "PerformanceLevel",
        "PredictedScore",
        "RawScore",
        "Result",
        "RubricCriterion",
        "RubricCriterionLevel",
        "RubricScore",
        "ScaledScore",
        "Status",
    ]
)
RESULT_STATUSES = frozenset(
    ["Completed", "Enrolled", "Failed", "InProgress", "OnHold", "Provisional", "Withdrew"]
)

_EXTENSION = re.compile(r"ext:[A-Za-z0-9._-]+")
_LANGUAGE = re.compile(r"([A-Za-z]{2,4})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|[0-9]{3}))?(?:-.*)?")


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
    achievement_id = addresses.achievement(organization_slug, badge.slug)
    descriptions = {one.key: one for one in badge.result_descriptions}.values()
    part: Document = tidy(
        {
            "id": achievement_id,
            "type": ["Achievement"],
            "achievementType": CERTIFICATE if badge.is_certificate else ACHIEVEMENT_TYPES[badge.badge_type],
            "name": badge.title,
            "description": badge.description,
            "criteria": {"id": web_url(badge.info_uri), "narrative": badge.criteria},
            "image": {
                "id": image or addresses.badge_image(badge.id),
                "type": "Image",
                "caption": badge.image_alt or None,
            },
            "tag": list(badge.hashtag_names),
            "alignment": [_alignment(item) for item in badge.alignments if web_url(item.target_url)],
            "version": str(badge.version),
            "inLanguage": _language(badge.language),
            "resultDescription": [_result_description(one, achievement_id) for one in descriptions],
        }
    )
    return part


def _alignment(alignment: Alignment) -> dict[str, Any]:
    return {
        "type": ["Alignment"],
        "targetName": alignment.target_name,
        "targetUrl": web_url(alignment.target_url),
        "targetDescription": alignment.target_description or None,
        "targetFramework": alignment.target_framework or None,
        "targetCode": alignment.target_code or None,
        "targetType": _term(alignment.target_type, ALIGNMENT_TARGETS),
    }


def _result_description(description: ResultDescription, achievement_id: str) -> dict[str, Any]:
    return {
        "id": result_id(achievement_id, description.key),
        "type": ["ResultDescription"],
        "name": description.name,
        "resultType": _term(description.result_type, RESULT_TYPES) or "Result",
        "allowedValue": list(description.allowed_values),
        "valueMin": description.value_min,
        "valueMax": description.value_max,
    }


def result_id(achievement_id: str, key: str) -> str:
    """The id of a ResultDescription within its Achievement."""
    return f"{achievement_id}#{quote(key, safe='', errors='replace')}"


def _term(text: str | None, known: Collection[str]) -> str | None:
    """The text if it is a term of the vocabulary or an extension of it; the official schema refuses all else."""
    return text if text and (text in known or _EXTENSION.fullmatch(text)) else None


def _language(tag: str | None) -> str | None:
    """The tag without variants, in the spelling that the official schema wants: `zh-Hant-TW`."""
    match = _LANGUAGE.fullmatch(tag or "")
    if match is None:
        return None
    language, script, region = (part or "" for part in match.groups())
    return "-".join(part for part in (language.lower(), script.title(), region.upper()) if part)


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
    details = grant.details
    document: Document = tidy(
        {
            "@context": list(CONTEXTS),
            "id": addresses.credential(grant.uuid),
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": badge.title,
            "issuer": profile(issuer, addresses),
            "validFrom": issued,
            "validUntil": _instant(grant.expires_at),
            "awardedDate": issued,
            "credentialSubject": {
                **subject_identity(grant, salt=salt),
                "type": ["AchievementSubject"],
                "achievement": embedded,
                "narrative": details.narrative or None,
                "licenseNumber": details.license_number or None,
                "result": [_result(one, badge, embedded["id"]) for one in details.results],
                "activityStartDate": _instant(details.activity_start),
                "activityEndDate": _instant(details.activity_end),
            },
            "evidence": [_evidence(item) for item in evidence_of(grant)],
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


def _evidence(item: Evidence) -> dict[str, Any]:
    return {
        "id": item.url,
        "type": ["Evidence"],
        "narrative": item.narrative or None,
        "name": item.name or None,
        "description": item.description or None,
        "genre": item.genre or None,
        "audience": item.audience or None,
    }


def _result(result: Result, badge: Badge, achievement_id: str) -> dict[str, Any]:
    is_described = any(one.key == result.key for one in badge.result_descriptions)
    return {
        "type": ["Result"],
        "resultDescription": result_id(achievement_id, result.key) if is_described else None,
        "value": result.value,
        "status": result.status if result.status in RESULT_STATUSES else None,
    }


def _instant(instant: int | None) -> str | None:
    return None if instant is None else format_rfc3339(instant)
