"""Public keys of issuers, in every form in which verification methods carry them.

Multikey (Controlled Identifiers 1.0 §2.2.2), JWK (RFC 7517), PEM, and `publicKeyBase58` of the 2018 suite. Each reader bounds
the text before it parses it, raises Unprocessable for what is malformed or private, and CannotCheck for kinds of keys that
nothing here can use.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from badgefed.errors import CannotCheck, Invalid, Unprocessable
from badgefed.protocol import keys

MIN_RSA_BITS = 2048
MAX_RSA_BITS = 8192

PublicKey = Ed25519PublicKey | ec.EllipticCurvePublicKey | RSAPublicKey


class KeyKind(StrEnum):
    """What a key can be used with; the values are the JOSE names of the curves."""

    ED25519 = "Ed25519"
    P256 = "P-256"
    P384 = "P-384"
    RSA = "RSA"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationKey:
    """A foreign public key that is safe to verify with."""

    kind: KeyKind
    public_key: PublicKey


_CURVES: dict[KeyKind, ec.EllipticCurve] = {KeyKind.P256: ec.SECP256R1(), KeyKind.P384: ec.SECP384R1()}
_COORDINATE_BYTES = {KeyKind.P256: 32, KeyKind.P384: 48}
_HASHES: dict[KeyKind, hashes.HashAlgorithm] = {KeyKind.P256: hashes.SHA256(), KeyKind.P384: hashes.SHA384()}

_EC_PREFIXES = {b"\x80\x24": KeyKind.P256, b"\x81\x24": KeyKind.P384}
_OTHER_PREFIXES = {
    b"\xe7\x01": "secp256k1",
    b"\xec\x01": "X25519",
    b"\xeb\x01": "BLS12-381",
    b"\x82\x24": "P-521",
}
_PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_MAX_JWK_VALUE = 1_400
_MAX_BASE58 = 60
_BASE58_TYPES = ("Ed25519VerificationKey2018", "Ed25519VerificationKey2020")


def from_multikey(text: object) -> VerificationKey:
    """The key in `publicKeyMultibase`: Ed25519, P-256 and P-384 (compressed points), RSA."""
    if not isinstance(text, str):
        raise Unprocessable("a Multikey must be a text")
    try:
        data = keys.multibase_decode(text, field="publicKeyMultibase")
        kind = _EC_PREFIXES.get(data[:2])
        if kind is not None:
            return VerificationKey(kind=kind, public_key=_load_point(kind, data[2:]))
        if data[:2] in _OTHER_PREFIXES:
            raise CannotCheck(f"keys of the kind {_OTHER_PREFIXES[data[:2]]} can't be used here")
        return _wrap(keys.load_multikey(text))
    except Invalid as error:
        raise Unprocessable(f"the Multikey {text[:80]!r} can't be read: {error}") from error


def from_jwk(jwk: object) -> VerificationKey:
    """The key in `publicKeyJwk`: OKP Ed25519, EC P-256 and P-384, RSA. Private members are refused, whatever else is there."""
    if not isinstance(jwk, Mapping):
        raise Unprocessable("a JWK must be an object")
    private = [name for name in _PRIVATE_MEMBERS if name in jwk]
    if private:
        raise Unprocessable(f"the JWK has the private member {private[0]!r}: the key is known to everybody")
    if jwk.get("use", "sig") != "sig":
        raise Unprocessable("the JWK is not for signatures: its use must be 'sig'")
    reader = _JWK_READERS.get(_jwk_kind(jwk))
    if reader is None:
        raise CannotCheck(f"keys with kty {jwk.get('kty')!r} and crv {jwk.get('crv')!r} can't be used here")
    return reader(jwk)


def from_pem(text: object) -> VerificationKey:
    """The key in `publicKeyPem`: RSA or Ed25519, as SubjectPublicKeyInfo or PKCS#1."""
    if not isinstance(text, str):
        raise Unprocessable("publicKeyPem must be a text")
    try:
        return _wrap(keys.load_public_pem(text))
    except Invalid as error:
        raise Unprocessable(str(error)) from error


def from_base58(text: object) -> VerificationKey:
    """The Ed25519 key in `publicKeyBase58`: the 32 bytes without multibase or multicodec prefix."""
    if not isinstance(text, str):
        raise Unprocessable("publicKeyBase58 must be a text")
    try:
        data = keys.multibase_decode(f"z{text}", max_length=_MAX_BASE58, field="publicKeyBase58")
    except Invalid as error:
        raise Unprocessable(f"the publicKeyBase58 can't be read: it {error}") from error
    return _load_ed25519(data)


def from_method(method: Mapping[str, Any]) -> VerificationKey:
    """The one key that a verification method carries, in whichever form."""
    found = [name for name in _METHOD_READERS if name in method]
    if len(found) != 1:
        raise Unprocessable(f"a verification method must carry one key; this one has {found or 'none'}")
    if found == ["publicKeyBase58"] and method.get("type") not in _BASE58_TYPES:
        raise CannotCheck(f"a publicKeyBase58 of the type {method.get('type')!r} can't be used here")
    return _METHOD_READERS[found[0]](method[found[0]])


def fits(key: VerificationKey, signature: bytes, data: bytes) -> bool:
    """Whether the signature is the key's: Ed25519, or ECDSA with r and s side by side (IEEE P1363) over the curve's own hash.

    Raises Unprocessable for RSA, which no Data Integrity suite uses.
    """
    try:
        if isinstance(key.public_key, Ed25519PublicKey):
            key.public_key.verify(signature, data)
        elif isinstance(key.public_key, ec.EllipticCurvePublicKey):
            der = _der_signature(signature, _COORDINATE_BYTES[key.kind])
            key.public_key.verify(der, data, ec.ECDSA(_HASHES[key.kind]))
        else:
            raise Unprocessable("an RSA key can't make this kind of signature")
    except InvalidSignature:
        return False
    return True


def _der_signature(signature: bytes, width: int) -> bytes:
    if len(signature) != 2 * width:
        raise InvalidSignature
    r, s = int.from_bytes(signature[:width], "big"), int.from_bytes(signature[width:], "big")
    return encode_dss_signature(r, s)


def _wrap(key: keys.PublicKey) -> VerificationKey:
    if isinstance(key, Ed25519PublicKey):
        return VerificationKey(kind=KeyKind.ED25519, public_key=key)
    if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        raise Unprocessable(f"an RSA key must have {MIN_RSA_BITS} to {MAX_RSA_BITS} bits, not {key.key_size}")
    return VerificationKey(kind=KeyKind.RSA, public_key=key)


def _load_ed25519(data: bytes) -> VerificationKey:
    if len(data) != 32:
        raise Unprocessable(f"an Ed25519 key must have 32 bytes, not {len(data)}")
    return VerificationKey(kind=KeyKind.ED25519, public_key=Ed25519PublicKey.from_public_bytes(data))


def _load_point(kind: KeyKind, data: bytes) -> ec.EllipticCurvePublicKey:
    """A point in compressed or uncompressed form (SEC 1 §2.3.3)."""
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[kind], data)
    except ValueError as error:
        raise Unprocessable(f"the {kind} key is not a point of its curve") from error


def _jwk_kind(jwk: Mapping[str, Any]) -> str:
    return "RSA" if jwk.get("kty") == "RSA" else f"{jwk.get('kty')} {jwk.get('crv')}"


def _read_okp(jwk: Mapping[str, Any]) -> VerificationKey:
    return _load_ed25519(_jwk_bytes(jwk, "x"))


def _read_ec(jwk: Mapping[str, Any]) -> VerificationKey:
    kind = KeyKind(jwk["crv"])
    x, y = _jwk_bytes(jwk, "x"), _jwk_bytes(jwk, "y")
    width = _COORDINATE_BYTES[kind]
    if len(x) != width or len(y) != width:
        raise Unprocessable(f"the JWK's x and y must have {width} bytes each")
    return VerificationKey(kind=kind, public_key=_load_point(kind, b"\x04" + x + y))


def _read_rsa(jwk: Mapping[str, Any]) -> VerificationKey:
    n, e = (int.from_bytes(_jwk_bytes(jwk, name), "big") for name in ("n", "e"))
    if not MIN_RSA_BITS <= n.bit_length() <= MAX_RSA_BITS:
        raise Unprocessable(
            f"an RSA key must have {MIN_RSA_BITS} to {MAX_RSA_BITS} bits, not {n.bit_length()}"
        )
    if n % 2 == 0 or e < 3 or e % 2 == 0 or e.bit_length() > 64:
        raise Unprocessable("the RSA key's modulus and exponent must be odd, the exponent between 3 and 2^64")
    return VerificationKey(kind=KeyKind.RSA, public_key=RSAPublicNumbers(e, n).public_key())


def _jwk_bytes(jwk: Mapping[str, Any], name: str) -> bytes:
    text = jwk.get(name)
    if not isinstance(text, str) or len(text) > _MAX_JWK_VALUE or not _BASE64URL.fullmatch(text):
        raise Unprocessable(f"the JWK's {name!r} must be base64url of at most {_MAX_JWK_VALUE} characters")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise Unprocessable(f"the JWK's {name!r} is not base64url") from error


_JWK_READERS: dict[str, Callable[[Mapping[str, Any]], VerificationKey]] = {
    "RSA": _read_rsa,
    "OKP Ed25519": _read_okp,
    "EC P-256": _read_ec,
    "EC P-384": _read_ec,
}
_METHOD_READERS: dict[str, Callable[[object], VerificationKey]] = {
    "publicKeyMultibase": from_multikey,
    "publicKeyJwk": from_jwk,
    "publicKeyPem": from_pem,
    "publicKeyBase58": from_base58,
}
