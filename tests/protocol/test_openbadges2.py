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
from badgefed.model.grant import Grant, Status
from badgefed.model.times import DAY
from badgefed.protocol import jsonld, openbadges2
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

REQUIRED = {
    "Issuer": {"id", "type", "name", "url", "email"},
    "BadgeClass": {"id", "type", "name", "description", "image", "criteria", "issuer"},
    "Assertion": {"id", "type", "recipient", "badge", "verification", "issuedOn"},
}
ZONED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def check(document: dict[str, Any]) -> None:
    """The rules of OB 2.0 that hold for each document, and that every term is one of its context."""
    assert document["@context"] == jsonld.OPEN_BADGES_2
    assert document.keys() >= REQUIRED[document["type"]]
    assert None not in document.values()
    assert [] not in document.values()
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
    }


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
