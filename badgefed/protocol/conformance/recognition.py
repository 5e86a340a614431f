"""Which version of Open Badges a document is of, by what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from badgefed.protocol.jsonld import OPEN_BADGES_2

OPEN_BADGES_1 = "https://w3id.org/openbadges/v1"

_OPEN_BADGES_3 = "https://purl.imsglobal.org/spec/ob/v3p0/"
_TYPES_OF_3 = frozenset(("OpenBadgeCredential", "AchievementCredential", "EndorsementCredential"))
_TYPES_OF_2 = frozenset(
    ("Assertion", "BadgeClass", "Issuer", "CryptographicKey", "RevocationList", "Endorsement")
)
_MEMBERS_OF_1 = (
    frozenset(("uid", "recipient", "badge")),
    frozenset(("recipient", "badge", "verify")),
    frozenset(("name", "description", "image", "criteria", "issuer")),
)
"""An Assertion of 1.0 or before it and a BadgeClass of 1.0, which have neither context nor type."""


class Version(StrEnum):
    """The versions, as a person calls them."""

    OPEN_BADGES_1 = "Open Badges 1.x"
    OPEN_BADGES_2 = "Open Badges 2.0"
    OPEN_BADGES_3 = "Open Badges 3.0"


def recognise(value: object) -> Version | None:
    """The version of a document, from its contexts or else its types; None if it says nothing of Open Badges. Never raises."""
    if not isinstance(value, dict):
        return None
    contexts, types = contexts_of(value), _texts(value.get("type"))
    if any(context.startswith(_OPEN_BADGES_3) for context in contexts) or not _TYPES_OF_3.isdisjoint(types):
        return Version.OPEN_BADGES_3
    if OPEN_BADGES_2 in contexts:
        return Version.OPEN_BADGES_2
    if OPEN_BADGES_1 in contexts or _is_before_types(value):
        return Version.OPEN_BADGES_1
    return None if _TYPES_OF_2.isdisjoint(types) else Version.OPEN_BADGES_2


def contexts_of(document: Mapping[str, Any]) -> list[str]:
    """The contexts of a document that are URLs."""
    return _texts(document.get("@context"))


def _is_before_types(document: Mapping[str, Any]) -> bool:
    if "@context" in document or "type" in document:
        return False
    if any(members <= document.keys() for members in _MEMBERS_OF_1):
        return True
    return isinstance(document.get("badge"), dict) and "recipient" in document


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for text in values if isinstance(text, str)]
