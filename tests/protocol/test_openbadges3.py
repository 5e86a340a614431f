"""AchievementCredentials against the official JSON Schema, and signed with every text and shape of grant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft201909Validator

from badgefed.errors import Invalid
from badgefed.model.badge import BadgeType
from badgefed.model.grant import Grant
from badgefed.model.times import DAY
from badgefed.protocol import dids, jsonld, keys, openbadges3, proofs
from tests.protocol.badge_values import (
    ADDRESSES,
    BADGE,
    BY_MAIL,
    GRANT,
    GRANTS,
    HARD_TEXTS,
    ISSUER,
    JANE,
    NOW,
    NOW_TEXT,
    SALT,
    with_text,
)

SCHEMAS = Path(__file__).parents[3] / "shared" / "data" / "schema"
PRIVATE_KEY = keys.generate_ed25519()
DID = "did:web:badges.example:issuers:makers"


def check_schema(name: str, document: dict[str, Any]) -> None:
    path = SCHEMAS / f"ob_v3p0_{name}.json"
    if not path.is_file():
        pytest.skip("the Open Badges 3.0 JSON Schemas are not here")
    Draft201909Validator(json.loads(path.read_text("utf-8"))).validate(document)


def make_credential(grant: Grant = GRANT, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"badge": BADGE, "issuer": ISSUER, "status": None, "image": None} | changes
    return openbadges3.credential(
        grant,
        values["badge"],
        values["issuer"],
        organization_slug="society",
        addresses=ADDRESSES,
        salt=SALT,
        image=values["image"],
        status=values["status"],
    )


def sign(document: dict[str, Any]) -> dict[str, Any]:
    method = dids.verification_method(DID, keys.multikey(PRIVATE_KEY.public_key()))
    return proofs.sign(document, private_key=PRIVATE_KEY, verification_method=method, created=NOW)


def values_of(document: object) -> Iterator[object]:
    yield document
    members = document.values() if isinstance(document, dict) else document
    if isinstance(members, str) or not hasattr(members, "__iter__"):
        return
    for member in members:
        yield from values_of(member)


def test_credential() -> None:
    assert make_credential(replace(GRANT, expires_at=NOW + DAY)) == {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
            "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
        ],
        "id": f"https://badges.example/credentials/{GRANT.uuid}/ob3",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "3-D Printmaster",
        "issuer": {
            "id": DID,
            "type": ["Profile"],
            "name": "Maker Society",
            "url": "https://makers.example/",
            "description": "We make things.",
            "email": "hello@makers.example",
            "image": {"id": "https://badges.example/actor-image/makers", "type": "Image"},
        },
        "validFrom": NOW_TEXT,
        "validUntil": "2026-02-26T06:13:20Z",
        "awardedDate": NOW_TEXT,
        "credentialSubject": {
            "id": JANE,
            "type": ["AchievementSubject"],
            "achievement": {
                "id": "https://badges.example/achievements/society/printmaster",
                "type": ["Achievement"],
                "achievementType": "Badge",
                "name": "3-D Printmaster",
                "description": "Awarded for passing the test.",
                "criteria": {
                    "id": "https://makers.example/courses?id=3&lang=en",
                    "narrative": "Students are tested.",
                },
                "image": {
                    "id": "https://badges.example/badge-image/5",
                    "type": "Image",
                    "caption": "a blue square",
                },
                "tag": ["3d", "printing"],
            },
        },
        "evidence": [{"id": "https://jane.example/work", "type": ["Evidence"]}],
        "credentialSchema": [
            {
                "id": "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json",
                "type": "1EdTechJsonSchemaValidator2019",
            }
        ],
    }


@pytest.mark.parametrize("grant", GRANTS.values(), ids=GRANTS)
def test_every_shape_of_grant_is_signed_and_fits_the_schema(grant: Grant) -> None:
    document = make_credential(grant)
    signed = sign(document)
    proofs.verify(json.loads(json.dumps(signed)), public_key=PRIVATE_KEY.public_key())
    assert all(value is not None and value != [] for value in values_of(document))
    assert ("id" in document["credentialSubject"]) is not ("identifier" in document["credentialSubject"])
    assert ("evidence" in document) is bool(grant.evidence)
    assert ("validUntil" in document) is bool(grant.expires_at)
    assert grant.email is None or grant.email.lower() not in json.dumps(document).lower()
    check_schema("achievementcredential", signed)


@pytest.mark.parametrize("text", HARD_TEXTS.values(), ids=HARD_TEXTS)
def test_any_text_can_be_signed(text: str) -> None:
    grant, badge, issuer = with_text(text)
    signed = sign(make_credential(grant, badge=badge, issuer=issuer))
    proofs.verify(json.loads(json.dumps(signed)), public_key=PRIVATE_KEY.public_key())
    assert len(proofs.fingerprint(signed)) == 64
    check_schema("achievementcredential", signed)


def test_text_survives_as_it_was_written() -> None:
    _, badge, _ = with_text(HARD_TEXTS["markup"])
    assert make_credential(badge=badge)["credentialSubject"]["achievement"]["name"] == HARD_TEXTS["markup"]


def test_credential_may_keep_the_art_of_its_day() -> None:
    url = ADDRESSES.image("ab" * 32)
    assert make_credential(image=url)["credentialSubject"]["achievement"]["image"]["id"] == url


def test_email_is_an_identity_object() -> None:
    assert openbadges3.subject_identity(
        replace(GRANT, **BY_MAIL | {"email": "A@Example.com"}), salt="Kosher"
    ) == {
        "identifier": [
            {
                "type": "IdentityObject",
                "hashed": True,
                "identityHash": "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399",
                "identityType": "emailAddress",
                "salt": "Kosher",
            }
        ]
    }


def test_grant_for_nobody_is_refused() -> None:
    with pytest.raises(Invalid):
        make_credential(replace(GRANT, profile=None, actor_id=None))


def test_evidence_in_words() -> None:
    document = make_credential(replace(GRANT, evidence="She did it."))
    assert document["evidence"] == [{"type": ["Evidence"], "narrative": "She did it."}]


@pytest.mark.parametrize("badge_type", BadgeType)
def test_every_badge_type_is_an_achievement_type(badge_type: BadgeType) -> None:
    badge = replace(BADGE, badge_type=badge_type)
    document = sign(make_credential(badge=badge))
    assert document["credentialSubject"]["achievement"]["achievementType"]
    check_schema("achievementcredential", document)


@pytest.mark.parametrize(
    "status",
    [
        {
            "id": "https://badges.example/status/1#3",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": "3",
            "statusListCredential": "https://badges.example/status/1",
        },
        {"id": "https://badges.example/revoked", "type": "1EdTechRevocationList"},
    ],
)
def test_status(status: dict[str, Any]) -> None:
    document = sign(make_credential(status=status))
    assert document["credentialStatus"] == status
    check_schema("achievementcredential", document)


def test_profile_stands_alone() -> None:
    document = openbadges3.as_document(openbadges3.profile(ISSUER, ADDRESSES))
    assert jsonld.canonicalize(document).startswith(f"<{DID}> ")
    check_schema("profile", document)


def test_profile_without_the_optional() -> None:
    profile = openbadges3.profile(replace(ISSUER, url="not a URL", email=None, summary=""), ADDRESSES)
    assert profile["url"] == ISSUER.actor_id
    assert profile.keys() == {"id", "type", "name", "url", "image"}
    check_schema("profile", profile)


def test_achievement_stands_alone() -> None:
    badge = replace(BADGE, image_alt=None, info_uri=None, hashtags=None)
    part = openbadges3.achievement(badge, organization_slug="society", addresses=ADDRESSES)
    assert part["image"] == {"id": "https://badges.example/badge-image/5", "type": "Image"}
    assert part["criteria"] == {"narrative": "Students are tested."}
    assert "tag" not in part
    assert jsonld.canonicalize(openbadges3.as_document(part))
