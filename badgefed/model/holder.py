"""People who hold badges: what their links do, and the public profile that they may switch on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from badgefed.errors import Invalid
from badgefed.texts import N_

MAX_LINKS = 5
MAX_NAME = 80
MAX_BIO = 500
RESERVED_HANDLES = frozenset(
    {
        "abuse",
        "admin",
        "administrator",
        "badgefed",
        "contact",
        "help",
        "info",
        "instance",
        "me",
        "moderator",
        "official",
        "operator",
        "owner",
        "postmaster",
        "root",
        "security",
        "server",
        "staff",
        "support",
        "system",
        "verified",
        "webmaster",
    }
)
_HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,28}[a-z0-9])")
_WRONG_HANDLE = N_(
    "2 to 30 letters from a to z, digits, hyphens and underscores; a letter or a digit at either end."
)


class HolderLinkKind(StrEnum):
    """What a link that proves an identity does: `add` makes the identity one of the holder's who asked for it, `erase`
    confirms that everything about that holder shall go."""

    SIGN_IN = "sign-in"
    ADD = "add"
    ERASE = "erase"


class Direction(StrEnum):
    """Where a badge goes in the holder's order."""

    UP = "up"
    DOWN = "down"
    FIRST = "first"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileLink:
    """`verified_at`: when the page at `url` was seen to belong to the holder; None: never."""

    url: str
    verified_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicProfile:
    """A holder's page at `/u/{handle}`. While it is not `is_public`, nobody else sees it, but its handle is taken."""

    holder_id: int
    handle: str
    name: str
    bio: str
    is_public: bool
    is_indexed: bool
    created_at: int
    updated_at: int
    links: tuple[ProfileLink, ...] = ()


def read_handle(text: str) -> str:
    """In lower case. Raises `Invalid` for field `handle` where it is none, or reserved."""
    handle = text.strip().removeprefix("@").lower()
    if not _HANDLE.fullmatch(handle):
        raise Invalid(_WRONG_HANDLE, field="handle")
    if handle in RESERVED_HANDLES:
        raise Invalid("This name is reserved; choose another one.", field="handle")
    return handle
