"""A verification as JSON: the stable form that docs/verification.md describes."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from badgefed.model.times import format_rfc3339
from badgefed.texts import Translate, untranslated
from badgefed.verification.results import (
    Check,
    ShownBadge,
    ShownEvidence,
    ShownIssuer,
    StatusSource,
    Verification,
)


def to_json(verification: Verification, *, translate: Translate = untranslated) -> dict[str, Any]:
    """Every member is always there, null where nothing is known; sentences go through `translate`."""
    return {
        "verdict": verification.verdict,
        "kind": verification.kind,
        "checkedAt": format_rfc3339(verification.checked_at),
        "source": verification.source,
        "checks": [_check(check, translate) for check in verification.checks],
        "badge": _badge(verification.badge),
        "status": _status(verification.status),
        "document": dict(verification.document),
        "token": verification.token,
    }


def _check(check: Check, translate: Translate) -> dict[str, Any]:
    return {
        "name": check.name,
        "outcome": check.outcome,
        "sentence": check.sentence.render(translate),
        "detail": check.detail,
    }


def _badge(badge: ShownBadge) -> dict[str, Any]:
    return {
        "name": badge.name,
        "description": badge.description,
        "image": badge.image,
        "imageAlt": badge.image_alt,
        "achievementType": badge.achievement_type,
        "criteria": badge.criteria,
        "criteriaUrl": badge.criteria_url,
        "issuer": _members(badge.issuer),
        "recipient": badge.recipient,
        "issuedAt": _instant(badge.issued),
        "expiresAt": _instant(badge.expires),
        "evidence": [_members(evidence) for evidence in badge.evidence],
        "language": badge.language,
    }


def _members(value: ShownIssuer | ShownEvidence) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _status(status: StatusSource | None) -> dict[str, Any] | None:
    return None if status is None else {"url": status.url, "asOf": format_rfc3339(status.as_of)}


def _instant(instant: int | None) -> str | None:
    return None if instant is None else format_rfc3339(instant)
