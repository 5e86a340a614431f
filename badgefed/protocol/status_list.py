"""W3C Bitstring Status List 1.0: whether a credential is revoked or suspended, as one bit among many of a signed list.

StatusList2021, its forerunner, is read too. Making a list of 131,072 takes up to 7 ms and reading one 0.3 ms, more for
longer ones: not for the event loop.
"""

from __future__ import annotations

import base64
import gzip
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from badgefed.errors import CannotCheck, Invalid, TooLarge, Unprocessable
from badgefed.model.times import format_rfc3339
from badgefed.protocol.jsonld import CREDENTIALS_V2, Document
from badgefed.protocol.openbadges import web_url

MIN_LENGTH = 131_072
"""Bits; a shorter list would tell too much about whom a verifier asks for (§6.1)."""

MAX_BYTES = 4 * 1024 * 1024
MAX_INDEX = MAX_BYTES * 8 - 1

ENTRY_TYPES = frozenset({"BitstringStatusListEntry", "StatusList2021Entry"})
LIST_TYPES = {
    "BitstringStatusListCredential": "BitstringStatusList",
    "StatusList2021Credential": "StatusList2021",
}

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_INDEX = re.compile(r"[0-9]{1,18}")
_GZIP = 31
_LARGEST_OVERHEAD = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEntry:
    """Where a credential's bit stands: bit `index` of the list at `list_url`. A set bit means `purpose`, e.g. `revocation`."""

    id: str | None
    purpose: str
    index: int
    list_url: str


def encode(positions: Iterable[int], *, length: int = MIN_LENGTH) -> str:
    """An encodedList of `length` bits (a multiple of 8) in which those at `positions` are set; same input, same text.

    Bit 0 is the most significant one of the first byte (§3.3). Raises Invalid for a position outside of the list.
    """
    if length < MIN_LENGTH or length % 8:
        raise Invalid(f"a status list must have at least {MIN_LENGTH} bits, and whole bytes")
    bits = bytearray(length // 8)
    for position in positions:
        if not 0 <= position < length:
            raise Invalid(f"position {position} is outside of a status list of {length}")
        bits[position >> 3] |= 0x80 >> (position & 7)
    packed = gzip.compress(bits, compresslevel=9, mtime=0)
    return "u" + base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


def decode(encoded: str, *, max_bytes: int = MAX_BYTES) -> bytes:
    """The bits of an encodedList; also without the multibase `u` and with padding, as StatusList2021 has it.

    Raises TooLarge above `max_bytes`, Invalid for what is no gzip in base64url.
    """
    if len(encoded) > max_bytes * 3 // 2 + _LARGEST_OVERHEAD:
        raise TooLarge(f"The status list has more than {max_bytes} bytes.")
    packed = _decode_base64(encoded)
    inflater = zlib.decompressobj(wbits=_GZIP)
    try:
        bits = inflater.decompress(packed, max_bytes + 1)
    except zlib.error as error:
        raise Invalid("The status list is damaged: its gzip data can't be read.") from error
    if len(bits) > max_bytes:
        raise TooLarge(f"The status list has more than {max_bytes} bytes.")
    if not inflater.eof or inflater.unused_data:
        raise Invalid("The status list is damaged: its gzip data is cut off or followed by something else.")
    return bits


def _decode_base64(encoded: str) -> bytes:
    """Gzip in base64 starts with `H`, so that a `u` in front can only be the multibase prefix."""
    multibase = encoded.startswith("u")
    text = encoded[1:] if multibase else encoded.translate(str.maketrans("+/", "-_")).rstrip("=")
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise Invalid("The status list is no base64url text.")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def is_set(bits: bytes, index: int) -> bool:
    """Raises Unprocessable if the list has no such index (RANGE_ERROR of §3.2)."""
    if not 0 <= index < len(bits) * 8:
        raise Unprocessable(f"The status list has {len(bits) * 8} entries and none with the number {index}.")
    return bool(bits[index >> 3] & 0x80 >> (index & 7))


def status_entry(list_url: str, position: int, purpose: str = "revocation") -> Document:
    """The credentialStatus of a credential. Its id is not the list's: Open Badges 3.0 wants one, and W3C wants it different."""
    return {
        "id": f"{list_url}#{position}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": str(position),
        "statusListCredential": list_url,
    }


def list_credential(
    encoded: str, *, url: str, issuer: str, valid_from: int, purpose: str = "revocation"
) -> Document:
    """The unsigned BitstringStatusListCredential (§3.1). `issuer` is the id that also issues the badges; an instant in microseconds."""
    return {
        "@context": [CREDENTIALS_V2],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": format_rfc3339(valid_from),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": encoded,
        },
    }


def read_entry(status: object) -> StatusEntry:
    """One credentialStatus of a foreign credential (§2.1). A number as index is read too, though it should be a text.

    Raises CannotCheck for other types of status, lists elsewhere than on the web and entries of more than one bit, Invalid
    for what breaks the standard.
    """
    if not isinstance(status, dict):
        raise Invalid("The credentialStatus must be one JSON object.")
    if not _types(status) & ENTRY_TYPES:
        raise CannotCheck(f"A status of the type {_shown(status.get('type'))} can't be checked here.")
    purpose, identifier = status.get("statusPurpose"), status.get("id")
    if not isinstance(purpose, str) or not purpose:
        raise Invalid("The credentialStatus must have a statusPurpose.")
    if identifier is not None and not isinstance(identifier, str):
        raise Invalid("The id of the credentialStatus must be a text.")
    if type(size := status.get("statusSize", 1)) is not int or size != 1:
        raise CannotCheck(f"A status with statusSize {_shown(size)} can't be checked here, only single bits.")
    return StatusEntry(
        id=identifier,
        purpose=purpose,
        index=_read_index(status.get("statusListIndex")),
        list_url=_read_list_url(status.get("statusListCredential")),
    )


def _read_index(value: object) -> int:
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not _INDEX.fullmatch(text):
        raise Invalid(
            f"The statusListIndex must be a whole number from 0 in decimal digits, not {_shown(value)}."
        )
    index = int(text)
    if index > MAX_INDEX:
        raise Invalid(f"The statusListIndex must be at most {MAX_INDEX}, not {index}.")
    return index


def _read_list_url(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise Invalid("The credentialStatus must have a statusListCredential.")
    url = web_url(value)
    if url is None:
        raise CannotCheck(f"The status list {_shown(value)} is not on the web (http or https).")
    return url


def check_list(credential: Document, *, issuer: str, purpose: str) -> str:
    """The encodedList of a list credential whose proof was verified, if it speaks for the badges of `issuer` about `purpose`.

    The list's id is not compared with its URL: the URL stands in the signed badge, and lists move. Whether the list is still
    valid at this time is the caller's to check. Raises Unprocessable with what contradicts, Invalid for a malformed one.
    """
    subject = credential.get("credentialSubject")
    if not isinstance(subject, dict):
        raise Invalid("The status list must have one credentialSubject.")
    if _issuer_id(credential) != issuer:
        raise Unprocessable("The status list is from another issuer than the badge.")
    subject_types = {LIST_TYPES[name] for name in _types(credential) & LIST_TYPES.keys()}
    if "VerifiableCredential" not in _types(credential) or not subject_types & _types(subject):
        raise Unprocessable("What stands at the status list's address is no status list credential.")
    purposes = subject.get("statusPurpose")
    if purpose not in (purposes if isinstance(purposes, list) else [purposes]):
        raise Unprocessable(
            f"The status list is about {_shown(purposes)}, the badge asks it about {purpose!r}."
        )
    encoded = subject.get("encodedList")
    if not isinstance(encoded, str):
        raise Invalid("The status list must have an encodedList.")
    return encoded


def read_status(credential: Document, entry: StatusEntry, *, issuer: str) -> bool:
    """Whether the bit of the entry is set, with all checks of `check_list`, `decode` and `is_set`."""
    return is_set(decode(check_list(credential, issuer=issuer, purpose=entry.purpose)), entry.index)


def _issuer_id(credential: Document) -> object:
    issuer = credential.get("issuer")
    return issuer.get("id") if isinstance(issuer, dict) else issuer


def _types(part: dict[str, Any]) -> set[str]:
    found = part.get("type")
    return {name for name in (found if isinstance(found, list) else [found]) if isinstance(name, str)}


def _shown(value: object) -> str:
    """What a stranger wrote, short enough for a sentence."""
    return repr(value)[:100]
