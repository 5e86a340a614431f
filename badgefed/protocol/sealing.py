"""What the server's secret key protects: private keys at rest, and tokens that are derived instead of stored."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from badgefed.errors import SettingsError
from badgefed.model.identifiers import CODE_ALPHABET

NONCE_BYTES = 12
TOKEN_BYTES = 20
CODE_LENGTH = 8
_NOT_IN_CODE = re.compile(r"[\s-]+")


def _subkey(secret_key: str, purpose: str) -> bytes:
    return hmac.digest(secret_key.encode(), f"badgefed:{purpose}".encode(), hashlib.sha256)


def seal(secret_key: str, *, purpose: str, plaintext: bytes) -> bytes:
    """AES-256-GCM under a key of its own for each purpose; the nonce comes first."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_subkey(secret_key, purpose)).encrypt(nonce, plaintext, purpose.encode())


def unseal(secret_key: str, *, purpose: str, sealed: bytes) -> bytes:
    """The plaintext. Raises `SettingsError` where it was sealed with another secret key."""
    try:
        return AESGCM(_subkey(secret_key, purpose)).decrypt(
            sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode()
        )
    except InvalidTag:
        raise SettingsError(
            [
                "BADGEFED_SECRET_KEY is not the one that this store's keys were encrypted with; set it back to that one."
            ]
        ) from None


def derive_token(secret_key: str, *, purpose: str, subject: str) -> str:
    """An unguessable URL-safe token of 160 bits for a subject; the same one each time."""
    digest = hmac.digest(_subkey(secret_key, purpose), subject.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:TOKEN_BYTES]).rstrip(b"=").decode()


def tokens_match(given: str, expected: str) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())


def derive_code(secret_key: str, *, purpose: str, subject: str) -> str:
    """Eight characters that can't be mistaken for one another (40 bits), as `ABCD-EFGH`; the same ones each time."""
    token = derive_token(secret_key, purpose=purpose, subject=subject)
    values = base64.urlsafe_b64decode(token + "=")[:CODE_LENGTH]
    code = "".join(CODE_ALPHABET[value % len(CODE_ALPHABET)] for value in values)
    return f"{code[:4]}-{code[4:]}"


def codes_match(typed: str, expected: str) -> bool:
    """Whether it is the code, in any case, with or without spaces and hyphens."""
    return tokens_match(_NOT_IN_CODE.sub("", typed).upper(), expected.replace("-", ""))
