"""eddsa-rdfc-2022 and fingerprints: published vectors, and that a signature covers everything."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from badgefed.errors import BadgefedError, Unprocessable
from badgefed.model.times import DAY, from_datetime
from badgefed.protocol import data_integrity, dids, jsonld, keys, openbadges3, proofs
from badgefed.protocol.verification_keys import from_multikey
from tests.protocol.badge_values import ADDRESSES, BADGE, BY_MAIL, GRANT, ISSUER, NOW, SALT

DATA = Path(__file__).parents[3] / "shared" / "data"

CITIZENSHIP = {
    "@context": {
        "@protected": True,
        "EmploymentAuthorizationDocumentCredential": {
            "@id": "https://w3id.org/citizenship#EmploymentAuthorizationDocumentCredential"
        },
        "EmploymentAuthorizationDocument": {
            "@id": "https://w3id.org/citizenship#EmploymentAuthorizationDocument",
            "@context": {
                "identifier": "https://schema.org/identifier",
                "lprCategory": "https://w3id.org/citizenship#lprCategory",
                "lprNumber": "https://w3id.org/citizenship#lprNumber",
            },
        },
        "Person": "https://schema.org/Person",
        "EmployablePerson": {
            "@id": "https://w3id.org/citizenship#EmployablePerson",
            "@context": {
                "additionalName": "https://schema.org/additionalName",
                "birthCountry": "https://w3id.org/citizenship#birthCountry",
                "birthDate": {
                    "@id": "https://schema.org/birthDate",
                    "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
                },
                "employmentAuthorizationDocument": {
                    "@id": "https://w3id.org/citizenship#employmentAuthorizationDocument",
                    "@type": "@id",
                },
                "familyName": "https://schema.org/familyName",
                "gender": "https://schema.org/gender",
                "givenName": "https://schema.org/givenName",
                "image": {"@id": "https://schema.org/image", "@type": "@id"},
                "residentSince": {
                    "@id": "https://w3id.org/citizenship#residentSince",
                    "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
                },
            },
        },
        "image": {"@id": "https://schema.org/image", "@type": "@id"},
    }
}
"""The terms of https://w3id.org/citizenship/v4rc1 that the W3C vector uses."""

EXAMPLES = {"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}

VECTORS = jsonld.Processor(
    {
        **jsonld.bundled_contexts(),
        "https://www.w3.org/ns/credentials/examples/v2": json.dumps(EXAMPLES),
        "https://w3id.org/citizenship/v4rc1": json.dumps(CITIZENSHIP),
    }
)

W3C_KEY = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"
W3C_DOCUMENT = {
    "@context": [jsonld.CREDENTIALS_V2, "https://www.w3.org/ns/credentials/examples/v2"],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
}
W3C_HASHES = (
    "bea7b7acfbad0126b135104024a5f1733e705108f42d59668b05c0c50004c6b0",
    "517744132ae165a5349155bef0bb0cf2258fff99dfe1dbd914b938d775a36017",
)
W3C_PROOF = {
    "type": "DataIntegrityProof",
    "cryptosuite": "eddsa-rdfc-2022",
    "created": "2023-02-24T23:36:38Z",
    "verificationMethod": "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2#z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
    "proofPurpose": "assertionMethod",
    "proofValue": "z2YwC8z3ap7yx1nZYCg4L3j3ApHsF8kgPdSb5xoS1VR7vPG3F561B52hYnQF9iseabecm3ijx4K1FBTQsCZahKZme",
}

HALVES = (slice(0, 32), slice(32, 64))

PRIVATE_KEY = keys.generate_ed25519()
PUBLIC_KEY = PRIVATE_KEY.public_key()


def load_w3c_key() -> Ed25519PrivateKey:
    """The test key of VC-DI-EDDSA, a Multikey of ed25519-priv."""
    return Ed25519PrivateKey.from_private_bytes(keys.multibase_decode(W3C_KEY)[2:])


def read_vector(*path: str) -> str:
    file = DATA.joinpath(*path)
    if not file.is_file():
        pytest.skip("the published vectors are not here")
    return file.read_text("utf-8")


def make_signed(**changes: Any) -> dict[str, Any]:
    did = ADDRESSES.did(ISSUER.username)
    return proofs.sign(
        openbadges3.credential(
            replace(GRANT, expires_at=NOW + DAY, **changes),
            BADGE,
            ISSUER,
            organization_slug="society",
            addresses=ADDRESSES,
            salt=SALT,
        ),
        private_key=PRIVATE_KEY,
        verification_method=dids.verification_method(did, keys.multikey(PUBLIC_KEY)),
        created=NOW,
    )


def parse_instant(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text))


def sign_vector(document: dict[str, Any], proof: dict[str, Any]) -> dict[str, Any]:
    return proofs.sign(
        document,
        private_key=load_w3c_key(),
        verification_method=proof["verificationMethod"],
        created=parse_instant(proof["created"]),
        canonicalize=VECTORS.canonicalize,
    )


def verify(document: dict[str, Any], public_key: Any) -> None:
    data_integrity.verify(document, key=from_multikey(keys.multikey(public_key)), now=NOW + 100 * DAY)


def test_w3c_vector() -> None:
    options = {name: value for name, value in W3C_PROOF.items() if name != "proofValue"}
    assert proofs.hash_data(W3C_DOCUMENT, options, canonicalize=VECTORS.canonicalize).hex() == "".join(
        W3C_HASHES
    )
    signed = sign_vector(W3C_DOCUMENT, W3C_PROOF)
    assert signed == {**W3C_DOCUMENT, "proof": [W3C_PROOF]}


@pytest.mark.parametrize("folder", [(), ("employ",)], ids=["alumni", "employ"])
def test_published_w3c_vectors(folder: tuple[str, ...]) -> None:
    def read(name: str) -> str:
        return read_vector("w3c", "eddsa-rdfc-2022", *folder, name)

    signed = json.loads(read("signedDataInt.json"))
    document, proof = proofs.take_proof(signed)
    options = json.loads(read("proofConfigDataInt.json"))
    assert VECTORS.canonicalize(document) == read("canonDocDataInt.txt")
    assert VECTORS.canonicalize(options) == read("proofCanonDataInt.txt")
    del options["@context"]
    hashed = proofs.hash_data(document, options, canonicalize=VECTORS.canonicalize).hex()
    assert hashed == read("combinedHashDataInt.txt").strip()
    assert hashed == read("proofHashDataInt.txt").strip() + read("docHashDataInt.txt").strip()
    made = sign_vector(document, proof)["proof"][0]
    assert made == proof
    assert made["proofValue"] == read("sigBTC58DataInt.txt").strip()
    assert keys.multibase_decode(made["proofValue"]).hex() == read("sigHexDataInt.txt").strip()


def test_vector_of_the_open_badges_implementation_guide() -> None:
    signed = json.loads(read_vector("ob3", "1edtech-impl-guide-signed.json"))
    document, proof = proofs.take_proof(signed)
    value = proof.pop("proofValue")
    proof_hash, document_hash = (proofs.hash_data(document, proof)[part].hex() for part in HALVES)
    assert (document_hash[:8], document_hash[-4:]) == ("87f65a76", "0773")
    assert (proof_hash[:8], proof_hash[-4:]) == ("d34009ce", "5d19")
    assert value.startswith("z5x9aCBY")
    public_key = keys.load_multikey(proof["verificationMethod"].partition("#")[2])
    assert isinstance(public_key, Ed25519PublicKey)
    verify(signed, public_key)
    with pytest.raises(Unprocessable, match="was changed, or another key"):
        verify({**signed, "name": "Teamwork badge"}, public_key)


@pytest.mark.parametrize("name", ["web-valid-proofarray.json", "web-valid.json", "web-expired.json"])
def test_credentials_signed_elsewhere_verify(name: str) -> None:
    signed = json.loads(read_vector("ob3", name))
    _, proof = proofs.take_proof(signed)
    public_key = keys.load_multikey(proof["verificationMethod"].partition("#")[2])
    assert isinstance(public_key, Ed25519PublicKey)
    verify(signed, public_key)


@pytest.mark.parametrize("name", ["web-tampered.json", "web-unsigned-extra-term.json"])
def test_tampered_credentials_do_not(name: str) -> None:
    signed = json.loads(read_vector("ob3", name))
    _, proof = proofs.take_proof(signed)
    public_key = keys.load_multikey(proof["verificationMethod"].partition("#")[2])
    assert isinstance(public_key, Ed25519PublicKey)
    with pytest.raises(Unprocessable):
        verify(signed, public_key)


def test_proof_is_an_array_of_one() -> None:
    signed = make_signed()
    multikey = keys.multikey(PUBLIC_KEY)
    [proof] = signed["proof"]
    assert keys.multibase_decode(proof.pop("proofValue"))
    assert proof == {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2026-02-25T06:13:20Z",
        "verificationMethod": f"did:web:badges.example:issuers:makers#{multikey}",
        "proofPurpose": "assertionMethod",
    }


@pytest.mark.parametrize("changes", [{}, BY_MAIL, {"evidence": "She did it."}])
def test_round_trip_through_json(changes: dict[str, Any]) -> None:
    signed = make_signed(**changes)
    received = json.loads(json.dumps(signed, indent=2, sort_keys=True))
    verify(received, PUBLIC_KEY)
    assert proofs.fingerprint(received) == proofs.fingerprint(signed)


def test_other_key_does_not_verify() -> None:
    with pytest.raises(Unprocessable, match="was changed, or another key"):
        verify(make_signed(), keys.generate_ed25519().public_key())


Place = tuple[str | int, ...]


def places_of(value: object, place: Place = ()) -> Iterator[Place]:
    """Every place below the top of a document, as the keys and indexes that lead there."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, member in items:
        yield (*place, key)
        yield from places_of(member, (*place, key))


def container_of(document: dict[str, Any], place: Place) -> Any:
    found: Any = document
    for key in place[:-1]:
        found = found[key]
    return found


def change(value: object) -> object:
    if isinstance(value, bool):
        return not value
    assert isinstance(value, str)
    return value[:-1] + ("b" if value.endswith("a") else "a")


def test_every_value_is_covered() -> None:
    signed = make_signed(**BY_MAIL, evidence="She did it.")
    changed = 0
    for place in places_of(signed):
        forged = copy.deepcopy(signed)
        container = container_of(forged, place)
        if isinstance(container[place[-1]], str | bool):
            container[place[-1]] = change(container[place[-1]])
            with pytest.raises(BadgefedError):
                verify(forged, PUBLIC_KEY)
            changed += 1
    assert changed > 40


def test_nothing_can_be_taken_away() -> None:
    signed = make_signed()
    for place in places_of(signed):
        forged = copy.deepcopy(signed)
        del container_of(forged, place)[place[-1]]
        with pytest.raises(BadgefedError):
            verify(forged, PUBLIC_KEY)


@pytest.mark.parametrize("value", ["unsigned", None, [], {}, "@id", ["https://a.example/"]])
def test_nothing_can_be_added(value: object) -> None:
    signed = make_signed()
    objects: list[Place] = [(), *places_of(signed)]
    for place in objects:
        forged = copy.deepcopy(signed)
        found = forged if not place else container_of(forged, place)[place[-1]]
        if isinstance(found, dict):
            found["extra"] = value
            with pytest.raises(BadgefedError):
                verify(forged, PUBLIC_KEY)


@pytest.mark.parametrize(
    "members",
    [
        {"proof": []},
        {"proof": None},
        {"proof": "z123"},
        {"proof": [1]},
        {"proof": [{}, {}]},
    ],
)
def test_exactly_one_proof(members: dict[str, Any]) -> None:
    with pytest.raises(Unprocessable, match="exactly one proof"):
        verify({**make_signed(), **members}, PUBLIC_KEY)


def test_what_cannot_be_covered_is_not_signed() -> None:
    document, _ = proofs.take_proof(make_signed())
    cases: list[dict[str, Any]] = [{"extra": 1}, {"name": "a\x08"}, {"proof": [{}]}, {"@context": None}]
    for members in cases:
        with pytest.raises(Unprocessable):
            proofs.sign(
                {**document, **members}, private_key=PRIVATE_KEY, verification_method="a:b", created=NOW
            )


def test_fingerprint_is_the_hash_of_the_jcs_form() -> None:
    document = {"b": [1, "é\u2028"], "a": {"z": False, "y": 'q"'}}
    canonical = '{"a":{"y":"q\\"","z":false},"b":[1,"é\u2028"]}'
    assert proofs.fingerprint(document) == hashlib.sha256(canonical.encode()).hexdigest()


def test_fingerprint_covers_the_proof() -> None:
    signed = make_signed()
    document, _ = proofs.take_proof(signed)
    assert proofs.fingerprint(signed) != proofs.fingerprint(document)


@pytest.mark.parametrize("value", [float("nan"), 2**60, "\ud800"])
def test_document_without_jcs_form(value: object) -> None:
    with pytest.raises(Unprocessable):
        proofs.fingerprint({"a": value})
