"""Who may see a granted badge: one table for every surface."""

from __future__ import annotations

from enum import StrEnum


class Visibility(StrEnum):
    """`public` everywhere; `unlisted` by its link only; `private` for the recipient and the issuer only."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"


class Posting(StrEnum):
    """How an issuer's public badges are addressed: `quiet` keeps them out of public timelines (as:Public in cc)."""

    QUIET = "quiet"
    PUBLIC = "public"


class Surface(StrEnum):
    """A place where a grant may show: in lists (outbox, feeds, search, embeds), at its own address, or where it is verified.

    `verification` is for who holds a credential or its number: the signed documents, and what says whether they hold.
    """

    LISTING = "listing"
    LINK = "link"
    VERIFICATION = "verification"


def is_visible(visibility: Visibility, surface: Surface) -> bool:
    """Whether a processed, unrevoked grant shows to anybody at this surface."""
    if surface is Surface.LISTING:
        return visibility is Visibility.PUBLIC
    return visibility is not Visibility.PRIVATE
