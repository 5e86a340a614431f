"""Open Badges 2.0 documents against the rules that validators hold them to."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from badgefed.errors import Invalid
from badgefed.model.addresses import Addresses
from badgefed.model.grant import Details, Evidence, Grant, Status
from badgefed.model.times import DAY
from badgefed.protocol import jsonld, keys, openbadges2
from badgefed.protocol.conformance import openbadges2 as openbadges2_conformance
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
    WHOLE_BADGE,
    WHOLE_GRANT,
    with_text,
)

REQUIRED = {
    "Issuer": {"id", "type", "name", "url", "email"},
    "BadgeClass": {"id", "type", "name", "description", "image", "criteria", "issuer"},
    "Assertion": {"id", "type", "recipient", "badge", "verification", "issuedOn"},
    "CryptographicKey": {"id", "type", "owner", "publicKeyPem"},
    "RevocationList": {"id", "type", "issuer", "revokedAssertions"},
}
CLASSES = {"Issuer": "Profile"}
ZONED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def check(document: dict[str, Any]) -> None:
    """The rules of OB 2.0 that hold for each document, and that every term is one of its context."""
    name = document["type"]
    assert openbadges2_conformance.check(document, CLASSES.get(name, name)) == ()
    assert document["@context"] == jsonld.OPEN_BADGES_2
    assert document.keys() >= REQUIRED[document["type"]]
    assert None not in document.values()
    assert [] not in [value for name, value in document.items() if name not in REQUIRED[document["type"]]]
    for name in {"id", "url", "badge", "issuer"} & document.keys():
        assert urlsplit(document[name]).scheme == "https"
    for name in {"issuedOn", "expires"} & document.keys():
        assert ZONED.fullmatch(document[name])
    jsonld.check_expandable(document, allowed_contexts=[jsonld.OPEN_BADGES_2])
    assert jsonld.UNSAFE_CHARACTERS.search(json.dumps(document, ensure_ascii=False)) is None


def test_issuer_profile() -> None:
    document = openbadges2.issuer_profile(ISSUER, ADDRESSES)
    check(document)
    assert document == {
        "@context": "https://w3id.org/openbadges/v2",
        "id": f"https://badges.example/certify-badge/issuer/{ISSUER.uuid}",
        "type": "Issuer",
        "name": "Maker Society",
        "url": "https://makers.example/",
        "email": "hello@makers.example",
        "description": "We make things.",
        "image": "https://badges.example/actor-image/makers",
        "revocationList": f"https://badges.example/certify-badge/issuer/{ISSUER.uuid}/revocations",
        "verification": {
            "type": "VerificationObject",
            "startsWith": "https://badges.example/certify-badge/award/",
        },
    }


def test_issuer_without_address_and_site_still_has_both() -> None:
    document = openbadges2.issuer_profile(
        replace(ISSUER, email=None, url=None, summary=""), Addresses(base="https://badges.example:8443")
    )
    check(document)
    assert document["email"] == "noreply@badges.example"
    assert document["url"] == ISSUER.actor_id
    assert "description" not in document


def test_badge_class() -> None:
    document = openbadges2.badge_class(BADGE, ISSUER, ADDRESSES)
    check(document)
    assert document == {
        "@context": "https://w3id.org/openbadges/v2",
        "id": f"https://badges.example/certify-badge/badge/{BADGE.uuid}",
        "type": "BadgeClass",
        "name": "3-D Printmaster",
        "description": "Awarded for passing the test.",
        "image": {"id": "https://badges.example/badge-image/5", "caption": "a blue square"},
        "criteria": {
            "id": "https://makers.example/courses?id=3&lang=en",
            "narrative": "Students are tested.",
        },
        "issuer": f"https://badges.example/certify-badge/issuer/{ISSUER.uuid}",
        "tags": ["3d", "printing"],
        "version": "1",
    }


def test_badge_class_with_everything() -> None:
    document = openbadges2.badge_class(WHOLE_BADGE, ISSUER, ADDRESSES)
    check(document)
    assert (document["@language"], document["version"]) == ("pt-br", "3")
    assert document["alignment"] == [
        {
            "type": "AlignmentObject",
            "targetName": "Printing",
            "targetUrl": "https://crafts.example/printing",
            "targetDescription": "Prints in three dimensions.",
            "targetFramework": "Crafts",
            "targetCode": "C1",
        },
        {
            "type": "AlignmentObject",
            "targetName": "Music",
            "targetUrl": "https://crafts.example/music",
        },
    ]


def test_a_version_of_a_badge_class_has_an_address_and_a_picture_of_its_own() -> None:
    picture = ADDRESSES.image("ab" * 32)
    document = openbadges2.badge_class(WHOLE_BADGE, ISSUER, ADDRESSES, image=picture)
    check(document)
    assert document["id"] == f"{ADDRESSES.badge_class(BADGE.uuid)}/versions/3"
    assert document["image"]["id"] == picture


@pytest.mark.parametrize(
    ("numbers", "shown"), [([1], "/keys/1"), ([3, 2, 1], ["/keys/3", "/keys/2", "/keys/1"])]
)
def test_the_issuer_names_its_keys(numbers: list[int], shown: str | list[str]) -> None:
    document = openbadges2.issuer_profile(ISSUER, ADDRESSES, keys=numbers)
    check(document)
    base = document["id"]
    expected = base + shown if isinstance(shown, str) else [base + path for path in shown]
    assert document["publicKey"] == expected


def test_cryptographic_key() -> None:
    pem = keys.public_pem(keys.generate_rsa().public_key())
    document = openbadges2.cryptographic_key(ISSUER, ADDRESSES, number=2, public_key_pem=pem)
    check(document)
    assert document["id"].endswith(f"/certify-badge/issuer/{ISSUER.uuid}/keys/2")
    assert document["owner"] == openbadges2.issuer_profile(ISSUER, ADDRESSES)["id"]


def test_signed_assertion() -> None:
    """It has an id of its own, its key, and the badge as it was granted: nothing of it can change any more."""
    hosted = openbadges2.assertion(WHOLE_GRANT, WHOLE_BADGE, ADDRESSES, salt=SALT)
    key = ADDRESSES.cryptographic_key(ISSUER.uuid, 1)
    signed = openbadges2.signed_assertion(hosted, WHOLE_BADGE, ADDRESSES, uuid=GRANT.uuid, version=3, key=key)
    jsonld.check_expandable(signed, allowed_contexts=[jsonld.OPEN_BADGES_2])
    assert openbadges2_conformance.check(signed) == ()
    changed = {"id", "badge", "verification"}
    assert {name for name in signed if signed[name] != hosted[name]} == changed
    assert signed["id"] == f"urn:uuid:{GRANT.uuid}"
    assert signed["badge"] == ADDRESSES.badge_class_version(BADGE.uuid, 3)
    assert signed["verification"] == {"type": "SignedBadge", "creator": key}


@pytest.mark.parametrize(
    ("present", "path"), [(3, ""), (4, "/versions/3")], ids=["not edited since", "edited since"]
)
def test_an_edit_of_the_badge_changes_no_assertion(present: int, path: str) -> None:
    hosted = openbadges2.assertion(WHOLE_GRANT, WHOLE_BADGE, ADDRESSES, salt=SALT)
    badge = replace(WHOLE_BADGE, version=present)
    shown = openbadges2.with_version(hosted, badge, 3, ADDRESSES)
    check(shown)
    assert shown == hosted | {"badge": ADDRESSES.badge_class(BADGE.uuid) + path}


def test_assertion_with_everything() -> None:
    document = openbadges2.assertion(WHOLE_GRANT, WHOLE_BADGE, ADDRESSES, salt=SALT)
    check(document)
    assert document["narrative"] == "She printed a **violin**."
    assert document["evidence"] == [
        "https://jane.example/work",
        {
            "type": "Evidence",
            "id": "https://jane.example/violin",
            "narrative": "It can be played.",
            "name": "The violin",
            "description": "A video of it.",
            "genre": "video",
            "audience": "everybody",
        },
        {"type": "Evidence", "narrative": "The jury was there."},
    ]


@pytest.mark.parametrize("evidence", ["https://jane.example/violin", "The jury was there."])
def test_evidence_that_was_given_twice_is_shown_once(evidence: str) -> None:
    document = openbadges2.assertion(replace(WHOLE_GRANT, evidence=evidence), BADGE, ADDRESSES, salt=SALT)
    assert len(document["evidence"]) == 2


def test_evidence_at_no_url_is_told() -> None:
    details = Details(evidence=(Evidence(url="box 7", narrative="In the archive."),))
    document = openbadges2.assertion(
        replace(GRANT, evidence=None, details=details), BADGE, ADDRESSES, salt=SALT
    )
    assert document["evidence"] == {"type": "Evidence", "narrative": "In the archive.\n\nbox 7"}


def test_the_assertion_in_a_note_has_no_stories() -> None:
    document = openbadges2.assertion(WHOLE_GRANT, WHOLE_BADGE, ADDRESSES, salt=SALT)
    short = openbadges2.for_note(document)
    check(short)
    assert "narrative" not in short
    assert short["evidence"] == ["https://jane.example/work", "https://jane.example/violin"]
    plain = openbadges2.assertion(GRANT, BADGE, ADDRESSES, salt=SALT)
    assert openbadges2.for_note(plain) == plain


def test_badge_class_without_the_optional() -> None:
    document = openbadges2.badge_class(
        replace(BADGE, image_alt=None, info_uri=None, hashtags=None), ISSUER, ADDRESSES
    )
    check(document)
    assert document["image"] == "https://badges.example/badge-image/5"
    assert document["criteria"] == {"narrative": "Students are tested."}
    assert "tags" not in document


@pytest.mark.parametrize("grant", GRANTS.values(), ids=GRANTS)
def test_every_shape_of_grant_has_an_assertion(grant: Grant) -> None:
    document = openbadges2.assertion(grant, BADGE, ADDRESSES, salt=SALT)
    check(document)
    assert type(document["recipient"]["hashed"]) is bool
    assert document["recipient"]["hashed"] is document["recipient"]["identity"].startswith("sha256$")
    assert grant.email is None or grant.email.lower() not in json.dumps(document).lower()


def test_assertion() -> None:
    document = openbadges2.assertion(replace(GRANT, expires_at=NOW + DAY), BADGE, ADDRESSES, salt=SALT)
    assert document == {
        "@context": "https://w3id.org/openbadges/v2",
        "id": f"https://badges.example/certify-badge/award/{GRANT.uuid}",
        "type": "Assertion",
        "recipient": {"type": "url", "hashed": False, "identity": JANE},
        "badge": f"https://badges.example/certify-badge/badge/{BADGE.uuid}",
        "verification": {"type": "HostedBadge"},
        "issuedOn": NOW_TEXT,
        "expires": "2026-02-26T06:13:20Z",
        "evidence": "https://jane.example/work",
    }


def test_hosted_verification_holds() -> None:
    """What a verifier compares: the id with startsWith, and its host and port with the issuer's."""
    addresses = Addresses(base="http://127.0.0.1:8000")
    assertion = openbadges2.assertion(GRANT, BADGE, addresses, salt=SALT)
    issuer = openbadges2.issuer_profile(ISSUER, addresses)
    badge = openbadges2.badge_class(BADGE, ISSUER, addresses)
    assert assertion["badge"] == badge["id"]
    assert badge["issuer"] == issuer["id"]
    assert assertion["id"].startswith(issuer["verification"]["startsWith"])
    assert urlsplit(assertion["id"]).netloc == urlsplit(issuer["id"]).netloc
    assert "allowedOrigins" not in issuer["verification"]


def test_email_is_hashed_in_lower_case_with_the_salt_behind() -> None:
    recipient = openbadges2.recipient(replace(GRANT, **BY_MAIL), salt="Kosher")
    expected = hashlib.sha256(b"jane@mail.exampleKosher").hexdigest()
    assert recipient == {
        "type": "email",
        "hashed": True,
        "salt": "Kosher",
        "identity": f"sha256${expected}",
    }


def test_hash_of_the_standards_example() -> None:
    recipient = openbadges2.recipient(replace(GRANT, **BY_MAIL | {"email": "a@example.com"}), salt="Kosher")
    assert recipient["identity"] == "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"


@pytest.mark.parametrize(
    ("profile", "identity"),
    [
        ("https://social.example/@jane", "https://social.example/@jane"),
        ("https://social.example/jane doe", "https://social.example/jane%20doe"),
        ('https://social.example/"<jane>"', "https://social.example/%22%3Cjane%3E%22"),
        ("https://social.example/@jané", "https://social.example/@jané"),
        ("@Jane@Social.Example", "acct:Jane@social.example"),
        ("acct:jane@social.example", "acct:jane@social.example"),
    ],
)
def test_profile_that_is_no_known_actor(profile: str, identity: str) -> None:
    grant = replace(GRANT, actor_id=None, profile=profile)
    assert openbadges2.recipient(grant, salt=SALT)["identity"] == identity


def test_profile_that_is_no_public_id_never_shows() -> None:
    grant = replace(GRANT, actor_id=None, profile="mailto:jane@mail.example", email="jane@mail.example")
    assert openbadges2.recipient(grant, salt=SALT)["hashed"] is True


def test_grant_for_nobody_is_refused() -> None:
    with pytest.raises(Invalid):
        openbadges2.assertion(replace(GRANT, profile=None, actor_id=None), BADGE, ADDRESSES, salt=SALT)


@pytest.mark.parametrize(
    ("evidence", "shown"),
    [
        (" https://jane.example/work\n", "https://jane.example/work"),
        ("See https://a.example/b", {"type": "Evidence", "narrative": "See https://a.example/b"}),
        ("ftp://a.example/b", {"type": "Evidence", "narrative": "ftp://a.example/b"}),
        ("https://", {"type": "Evidence", "narrative": "https://"}),
        ("javascript:alert(1)", {"type": "Evidence", "narrative": "javascript:alert(1)"}),
    ],
)
def test_evidence(evidence: str, shown: str | dict[str, str]) -> None:
    document = openbadges2.assertion(replace(GRANT, evidence=evidence), BADGE, ADDRESSES, salt=SALT)
    check(document)
    assert document["evidence"] == shown


def test_baked_image() -> None:
    url = "https://badges.example/baked/7.png"
    document = openbadges2.assertion(GRANT, BADGE, ADDRESSES, salt=SALT, image=url)
    check(document)
    assert document["image"] == url


@pytest.mark.parametrize("text", HARD_TEXTS.values(), ids=HARD_TEXTS)
def test_any_text_can_be_published(text: str) -> None:
    grant, badge, issuer = with_text(text)
    check(openbadges2.assertion(grant, badge, ADDRESSES, salt=SALT))
    check(openbadges2.badge_class(badge, issuer, ADDRESSES))
    check(openbadges2.issuer_profile(issuer, ADDRESSES))


def test_cleaning_keeps_what_can_be_carried() -> None:
    text = "a\tb\r\nc\rd\x00\x0be\x7f <i>\u202e\u0085🏅\ud800\ufffe"
    grant, badge, _ = with_text(text)
    document = openbadges2.badge_class(badge, ISSUER, ADDRESSES)
    assert document["name"] == "a\tb\nc\nde <i>\u202e\u0085🏅"
    assert openbadges2.revoked_assertion(grant, ADDRESSES)["revocationReason"] == document["name"]


@pytest.mark.parametrize("reason", ["given by mistake", None])
def test_revoked_assertion(reason: str | None) -> None:
    grant = replace(GRANT, status=Status.REVOKED, closed_reason=reason)
    document = openbadges2.revoked_assertion(grant, ADDRESSES)
    jsonld.check_expandable(document, allowed_contexts=[jsonld.OPEN_BADGES_2])
    assert document["id"] == ADDRESSES.assertion(GRANT.uuid)
    assert document["revoked"] is True
    assert document.get("revocationReason") == reason
    assert "recipient" not in document


@pytest.mark.parametrize(
    ("reason", "shown"), [("under review", "Suspended: under review"), (None, "Suspended")]
)
def test_suspended_assertion(reason: str | None, shown: str) -> None:
    """Open Badges 2.0 has no suspension, so it is a revocation for as long as it lasts."""
    grant = replace(GRANT, status=Status.PROCESSED, suspended_at=NOW, suspended_reason=reason)
    document = openbadges2.revoked_assertion(grant, ADDRESSES)
    assert (document["revoked"], document["revocationReason"]) == (True, shown)


def test_a_suspended_one_that_was_revoked_is_revoked() -> None:
    grant = replace(GRANT, status=Status.REVOKED, suspended_at=NOW, suspended_reason="why", closed_reason="x")
    assert openbadges2.revoked_assertion(grant, ADDRESSES)["revocationReason"] == "x"
