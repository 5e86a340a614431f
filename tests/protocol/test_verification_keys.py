"""Foreign public keys in all their forms, and what is refused before or after it is parsed."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from badgefed.errors import CannotCheck, Unprocessable
from badgefed.protocol import keys, verification_keys
from badgefed.protocol.verification_keys import KeyKind, VerificationKey

ED25519 = keys.generate_ed25519()
P256 = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
P521 = ec.generate_private_key(ec.SECP521R1())
RSA = keys.generate_rsa()
PREFIXES = {"P-256": b"\x80\x24", "P-384": b"\x81\x24"}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, width: int | None = None) -> str:
    return base64url(value.to_bytes(width or (value.bit_length() + 7) // 8, "big"))


def ec_multikey(key: ec.EllipticCurvePrivateKey, curve: str, form: PublicFormat) -> str:
    point = key.public_key().public_bytes(Encoding.X962, form)
    return keys.multibase_encode(PREFIXES[curve] + point)


def ec_jwk(key: ec.EllipticCurvePrivateKey, curve: str) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    width = (key.key_size + 7) // 8
    return {"kty": "EC", "crv": curve, "x": number(numbers.x, width), "y": number(numbers.y, width)}


def rsa_jwk(key: rsa.RSAPrivateKey) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}


OKP_JWK = {"kty": "OKP", "crv": "Ed25519", "x": base64url(ED25519.public_key().public_bytes_raw())}
P256_JWK = ec_jwk(P256, "P-256")
RSA_JWK = rsa_jwk(RSA)
ED25519_MULTIKEY = keys.multikey(ED25519.public_key())


def is_key(found: VerificationKey, kind: KeyKind, private_key: Any) -> bool:
    return found.kind is kind and bool(found.public_key == private_key.public_key())


def test_multikeys() -> None:
    read = verification_keys.from_multikey
    assert is_key(read(ED25519_MULTIKEY), KeyKind.ED25519, ED25519)
    assert is_key(read(keys.multikey(RSA.public_key())), KeyKind.RSA, RSA)
    for form in (PublicFormat.CompressedPoint, PublicFormat.UncompressedPoint):
        assert is_key(read(ec_multikey(P256, "P-256", form)), KeyKind.P256, P256)
        assert is_key(read(ec_multikey(P384, "P-384", form)), KeyKind.P384, P384)


def test_published_did_keys() -> None:
    """The examples of the did:key method."""
    for text, kind in (
        ("z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", KeyKind.ED25519),
        ("zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169", KeyKind.P256),
        ("z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9", KeyKind.P384),
    ):
        assert verification_keys.from_multikey(text).kind is kind


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "must be a text"),
        ("", "base58btc"),
        ("z", "can't be read"),
        ("u7QFf", "base58btc"),
        ("z0", "base58btc"),
        ("z" + "1" * 5_000, "at most 2048"),
        (keys.multibase_encode(b"\xed\x01" + b"\x01" * 31), "cannot be read"),
        (keys.multibase_encode(b"\x80\x24" + b"\x02" + b"\xff" * 32), "not a point"),
        (keys.multibase_encode(b"\x80\x24"), "not a point"),
        (ec_multikey(P384, "P-256", PublicFormat.CompressedPoint), "not a point"),
        (keys.multibase_encode(b"\x99\x99" + b"\x01" * 32), "can't be read"),
    ],
)
def test_bad_multikeys(text: object, reason: str) -> None:
    with pytest.raises(Unprocessable, match=reason):
        verification_keys.from_multikey(text)


@pytest.mark.parametrize(
    ("prefix", "name"),
    [(b"\xe7\x01", "secp256k1"), (b"\xec\x01", "X25519"), (b"\xeb\x01", "BLS12"), (b"\x82\x24", "P-521")],
)
def test_unknown_multikeys_are_no_verdict(prefix: bytes, name: str) -> None:
    with pytest.raises(CannotCheck, match=name):
        verification_keys.from_multikey(keys.multibase_encode(prefix + b"\x02" + b"\x01" * 32))


def test_jwks() -> None:
    read = verification_keys.from_jwk
    assert is_key(read(OKP_JWK), KeyKind.ED25519, ED25519)
    assert is_key(read({**P256_JWK, "use": "sig", "kid": "1", "alg": "ES256"}), KeyKind.P256, P256)
    assert is_key(read(ec_jwk(P384, "P-384")), KeyKind.P384, P384)
    assert is_key(read(RSA_JWK), KeyKind.RSA, RSA)


@pytest.mark.parametrize(
    ("jwk", "reason"),
    [
        (None, "must be an object"),
        ("{}", "must be an object"),
        ({**OKP_JWK, "d": "AAAA"}, "private member 'd'"),
        ({**RSA_JWK, "p": None}, "private member 'p'"),
        ({**OKP_JWK, "k": "AAAA"}, "private member 'k'"),
        ({**OKP_JWK, "use": "enc"}, "not for signatures"),
        ({**OKP_JWK, "x": None}, "'x' must be base64url"),
        ({**OKP_JWK, "x": "a" * 2_000}, "'x' must be base64url"),
        ({**OKP_JWK, "x": "a+/="}, "'x' must be base64url"),
        ({**OKP_JWK, "x": "aaaaa"}, "not base64url"),
        ({**OKP_JWK, "x": "AAAA"}, "must have 32 bytes"),
        ({**P256_JWK, "y": "AAAA"}, "must have 32 bytes each"),
        ({**P256_JWK, "y": base64url(b"\x01" * 32)}, "not a point"),
        ({**ec_jwk(P384, "P-384"), "crv": "P-256"}, "must have 32 bytes each"),
        ({**RSA_JWK, "n": number(RSA.public_key().public_numbers().n >> 1500)}, "2048 to 8192 bits"),
        ({**RSA_JWK, "n": number(RSA.public_key().public_numbers().n - 1)}, "must be odd"),
        ({**RSA_JWK, "e": "AQ"}, "must be odd"),
        ({**RSA_JWK, "e": "BA"}, "must be odd"),
        ({**RSA_JWK, "e": "_" * 20}, "must be odd"),
    ],
)
def test_bad_jwks(jwk: object, reason: str) -> None:
    with pytest.raises(Unprocessable, match=reason) as caught:
        verification_keys.from_jwk(jwk)
    assert type(caught.value) is Unprocessable


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "oct"},
        {"kty": ["EC"], "crv": "P-256"},
        {"kty": "EC", "crv": ["P-256"]},
        {"kty": "OKP", "crv": "Ed448", "x": "AAAA"},
        ec_jwk(P521, "P-521"),
        {**P256_JWK, "crv": "secp256k1"},
    ],
)
def test_unknown_jwks_are_no_verdict(jwk: dict[str, Any]) -> None:
    with pytest.raises(CannotCheck, match="can't be used here"):
        verification_keys.from_jwk(jwk)


def test_pem_and_base58() -> None:
    assert is_key(verification_keys.from_pem(keys.public_pem(RSA.public_key())), KeyKind.RSA, RSA)
    assert is_key(verification_keys.from_pem(keys.public_pem(ED25519.public_key())), KeyKind.ED25519, ED25519)
    raw = keys.multibase_encode(ED25519.public_key().public_bytes_raw())[1:]
    assert is_key(verification_keys.from_base58(raw), KeyKind.ED25519, ED25519)


def test_weak_rsa_keys_are_refused() -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    for read, value in (
        (verification_keys.from_pem, keys.public_pem(weak.public_key())),
        (verification_keys.from_multikey, keys.multikey(weak.public_key())),
        (verification_keys.from_jwk, rsa_jwk(weak)),
    ):
        with pytest.raises(Unprocessable, match="2048 to 8192 bits, not 1024"):
            read(value)


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ({}, "must carry one key"),
        ({"publicKeyMultibase": ED25519_MULTIKEY, "publicKeyJwk": OKP_JWK}, "must carry one key"),
        ({"publicKeyPem": None}, "must be a text"),
        (
            {"publicKeyPem": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"},
            "PEM cannot be read",
        ),
        ({"publicKeyPem": "x" * 9_000}, "at most 8192"),
        ({"publicKeyBase58": 1, "type": "Ed25519VerificationKey2018"}, "must be a text"),
        ({"publicKeyBase58": "1" * 100, "type": "Ed25519VerificationKey2018"}, "can't be read"),
        ({"publicKeyBase58": "1111", "type": "Ed25519VerificationKey2018"}, "must have 32 bytes"),
        ({"publicKeyBase58": "1" * 32, "type": "X25519KeyAgreementKey2019"}, "can't be used here"),
        ({"publicKeyBase58": "1" * 32}, "can't be used here"),
    ],
)
def test_bad_methods(method: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unprocessable, match=reason):
        verification_keys.from_method(method)


def test_methods() -> None:
    raw = keys.multibase_encode(ED25519.public_key().public_bytes_raw())[1:]
    for method in (
        {"type": "Multikey", "publicKeyMultibase": ED25519_MULTIKEY},
        {"type": "Ed25519VerificationKey2020", "publicKeyMultibase": ED25519_MULTIKEY},
        {"type": "JsonWebKey2020", "publicKeyJwk": OKP_JWK},
        {"type": "Ed25519VerificationKey2018", "publicKeyBase58": raw},
    ):
        assert is_key(verification_keys.from_method(method), KeyKind.ED25519, ED25519)


def p1363(key: ec.EllipticCurvePrivateKey, data: bytes, digest: hashes.HashAlgorithm) -> bytes:
    width = (key.key_size + 7) // 8
    parts = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
    return b"".join(part.to_bytes(width, "big") for part in parts)


def test_signatures() -> None:
    cases: list[tuple[Any, KeyKind, bytes]] = [
        (ED25519, KeyKind.ED25519, ED25519.sign(b"data")),
        (P256, KeyKind.P256, p1363(P256, b"data", hashes.SHA256())),
        (P384, KeyKind.P384, p1363(P384, b"data", hashes.SHA384())),
    ]
    for private_key, kind, signature in cases:
        key = VerificationKey(kind=kind, public_key=private_key.public_key())
        assert verification_keys.fits(key, signature, b"data")
        for other in (b"", signature[:-1], signature + b"\0", signature[1:] + b"\0", b"\0" * len(signature)):
            assert not verification_keys.fits(key, other, b"data")
        assert not verification_keys.fits(key, signature, b"other")


def test_ecdsa_takes_the_curves_own_hash_and_no_der() -> None:
    key = VerificationKey(kind=KeyKind.P384, public_key=P384.public_key())
    assert not verification_keys.fits(key, p1363(P384, b"data", hashes.SHA256()), b"data")
    assert not verification_keys.fits(key, P384.sign(b"data", ec.ECDSA(hashes.SHA384())), b"data")


def test_rsa_makes_no_such_signature() -> None:
    key = VerificationKey(kind=KeyKind.RSA, public_key=RSA.public_key())
    with pytest.raises(Unprocessable, match="RSA"):
        verification_keys.fits(key, b"x", b"data")
