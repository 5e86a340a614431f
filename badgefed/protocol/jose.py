"""JSON Web Signatures in compact form (RFC 7515): VC-JWTs of Open Badges 3.0 and signed badges of Open Badges 2.0.

The key of a signature that is to be verified is always the caller's to find and to trust. `kid` and `jwk` are only
read; `jku`, `x5u`, `x5c`, `x5t` and what else a header may have are ignored, for nothing here would follow them.
Signing a credential takes 0.7 ms, nearly all of it RSA; reading and verifying one 0.1 ms.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from badgefed.errors import CannotCheck, Invalid, TooLarge, Unprocessable
from badgefed.protocol import strict_json
from badgefed.protocol.jsonld import Document
from badgefed.protocol.jwt_claims import claims_of
from badgefed.protocol.keys import MAX_RSA_BITS

JwsKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

MAX_CHARACTERS = 1024 * 1024
MAX_HEADER = 16 * 1024
MAX_KEY_ID = 2048
MIN_RSA_BITS = 2048
"""RFC 7518 §3.3."""

ALGORITHMS = {"RS256": "RS256", "ES256": "ES256", "EdDSA": "Ed25519", "Ed25519": "Ed25519"}
"""What is verified, by its name in a header, with the name that joserfc has for it (RFC 9864)."""

_SEGMENT = re.compile(r"[A-Za-z0-9_-]*")
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_REFUSED_HEADERS = {
    "crit": "it names extensions that must be understood, and none is",
    "b64": "its payload would not be base64url (RFC 7797)",
    "zip": "compression belongs to encrypted tokens only",
}
_REGISTRY = jws.JWSRegistry(algorithms=frozenset(ALGORITHMS.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Jws:
    """A JWS that was read but not verified: nothing in it is known to be true. `jwk` is a public key, or None."""

    header: dict[str, Any]
    payload: dict[str, Any]
    alg: str
    kid: str | None
    jwk: dict[str, Any] | None
    signing_input: bytes
    signature: bytes


def sign_credential(credential: Document, *, private_key: RSAPrivateKey, kid: str) -> str:
    """The VC-JWT of an unsigned Open Badges 3.0 credential (OB 3.0 §8.2.4); `kid` is a DID URL or leads to one JWK.

    The same input gives the same text. Raises Unprocessable for a credential that has a proof or lacks what the claims
    repeat (id, issuer, validFrom).
    """
    if "proof" in credential:
        raise Unprocessable("a credential that is to become a JWT must have no embedded proof")
    header = {"alg": "RS256", "kid": kid, "typ": "JWT"}
    return _sign(header, {**credential, **claims_of(credential)}, private_key)


def sign_assertion(assertion: Document, *, private_key: RSAPrivateKey) -> str:
    """The signed badge of Open Badges 2.0: the Assertion itself under RS256, whose key `verification.creator` names.

    Raises Unprocessable for an Assertion that does not say that it is signed, and by which key.
    """
    verification = assertion.get("verification")
    named = verification if isinstance(verification, dict) else {}
    if named.get("type") not in ("SignedBadge", "signed") or not named.get("creator"):
        raise Unprocessable(
            "the verification of a signed Assertion must be SignedBadge with the key as creator"
        )
    return _sign({"alg": "RS256"}, assertion, private_key)


def _sign(header: dict[str, Any], payload: Document, private_key: RSAPrivateKey) -> str:
    if private_key.key_size < MIN_RSA_BITS:
        raise Unprocessable(f"an RSA key that signs must have at least {MIN_RSA_BITS} bits")
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return jws.serialize_compact(header, body, RSAKey.import_key(private_key), registry=_REGISTRY)


def looks_like_jws(text: str) -> bool:
    """Whether the text has the outer form of a compact JWS with a payload and a signature, surrounding blanks apart."""
    segments = text.strip().split(".")
    return len(segments) == 3 and all(segment and _SEGMENT.fullmatch(segment) for segment in segments)


def read_jws(text: str) -> Jws:
    """The parts of a compact JWS whose payload is a JSON object, unverified; surrounding blanks are ignored.

    Raises TooLarge, Invalid for what is malformed, Unprocessable for `none`, HMAC and header members that would change what is
    signed, CannotCheck for other algorithms.
    """
    stripped = text.strip()
    if len(stripped) > MAX_CHARACTERS:
        raise TooLarge(f"The signed text has more than {MAX_CHARACTERS} characters.")
    if not looks_like_jws(stripped):
        raise Invalid("A signed text must be three base64url parts with dots between them.")
    first, second, third = stripped.split(".")
    if len(first) > MAX_HEADER:
        raise TooLarge(f"The header of the signed text has more than {MAX_HEADER} characters.")
    header = strict_json.loads(_decode(first), all_unique=True)
    return Jws(
        header=header,
        alg=_read_algorithm(header),
        kid=_read_key_id(header),
        jwk=_read_key(header),
        payload=strict_json.loads(_decode(second), all_unique=True),
        signing_input=f"{first}.{second}".encode("ascii"),
        signature=_decode(third),
    )


def _decode(segment: str) -> bytes:
    """Strict base64url without padding: one text for one value."""
    if len(segment) % 4 != 1:
        data = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
        if base64.urlsafe_b64encode(data).rstrip(b"=") == segment.encode("ascii"):
            return data
    raise Invalid("A part of the signed text is not base64url without padding.")


def _read_algorithm(header: dict[str, Any]) -> str:
    alg = header.get("alg")
    if not isinstance(alg, str):
        raise Invalid("The header of the signed text names no algorithm.")
    if alg.lower() == "none":
        raise Unprocessable("The text says itself that it is not signed (alg none).")
    if alg.startswith("HS"):
        raise Unprocessable(f"{alg[:20]} is made with a shared secret and proves nothing to others.")
    for name, reason in _REFUSED_HEADERS.items():
        if name in header:
            raise Unprocessable(f"The header of the signed text has {name!r}: {reason}.")
    if alg not in ALGORITHMS:
        raise CannotCheck(
            f"Signatures with {alg[:20]!r} can't be checked here, only {', '.join(ALGORITHMS)}."
        )
    return alg


def _read_key_id(header: dict[str, Any]) -> str | None:
    kid = header.get("kid")
    if kid is not None and not (isinstance(kid, str) and 0 < len(kid) <= MAX_KEY_ID):
        raise Invalid(f"The kid of the signed text must be a text of at most {MAX_KEY_ID} characters.")
    return kid


def _read_key(header: dict[str, Any]) -> dict[str, Any] | None:
    jwk = header.get("jwk")
    if jwk is None:
        return None
    if not isinstance(jwk, dict):
        raise Invalid("The jwk of the signed text must be one JSON object.")
    if not _PRIVATE_MEMBERS.isdisjoint(jwk):
        raise Unprocessable(
            "The jwk of the signed text holds a private key: who published it can't prove anything with it."
        )
    return jwk


def verify_jws(signed: Jws, key: JwsKey) -> None:
    """Returns if the signature was made with the private counterpart of this key, else raises Unprocessable.

    The algorithm must be the one for the key: RS256 with RSA of 2048 bits or more, ES256 with P-256, EdDSA with Ed25519.
    """
    own = _key_for(signed.alg, key)
    algorithm = _REGISTRY.get_alg(ALGORITHMS[signed.alg])
    if not algorithm.verify(signed.signing_input, signed.signature, own):
        raise Unprocessable("The signature does not fit the text and the key.")


def _key_for(alg: str, key: JwsKey) -> RSAKey | ECKey | OKPKey:
    if alg == "RS256" and isinstance(key, RSAPublicKey):
        if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
            raise Unprocessable(
                f"An RSA key must have {MIN_RSA_BITS} to {MAX_RSA_BITS} bits, this one has {key.key_size}."
            )
        return RSAKey.import_key(key)
    if alg == "ES256" and isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return ECKey.import_key(key)
    if alg in ("EdDSA", "Ed25519") and isinstance(key, Ed25519PublicKey):
        return OKPKey.import_key(key)
    raise Unprocessable(f"The key is none with which {alg} signatures are made.")


def public_jwk(public_key: RSAPublicKey) -> dict[str, str]:
    """The key as JWK with its necessary members only (RFC 7518 §6.3.1)."""
    members = RSAKey.import_key(public_key).as_dict(private=False)
    return {name: str(members[name]) for name in ("kty", "n", "e")}


def thumbprint(public_key: RSAPublicKey) -> str:
    """The JWK thumbprint of the key with SHA-256 in base64url (RFC 7638)."""
    return RSAKey.import_key(public_key).thumbprint()
