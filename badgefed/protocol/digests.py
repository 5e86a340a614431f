"""Digests of a body: the `Digest` field (RFC 3230) and the `Content-Digest` field (RFC 9530)."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, cast

import http_sf

from badgefed.errors import SignatureRejected

_CONTENT_DIGESTS = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}


def sha256_base64(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")


def digest_field(sha256: str) -> str:
    """`Digest` for a base64 text of `sha256_base64`."""
    return f"SHA-256={sha256}"


def content_digest_field(sha256: str) -> str:
    """`Content-Digest` for a base64 text of `sha256_base64`."""
    return f"sha-256=:{sha256}:"


def parse_dictionary(value: str, name: str) -> dict[str, tuple[Any, dict[str, Any]]]:
    """A structured field that is a dictionary (RFC 8941 §3.2), key to (value, parameters); no key may come twice."""

    def refuse(key: str, where: str) -> None:
        raise SignatureRejected("duplicate", f"{name} has {key[:100]!r} twice.")

    try:
        parsed = http_sf.parse(value.encode("ascii"), tltype="dictionary", on_duplicate_key=refuse)
    except (http_sf.StructuredFieldError, UnicodeEncodeError) as error:
        raise SignatureRejected("malformed", f"{name} is no structured dictionary.") from error
    return cast("dict[str, tuple[Any, dict[str, Any]]]", parsed)


def require_digest(value: str, body: bytes) -> None:
    """`Digest` must name exactly one SHA-256, in any case and among any others, and it must be the body's."""
    found: list[str] = []
    for element in value.split(","):
        name, equals, encoded = element.strip(" \t").partition("=")
        if not equals:
            raise SignatureRejected("digest", "The Digest header is malformed.")
        if name.lower() == "sha-256":
            found.append(encoded)
    if len(found) != 1:
        raise SignatureRejected("digest", "The Digest header must have exactly one SHA-256.")
    try:
        received = base64.b64decode(found[0], validate=True)
    except ValueError as error:
        raise SignatureRejected("digest", "The Digest header is no base64.") from error
    if received != hashlib.sha256(body).digest():
        raise SignatureRejected("digest", "The Digest header does not match the body.")


def require_content_digest(value: str, body: bytes) -> None:
    """`Content-Digest` must have sha-256 or sha-512, and each of them must be the body's (RFC 9530 §2)."""
    parsed = parse_dictionary(value, "Content-Digest")
    known = [name for name in parsed if name in _CONTENT_DIGESTS]
    if not known:
        raise SignatureRejected("digest", "Content-Digest must have sha-256 or sha-512.")
    for name in known:
        if parsed[name][0] != _CONTENT_DIGESTS[name](body).digest():
            raise SignatureRejected("digest", f"Content-Digest does not match the body ({name}).")
