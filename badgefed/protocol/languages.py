"""Language tags: which of ours suits somebody, and which way its script runs."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from badgefed.protocol.negotiation import MAX_HEADER, parse_ranges

_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


def match_language(tag: str, offers: Collection[str]) -> str | None:
    """The offer for a tag: itself, else what it is a variety of (`de` for `de-AT`; RFC 4647 §3.4)."""
    by_key = {offer.lower(): offer for offer in offers}
    parts = tag.lower().replace("_", "-").split("-")
    keys = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((by_key[key] for key in keys if key in by_key), None)


def preferred_language(accept_language: str, offers: tuple[str, ...]) -> str | None:
    """What to answer to an Accept-Language header (RFC 9110 §12.5.4); None where it names none of the offers.

    The highest weight wins, then what stands first in the header.
    """
    return _choose(accept_language, offers) if len(accept_language) <= MAX_HEADER else None


@lru_cache(maxsize=1024)
def _choose(header: str, offers: tuple[str, ...]) -> str | None:
    ranges = sorted(parse_ranges(header).items(), key=lambda item: -item[1])
    found = (match_language(tag, offers) for tag, weight in ranges if weight > 0)
    return next((offer for offer in found if offer is not None), None)


def direction(tag: str) -> str:
    """`ltr` or `rtl`, as HTML's attribute `dir` says it."""
    return "rtl" if tag.lower().partition("-")[0] in _RIGHT_TO_LEFT else "ltr"
