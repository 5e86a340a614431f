"""Reading members of JSON from strangers: whatever shape they have, the answer is a value or nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from badgefed.model.times import from_rfc3339

MAX_TEXT = 20_000
MAX_DATA_URL = 1_500_000

_ZONED = re.compile(r"[12]\d{3}-\d{2}-\d{2}T\d{2}:\d{2}.*(?:[Zz]|[+-]\d{2}:\d{2})")
_DATA_IMAGE = re.compile(r"data:image/(?:png|svg\+xml|jpeg|webp|gif);base64,[A-Za-z0-9+/=]+")


def text_of(parent: object, *names: str) -> str | None:
    """The first of these members that is a text with something in it, cut at 20,000 characters."""
    if not isinstance(parent, Mapping):
        return None
    for name in names:
        value = parent.get(name)
        if isinstance(value, str) and value.strip():
            return value[:MAX_TEXT]
    return None


def items_of(parent: object, name: str) -> list[Any]:
    """The member as a list: a single value is a list of one, a missing one is empty."""
    value = parent.get(name) if isinstance(parent, Mapping) else None
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def object_of(parent: object, name: str) -> Mapping[str, Any]:
    """The first object among the member's values, else an empty one."""
    return next((item for item in items_of(parent, name) if isinstance(item, dict)), {})


def types_of(node: object) -> frozenset[str]:
    return frozenset(item for item in items_of(node, "type") if isinstance(item, str))


def contexts_of(node: object) -> list[str]:
    return [item for item in items_of(node, "@context") if isinstance(item, str)]


def reference_of(parent: object, name: str) -> str | None:
    """The id that a member points to: the text itself, or the `id` of the object."""
    for item in items_of(parent, name):
        found = item if isinstance(item, str) else text_of(item, "id")
        if found:
            return found
    return None


def web_reference_of(parent: object, name: str) -> str | None:
    """As `reference_of`, if it is a http(s) URL."""
    return web_only(reference_of(parent, name))


def web_only(text: str | None) -> str | None:
    return text if text is not None and text.lower().startswith(("https://", "http://")) else None


def picture_of(parent: object, name: str) -> str | None:
    """A picture's URL, or the picture itself as a `data:` URL of a raster or SVG image."""
    for item in items_of(parent, name):
        found = item if isinstance(item, str) else item.get("id") if isinstance(item, dict) else None
        if not isinstance(found, str):
            continue
        if len(found) <= MAX_DATA_URL and _DATA_IMAGE.fullmatch(found):
            return found
        if web_only(found):
            return found[:MAX_TEXT]
    return None


def instant_of(parent: object, *names: str) -> int | None:
    """The first of these members that is a date and time with its zone, in microseconds."""
    if not isinstance(parent, Mapping):
        return None
    for name in names:
        value = parent.get(name)
        if isinstance(value, str) and len(value) <= 64 and _ZONED.fullmatch(value):
            try:
                return from_rfc3339(value.upper())
            except (ValueError, OverflowError):
                continue
    return None
