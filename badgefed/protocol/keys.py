"""RSA and Ed25519 keys: making, storing, publishing and reading them, and signing bytes.

Public keys travel as PEM (`publicKeyPem`: SubjectPublicKeyInfo or PKCS#1) and as Multikey (`publicKeyMultibase`).
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from badgefed.errors import Invalid

PrivateKey = RSAPrivateKey | Ed25519PrivateKey
PublicKey = RSAPublicKey | Ed25519PublicKey

RSA_BITS = 2048
MIN_RSA_BITS = 1024
MAX_RSA_BITS = 8192
MAX_PEM = 8192
MAX_MULTIBASE = 2048

SHA256 = hashes.SHA256()
SHA512 = hashes.SHA512()

_PKCS1V15 = padding.PKCS1v15()
_ED25519_PREFIX = b"\xed\x01"
_RSA_PREFIX = b"\x85\x24"
_PEM_LABELS = ("-----BEGIN PUBLIC KEY-----", "-----BEGIN RSA PUBLIC KEY-----")
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58_VALUES = {character: value for value, character in enumerate(_BASE58)}


def generate_rsa() -> RSAPrivateKey:
    """A key for HTTP signatures. Takes about 50 ms of CPU: not for the event loop."""
    return generate_private_key(public_exponent=65537, key_size=RSA_BITS)


def generate_ed25519() -> Ed25519PrivateKey:
    """A key for credentials and object proofs."""
    return Ed25519PrivateKey.generate()


def sign(private_key: PrivateKey, data: bytes) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-256, or Ed25519."""
    if isinstance(private_key, RSAPrivateKey):
        return private_key.sign(data, _PKCS1V15, SHA256)
    return private_key.sign(data)


def verify(
    public_key: PublicKey, signature: bytes, data: bytes, *, digest: hashes.HashAlgorithm = SHA256
) -> bool:
    """The counterpart of `sign`; `digest` matters for RSA only."""
    try:
        if isinstance(public_key, RSAPublicKey):
            public_key.verify(signature, data, _PKCS1V15, digest)
        else:
            public_key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def private_pem(private_key: PrivateKey) -> bytes:
    """PKCS#8 without encryption: to be encrypted before it is stored."""
    return private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def load_private_pem(pem: bytes) -> PrivateKey:
    """A key of our own making, from `private_pem`. Its primes are not checked (that takes 40 ms). Raises `Invalid`."""
    try:
        key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Invalid("not an unencrypted private key in PEM form") from error
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise Invalid("a private key must be RSA or Ed25519")
    return key


def public_pem(public_key: PublicKey) -> str:
    """SubjectPublicKeyInfo, the form of `publicKeyPem`."""
    return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def load_public_pem(pem: str) -> PublicKey:
    """A foreign key from SubjectPublicKeyInfo (`PUBLIC KEY`) or PKCS#1 (`RSA PUBLIC KEY`). Raises `Invalid`."""
    text = pem.strip()
    if len(text) > MAX_PEM or not text.startswith(_PEM_LABELS) or not text.isascii():
        raise Invalid("a public key must be PEM of at most 8192 characters", field="publicKeyPem")
    try:
        key = load_pem_public_key(text.encode("ascii"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Invalid("the public key's PEM cannot be read", field="publicKeyPem") from error
    return _require_usable(key, "publicKeyPem")


def multikey(public_key: PublicKey) -> str:
    """The form of `publicKeyMultibase` (Controlled Identifiers 1.0 §2.2.2): `z6Mk…` for Ed25519, `z4MX…` for RSA."""
    if isinstance(public_key, RSAPublicKey):
        return multibase_encode(_RSA_PREFIX + public_key.public_bytes(Encoding.DER, PublicFormat.PKCS1))
    return multibase_encode(_ED25519_PREFIX + public_key.public_bytes_raw())


def load_multikey(text: str) -> PublicKey:
    """A foreign key from its Multikey form. Raises `Invalid`."""
    data = multibase_decode(text, field="publicKeyMultibase")
    prefix, material = data[:2], data[2:]
    try:
        if prefix == _ED25519_PREFIX:
            return Ed25519PublicKey.from_public_bytes(material)
        if prefix == _RSA_PREFIX:
            return _require_usable(load_der_public_key(material), "publicKeyMultibase")
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Invalid("the Multikey cannot be read", field="publicKeyMultibase") from error
    raise Invalid("a Multikey must be Ed25519 or RSA", field="publicKeyMultibase")


def multibase_encode(data: bytes) -> str:
    """Multibase with base58btc: `z` and the text."""
    number = int.from_bytes(data, "big")
    characters = []
    while number:
        number, remainder = divmod(number, 58)
        characters.append(_BASE58[remainder])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + "1" * zeros + "".join(reversed(characters))


def multibase_decode(text: str, *, max_length: int = MAX_MULTIBASE, field: str | None = None) -> bytes:
    """The bytes of a base58btc multibase text of at most `max_length` characters. Raises `Invalid` about `field`."""
    if not text.startswith("z") or len(text) > max_length:
        raise Invalid(f"must be base58btc multibase of at most {max_length} characters", field=field)
    number = 0
    for character in text[1:]:
        value = _BASE58_VALUES.get(character)
        if value is None:
            raise Invalid("has characters that base58btc does not have", field=field)
        number = number * 58 + value
    zeros = len(text) - 1 - len(text[1:].lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _require_usable(key: object, field: str) -> PublicKey:
    """Only RSA and Ed25519, and no RSA key that is weak or that makes verification expensive."""
    if isinstance(key, Ed25519PublicKey):
        return key
    if not isinstance(key, RSAPublicKey):
        raise Invalid("a public key must be RSA or Ed25519", field=field)
    if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        raise Invalid(f"an RSA key must have {MIN_RSA_BITS} to {MAX_RSA_BITS} bits", field=field)
    exponent = key.public_numbers().e
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > 64:
        raise Invalid("the RSA key's exponent must be odd and between 3 and 2^64", field=field)
    return key
