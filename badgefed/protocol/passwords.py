"""Password hashes: Argon2id in PHC form (RFC 9106), 19 MiB and two passes, 24 ms: run it in a thread."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from badgefed.errors import Invalid
from badgefed.texts import say

MIN_LENGTH = 10
MAX_LENGTH = 200
MEMORY_KIB = 19 * 1024
PASSES = 2
NOBODYS_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdCEh$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)


def check_password(password: str) -> None:
    """Raises `Invalid` for a password that is too short or too long, or that a form would trim."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        text = say(
            "The password must have %(least)s to %(most)s characters.", least=MIN_LENGTH, most=MAX_LENGTH
        )
        raise Invalid(text, field="password")
    if password != password.strip():
        raise Invalid("password must not begin or end with a space", field="password")


def hash_password(password: str) -> str:
    """`$argon2id$v=19$m=19456,t=2,p=1$…` with a new salt."""
    salt = secrets.token_bytes(16)
    kdf = Argon2id(salt=salt, length=32, iterations=PASSES, lanes=1, memory_cost=MEMORY_KIB)
    return kdf.derive_phc_encoded(password.encode())


def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether this is the password, in constant time; without a hash it takes as long to say no."""
    try:
        Argon2id.verify_phc_encoded(password.encode(), password_hash or NOBODYS_HASH)
    except InvalidKey:
        return False
    return password_hash is not None
