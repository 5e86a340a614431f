"""A credential in a JWT: both shapes, and claims that contradict it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from badgefed.errors import Invalid, Unprocessable
from badgefed.protocol import jose
from badgefed.protocol.baking import unbake_png, unbake_svg
from badgefed.protocol.jwt_claims import REGISTERED, claims_of, credential_of
from tests.protocol.samples import read_sample
from tests.protocol.test_jose import rsa_key

CREDENTIAL: dict[str, Any] = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "id": "urn:uuid:1",
    "type": ["VerifiableCredential"],
    "issuer": {"id": "did:web:a.example", "type": ["Profile"]},
    "validFrom": "2026-01-01T00:00:00Z",
    "validUntil": "2027-01-01T01:00:00+01:00",
    "credentialSubject": {"id": "did:key:z1", "type": ["AchievementSubject"]},
}
CLAIMS: dict[str, Any] = {
    "iss": "did:web:a.example",
    "jti": "urn:uuid:1",
    "sub": "did:key:z1",
    "nbf": 1_767_225_600,
    "exp": 1_798_761_600,
}
OLD: dict[str, Any] = {
    "@context": ["https://www.w3.org/2018/credentials/v1"],
    "id": "urn:uuid:1",
    "type": ["VerifiableCredential"],
    "issuer": "did:web:a.example",
    "issuanceDate": "2026-01-01T00:00:00Z",
    "expirationDate": "2027-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:key:z1"},
}


def test_claims() -> None:
    assert claims_of(CREDENTIAL) == CLAIMS


def test_both_shapes_give_the_credential() -> None:
    assert credential_of({**CREDENTIAL, **CLAIMS, "iat": 1, "aud": "x"}) == CREDENTIAL
    assert credential_of({"vc": OLD, **CLAIMS}) == OLD
    assert credential_of(CREDENTIAL) == CREDENTIAL


def test_claims_stand_in_for_missing_members() -> None:
    bare = {name: OLD[name] for name in ("@context", "type")} | {"credentialSubject": {}}
    assert credential_of({"vc": bare, **CLAIMS}) == OLD
    without_end = {name: value for name, value in CREDENTIAL.items() if name != "validUntil"}
    assert credential_of({**without_end, **CLAIMS})["validUntil"] == "2027-01-01T00:00:00Z"
    nameless = {**CREDENTIAL, "issuer": {"type": ["Profile"]}, "credentialSubject": [{"type": ["X"]}]}
    filled = credential_of({**nameless, **CLAIMS})
    assert filled["issuer"] == {"id": "did:web:a.example", "type": ["Profile"]}
    assert filled["credentialSubject"] == [{"id": "did:key:z1", "type": ["X"]}]


def test_the_payload_stays_as_it_was() -> None:
    payload = {"vc": {**OLD, "issuer": {"name": "A"}, "credentialSubject": {}}, **CLAIMS}
    before = copy.deepcopy(payload)
    credential_of(payload)
    assert payload == before


CONTRADICTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "iss": ({"iss": "did:web:b.example"}, "iss and the credential's id"),
    "jti": ({"jti": "urn:uuid:2"}, "jti and the credential's id"),
    "sub": ({"sub": "did:key:z2"}, "sub and the credential's id"),
    "nbf": ({"nbf": CLAIMS["nbf"] - 1}, "nbf and the credential's validFrom"),
    "exp": ({"exp": CLAIMS["exp"] + 1}, "exp and the credential's validUntil"),
    "two subjects": (
        {"credentialSubject": [{"id": "did:key:z1"}, {"id": "did:key:z2"}]},
        "sub and the credential's credentialSubject",
    ),
    "subject is a text": ({"credentialSubject": "did:key:z1"}, "sub and the credential's credentialSubject"),
    "issuer is an array": ({"issuer": ["did:web:a.example"]}, "iss and the credential's issuer"),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradictions(name: str) -> None:
    change, reason = CONTRADICTIONS[name]
    with pytest.raises(Unprocessable, match=reason):
        credential_of({**CREDENTIAL, **CLAIMS, **change})


@pytest.mark.parametrize("claim", ["iss", "jti", "sub", "nbf", "exp"])
def test_contradictions_in_the_old_shape(claim: str) -> None:
    value: object = 5 if claim in ("nbf", "exp") else "urn:other"
    with pytest.raises(Unprocessable, match=f"claim {claim} "):
        credential_of({"vc": OLD, **CLAIMS, claim: value})


MALFORMED: dict[str, dict[str, Any]] = {
    "no credential": {"iss": "did:web:a.example"},
    "presentation": {"vp": {}, **CLAIMS},
    "vc is a text": {"vc": "x"},
    "two credentials": {"vc": OLD, **CREDENTIAL},
    "iss is a list": {**CREDENTIAL, "iss": ["did:web:a.example"]},
    "nbf is a text": {**CREDENTIAL, "nbf": "2026-01-01T00:00:00Z"},
    "nbf is true": {**CREDENTIAL, "nbf": True},
    "exp is negative": {**CREDENTIAL, "exp": -1},
    "exp is beyond all calendars": {**CREDENTIAL, "exp": 2**53},
    "validFrom without a zone": {**CREDENTIAL, **CLAIMS, "validFrom": "2026-01-01T00:00:00"},
    "validUntil is a number": {**CREDENTIAL, **CLAIMS, "validUntil": 1_798_761_600},
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(name: str) -> None:
    with pytest.raises(Invalid):
        credential_of(MALFORMED[name])


def test_fractions_of_a_second_are_no_contradiction() -> None:
    later = {**CREDENTIAL, "validFrom": "2026-01-01T00:00:00.970Z"}
    for seconds in (1_767_225_600, 1_767_225_601, 1_767_225_600.97):
        assert credential_of({**later, "nbf": seconds}) == later


@pytest.mark.parametrize("name", ["simple.jwt", "velocity.jwt"])
def test_published_tokens_of_the_old_shape(name: str) -> None:
    payload = jose.read_jws(read_sample(f"1edtech/ob30/{name}").decode()).payload
    assert credential_of(payload) == payload["vc"]


@pytest.mark.parametrize("name", ["simple-jwt", "simple-jwt_v1"])
@pytest.mark.parametrize("form", ["png", "svg"])
def test_published_baked_tokens(name: str, form: str) -> None:
    data = read_sample(f"1edtech/ob30/{name}.{form}")
    baked = unbake_png(data) if form == "png" else unbake_svg(data.decode())
    assert baked.assertion is None
    signed = jose.read_jws(baked.credential or "")
    assert signed.jwk is not None
    jose.verify_jws(signed, rsa_key(signed.jwk["n"]))
    credential = credential_of(signed.payload)
    assert credential["issuer"]["id"] == signed.payload["iss"]
    assert REGISTERED.isdisjoint(credential)
