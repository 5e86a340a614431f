"""Which key an identifier stands for: DIDs that say it themselves, and documents that may be of any shape."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import Any

import pytest

from badgefed.errors import CannotCheck, Unprocessable
from badgefed.model.times import from_rfc3339
from badgefed.protocol import did_documents, dids, keys
from badgefed.protocol.verification_keys import KeyKind, VerificationKey

NOW = from_rfc3339("2026-11-22T12:00:00Z")
DID = "did:web:badges.example:issuers:makers"
PUBLIC_KEY = keys.generate_ed25519().public_key()
MULTIKEY = keys.multikey(PUBLIC_KEY)
METHOD = f"{DID}#{MULTIKEY}"
RSA_KEY = keys.generate_rsa().public_key()
P256_DID = "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"
P384_DID = "did:key:z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9"


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


JWK = {"kty": "OKP", "crv": "Ed25519", "x": encode(PUBLIC_KEY.public_bytes_raw())}
REPEATED = json.dumps(JWK).replace("{", '{"kty": "EC", ', 1)
DID_JWK = f"did:jwk:{encode(json.dumps(JWK).encode())}"


def find(document: object, method_id: str = METHOD) -> VerificationKey:
    return did_documents.find_method(document, method_id, now=NOW)


def make_document(**members: Any) -> dict[str, Any]:
    return {**dids.did_document(DID, multikeys=[MULTIKEY]), **members}


def with_method(**members: Any) -> dict[str, Any]:
    document = make_document()
    document["verificationMethod"][0].update(members)
    return document


class TestDerived:
    @pytest.mark.parametrize(
        ("did", "kind"),
        [
            (f"did:key:{MULTIKEY}", KeyKind.ED25519),
            (P256_DID, KeyKind.P256),
            (P384_DID, KeyKind.P384),
        ],
    )
    def test_did_key(self, did: str, kind: KeyKind) -> None:
        document = did_documents.derive(did)
        name = did.removeprefix("did:key:")
        assert document is not None
        assert find(document, f"{did}#{name}").kind is kind
        assert find(document, did) == find(document, f"{did}#{name}")
        with pytest.raises(Unprocessable, match="does not list"):
            find(document, f"{did}#{MULTIKEY}x")

    def test_did_jwk(self) -> None:
        document = did_documents.derive(DID_JWK)
        assert find(document, f"{DID_JWK}#0").public_key == PUBLIC_KEY
        for other in (DID_JWK, f"{DID_JWK}#1"):
            with pytest.raises(Unprocessable, match="does not list"):
                find(document, other)

    @pytest.mark.parametrize("did", [DID, "https://badges.example/issuers/1", "did:key", "", "xdid:key:z6Mk"])
    def test_others_must_be_fetched(self, did: str) -> None:
        assert did_documents.derive(did) is None

    @pytest.mark.parametrize(
        "did",
        [
            "did:key:",
            "did:key:u7QFf",
            f"did:key:{MULTIKEY}#{MULTIKEY}",
            f"did:key:{MULTIKEY}/path",
            "did:jwk:",
            "did:jwk:!!!",
            f"did:jwk:{encode(b'[]')}",
            f"did:jwk:{encode(b'{')}",
            f"did:jwk:{encode(json.dumps({**JWK, 'd': 'AAAA'}).encode())}",
            f"did:jwk:{encode(REPEATED.encode())}",
            f"did:jwk:{'A' * 4_000}",
            "did:jwk:é",
        ],
    )
    def test_malformed(self, did: str) -> None:
        with pytest.raises(Unprocessable):
            did_documents.derive(did)

    def test_unknown_kinds_are_no_verdict(self) -> None:
        jwk = {"kty": "OKP", "crv": "Ed448", "x": "AAAA"}
        for did in (
            f"did:jwk:{encode(json.dumps(jwk).encode())}",
            f"did:key:{keys.multibase_encode(bytes([0xE7, 1]) + bytes(33))}",
        ):
            with pytest.raises(CannotCheck):
                did_documents.derive(did)


class TestFindMethod:
    def test_our_own_document(self) -> None:
        """Both kinds of keys that we publish."""
        numbers = RSA_KEY.public_numbers()
        jwk = {"kty": "RSA", "n": encode(numbers.n.to_bytes(256, "big")), "e": "AQAB"}
        document = dids.did_document(DID, multikeys=[MULTIKEY], jwks={"thumbprint": jwk})
        assert find(document).public_key == PUBLIC_KEY
        assert find(document, f"{DID}#thumbprint").public_key == RSA_KEY

    def test_other_shapes(self) -> None:
        method = {"id": METHOD, "type": "Multikey", "controller": DID, "publicKeyMultibase": MULTIKEY}
        relative = {**method, "id": f"#{MULTIKEY}"}
        for document in (
            {"id": DID, "verificationMethod": method, "assertionMethod": METHOD},
            {"id": DID, "verificationMethod": [relative], "assertionMethod": [f"#{MULTIKEY}"]},
            {"id": DID, "verificationMethod": [relative], "assertionMethod": [METHOD]},
            {"id": DID, "assertionMethod": [method]},
            {"id": DID, "assertionMethod": [relative]},
            {"id": DID, "verificationMethod": [1, method], "assertionMethod": [None, 5, METHOD]},
        ):
            assert find(document).public_key == PUBLIC_KEY

    def test_https_controllers(self) -> None:
        issuer = "https://badges.example/issuers/1"
        document = dids.did_document(issuer, multikeys=[MULTIKEY])
        assert find(document, f"{issuer}#{MULTIKEY}").public_key == PUBLIC_KEY
        assert did_documents.controller_of(f"{issuer}#key") == issuer

    @pytest.mark.parametrize(
        ("document", "reason"),
        [
            (None, "not a JSON object"),
            ([], "not a JSON object"),
            ({}, "says that it is nobody"),
            (make_document(id="did:web:elsewhere.example"), "says that it is 'did:web:elsewhere.example'"),
            (make_document(id=[DID]), "something that is no text"),
            (make_document(assertionMethod=[]), "does not list the key"),
            (make_document(assertionMethod=None), "does not list the key"),
            (make_document(assertionMethod={"id": None}), "does not list the key"),
            (make_document(assertionMethod=[], authentication=[METHOD]), "does not list the key"),
            (make_document(assertionMethod=[{"@id": METHOD}]), "does not list the key"),
            (make_document(verificationMethod=None), "has no keys with the id"),
            (make_document(verificationMethod=make_document()["verificationMethod"] * 2), "has 2 keys"),
            (make_document(verificationMethod=[METHOD]), "has no keys with the id"),
            (make_document(verificationMethod=[{}] * 101), "more than 100 keys"),
            (make_document(assertionMethod=["x"] * 101), "more than 100 keys"),
            (
                with_method(controller="did:web:elsewhere.example"),
                "controlled by 'did:web:elsewhere.example'",
            ),
            (with_method(controller=None), "controlled by nobody"),
            (with_method(controller=[DID, "did:web:elsewhere.example"]), "something that is no text"),
            (with_method(id="#other"), "has no keys with the id"),
            (with_method(publicKeyMultibase=None), "must be a text"),
            (with_method(publicKeyJwk={}), "must carry one key"),
            (with_method(revoked="2026-11-22T11:00:00Z"), "no longer in use"),
            (with_method(expires="2026-11-22T11:00:00Z"), "no longer in use"),
            (with_method(revoked="yesterday"), "can't be read"),
            (with_method(revoked="2026-11-22T11:00:00"), "can't be read"),
            (with_method(expires=5), "can't be read"),
        ],
    )
    def test_what_does_not_hold(self, document: object, reason: str) -> None:
        with pytest.raises(Unprocessable, match=reason):
            find(document)

    def test_revoked_later_and_other_relationships(self) -> None:
        document = with_method(revoked="2026-11-22T13:00:00Z", expires="2027-01-01T00:00:00Z")
        assert find(document).public_key == PUBLIC_KEY
        with pytest.raises(Unprocessable, match="under authentication"):
            did_documents.find_method(document, METHOD, now=NOW, relationship="authentication")

    @pytest.mark.parametrize(
        "method_id",
        ["", "#key", "z6Mk", "xxx:z6Mk#a", "did:#a", "did:web#a", "urn:uuid:1#a", "https://#a", "https://u@a.example/#b",
         "https://[::1#a", "ftp://a.example/#b", "did:web:a b#c", f"did:web:{'a' * 3_000}#b"],
    )  # fmt: skip
    def test_what_names_nobody(self, method_id: str) -> None:
        with pytest.raises(Unprocessable, match="neither a DID nor an https URL"):
            did_documents.controller_of(method_id)

    @pytest.mark.parametrize("junk", [None, 1, "x", [], {}, [[]], [{}], {"id": {}}, [{"id": []}], [None]])
    @pytest.mark.parametrize(
        "name", ["id", "verificationMethod", "assertionMethod", "controller", "publicKeyMultibase", "revoked"]
    )
    def test_any_shape(self, name: str, junk: object) -> None:
        for document in (make_document(**{name: junk}), with_method(**{name: junk})):
            with suppress(Unprocessable):
                assert find(document).public_key == PUBLIC_KEY


OWNER = "https://badges.example/issuer"
KEY_ID = "https://badges.example/keys/1"
KEY_DOCUMENT = {
    "@context": "https://w3id.org/openbadges/v2",
    "type": "CryptographicKey",
    "id": KEY_ID,
    "owner": OWNER,
    "publicKeyPem": keys.public_pem(RSA_KEY),
}
PROFILE = {"id": OWNER, "type": "Issuer", "publicKey": KEY_ID}


def find_linked(key_document: object, profile: object, relationship: str = "publicKey") -> VerificationKey:
    return did_documents.find_linked_key(
        key_document, profile, key_id=KEY_ID, owner=OWNER, now=NOW, relationship=relationship
    )


class TestLinkedKeys:
    def test_both_directions(self) -> None:
        for profile in (
            PROFILE,
            {**PROFILE, "publicKey": ["x", KEY_ID]},
            {**PROFILE, "publicKey": {"id": KEY_ID}},
        ):
            assert find_linked(KEY_DOCUMENT, profile).public_key == RSA_KEY
        key = {"id": KEY_ID, "type": "Multikey", "controller": OWNER, "publicKeyMultibase": MULTIKEY}
        profile = {"id": OWNER, "assertionMethod": [KEY_ID]}
        assert find_linked(key, profile, "assertionMethod").public_key == PUBLIC_KEY

    @pytest.mark.parametrize(
        ("key", "profile", "reason"),
        [
            ([], {}, "key https://badges.example/keys/1 is not a JSON object"),
            ({"id": f"{KEY_ID}0"}, {}, "says that it is"),
            ({"owner": "https://evil.example/"}, {}, "names 'https://evil.example/' as its owner"),
            ({"owner": None}, {}, "names nobody"),
            ({"controller": "https://evil.example/"}, {}, "as its owner"),
            ({}, None, "issuer is not a JSON object"),
            ({}, {"id": "https://evil.example/"}, "says that it is"),
            ({}, {"publicKey": None}, "does not list the key"),
            ({}, {"publicKey": [f"{KEY_ID}0", {"id": 1}, 5]}, "does not list the key"),
            ({}, {"publicKey": ["x"] * 101}, "more than 100 keys"),
            ({"revoked": "2020-01-01T00:00:00Z"}, {}, "no longer in use"),
            ({"publicKeyPem": "x"}, {}, "must be PEM"),
        ],
    )
    def test_what_does_not_hold(self, key: Any, profile: Any, reason: str) -> None:
        key_document = {**KEY_DOCUMENT, **key} if isinstance(key, dict) else key
        profile_document = {**PROFILE, **profile} if isinstance(profile, dict) else profile
        with pytest.raises(Unprocessable, match=reason):
            find_linked(key_document, profile_document)
