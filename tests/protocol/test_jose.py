"""Compact JWS: what is signed, what is read, and that nothing else verifies."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from badgefed.errors import BadgefedError, CannotCheck, Invalid, TooLarge, Unprocessable
from badgefed.protocol import jose, keys, openbadges2, openbadges3
from badgefed.protocol.jose import JwsKey
from badgefed.protocol.jwt_claims import credential_of
from tests.protocol.badge_values import ADDRESSES, BADGE, GRANT, ISSUER, SALT
from tests.protocol.samples import read_sample

KID = "did:web:badges.example:issuers:makers#key"

RSA = keys.generate_rsa()
OTHER_RSA = keys.generate_rsa()
P256 = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
ED25519 = Ed25519PrivateKey.generate()

CREDENTIAL = openbadges3.credential(
    GRANT, BADGE, ISSUER, organization_slug="society", addresses=ADDRESSES, salt=SALT
)


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def signing_input(header: dict[str, Any], payload: object) -> str:
    return ".".join(encode(json.dumps(part).encode()) for part in (header, payload))


def sign(header: dict[str, Any], payload: object = CREDENTIAL) -> str:
    """A JWS made without the code under test."""
    text = signing_input(header, payload)
    if header["alg"] == "ES256":
        first, second = decode_dss_signature(P256.sign(text.encode(), ec.ECDSA(SHA256())))
        signature = first.to_bytes(32, "big") + second.to_bytes(32, "big")
    elif header["alg"] == "RS256":
        signature = RSA.sign(text.encode(), padding.PKCS1v15(), SHA256())
    else:
        signature = ED25519.sign(text.encode())
    return f"{text}.{encode(signature)}"


def rsa_key(modulus: str) -> rsa.RSAPublicKey:
    return rsa.RSAPublicNumbers(65537, int.from_bytes(decode(modulus), "big")).public_key()


def test_signed_credential() -> None:
    token = jose.sign_credential(CREDENTIAL, private_key=RSA, kid=KID)
    header, payload, signature = token.split(".")
    assert json.loads(decode(header)) == {"alg": "RS256", "kid": KID, "typ": "JWT"}
    assert json.loads(decode(payload)) == {
        **CREDENTIAL,
        "iss": "did:web:badges.example:issuers:makers",
        "jti": CREDENTIAL["id"],
        "nbf": GRANT.issued_at // 1_000_000,
        "sub": CREDENTIAL["credentialSubject"]["id"],
    }
    RSA.public_key().verify(decode(signature), f"{header}.{payload}".encode(), padding.PKCS1v15(), SHA256())


def test_signed_credential_that_expires_and_names_an_email() -> None:
    expires = GRANT.issued_at + 86_400_000_000
    by_mail = replace(GRANT, profile=None, actor_id=None, email="jane@school.example", expires_at=expires)
    credential = openbadges3.credential(
        by_mail, BADGE, ISSUER, organization_slug="society", addresses=ADDRESSES, salt=SALT
    )
    signed = jose.read_jws(jose.sign_credential(credential, private_key=RSA, kid=KID))
    assert signed.payload["exp"] == expires // 1_000_000
    assert "sub" not in signed.payload
    assert credential_of(signed.payload) == credential


def test_signing_is_deterministic_and_reads_back() -> None:
    tokens = {jose.sign_credential(CREDENTIAL, private_key=RSA, kid=KID) for _ in range(3)}
    assert len(tokens) == 1
    signed = jose.read_jws(f" {tokens.pop()}\n")
    jose.verify_jws(signed, RSA.public_key())
    assert (signed.alg, signed.kid, signed.jwk) == ("RS256", KID, None)
    assert credential_of(signed.payload) == CREDENTIAL


@pytest.mark.parametrize(
    "change",
    [
        {"proof": []},
        {"id": None},
        {"issuer": {"name": "nobody"}},
        {"validFrom": None},
        {"jti": "https://badges.example/other"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_credentials_that_become_no_jwt(change: dict[str, Any]) -> None:
    changed = {name: value for name, value in {**CREDENTIAL, **change}.items() if value is not None}
    with pytest.raises(Unprocessable):
        jose.sign_credential(changed, private_key=RSA, kid=KID)


def test_signed_assertion() -> None:
    hosted = openbadges2.assertion(GRANT, BADGE, ADDRESSES, salt=SALT)
    signed_badge = {
        **hosted,
        "verification": {"type": "SignedBadge", "creator": "https://badges.example/key"},
    }
    header, payload, signature = jose.sign_assertion(signed_badge, private_key=RSA).split(".")
    assert json.loads(decode(header)) == {"alg": "RS256"}
    assert json.loads(decode(payload)) == signed_badge
    RSA.public_key().verify(decode(signature), f"{header}.{payload}".encode(), padding.PKCS1v15(), SHA256())
    with pytest.raises(Unprocessable, match="SignedBadge"):
        jose.sign_assertion(hosted, private_key=RSA)


def test_weak_keys_sign_nothing() -> None:
    weak = rsa.generate_private_key(65537, 1024)
    with pytest.raises(Unprocessable, match="2048"):
        jose.sign_credential(CREDENTIAL, private_key=weak, kid=KID)


@pytest.mark.parametrize("name", ["ob3/vcjwt-jwk.jwt", "ob3/vcjwt-kid.jwt"])
def test_published_credentials(name: str) -> None:
    signed = jose.read_jws(read_sample(name).decode())
    key = json.loads(read_sample("ob3/vcjwt-key-public.jwk.json"))
    jose.verify_jws(signed, rsa_key(key["n"]))
    assert key["kid"] in (signed.kid, (signed.jwk or {}).get("kid"))
    credential = credential_of(signed.payload)
    assert credential["name"] == "3-D Printmaster"
    assert "iss" not in credential


def test_published_assertions() -> None:
    documents = json.loads(read_sample("ob2/signed-docs.json"))
    made_here = jose.read_jws(read_sample("ob2/signed.jws").decode())
    key = keys.load_public_pem(documents["/key/1"]["publicKeyPem"])
    assert isinstance(key, rsa.RSAPublicKey)
    jose.verify_jws(made_here, key)
    assert made_here.payload["verification"]["type"] == "SignedBadge"

    pem = json.loads(read_sample("1edtech/ob20/assets/key1.json"))["publicKeyPem"]
    other = keys.load_public_pem(pem)
    assert isinstance(other, rsa.RSAPublicKey)
    jose.verify_jws(jose.read_jws(read_sample("1edtech/ob20/simple.jwt").decode()), other)
    with pytest.raises(Unprocessable):
        jose.verify_jws(made_here, other)


def test_rfc_7515_es256() -> None:
    """Appendix A.3."""
    token = (
        "eyJhbGciOiJFUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    )
    key = ec.EllipticCurvePublicNumbers(
        int.from_bytes(decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"), "big"),
        int.from_bytes(decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"), "big"),
        ec.SECP256R1(),
    ).public_key()
    signed = jose.read_jws(token)
    jose.verify_jws(signed, key)
    assert signed.payload["iss"] == "joe"


FITTING: dict[str, JwsKey] = {
    "RS256": RSA.public_key(),
    "ES256": P256.public_key(),
    "EdDSA": ED25519.public_key(),
    "Ed25519": ED25519.public_key(),
}


@pytest.mark.parametrize("alg", FITTING)
def test_each_algorithm_takes_its_own_keys_only(alg: str) -> None:
    signed = jose.read_jws(sign({"alg": alg}))
    jose.verify_jws(signed, FITTING[alg])
    others: list[Any] = [
        key for key in FITTING.values() if key is not FITTING[alg] and type(key) is not type(FITTING[alg])
    ]
    others += [P384.public_key(), ed448.Ed448PrivateKey.generate().public_key()]
    for key in others:
        with pytest.raises(Unprocessable, match="none with which"):
            jose.verify_jws(signed, key)


def test_another_key_of_the_same_kind() -> None:
    signed = jose.read_jws(sign({"alg": "RS256"}))
    with pytest.raises(Unprocessable, match="does not fit"):
        jose.verify_jws(signed, OTHER_RSA.public_key())


def test_a_weak_rsa_key_verifies_nothing() -> None:
    weak = rsa.generate_private_key(65537, 1024)
    text = signing_input({"alg": "RS256"}, {})
    token = f"{text}.{encode(weak.sign(text.encode(), padding.PKCS1v15(), SHA256()))}"
    with pytest.raises(Unprocessable, match="2048"):
        jose.verify_jws(jose.read_jws(token), weak.public_key())


def test_every_changed_character_is_noticed() -> None:
    token = sign({"alg": "EdDSA", "kid": KID}, {"id": "urn:x", "name": "Printmaster"})
    jose.verify_jws(jose.read_jws(token), ED25519.public_key())
    for position, character in enumerate(token):
        for changed in {"A", "_", "."} - {character}:
            forged = token[:position] + changed + token[position + 1 :]
            with pytest.raises(BadgefedError):
                jose.verify_jws(jose.read_jws(forged), ED25519.public_key())


def test_parts_of_two_tokens_do_not_fit() -> None:
    one = sign({"alg": "EdDSA"}, {"id": "urn:one"}).split(".")
    two = sign({"alg": "EdDSA", "kid": KID}, {"id": "urn:two"}).split(".")
    for part in range(3):
        mixed = [*one[:part], two[part], *one[part + 1 :]]
        with pytest.raises(Unprocessable):
            jose.verify_jws(jose.read_jws(".".join(mixed)), ED25519.public_key())


def test_a_public_key_is_no_shared_secret() -> None:
    text = signing_input({"alg": "HS256"}, CREDENTIAL)
    secret = keys.public_pem(RSA.public_key()).encode()
    forged = f"{text}.{encode(hmac.digest(secret, text.encode(), hashlib.sha256))}"
    with pytest.raises(Unprocessable, match="shared secret"):
        jose.read_jws(forged)


PRIVATE_JWK = {"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "AA"}

REFUSED_HEADERS: dict[str, tuple[dict[str, Any], type[BadgefedError], str]] = {
    "none": ({"alg": "none"}, Unprocessable, "not signed"),
    "none in capitals": ({"alg": "NONE"}, Unprocessable, "not signed"),
    "no algorithm": ({"typ": "JWT"}, Invalid, "no algorithm"),
    "algorithm is a number": ({"alg": 256}, Invalid, "no algorithm"),
    "unknown algorithm": ({"alg": "ES256K"}, CannotCheck, "ES256K"),
    "algorithm of joserfc that is not offered": ({"alg": "PS256"}, CannotCheck, "PS256"),
    "critical extension": ({"alg": "EdDSA", "crit": ["exp"], "exp": 1}, Unprocessable, "crit"),
    "empty list of critical extensions": ({"alg": "EdDSA", "crit": []}, Unprocessable, "crit"),
    "unencoded payload": ({"alg": "EdDSA", "b64": False}, Unprocessable, "b64"),
    "compressed": ({"alg": "EdDSA", "zip": "DEF"}, Unprocessable, "zip"),
    "private key": ({"alg": "EdDSA", "jwk": PRIVATE_JWK}, Unprocessable, "private"),
    "shared secret": ({"alg": "EdDSA", "jwk": {"kty": "oct", "k": "AA"}}, Unprocessable, "private"),
    "list of keys": ({"alg": "EdDSA", "jwk": []}, Invalid, "jwk"),
    "kid is a number": ({"alg": "EdDSA", "kid": 7}, Invalid, "kid"),
    "kid is empty": ({"alg": "EdDSA", "kid": ""}, Invalid, "kid"),
    "kid is long": ({"alg": "EdDSA", "kid": "k" * 3_000}, Invalid, "kid"),
}


@pytest.mark.parametrize("name", REFUSED_HEADERS)
def test_refused_headers(name: str) -> None:
    header, error, reason = REFUSED_HEADERS[name]
    text = signing_input(header, CREDENTIAL)
    with pytest.raises(error, match=reason) as raised:
        jose.read_jws(f"{text}.{encode(ED25519.sign(text.encode()))}")
    assert type(raised.value) is error


def test_headers_that_lead_elsewhere_are_ignored() -> None:
    header = {
        "alg": "EdDSA",
        "jku": "http://169.254.169.254/keys",
        "x5u": "file:///etc/passwd",
        "x5c": ["AA"],
        "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        "anything": {"else": 1},
    }
    signed = jose.read_jws(sign(header))
    jose.verify_jws(signed, ED25519.public_key())
    assert signed.jwk == header["jwk"]


def token_of(header: bytes = b'{"alg":"EdDSA"}', payload: bytes = b"{}", signature: bytes = b"s" * 64) -> str:
    return ".".join(map(encode, (header, payload, signature)))


MALFORMED = {
    "empty": "",
    "words": "not a token",
    "two parts": "e30.e30",
    "four parts": token_of() + ".e30",
    "detached payload": "eyJhbGciOiJFZERTQSJ9..AAAA",
    "no signature": "eyJhbGciOiJFZERTQSJ9.e30.",
    "padding": token_of() + "==",
    "standard base64": token_of().replace("eyJ", "e+/"),
    "blank inside": token_of().replace(".", ". "),
    "bits beyond the last byte": token_of(signature=b"s" * 64)[:-1] + "x",
    "header is no JSON": token_of(header=b"alg"),
    "header is an array": token_of(header=b"[]"),
    "header is not UTF-8": token_of(header=b'{"alg":"\xff"}'),
    "two algorithms": token_of(header=b'{"alg":"none","alg":"EdDSA"}'),
    "payload is a text": token_of(payload=b'"x"'),
    "payload is deep": token_of(payload=b'{"a":' * 100 + b"1" + b"}" * 100),
    "two expiry times": token_of(payload=b'{"exp":1,"exp":9999999999}'),
    "two names further in": token_of(payload=b'{"a":{"name":1,"n\\u0061me":2}}'),
    "not a number": token_of(payload=b'{"nbf":NaN}'),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(name: str) -> None:
    with pytest.raises(Invalid):
        jose.read_jws(MALFORMED[name])


def test_too_large() -> None:
    with pytest.raises(TooLarge):
        jose.read_jws(token_of(payload=b'{"a":"' + b"a" * jose.MAX_CHARACTERS + b'"}'))
    with pytest.raises(TooLarge, match="header"):
        jose.read_jws(token_of(header=b'{"alg":"EdDSA","a":"' + b"a" * jose.MAX_HEADER + b'"}'))


@given(
    st.text(max_size=60)
    | st.lists(st.binary(max_size=40), min_size=3, max_size=3).map(lambda parts: ".".join(map(encode, parts)))
)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        jose.read_jws(text)
    except BadgefedError:
        return


def test_rfc_7638_thumbprint() -> None:
    """Section 3.1."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64t"
        "Z_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO"
        "pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    key = rsa_key(modulus)
    assert jose.public_jwk(key) == {"kty": "RSA", "n": modulus, "e": "AQAB"}
    assert jose.thumbprint(key) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
