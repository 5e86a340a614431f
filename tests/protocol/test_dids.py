"""did:web identifiers and DID documents."""

from __future__ import annotations

import pytest

from badgefed.errors import Invalid
from badgefed.model.addresses import Addresses
from badgefed.protocol import dids, jsonld, keys

DID = "did:web:badges.example:issuers:makers"


def make_multikey() -> str:
    return keys.multikey(keys.generate_ed25519().public_key())


@pytest.mark.parametrize(
    ("did", "url"),
    [
        ("did:web:badges.example", "https://badges.example/.well-known/did.json"),
        ("did:web:badges.example:issuers:makers", "https://badges.example/issuers/makers/did.json"),
        ("did:web:localhost%3A8000", "https://localhost:8000/.well-known/did.json"),
        ("did:web:127.0.0.1%3a8000:issuers:a_b", "https://127.0.0.1:8000/issuers/a_b/did.json"),
        ("did:web:badges.example:caf%C3%A9", "https://badges.example/caf%C3%A9/did.json"),
    ],
)
def test_did_web_resolves_to_its_document(did: str, url: str) -> None:
    assert dids.resolve_did_web(did) == url


@pytest.mark.parametrize(
    "base", ["https://badges.example", "https://badges.example:8443", "https://10.0.0.1"]
)
def test_our_dids_resolve_to_where_we_serve_them(base: str) -> None:
    addresses = Addresses(base=base)
    assert dids.resolve_did_web(addresses.did("makers")) == addresses.did_document("makers")


@pytest.mark.parametrize(
    "did",
    [
        "",
        "did:web:",
        "did:web",
        "did:key:z6Mk",
        "DID:web:badges.example",
        "xdid:web:badges.example",
        "https://badges.example/did.json",
        "did:web:badges.example:",
        "did:web:badges.example::a",
        "did:web:badges.example:..",
        "did:web:badges.example:%2e%2E",
        "did:web:badges.example:a%2Fb",
        "did:web:badges.example:a/b",
        "did:web:badges.example#key",
        "did:web:badges.example:a?x=1",
        "did:web:user%40badges.example",
        "did:web:user@badges.example",
        "did:web:badges.example%2Fx",
        "did:web:badges.example%3A",
        "did:web:badges.example%3A8000%3A1",
        "did:web:-badges.example",
        "did:web:badges..example",
        "did:web:bad ges.example",
        "did:web:badges.example\n",
        "did:web:badgeſ.example",
    ],
)
def test_other_identifiers_are_refused(did: str) -> None:
    with pytest.raises(Invalid):
        dids.resolve_did_web(did)


def test_did_document_lists_every_key() -> None:
    present, retired = make_multikey(), make_multikey()
    document = dids.did_document(
        DID, multikeys=[present, retired], also_known_as=["https://badges.example/actor/makers"]
    )
    assert document["@context"] == [jsonld.DID_V1, jsonld.MULTIKEY_V1]
    assert document["id"] == DID
    assert document["alsoKnownAs"] == ["https://badges.example/actor/makers"]
    assert document["assertionMethod"] == [f"{DID}#{present}", f"{DID}#{retired}"]
    assert document["verificationMethod"] == [
        {"id": f"{DID}#{key}", "type": "Multikey", "controller": DID, "publicKeyMultibase": key}
        for key in (present, retired)
    ]
    assert document["assertionMethod"][0] == dids.verification_method(DID, present)


@pytest.mark.parametrize("also_known_as", [(), ("https://badges.example/actor/makers",)])
def test_did_document_is_json_ld(also_known_as: tuple[str, ...]) -> None:
    document = dids.did_document(DID, multikeys=[make_multikey()], also_known_as=also_known_as)
    assert "publicKeyMultibase" in jsonld.canonicalize(document)
    assert ("alsoKnownAs" in document) is bool(also_known_as)


def test_rsa_keys_stand_beside_multikeys() -> None:
    jwk = {"kty": "RSA", "n": "sXch", "e": "AQAB"}
    multikey = make_multikey()
    document = dids.did_document(DID, multikeys=[multikey], jwks={"thumbprint": jwk})
    assert document["@context"] == [jsonld.DID_V1, jsonld.MULTIKEY_V1, dids.JWS_2020_V1]
    assert document["verificationMethod"][1] == {
        "id": f"{DID}#thumbprint",
        "type": "JsonWebKey2020",
        "controller": DID,
        "publicKeyJwk": jwk,
    }
    assert document["assertionMethod"] == [f"{DID}#{multikey}", f"{DID}#thumbprint"]
    assert '\\"AQAB\\"' in jsonld.canonicalize(document)
