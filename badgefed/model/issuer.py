"""Issuers: the ActivityPub actors under which an organization grants badges."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from badgefed.errors import Invalid
from badgefed.model.visibility import Posting
from badgefed.texts import say

USERNAME = re.compile(r"[a-z0-9_]{1,30}")
_NOT_IN_USERNAME = re.compile(r"[^a-z0-9]+")
COLOUR = re.compile(r"#[0-9a-f]{6}")
RESERVED_USERNAMES = frozenset({"actor", "instance", "inbox", "outbox", "admin", "api", "badgefed"})


class ActorType(StrEnum):
    ORGANIZATION = "Organization"
    SERVICE = "Service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """`actor_id` is the id that was published and never changes; `colour` is `#rrggbb`; instants in microseconds.

    `verified_at`: when the e-mail address was proved, or an operator made the issuer; None: it can have no badges yet.
    `url_verified_at`: when the page at `url` was found to link back to the issuer.
    """

    id: int
    uuid: str
    organization_id: int
    username: str
    actor_id: str
    actor_type: ActorType
    name: str
    summary: str
    url: str | None
    email: str | None
    colour: str
    posting: Posting
    image_id: int
    image_generated: bool
    created_at: int
    updated_at: int
    verified_at: int | None = None
    linkedin_organization_id: str | None = None
    url_verified_at: int | None = None

    @property
    def is_verified(self) -> bool:
        return self.verified_at is not None


def check_username(username: str) -> str:
    """The username if it can be an actor's, else raises `Invalid` for field `username`."""
    if not USERNAME.fullmatch(username):
        raise Invalid("The username must be 1 to 30 of the characters a-z, 0-9 and _.", field="username")
    if username in RESERVED_USERNAMES:
        raise Invalid(
            say("username %(username)s is reserved; choose another", username=repr(username)),
            field="username",
        )
    return username


def usernames_for(name: str, suffix: str) -> Iterator[str]:
    """Usernames to try for an issuer of this name, the best first: plain, numbered, and last with a suffix (6 characters)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = _NOT_IN_USERNAME.sub("_", plain).strip("_")[:23].strip("_") or "issuer"
    if stem not in RESERVED_USERNAMES:
        yield stem
    yield from (f"{stem}_{number}" for number in range(2, 10))
    yield f"{stem}_{suffix}"
