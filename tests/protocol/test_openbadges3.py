"""AchievementCredentials against the official JSON Schema, and signed with every text and shape of grant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import MISSING, fields, replace
from typing import Any

import pytest

from badgefed.errors import Invalid
from badgefed.model.badge import Badge, BadgeType
from badgefed.model.grant import Details, Grant, Result
from badgefed.model.times import DAY
from badgefed.protocol import data_integrity, dids, jsonld, keys, openbadges3, proofs, quads
from badgefed.protocol.status_list import status_entry
from badgefed.protocol.verification_keys import from_multikey
from tests.protocol.badge_values import (
    ADDRESSES,
    BADGE,
    BY_MAIL,
    DETAILS,
    GRANT,
    GRANTS,
    HARD_TEXTS,
    ISSUER,
    JANE,
    NOW,
    NOW_TEXT,
    SALT,
    WHOLE_BADGE,
    WHOLE_GRANT,
    with_text,
)
from tests.protocol.official_schemas import check_official

PRIVATE_KEY = keys.generate_ed25519()
DID = "did:web:badges.example:issuers:makers"
STATUS = status_entry("https://badges.example/status-lists/1", 3)


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
                "version": "1",
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


def test_credential_with_everything() -> None:
    document = make_credential(WHOLE_GRANT, badge=WHOLE_BADGE)
    achievement_id = "https://badges.example/achievements/society/printmaster"
    subject = document["credentialSubject"]
    achievement = subject["achievement"]
    assert (achievement["achievementType"], achievement["version"]) == ("Certificate", "3")
    assert achievement["inLanguage"] == "pt-BR"
    assert achievement["alignment"] == [
        {
            "type": ["Alignment"],
            "targetName": "Printing",
            "targetUrl": "https://crafts.example/printing",
            "targetDescription": "Prints in three dimensions.",
            "targetFramework": "Crafts",
            "targetCode": "C1",
            "targetType": "CFItem",
        },
        {"type": ["Alignment"], "targetName": "Music", "targetUrl": "https://crafts.example/music"},
    ]
    assert achievement["resultDescription"] == [
        {
            "id": f"{achievement_id}#grade",
            "type": ["ResultDescription"],
            "name": "Grade",
            "resultType": "LetterGrade",
            "allowedValue": ["C", "B", "A"],
        },
        {
            "id": f"{achievement_id}#points",
            "type": ["ResultDescription"],
            "name": "Points",
            "resultType": "RawScore",
            "valueMin": "0",
            "valueMax": "100",
        },
    ]
    assert {name: value for name, value in subject.items() if name not in ("id", "type", "achievement")} == {
        "narrative": "She printed a **violin**.",
        "licenseNumber": "P-17/3",
        "result": [
            {
                "type": ["Result"],
                "resultDescription": f"{achievement_id}#grade",
                "value": "A",
                "status": "Completed",
            },
            {"type": ["Result"], "resultDescription": f"{achievement_id}#points", "value": "97"},
        ],
        "activityStartDate": "2026-01-26T06:13:20Z",
        "activityEndDate": "2026-02-24T06:13:20Z",
    }
    assert document["evidence"] == [
        {"id": "https://jane.example/work", "type": ["Evidence"]},
        {
            "id": "https://jane.example/violin",
            "type": ["Evidence"],
            "narrative": "It can be played.",
            "name": "The violin",
            "description": "A video of it.",
            "genre": "video",
            "audience": "everybody",
        },
        {"type": ["Evidence"], "narrative": "The jury was there."},
    ]


def optional_members(values: Any) -> list[str]:
    return [field.name for field in fields(values) if field.default is not MISSING]


def shapes() -> Iterator[tuple[Grant, Badge]]:
    """Every optional member of a grant, a badge and their parts: each missing from the whole, each alone."""
    bare_badge = replace(BADGE, image_alt=None, info_uri=None, hashtags=None)
    for name in ("image_alt", "info_uri", "hashtags", *optional_members(Badge)):
        yield WHOLE_GRANT, replace(WHOLE_BADGE, **{name: getattr(bare_badge, name)})
        yield GRANT, replace(bare_badge, **{name: getattr(WHOLE_BADGE, name)})
    for name in optional_members(Details):
        nothing, something = getattr(Details(), name), getattr(DETAILS, name)
        yield replace(WHOLE_GRANT, details=replace(DETAILS, **{name: nothing})), WHOLE_BADGE
        yield replace(GRANT, evidence=None, details=Details(**{name: something})), bare_badge
    for evidence in variants(DETAILS.evidence[0]):
        details = replace(DETAILS, evidence=(evidence,))
        yield replace(WHOLE_GRANT, evidence=None, details=details), WHOLE_BADGE
    for result in variants(DETAILS.results[0]):
        yield replace(WHOLE_GRANT, details=replace(DETAILS, results=(result,))), WHOLE_BADGE
    for alignment in variants(WHOLE_BADGE.alignments[0]):
        yield WHOLE_GRANT, replace(WHOLE_BADGE, alignments=(alignment,))
    for whole in WHOLE_BADGE.result_descriptions:
        for description in variants(whole):
            yield WHOLE_GRANT, replace(WHOLE_BADGE, result_descriptions=(description,))


def variants(part: Any) -> Iterator[Any]:
    """The part without each of its optional members, and with each of them alone."""
    for name in optional_members(part):
        yield replace(part, **{name: default(part, name)})
        yield replace(
            part, **{other: default(part, other) for other in optional_members(part) if other != name}
        )


def default(part: Any, name: str) -> Any:
    return next(field.default for field in fields(part) if field.name == name)


def test_every_combination_of_optional_members_fits_the_schema_and_is_signed_as_a_whole() -> None:
    seen = set()
    for grant, badge in shapes():
        for document in (
            make_credential(grant, badge=badge, status=STATUS),
            make_credential(grant, badge=badge),
        ):
            assert quads.canonicalize(document) == jsonld.canonicalize(document)
            assert all(value is not None and value != [] for value in values_of(document))
            seen.add(json.dumps(document))
            check_official("achievementcredential", sign(document))
    assert len(seen) > 60


@pytest.mark.parametrize(
    ("tag", "shown"),
    [
        ("en", "en"),
        ("EN-us", "en-US"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("de-1996", "de"),
        ("en-GB-oxendict", "en-GB"),
        ("sl-rozaj-biske", "sl"),
        ("zh-cmn-Hans", "zh"),
        ("x-klingon", None),
        ("", None),
        (None, None),
    ],
)
def test_language(tag: str | None, shown: str | None) -> None:
    document = sign(make_credential(badge=replace(BADGE, language=tag)))
    assert document["credentialSubject"]["achievement"].get("inLanguage") == shown
    check_official("achievementcredential", document)


@pytest.mark.parametrize(
    ("term", "kept"), [("CFItem", True), ("ext:Skill-1", True), ("Skill", False), ("ext:a b", False)]
)
def test_only_terms_of_the_vocabulary_and_its_extensions_are_written(term: str, kept: bool) -> None:
    alignment = replace(WHOLE_BADGE.alignments[0], target_type=term)
    description = replace(
        WHOLE_BADGE.result_descriptions[0], result_type=term if term != "CFItem" else "Result"
    )
    badge = replace(WHOLE_BADGE, alignments=(alignment,), result_descriptions=(description,))
    document = sign(make_credential(badge=badge))
    achievement = document["credentialSubject"]["achievement"]
    assert ("targetType" in achievement["alignment"][0]) is kept
    assert (achievement["resultDescription"][0]["resultType"] == description.result_type) is kept
    check_official("achievementcredential", document)


def test_a_result_of_no_description_stands_for_itself() -> None:
    details = Details(results=(Result(key="unknown", value="7", status="Splendid"),))
    document = make_credential(replace(GRANT, details=details), badge=WHOLE_BADGE)
    assert document["credentialSubject"]["result"] == [{"type": ["Result"], "value": "7"}]


@pytest.mark.parametrize("grant", GRANTS.values(), ids=GRANTS)
def test_every_shape_of_grant_is_signed_and_fits_the_schema(grant: Grant) -> None:
    document = make_credential(grant)
    signed = sign(document)
    key = from_multikey(keys.multikey(PRIVATE_KEY.public_key()))
    data_integrity.verify(json.loads(json.dumps(signed)), key=key, now=NOW)
    assert all(value is not None and value != [] for value in values_of(document))
    assert ("id" in document["credentialSubject"]) is not ("identifier" in document["credentialSubject"])
    assert ("evidence" in document) is bool(grant.evidence)
    assert ("validUntil" in document) is bool(grant.expires_at)
    assert grant.email is None or grant.email.lower() not in json.dumps(document).lower()
    check_official("achievementcredential", signed)


@pytest.mark.parametrize("text", HARD_TEXTS.values(), ids=HARD_TEXTS)
def test_any_text_can_be_signed(text: str) -> None:
    grant, badge, issuer = with_text(text)
    signed = sign(make_credential(grant, badge=badge, issuer=issuer))
    key = from_multikey(keys.multikey(PRIVATE_KEY.public_key()))
    data_integrity.verify(json.loads(json.dumps(signed)), key=key, now=NOW)
    assert len(proofs.fingerprint(signed)) == 64
    check_official("achievementcredential", signed)


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
    check_official("achievementcredential", document)


@pytest.mark.parametrize(
    "status",
    [
        STATUS,
        {"id": "https://badges.example/revoked", "type": "1EdTechRevocationList"},
    ],
)
def test_status(status: dict[str, Any]) -> None:
    document = sign(make_credential(status=status))
    assert document["credentialStatus"] == status
    check_official("achievementcredential", document)


def test_profile_stands_alone() -> None:
    document = openbadges3.as_document(openbadges3.profile(ISSUER, ADDRESSES))
    assert jsonld.canonicalize(document).startswith(f"<{DID}> ")
    check_official("profile", document)


def test_profile_without_the_optional() -> None:
    profile = openbadges3.profile(replace(ISSUER, url="not a URL", email=None, summary=""), ADDRESSES)
    assert profile["url"] == ISSUER.actor_id
    assert profile.keys() == {"id", "type", "name", "url", "image"}
    check_official("profile", profile)


def test_achievement_stands_alone() -> None:
    badge = replace(BADGE, image_alt=None, info_uri=None, hashtags=None)
    part = openbadges3.achievement(badge, organization_slug="society", addresses=ADDRESSES)
    assert part["image"] == {"id": "https://badges.example/badge-image/5", "type": "Image"}
    assert part["criteria"] == {"narrative": "Students are tested."}
    assert "tag" not in part
    assert jsonld.canonicalize(openbadges3.as_document(part))
