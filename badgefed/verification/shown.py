"""What to show of a badge, from documents of either version."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from badgefed.verification.members import (
    instant_of,
    items_of,
    object_of,
    picture_of,
    reference_of,
    text_of,
    web_only,
    web_reference_of,
)
from badgefed.verification.results import ShownBadge, ShownEvidence, ShownIssuer

MAX_EVIDENCE = 50

_HASH = re.compile(r"(?:sha256|md5)\$[0-9a-fA-F]+")


def show_credential(credential: Mapping[str, Any]) -> ShownBadge:
    """Of an AchievementCredential (OB 3.0)."""
    subject = object_of(credential, "credentialSubject")
    achievement = object_of(subject, "achievement")
    criteria = object_of(achievement, "criteria")
    return ShownBadge(
        name=text_of(achievement, "name") or text_of(credential, "name"),
        description=text_of(achievement, "description") or text_of(credential, "description"),
        image=_picture(credential, subject, achievement),
        image_alt=text_of(object_of(achievement, "image"), "caption"),
        achievement_type=text_of(achievement, "achievementType"),
        criteria=text_of(criteria, "narrative"),
        criteria_url=web_only(text_of(criteria, "id")),
        issuer=show_issuer(credential, "issuer"),
        recipient=_credential_recipient(subject),
        issued=instant_of(credential, "awardedDate", "validFrom", "issuanceDate"),
        expires=instant_of(credential, "validUntil", "expirationDate"),
        evidence=_evidence(credential),
        language=text_of(achievement, "inLanguage"),
    )


def show_assertion(
    assertion: Mapping[str, Any], badge: Mapping[str, Any], issuer: Mapping[str, Any]
) -> ShownBadge:
    """Of an Assertion with its BadgeClass and issuer (OB 2.0), empty where they couldn't be had."""
    criteria = object_of(badge, "criteria")
    recipient = object_of(assertion, "recipient")
    identity = text_of(recipient, "identity")
    is_plain = identity is not None and recipient.get("hashed") is not True and not _HASH.fullmatch(identity)
    return ShownBadge(
        name=text_of(badge, "name"),
        description=text_of(badge, "description"),
        image=picture_of(badge, "image") or picture_of(assertion, "image"),
        image_alt=text_of(object_of(badge, "image"), "caption"),
        achievement_type=None,
        criteria=text_of(criteria, "narrative"),
        criteria_url=web_reference_of(badge, "criteria"),
        issuer=_issuer(issuer),
        recipient=identity if is_plain else None,
        issued=instant_of(assertion, "issuedOn"),
        expires=instant_of(assertion, "expires"),
        evidence=_evidence(assertion),
        language=text_of(assertion, "@language") or text_of(badge, "@language"),
    )


def show_issuer(parent: Mapping[str, Any], name: str) -> ShownIssuer:
    """The issuer that a member names, by an object or by its id alone."""
    found = object_of(parent, name)
    return _issuer(found) if found else ShownIssuer(id=reference_of(parent, name))


def _issuer(issuer: Mapping[str, Any]) -> ShownIssuer:
    return ShownIssuer(
        id=text_of(issuer, "id"),
        name=text_of(issuer, "name"),
        url=web_only(text_of(issuer, "url")),
        image=picture_of(issuer, "image"),
    )


def _picture(*parents: Mapping[str, Any]) -> str | None:
    """The most general one that there is: the achievement's, else the subject's or the credential's own."""
    return next(filter(None, (picture_of(parent, "image") for parent in reversed(parents))), None)


def _credential_recipient(subject: Mapping[str, Any]) -> str | None:
    plain = (
        text_of(item, "identityHash")
        for item in items_of(subject, "identifier")
        if isinstance(item, dict) and item.get("hashed") is False
    )
    return next(filter(None, plain), None) or text_of(subject, "id")


def _evidence(parent: Mapping[str, Any]) -> tuple[ShownEvidence, ...]:
    return tuple(_shown_evidence(parent))[:MAX_EVIDENCE]


def _shown_evidence(parent: Mapping[str, Any]) -> Iterator[ShownEvidence]:
    for item in items_of(parent, "evidence"):
        if isinstance(item, str) and web_only(item):
            yield ShownEvidence(url=item)
        elif isinstance(item, dict):
            yield ShownEvidence(
                name=text_of(item, "name"),
                url=web_only(text_of(item, "id")),
                narrative=text_of(item, "narrative") or text_of(item, "description"),
            )
