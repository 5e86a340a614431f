"""Identifiers that we make: UUIDv7 for rows, random path segments for notes, codes that people read."""

from __future__ import annotations

import secrets
import uuid

CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_uuid(now: int) -> str:
    """UUIDv7 (RFC 9562 §5.7) for the instant `now`, 74 random bits; sorts by time."""
    milliseconds = now // 1000
    value = (milliseconds & ((1 << 48) - 1)) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def new_note_id() -> str:
    """A path segment with 128 random bits: unlisted badges are protected by it alone."""
    return secrets.token_hex(16)


def new_credential_code() -> str:
    """`CRD-` and eight characters that can't be mistaken for one another (40 bits)."""
    number = secrets.randbits(40)
    return "CRD-" + "".join(CODE_ALPHABET[number >> shift & 31] for shift in range(0, 40, 5))
