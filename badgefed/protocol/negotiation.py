"""Content negotiation (RFC 9110 §12.5.1) between a page for people and a document for programs."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

MAX_HEADER = 1000

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_WEIGHT = re.compile(r"0(?:\.\d{0,3})?|1(?:\.0{0,3})?")


class Representation(StrEnum):
    """`JSON` is a client that names plain JSON only: at an ActivityPub id it gets the same document as `ACTIVITY`."""

    HTML = "html"
    ACTIVITY = "activity"
    JSON = "json"


_TYPES: dict[Representation, tuple[str, ...]] = {
    Representation.ACTIVITY: ("application/activity+json", "application/ld+json"),
    Representation.JSON: ("application/json",),
    Representation.HTML: ("text/html", "application/xhtml+xml"),
}
# (weight, specificity): 0 is for any type, 1 for any subtype, 2 for the exact type.
_Preference = tuple[float, int]


def preferred(accept: str | None, default: Representation = Representation.ACTIVITY) -> Representation:
    """What to answer to an Accept header.

    The highest weight wins, then the more exact range, then the program over the person. A client without preference
    (no header, `*/*`, as `curl` sends it, or nothing that we have) gets `default`.
    """
    if accept is None or len(accept) > MAX_HEADER:
        return default
    return _choose(accept, default)


def best_type(accept: str | None, offers: tuple[str, ...]) -> str:
    """The media type to answer with, by the same rule; the first of `offers` is the default and wins where others are equal."""
    if accept is None or len(accept) > MAX_HEADER:
        return offers[0]
    return _best_type(accept, offers)


def accepts_html(accept: str) -> bool:
    """Whether the header names HTML itself, as browsers do and `*/*` doesn't."""
    if len(accept) > MAX_HEADER:
        return False
    ranges = parse_ranges(accept)
    return any(ranges.get(media_type, 0) > 0 for media_type in _TYPES[Representation.HTML])


@lru_cache(maxsize=1024)
def _best_type(accept: str, offers: tuple[str, ...]) -> str:
    ranges = parse_ranges(accept)
    preferences = [_preference(ranges, offer) for offer in offers]
    top = max(preferences)
    return offers[preferences.index(top)] if top[0] > 0 else offers[0]


@lru_cache(maxsize=1024)
def _choose(accept: str, default: Representation) -> Representation:
    ranges = parse_ranges(accept)
    best: dict[Representation, _Preference] = {
        representation: max(_preference(ranges, media_type) for media_type in media_types)
        for representation, media_types in _TYPES.items()
    }
    top = max(best.values())
    if top[0] == 0 or (best[default] == top and top[1] < 2):
        return default
    return next(representation for representation, preference in best.items() if preference == top)


def _preference(ranges: dict[str, float], media_type: str) -> _Preference:
    """The most exact range decides about a type, even if it forbids it."""
    candidates = (media_type, media_type.partition("/")[0] + "/*", "*/*")
    for specificity, candidate in zip((2, 1, 0), candidates, strict=True):
        if candidate in ranges:
            return ranges[candidate], specificity
    return 0.0, 0


def parse_ranges(accept: str) -> dict[str, float]:
    """Ranges with their weights, in lower case and in the order of the header; a malformed weight drops its range.

    Other parameters, such as `profile`, are left out.
    """
    ranges: dict[str, float] = {}
    for item in _QUOTED.sub('""', accept).lower().split(","):
        media_range, *parameters = (part.strip() for part in item.split(";"))
        weights = [part.removeprefix("q=").strip() for part in parameters if part.startswith("q=")]
        weight = weights[0] if weights else "1"
        if media_range and _WEIGHT.fullmatch(weight):
            ranges[media_range] = max(float(weight), ranges.get(media_range, 0.0))
    return ranges
