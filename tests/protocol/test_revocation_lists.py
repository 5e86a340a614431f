"""Revocation lists of both versions: what they name, and what makes one of no use."""

from __future__ import annotations

import json
from typing import Any

import pytest

from badgefed.errors import BadgefedError, Invalid, TooLarge, Unprocessable
from badgefed.protocol import jsonld, revocation_lists
from badgefed.protocol.revocation_lists import Revocation, read_1edtech, read_open_badges_2
from tests.protocol.samples import read_sample

ISSUER = "https://badges.example/certify-badge/issuer/1"
URL = f"{ISSUER}/revocations"
DID = "did:web:badges.example:issuers:makers"


def test_our_list_reads_back() -> None:
    document = revocation_lists.build_open_badges_2(
        url=URL,
        issuer=ISSUER,
        revoked=[("urn:uuid:1", "Issued in\r\nerror\x00"), ("urn:uuid:2", None), ("urn:uuid:3", "")],
    )
    assert document == {
        "@context": "https://w3id.org/openbadges/v2",
        "id": URL,
        "type": "RevocationList",
        "issuer": ISSUER,
        "revokedAssertions": [
            {"id": "urn:uuid:1", "revocationReason": "Issued in\nerror"},
            {"id": "urn:uuid:2"},
            {"id": "urn:uuid:3"},
        ],
    }
    jsonld.check_expandable(document, allowed_contexts=[jsonld.OPEN_BADGES_2])
    assert read_open_badges_2(document, issuer=ISSUER) == {
        "urn:uuid:1": Revocation(reason="Issued in\nerror"),
        "urn:uuid:2": Revocation(reason=None),
        "urn:uuid:3": Revocation(reason=None),
    }


def test_an_empty_list_is_a_list() -> None:
    document = revocation_lists.build_open_badges_2(url=URL, issuer=ISSUER, revoked=[])
    assert document["revokedAssertions"] == []
    assert read_open_badges_2(document, issuer=ISSUER) == {}


def test_published_lists() -> None:
    listed = json.loads(read_sample("1edtech/ob20/assets/revocation-list.json"))
    assert read_open_badges_2(listed, issuer="https://example.org/organization.json") == {
        "https://example.org/beths-robotics-badge-revoked.json": Revocation(reason="A good reason, for sure"),
        "urn:uuid:52e4c6b3-8c13-4fa8-8482-a5cf34ef37a9": Revocation(reason=None),
        "urn:uuid:6deb4a00-ebce-4b28-8cc2-afa705ef7be4": Revocation(reason=None),
    }
    documents = json.loads(read_sample("ob2/signed-docs.json"))
    found = read_open_badges_2(documents["/revocations"], issuer="http://127.0.0.1:8757/issuer")
    assert list(found) == ["urn:uuid:3c574c87-b96f-4f06-8eb5-68a29335b60e"]


def test_uids_and_single_values() -> None:
    document = {
        "type": ["RevocationList"],
        "issuer": {"id": ISSUER},
        "revokedAssertions": {"uid": "a1", "id": "urn:uuid:1"},
    }
    assert set(read_open_badges_2(document, issuer=ISSUER)) == {"a1", "urn:uuid:1"}
    assert set(read_open_badges_2({**document, "revokedAssertions": "urn:uuid:2"}, issuer=ISSUER)) == {
        "urn:uuid:2"
    }


OLD: dict[str, Any] = {"type": "RevocationList", "issuer": ISSUER, "revokedAssertions": []}

REFUSED_OLD: dict[str, tuple[dict[str, Any], type[BadgefedError]]] = {
    "other type": ({"type": "Assertion"}, Invalid),
    "other issuer": ({"issuer": "https://b.example"}, Unprocessable),
    "issuer is a number": ({"issuer": 1}, Invalid),
    "no entries": ({"revokedAssertions": None}, Invalid),
    "entry is a number": ({"revokedAssertions": [1]}, Invalid),
    "entry is null": ({"revokedAssertions": [None]}, Invalid),
    "entry names nothing": ({"revokedAssertions": [{"revocationReason": "x"}]}, Invalid),
    "entry with an object as id": ({"revokedAssertions": [{"id": {}}]}, Invalid),
    "empty id": ({"revokedAssertions": [""]}, Invalid),
    "too many": ({"revokedAssertions": ["urn:x"] * 100_001}, TooLarge),
}


@pytest.mark.parametrize("name", REFUSED_OLD)
def test_refused_revocation_lists(name: str) -> None:
    change, error = REFUSED_OLD[name]
    with pytest.raises(error):
        read_open_badges_2({**OLD, **change}, issuer=ISSUER)


NEW: dict[str, Any] = {
    "id": "https://badges.example/revocations",
    "issuer": DID,
    "revokedCredential": [
        {"id": "urn:uuid:1", "revoked": True, "revocationReason": "Mistake"},
        {"id": "urn:uuid:2"},
        {"id": "urn:uuid:3", "revoked": False, "revocationReason": "Was one"},
        {"id": "urn:uuid:4", "revocationReason": ""},
        {"id": "urn:uuid:5", "revocationReason": 7},
        {"id": "urn:uuid:6", "revocationReason": "x" * 5_000},
    ],
}


def test_the_1edtech_list() -> None:
    found = read_1edtech(NEW, issuer=DID)
    assert found["urn:uuid:1"].reason == "Mistake"
    assert [found[f"urn:uuid:{number}"].reason for number in (2, 4, 5)] == [None, None, None]
    assert "urn:uuid:3" not in found
    assert len(found["urn:uuid:6"].reason or "") == revocation_lists.MAX_REASON


REFUSED_NEW: dict[str, tuple[dict[str, Any], type[BadgefedError]]] = {
    "other issuer": ({"issuer": {"id": "did:web:b.example"}}, Unprocessable),
    "no issuer": ({"issuer": None}, Invalid),
    "no entries": ({"revokedCredential": None}, Invalid),
    "entry is a text": ({"revokedCredential": ["urn:uuid:1"]}, Invalid),
    "entry without an id": ({"revokedCredential": [{"revoked": True}]}, Invalid),
    "revoked is a text": ({"revokedCredential": [{"id": "urn:uuid:1", "revoked": "false"}]}, Invalid),
    "too many": ({"revokedCredential": [{"id": "urn:x"}] * 100_001}, TooLarge),
}


@pytest.mark.parametrize("name", REFUSED_NEW)
def test_refused_1edtech_lists(name: str) -> None:
    change, error = REFUSED_NEW[name]
    with pytest.raises(error):
        read_1edtech({**NEW, **change}, issuer=DID)
