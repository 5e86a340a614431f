"""A credential of a stranger, its proof, and ways to read and change such documents."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgefed.model.times import from_rfc3339
from badgefed.protocol import (
    data_integrity,
    jsonld,
    keys,
    proofs,
    strict_json,
    verification_keys,
)
from badgefed.protocol.verification_keys import VerificationKey

DATA = Path(__file__).parents[3] / "shared" / "data"
FIXTURES = Path(__file__).parent / "vectors"
CRED = "https://www.w3.org/2018/credentials#"
NOW = from_rfc3339("2026-11-22T12:00:00Z")

DID = "did:web:badges.example:issuers:makers"
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = verification_keys.from_multikey(keys.multikey(PRIVATE_KEY.public_key()))
METHOD = f"{DID}#{keys.multikey(PRIVATE_KEY.public_key())}"

CREDENTIAL: dict[str, Any] = {
    "@context": [jsonld.CREDENTIALS_V2, jsonld.OPEN_BADGES_3, jsonld.OPEN_BADGES_3_EXTENSIONS],
    "id": "https://badges.example/credentials/1",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "name": "Soldering",
    "issuer": {"id": DID, "type": ["Profile"], "name": "Makers"},
    "validFrom": "2026-01-01T00:00:00Z",
    "validUntil": "2026-06-01T00:00:00Z",
    "credentialSubject": {
        "type": ["AchievementSubject"],
        "identifier": [
            {
                "type": "IdentityObject",
                "hashed": True,
                "identityHash": "sha256$" + "a" * 64,
                "identityType": "emailAddress",
            }
        ],
        "achievement": {
            "id": "https://badges.example/achievements/1",
            "type": ["Achievement"],
            "name": "Soldering",
            "description": "Solders.",
            "criteria": {"narrative": "Solder something."},
        },
    },
    "refreshService": {"id": "https://badges.example/credentials/1", "type": "1EdTechCredentialRefresh"},
    "credentialStatus": {
        "id": "https://badges.example/status/1#3",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "3",
        "statusListCredential": "https://badges.example/status/1",
    },
}


def load_fixture(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    return found


def load_sample(path: str) -> dict[str, Any]:
    file = DATA / path
    if not file.is_file():
        pytest.skip("the published samples are not here")
    return strict_json.loads(file.read_bytes(), all_unique=True)


def key_in_fragment(document: dict[str, Any]) -> VerificationKey:
    """The key that stands in the fragment of the verification method, or is the `did:key` itself."""
    method = data_integrity.read_proof(document).verification_method
    return verification_keys.from_multikey(method.rpartition("#")[2].removeprefix("did:key:"))


def verify(document: dict[str, Any], *, now: int = NOW) -> None:
    data_integrity.verify(document, key=key_in_fragment(document), now=now)


def sign(document: dict[str, Any], *, private_key: Ed25519PrivateKey = PRIVATE_KEY) -> dict[str, Any]:
    return proofs.sign(
        document,
        private_key=private_key,
        verification_method=METHOD,
        created=from_rfc3339("2026-01-01T00:00:00Z"),
    )


SIGNED = sign(CREDENTIAL)


def forge(**members: Any) -> dict[str, Any]:
    return {**copy.deepcopy(SIGNED), **members}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in copy.deepcopy(SIGNED).items() if key != name}


def objects_of(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    members: Any = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for member in members:
        yield from objects_of(member)
