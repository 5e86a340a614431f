"""Open Badges 2.0: the documents of an issuer, a badge and a grant, hosted and signed.

Verifiers fetch a hosted Assertion at its id and compare that id with the Profile's `startsWith` and with the host of
the Profile's id. `allowedOrigins` is left out on purpose: it defaults to that host with its port, and validators
refuse explicit origins that have a port. `startsWith` is one text, for not all of them take a list.

A signed Assertion has an id of its own, so that the two forms are never taken for one another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from badgefed.model.addresses import Addresses
from badgefed.model.badge import Alignment, Badge
from badgefed.model.grant import Evidence, Grant, Status
from badgefed.model.issuer import Issuer
from badgefed.model.times import format_rfc3339
from badgefed.protocol.jsonld import OPEN_BADGES_2, Document
from badgefed.protocol.openbadges import (
    evidence_of,
    hash_email,
    recipient_id,
    require_email,
    tidy,
    web_url,
)


def issuer_profile(issuer: Issuer, addresses: Addresses, *, keys: Sequence[int] = ()) -> Document:
    """The Issuer; `keys` are the numbers of its CryptographicKeys, the present one first.

    `email` is required by the standard: without one it is `noreply@` and our host name.
    """
    urls = [addresses.cryptographic_key(issuer.uuid, number) for number in keys]
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
            "publicKey": _one_or_list(urls),
            "revocationList": addresses.revocation_list(issuer.uuid),
            "verification": {"type": "VerificationObject", "startsWith": addresses.assertion("")},
        }
    )
    return document


def cryptographic_key(issuer: Issuer, addresses: Addresses, *, number: int, public_key_pem: str) -> Document:
    """The CryptographicKey to which `creator` of signed Assertions points; Profile and key name each other."""
    return {
        "@context": OPEN_BADGES_2,
        "id": addresses.cryptographic_key(issuer.uuid, number),
        "type": "CryptographicKey",
        "owner": addresses.issuer_profile(issuer.uuid),
        "publicKeyPem": public_key_pem,
    }


def badge_class(badge: Badge, issuer: Issuer, addresses: Addresses, *, image: str | None = None) -> Document:
    """The BadgeClass as it is at present, at the badge's own address.

    With `image`, the URL of a picture that never changes, it is this version of it for ever, at the version's address.
    The image is an object with the alternative text as caption where there is one.
    """
    present = addresses.badge_class(badge.uuid)
    picture = image or addresses.badge_image(badge.id)
    document: Document = tidy(
        {
            "@context": OPEN_BADGES_2,
            "id": addresses.badge_class_version(badge.uuid, badge.version) if image else present,
            "type": "BadgeClass",
            "@language": badge.language,
            "version": str(badge.version),
            "name": badge.title,
            "description": badge.description,
            "image": {"id": picture, "caption": badge.image_alt} if badge.image_alt else picture,
            "criteria": {"id": web_url(badge.info_uri), "narrative": badge.criteria},
            "issuer": addresses.issuer_profile(issuer.uuid),
            "tags": list(badge.hashtag_names),
            "alignment": [_alignment(item) for item in badge.alignments if web_url(item.target_url)],
        }
    )
    return document


def _alignment(alignment: Alignment) -> dict[str, Any]:
    return {
        "type": "AlignmentObject",
        "targetName": alignment.target_name,
        "targetUrl": web_url(alignment.target_url),
        "targetDescription": alignment.target_description or None,
        "targetFramework": alignment.target_framework or None,
        "targetCode": alignment.target_code or None,
    }


def assertion(
    grant: Grant, badge: Badge, addresses: Addresses, *, salt: str, image: str | None = None
) -> Document:
    """The hosted Assertion. `image` is the URL of this grant's baked picture; the plain one belongs to the BadgeClass alone.

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
            "narrative": grant.details.narrative or None,
            "evidence": _one_or_list([_evidence(item) for item in evidence_of(grant)]),
        }
    )
    return document


def with_version(document: Document, badge: Badge, version: int, addresses: Addresses) -> Document:
    """The hosted Assertion of a badge that was granted in this version: an edit of the badge changes no award."""
    if version == badge.version:
        return document
    return document | {"badge": addresses.badge_class_version(badge.uuid, version)}


def signed_assertion(
    document: Document, badge: Badge, addresses: Addresses, *, uuid: str, version: int, key: str
) -> Document:
    """What is signed of the hosted Assertion of grant `uuid`, under an id of its own; `key` is its CryptographicKey's id.

    It names the version of the BadgeClass that was granted, for it can't be changed any more.
    """
    return document | {
        "id": signed_id(uuid),
        "badge": addresses.badge_class_version(badge.uuid, version),
        "verification": {"type": "SignedBadge", "creator": key},
    }


def signed_id(uuid: str) -> str:
    """The id of a grant's signed Assertion."""
    return f"urn:uuid:{uuid}"


def for_note(document: Mapping[str, Any]) -> Document:
    """The Assertion as it goes along with a Note, to many servers: without the stories, which its address tells."""
    evidence = document.get("evidence")
    items = evidence if isinstance(evidence, list) else [evidence]
    urls = [item if isinstance(item, str) else item.get("id") for item in items if item]
    members = {name: value for name, value in document.items() if name not in ("evidence", "narrative")}
    found = _one_or_list([url for url in urls if url])
    return members | {"evidence": found} if found else members


def revoked_assertion(grant: Grant, addresses: Addresses) -> Document:
    """What remains of a revoked Assertion, to be served with 410 Gone; also of a suspended one, which is its reason."""
    is_suspended = grant.status is not Status.REVOKED and grant.suspended_at is not None
    reason = grant.suspended_reason if is_suspended else grant.closed_reason
    document: Document = tidy(
        {
            "@context": OPEN_BADGES_2,
            "id": addresses.assertion(grant.uuid),
            "type": "Assertion",
            "revoked": True,
            "revocationReason": withdrawal_reason(reason, is_suspended=is_suspended),
        }
    )
    return document


def withdrawal_reason(reason: str | None, *, is_suspended: bool) -> str | None:
    """The revocationReason. OB 2.0 has no suspension: the reason of one begins with that word."""
    if not is_suspended:
        return reason or None
    return f"Suspended: {reason}" if reason else "Suspended"


def recipient(grant: Grant, *, salt: str) -> dict[str, Any]:
    """The IdentityObject: the profile's public id in clear, or else the e-mail address, always hashed."""
    profile = recipient_id(grant)
    if profile is not None:
        return {"type": "url", "hashed": False, "identity": profile}
    identity = hash_email(require_email(grant), salt)
    return {"type": "email", "hashed": True, "salt": salt, "identity": identity}


def _evidence(item: Evidence) -> str | dict[str, Any]:
    if item.url and item == Evidence(url=item.url):
        return item.url
    return {
        "type": "Evidence",
        "id": item.url,
        "narrative": item.narrative or None,
        "name": item.name or None,
        "description": item.description or None,
        "genre": item.genre or None,
        "audience": item.audience or None,
    }


def _one_or_list(values: Sequence[Any]) -> Any:
    """One value as itself, several as a list, none as None."""
    return list(values) if len(values) > 1 else next(iter(values), None)
