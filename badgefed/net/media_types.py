"""Which Content-Type an answer may have."""

from __future__ import annotations

import re
from collections.abc import Collection

ACTIVITY = "application/activity+json"
ACTIVITY_LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
ACTIVITYPUB = (ACTIVITY, ACTIVITY_LD)
JRD = ("application/jrd+json", "application/json", ACTIVITY)
JSON = (
    "application/json",
    "application/ld+json",
    "application/vc",
    "application/vc+ld+json",
    "application/did",
    "application/did+json",
    "application/did+ld+json",
    ACTIVITY,
)
IMAGES = ("image/png", "image/jpeg", "image/webp")

_PARAMETER = re.compile(r';\s*([\w.+-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))')


def matches(content_type: str, allowed: Collection[str]) -> bool:
    """Whether the header's media type is one of `allowed`; an entry with a profile asks for that profile (RFC 6906)."""
    kind, profiles = _parse(content_type)
    for entry in allowed:
        wanted, required = _parse(entry)
        if kind == wanted and required <= profiles:
            return True
    return False


def _parse(content_type: str) -> tuple[str, frozenset[str]]:
    kind = content_type.partition(";")[0].strip().lower()
    for name, quoted, plain in _PARAMETER.findall(content_type):
        if name.lower() == "profile":
            return kind, frozenset((quoted or plain).split())
    return kind, frozenset()
